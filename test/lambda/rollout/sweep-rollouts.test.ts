import { type Execution, isAtWork } from '../../../lambda/rollout/execution';
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
    ['it is the first ever: there is no way back', { status: 'FAILED' }, fleet(undefined, [2]), 'GIVE_UP'],
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

test('case 54: the oldest release has its turn, and one that has failed waits behind those that have not', () => {
  const ready = (counter: number, attempts?: number) =>
    ({ counter, status: 'READY', ...(attempts && { attempts }) }) as const;
  expect(nextRelease([ready(2), ready(3)])).toBe(2);
  expect(nextRelease([ready(2, 1), ready(3)])).toBe(3);
  expect(nextRelease([ready(2, 1), ready(3, 2)])).toBe(2);
  expect(nextRelease([{ counter: 2, status: 'ABORTED' }])).toBeUndefined();
});
