import {
  HABIT,
  mustRevert,
  PROBATION,
  type Probation,
  ProbationWatch,
} from '../../../../edge-components/inference/src/releases/probation';

const digest = 'a'.repeat(64);
const other = 'b'.repeat(64);
const HOUR = 3_600_000;

function newWatch(start = 0) {
  const notes: Probation[] = [];
  let now = start;
  const watch = new ProbationWatch({
    note: async (probation) => {
      notes.push(probation);
    },
    clock: { monotonic: () => now, now: () => now },
  });
  return {
    notes,
    watch,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
    mustRevert: () => mustRevert(watch.of(digest), now),
    /** Enough good answers for long enough. */
    forgive: async () => {
      now += PROBATION.milliseconds;
      for (let count = 0; count < PROBATION.results; count++) await watch.answered(digest, true);
    },
  };
}

test('case 5: the second end of its own gives the place of a release to the one before', () => {
  expect([0, 1, 2, 3].map((deaths) => mustRevert({ deaths, ends: [] }, 0))).toEqual([
    false,
    false,
    true,
    true,
  ]);
});

test('case 5: ends are counted by release, and across starts of the component', async () => {
  const { notes, watch } = newWatch();
  await watch.died(digest);
  expect(notes).toEqual([{ releases: [{ digest, deaths: 1, ends: [0] }] }]);
  const next = newWatch(HOUR).watch;
  next.restored(JSON.parse(JSON.stringify(notes[0])));
  expect(next.isOn(digest)).toBe(true);
  await next.died(digest);
  await next.died(other);
  expect(next.of(digest)).toEqual({ digest, deaths: 2, ends: [0, HOUR] });
  expect(next.of(other)).toEqual({ digest: other, deaths: 1, ends: [HOUR] });
});

test('case 40: a release that ends itself once a minute between good answers is taken back at the third end, within a day', async () => {
  const device = newWatch();
  const reverted: boolean[] = [];
  for (let end = 1; end <= HABIT.ends; end++) {
    await device.watch.died(digest);
    reverted.push(device.mustRevert());
    await device.forgive();
    expect(device.watch.isOn(digest)).toBe(false);
  }
  expect(reverted).toEqual([false, false, true]);
});

test('case 40: the hours count, not the starts: one end in each of three starts, eleven hours apart', async () => {
  let note: unknown;
  for (const [start, expected] of [
    [0, false],
    [11 * HOUR, false],
    [22 * HOUR, true],
  ] as const) {
    const device = newWatch(start);
    device.watch.restored(note);
    await device.watch.died(digest);
    expect(device.mustRevert()).toBe(expected);
    await device.forgive();
    note = device.notes.at(-1);
  }
});

test('case 40: ends further apart than a day are no habit, and a clock that jumps makes none of them eternal', async () => {
  const device = newWatch();
  for (let day = 0; day < 10; day++) {
    await device.watch.died(digest);
    expect(device.mustRevert()).toBe(false);
    await device.forgive();
    device.pass(HABIT.milliseconds / 2);
  }
  const in2099 = Date.UTC(2099, 0, 1);
  const now = Date.UTC(2026, 10, 27);
  expect(mustRevert({ deaths: 1, ends: [in2099, in2099, now] }, now)).toBe(false);
  expect(mustRevert({ deaths: 1, ends: [now - 2, now - 1, now] }, now)).toBe(true);
});

test.each([
  undefined,
  null,
  {},
  7,
  [],
  { releases: 7 },
  { releases: [null, 7, { digest: 7, deaths: 1 }] },
  { digest, deaths: 'many' },
])('a note that is %j counts as none', (found) => {
  const { watch } = newWatch();
  watch.restored(found);
  expect(watch.isOn(digest)).toBe(false);
});

test('what an earlier release of the component noted counts', () => {
  const { watch } = newWatch();
  watch.restored({ digest, deaths: 1 });
  expect(watch.of(digest)).toEqual({ digest, deaths: 1, ends: [] });
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
  expect(watch.isOn(digest)).toBe(true);
  await watch.answered(digest, true);
  expect(notes.at(-1)).toEqual({ releases: [{ digest, deaths: 0, ends: [0] }] });
  expect(watch.isOn(digest)).toBe(false);
  await watch.answered(digest, true);
  expect(notes).toHaveLength(2);
});

test('a release that is taken anew, after its quarantine was lifted, begins without its ends', async () => {
  const { notes, watch } = newWatch();
  await watch.taken(digest);
  expect(notes).toEqual([]);
  await watch.died(digest);
  await watch.taken(digest);
  expect(watch.of(digest)).toEqual({ digest, deaths: 0, ends: [] });
});

test('an end is counted although the disk takes no note of it', async () => {
  const watch = new ProbationWatch({
    note: () => Promise.reject(new Error('read-only file system')),
    clock: { monotonic: () => 0, now: () => 0 },
  });
  await expect(watch.died(digest)).rejects.toThrow('read-only');
  expect(watch.of(digest).deaths).toBe(1);
});
