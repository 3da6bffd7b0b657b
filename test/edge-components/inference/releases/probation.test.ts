import {
  deathsAfterStart,
  mustRevert,
  PROBATION,
  type Probation,
  ProbationWatch,
} from '../../../../edge-components/inference/src/releases/probation';

const digest = 'a'.repeat(64);
const noted = (changes: Partial<Probation>): Probation => ({
  digest,
  deaths: 0,
  pending: true,
  bootId: 'boot-1',
  ...changes,
});

test.each<[string, Probation | undefined, number]>([
  ['nothing was noted', undefined, 0],
  ['another release was noted', noted({ digest: 'b'.repeat(64), deaths: 1 }), 0],
  ['the process died on probation', noted({}), 1],
  ['it died once more', noted({ deaths: 1 }), 2],
  ['it was cleared', noted({ pending: false }), 0],
  ['it died before, and was stopped properly since', noted({ deaths: 1, pending: false }), 1],
  ['the power failed', noted({ bootId: 'boot-0' }), 0],
])('case 5: the next start, when %s', (_, found, deaths) => {
  expect(deathsAfterStart(found, digest, 'boot-1')).toBe(deaths);
});

test('case 5: the start after the second death reverts: the nucleus would not start it after a third', () => {
  expect([0, 1, 2, 3].map(mustRevert)).toEqual([false, false, true, true]);
});

function newWatch() {
  const notes: Probation[] = [];
  let now = 0;
  const watch = new ProbationWatch({
    note: async (probation) => {
      notes.push(probation);
    },
    clock: { monotonic: () => now },
    bootId: 'boot-1',
  });
  return {
    notes,
    watch,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
  };
}

test('a release is cleared after enough good answers for long enough, and invalid ones do not count', async () => {
  const { notes, watch, pass } = newWatch();
  watch.restored(digest, 1);
  await watch.begin(digest);
  expect(notes).toEqual([noted({ deaths: 1 })]);
  for (let count = 0; count < PROBATION.results; count++) await watch.answered(true);
  expect(notes).toHaveLength(1);
  pass(PROBATION.milliseconds);
  await watch.answered(false);
  expect(notes).toHaveLength(1);
  await watch.answered(true);
  expect(notes.at(-1)).toEqual(noted({ pending: false }));
  await watch.answered(true);
  expect(notes).toHaveLength(2);
});

test('a stop on probation is no death; a new release begins without the deaths of the one before', async () => {
  const { notes, watch } = newWatch();
  watch.restored(digest, 1);
  await watch.begin(digest);
  await watch.begin('b'.repeat(64));
  expect(notes.at(-1)).toEqual(noted({ digest: 'b'.repeat(64) }));
  await watch.end();
  expect(notes.at(-1)).toEqual(noted({ digest: 'b'.repeat(64), pending: false }));
  await watch.end();
  expect(notes).toHaveLength(3);
});
