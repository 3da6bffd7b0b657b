import { type Execution, endedInnocently, isAtWork } from '../../../lambda/rollout/execution';
import { describeWait, type Failures, nextAttempt } from '../../../lambda/rollout/next-attempt';
import {
  type FleetRecord,
  nextRelease,
  settlementOf,
  strayRelease,
} from '../../../lambda/rollout/sweep-rollouts/sweep-rollouts';

const NOW = new Date('2026-03-01T12:00:00Z');
const minutesAgo = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000);

describe('case 54: whether an execution is at work', () => {
  test.each<[boolean, string, Execution | undefined]>([
    [true, 'running', { status: 'RUNNING' }],
    [true, 'about to be redriven', { status: 'PENDING_REDRIVE' }],
    [true, 'stopped, its last function perhaps not', { status: 'ABORTED', stoppedAt: minutesAgo(5) }],
    [false, 'stopped for longer than a function lives', { status: 'ABORTED', stoppedAt: minutesAgo(6) }],
    [true, 'failed just now', { status: 'FAILED', stoppedAt: minutesAgo(0) }],
    [false, 'done', { status: 'SUCCEEDED', stoppedAt: minutesAgo(0) }],
    [false, 'of a state machine that was deleted', undefined],
  ])('%p: %s', (expected, _, execution) => {
    expect(isAtWork(execution, NOW)).toBe(expected);
  });
});

describe('case 50: what a rollout of release 2 needs whose execution works no more', () => {
  const failed = (error: string): Execution => ({ status: 'FAILED', error });
  const fleet = (
    championCounter: number | undefined,
    waveCounters: number[],
    status: FleetRecord['states'][number]['status'] = 'ROLLING_OUT',
  ): FleetRecord => ({ states: [{ counter: 2, status }], championCounter, waveCounters });
  test.each<[string, Execution | undefined, FleetRecord, ReturnType<typeof settlementOf>]>([
    ['no wave has it', { status: 'ABORTED' }, fleet(1, [1, 1]), 'GIVE_UP'],
    ['a wave has it', { status: 'ABORTED' }, fleet(1, [2, 1]), 'TAKE_BACK'],
    ['a wave has what takes it back', { status: 'ABORTED' }, fleet(1, [3, 1]), 'TAKE_BACK'],
    ['everybody promoted it', failed('InServiceNotRecorded'), fleet(1, [2, 2]), 'COMPLETE'],
    ['its way back was not finished', failed('RollBackNotFinished'), fleet(1, [2, 1]), 'TAKE_BACK'],
    ['it was crowned and no more', { status: 'ABORTED' }, fleet(2, [2, 2]), 'COMPLETE'],
    ['it is recorded and not unlocked', { status: 'ABORTED' }, fleet(3, [3, 3], 'IN_SERVICE'), 'COMPLETE'],
    [
      'the one that completes it was stopped',
      { status: 'ABORTED', resume: 'COMPLETE' },
      fleet(1, [2, 2]),
      'COMPLETE',
    ],
    [
      'the one that takes it back was stopped',
      { status: 'ABORTED', resume: 'TAKE_BACK' },
      fleet(1, [3, 2]),
      'TAKE_BACK',
    ],
    [
      'its successor is crowned and no more',
      { status: 'ABORTED', resume: 'TAKE_BACK' },
      fleet(3, [3, 3]),
      'TAKE_BACK',
    ],
    ['nobody knows the execution', undefined, fleet(1, [2, 1]), 'TAKE_BACK'],
    ['it is the first ever, and others wait', { status: 'FAILED' }, fleet(undefined, [2]), 'TAKE_BACK'],
    ['it is the first ever, and nobody has it', { status: 'FAILED' }, fleet(undefined, []), 'GIVE_UP'],
  ])('%s', (_, execution, record, settlement) => {
    expect(settlementOf(2, execution, record)).toBe(settlement);
  });
});

describe('case 50: what a wave has although it should not', () => {
  test.each([
    ['ABORTED', 2],
    ['ROLLED_BACK', 2],
    ['ROLLING_OUT', 2],
    ['IN_SERVICE', undefined],
    ['SUPERSEDED', undefined],
    // It is about to be started.
    ['READY', undefined],
  ] as const)('a release that is %s', (status, stray) => {
    const states = [{ counter: 2, status }];
    expect(strayRelease({ states, championCounter: 1, waveCounters: [1, 2] })).toBe(stray);
    expect(strayRelease({ states, waveCounters: [2] })).toBeUndefined();
  });
});

test('case 54: the oldest release that is due has its turn, and one that has failed waits behind those that have not', () => {
  const ready = (counter: number, failed: object = {}) => ({ counter, status: 'READY', ...failed }) as const;
  const next = (...states: FleetRecord['states']) =>
    nextRelease({ states, waveCounters: [] }, NOW, new Map());
  expect(next(ready(2), ready(3))).toBe(2);
  expect(next(ready(2, { attempts: 1 }), ready(3))).toBe(3);
  expect(next(ready(2, { attempts: 1 }), ready(3, { attempts: 2 }))).toBe(2);
  expect(next(ready(2, { attempts: 1, retryAfter: '2026-03-01T12:00:00.001Z' }))).toBeUndefined();
  expect(next(ready(2, { attempts: 1, retryAfter: '2026-03-01T12:00:00.000Z' }))).toBe(2);
  expect(next({ counter: 2, status: 'ABORTED' })).toBeUndefined();
});

test('case 50: behind a newer release that devices have, and that is tried again, older ones wait', () => {
  const states = [
    { counter: 2, status: 'READY' },
    { counter: 3, status: 'READY', attempts: 1, retryAfter: '2026-03-01T13:00:00.000Z' },
    { counter: 4, status: 'READY', attempts: 1 },
  ] as const;
  const next = (waveCounters: number[], of: FleetRecord['states'] = states) =>
    nextRelease({ states: of, waveCounters }, NOW, new Map());
  expect(next([])).toBe(2);
  // Devices would refuse 2 as a downgrade, and take 4.
  expect(next([3])).toBe(4);
  expect(next([3], states.slice(0, 2))).toBeUndefined();
});

describe('case 51: a release that a wave was too silent for', () => {
  const since = NOW.getTime();
  const absence = { devices: ['line-1', 'line-2', 'line-3'], enough: 2 };
  const waiting = { counter: 2, status: 'READY', ...nextAttempt({}, NOW, absence) } as const;
  const next = (minutes: number, heard: Readonly<Record<string, number>>) =>
    nextRelease(
      { states: [waiting], waveCounters: [] },
      new Date(since + minutes * 60_000),
      new Map(Object.entries(heard)),
    );
  const [before, after] = [since - 1, since + 1];
  test.each([
    ['nobody was heard of', 59, {}, undefined],
    ['too few were', 59, { 'line-1': after, 'line-4': after }, undefined],
    ['they were heard of before, and no more', 59, { 'line-1': before, 'line-2': since }, undefined],
    ['enough were', 59, { 'line-1': after, 'line-3': after }, 2],
    ['enough were, just now', 4, { 'line-1': after, 'line-3': after }, undefined],
    ['nobody was heard of for long', 60, {}, 2],
  ] as const)('%s, %i minutes later', (_, minutes, heard, counter) => {
    expect(next(minutes, heard)).toBe(counter);
  });

  test('is waited for more than a week, six tries in all', () => {
    let [tries, now] = [1, NOW];
    for (let found = nextAttempt({}, now, absence); found; found = nextAttempt(found, now, absence)) {
      tries += 1;
      now = new Date(found.awaits?.until ?? 0);
    }
    expect(tries).toBe(6);
    expect(now.getTime() - since).toBeGreaterThan(7 * 24 * 3_600_000);
  });

  test('has as many of those tries left after outages, and the outages do not make them more', () => {
    let before: Failures = { attempts: 9 };
    const waits: (string | undefined)[] = [];
    for (let found = nextAttempt(before, NOW, absence); found; found = nextAttempt(before, NOW, absence)) {
      waits.push(found.awaits?.until);
      before = nextAttempt(found, NOW) ?? {};
    }
    expect(waits).toHaveLength(5);
    expect(new Set(waits).size).toBe(5);
    expect(before).toMatchObject({ attempts: 19, silences: 5 });
  });

  test('is described by ten names at most', () => {
    const devices = Array.from({ length: 12 }, (_, index) => `line-${index + 1}`);
    const wait = { devices, enough: 3, since: 'then', until: 'later' };
    expect(describeWait(wait)).toBe(
      `when 3 of ${devices.slice(0, 10).join(', ')}, 2 more can be heard of again, or after later`,
    );
  });
});

test('case 50: the tries of a release lie ever farther apart, until there is one a day, without an end', () => {
  const pauses = Array.from({ length: 100 }, (_, attempts) => {
    const next = nextAttempt({ attempts }, NOW);
    expect(next?.attempts).toBe(attempts + 1);
    return (Date.parse(next?.retryAfter ?? '') - NOW.getTime()) / 3_600_000;
  });
  expect(pauses[0]).toBeCloseTo(1 / 12);
  expect(pauses).toEqual([...pauses].sort((one, other) => one - other));
  expect(pauses.slice(5)).toEqual(pauses.slice(5).map(() => 24));
});

describe('case 50: whether a release that is taken back deserves another try', () => {
  const gaveUp = { status: 'FAILED', error: 'RollBackNotFinished' } as const;
  test.each<[boolean, string, Execution | undefined]>([
    [true, 'a step gave up', { ...gaveUp, cause: 'A step of the rollout gave up.' }],
    [true, 'too few answered', { ...gaveUp, cause: 'Too few devices answered to judge it.' }],
    [false, 'a verdict', { ...gaveUp, cause: 'The devices or a verdict demand it.' }],
    [false, 'a person stopped it', { status: 'ABORTED', cause: 'A step of the rollout gave up.' }],
    [false, 'nobody knows', undefined],
    [false, 'the machine itself broke', { status: 'FAILED', error: 'States.Runtime' }],
    [true, 'what it resumes says so', { ...gaveUp, resume: 'TAKE_BACK', isInnocent: true }],
    [
      false,
      'what it resumes does not',
      { ...gaveUp, resume: 'TAKE_BACK', cause: 'A step of the rollout gave up.' },
    ],
  ])('%p: %s', (expected, _, execution) => {
    expect(endedInnocently(execution)).toBe(expected);
  });
});
