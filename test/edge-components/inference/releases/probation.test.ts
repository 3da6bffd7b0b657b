import {
  mustRevert,
  PROBATION,
  type Probation,
  ProbationWatch,
} from '../../../../edge-components/inference/src/releases/probation';

const digest = 'a'.repeat(64);
const other = 'b'.repeat(64);

function newWatch() {
  const notes: Probation[] = [];
  let now = 0;
  const watch = new ProbationWatch({
    note: async (probation) => {
      notes.push(probation);
    },
    clock: { monotonic: () => now },
  });
  return {
    notes,
    watch,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
  };
}

test('case 5: the second end of its own gives the place of a release to the one before', () => {
  expect([0, 1, 2, 3].map(mustRevert)).toEqual([false, false, true, true]);
});

test('case 5: ends are counted by release, and across starts of the component', async () => {
  const { notes, watch } = newWatch();
  expect(await watch.died(digest)).toBe(1);
  expect(notes).toEqual([{ digest, deaths: 1 }]);
  const next = newWatch().watch;
  next.restored(notes[0]);
  expect(next.isOn).toBe(true);
  expect(await next.died(digest)).toBe(2);
  expect(await next.died(other)).toBe(1);
  expect([next.deathsOf(digest), next.deathsOf(other)]).toEqual([0, 1]);
});

test.each([undefined, {}, 7, { digest, deaths: 'many' }])('a note that is %j counts as none', (found) => {
  const { watch } = newWatch();
  watch.restored(found as Probation);
  expect(watch.isOn).toBe(false);
});

test('a release is forgiven after enough good answers for long enough, and invalid ones do not count', async () => {
  const { notes, watch, pass } = newWatch();
  await watch.died(digest);
  for (let count = 0; count < PROBATION.results; count++) await watch.answered(digest, true);
  expect(notes).toHaveLength(1);
  pass(PROBATION.milliseconds);
  await watch.answered(digest, false);
  await watch.answered(other, true);
  expect(notes).toHaveLength(1);
  expect(watch.isOn).toBe(true);
  await watch.answered(digest, true);
  expect(notes.at(-1)).toEqual({ digest, deaths: 0 });
  expect(watch.isOn).toBe(false);
  await watch.answered(digest, true);
  expect(notes).toHaveLength(2);
});

test('an end is counted although the disk takes no note of it', async () => {
  const watch = new ProbationWatch({
    note: () => Promise.reject(new Error('read-only file system')),
    clock: { monotonic: () => 0 },
  });
  await expect(watch.died(digest)).rejects.toThrow('read-only');
  expect(watch.deathsOf(digest)).toBe(1);
});
