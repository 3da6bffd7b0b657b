import fc from 'fast-check';
import {
  classesSetAside,
  decideRetraining,
  type PipelineRun,
  type RetrainingSituation,
} from '../../../lambda/retraining/start-retraining/decide-retraining';

const POLICY = {
  minimumLabels: 100,
  minimumNewClassLabels: 20,
  cooldownHours: 24,
  monthlyExecutions: 3,
  spendingLimitPercent: 80,
};
const NOW = new Date('2026-03-10T12:00:00Z');

const run = (status: PipelineRun['status'], startedAt: string, arn = 'arn:run'): PipelineRun => ({
  arn,
  status,
  startedAt: new Date(startedAt),
});

const situation = (overrides: Partial<RetrainingSituation>): RetrainingSituation => ({
  now: NOW,
  episode: { status: 'OPEN' },
  runs: [],
  newLabels: new Map([['good', 100]]),
  championClasses: ['good', 'scratch'],
  ...overrides,
});

const MARCH = ['2026-03-01T00:00:00Z', '2026-03-02T00:00:00Z', '2026-03-03T00:00:00Z'];

test.each<[string, Partial<RetrainingSituation>, object]>([
  ['no episode', { episode: undefined }, { kind: 'SKIP', reason: 'no episode is open' }],
  ['a closed episode', { episode: { status: 'CLOSED' } }, { kind: 'SKIP' }],
  ['an open episode and enough of everything', {}, { kind: 'START' }],
  [
    'a start that was cut off, whatever the labels say',
    { episode: { status: 'RETRAINING' }, newLabels: new Map() },
    { kind: 'RESUME' },
  ],
  [
    'an execution on its way',
    {
      episode: { status: 'RETRAINING', executionArn: 'arn:run' },
      runs: [run('Executing', '2026-03-10T11:00:00Z')],
    },
    { kind: 'SKIP' },
  ],
  [
    'an execution that succeeded and waits for approval',
    {
      episode: { status: 'RETRAINING', executionArn: 'arn:run' },
      runs: [run('Succeeded', '2026-03-10T11:00:00Z')],
    },
    { kind: 'SKIP' },
  ],
  [
    'case 56: a start that has failed for a day',
    { episode: { status: 'RETRAINING', retrainingStartedAt: '2026-03-09T11:59:00Z' } },
    { kind: 'ABANDON', reason: 'it could not be started within 24 h' },
  ],
  [
    'case 56: a start that has failed for less',
    { episode: { status: 'RETRAINING', retrainingStartedAt: '2026-03-09T12:01:00Z' } },
    { kind: 'RESUME' },
  ],
  [
    'case 56: a release that was refused or taken back, after two weeks',
    {
      episode: {
        status: 'RETRAINING',
        executionArn: 'arn:run',
        retrainingStartedAt: '2026-02-24T11:59:00Z',
      },
      runs: [run('Succeeded', '2026-02-24T12:00:00Z')],
    },
    { kind: 'ABANDON', reason: 'no release of execution arn:run went into service within 14 days' },
  ],
  [
    'a training that takes longer than that',
    {
      episode: {
        status: 'RETRAINING',
        executionArn: 'arn:run',
        retrainingStartedAt: '2026-02-24T11:59:00Z',
      },
      runs: [run('Executing', '2026-02-24T12:00:00Z')],
    },
    { kind: 'SKIP' },
  ],
  [
    'an execution that failed',
    {
      episode: { status: 'RETRAINING', executionArn: 'arn:run' },
      runs: [run('Failed', '2026-03-10T11:00:00Z')],
    },
    { kind: 'ABANDON', reason: 'execution arn:run is Failed' },
  ],
  [
    'an execution that was stopped',
    {
      episode: { status: 'RETRAINING', executionArn: 'arn:run' },
      runs: [run('Stopped', '2026-03-10T11:00:00Z')],
    },
    { kind: 'ABANDON' },
  ],
  [
    'somebody else trains',
    { runs: [run('Executing', '2026-02-28T23:00:00Z')] },
    { kind: 'WAIT', cause: 'RUNNING' },
  ],
  [
    'the budget of the month is spent',
    { runs: MARCH.map((at) => run('Succeeded', at)) },
    { kind: 'WAIT', cause: 'BUDGET', reason: '3 of 3 executions of this month are spent' },
  ],
  [
    'the budget of the month before was spent',
    { runs: MARCH.map((at) => run('Failed', at.replace('-03-', '-02-'))) },
    { kind: 'START' },
  ],
  [
    'a retraining yesterday afternoon',
    { lastRetrainingAt: new Date('2026-03-09T12:00:01Z') },
    { kind: 'WAIT', cause: 'COOLDOWN' },
  ],
  ['a retraining a full day ago', { lastRetrainingAt: new Date('2026-03-09T12:00:00Z') }, { kind: 'START' }],
  [
    'too few labels',
    {
      newLabels: new Map([
        ['good', 90],
        ['scratch', 9],
      ]),
    },
    { kind: 'WAIT', cause: 'LABELS', reason: '99 of 100 new labels' },
  ],
  [
    'a new class with too few labels',
    {
      newLabels: new Map([
        ['good', 200],
        ['dent', 19],
      ]),
    },
    { kind: 'WAIT', cause: 'LABELS', reason: "19 of 20 labels of the new class 'dent'" },
  ],
  [
    'a new class with enough labels',
    {
      newLabels: new Map([
        ['good', 80],
        ['dent', 20],
      ]),
    },
    { kind: 'START' },
  ],
])('[S13] %s', (_, overrides, expected) => {
  expect(decideRetraining(situation(overrides), POLICY)).toMatchObject(expected);
});

test.each<[string, Partial<RetrainingSituation>, object]>([
  ['just below the share', { spending: { usd: 79.99, budgetUsd: 100 } }, { kind: 'START' }],
  [
    'the share',
    { spending: { usd: 80, budgetUsd: 100 } },
    {
      kind: 'WAIT',
      cause: 'SPENDING',
      reason: '80.00 of 100.00 USD of this month are spent; retraining stops at 80 %',
    },
  ],
  ['more than all', { spending: { usd: 170, budgetUsd: 100 } }, { cause: 'SPENDING' }],
  ['a budget that was raised', { spending: { usd: 170, budgetUsd: 300 } }, { kind: 'START' }],
  ['a month that has begun', { spending: { usd: 0, budgetUsd: 100 } }, { kind: 'START' }],
  [
    'a start that was cut off goes on: it was decided when there was money',
    { episode: { status: 'RETRAINING' }, spending: { usd: 99, budgetUsd: 100 } },
    { kind: 'RESUME' },
  ],
])('[B12] spending: %s', (_, overrides, expected) => {
  expect(decideRetraining(situation(overrides), POLICY)).toMatchObject(expected);
});

test('[B12] whoever has spent more never starts where whoever has spent less does not', () => {
  const usd = fc.double({ min: 0, max: 1e6, noNaN: true });
  const starts = (spent: number, budgetUsd: number) =>
    decideRetraining(situation({ spending: { usd: spent, budgetUsd } }), POLICY).kind === 'START';
  fc.assert(
    fc.property(usd, usd, fc.double({ min: 0.01, max: 1e6, noNaN: true }), (less, more, budgetUsd) => {
      if (starts(less + more, budgetUsd)) expect(starts(less, budgetUsd)).toBe(true);
    }),
  );
});

test('[B12] the budget speaks before the labels: it is the one that costs', () => {
  const decision = decideRetraining(
    situation({ runs: MARCH.map((at) => run('Succeeded', at)), newLabels: new Map() }),
    POLICY,
  );
  expect(decision).toMatchObject({ cause: 'BUDGET' });
});

test('case 58: a small class that has not grown for a week is set aside by name, and holds up nobody', () => {
  const newLabels = new Map([
    ['good', 100],
    ['scrach', 1],
    ['dent', 20],
    ['bent', 19],
  ]);
  const before = (hours: number) => new Date(NOW.getTime() - hours * 3_600_000);
  const labelled = (bent: number) =>
    situation({
      newLabels,
      newestLabels: new Map([
        ['good', before(1_000)],
        ['scrach', before(7 * 24)],
        ['dent', before(1_000)],
        ['bent', before(bent)],
      ]),
    });
  expect(classesSetAside(labelled(7 * 24 - 1), POLICY)).toEqual(['scrach']);
  expect(decideRetraining(labelled(7 * 24 - 1), POLICY)).toMatchObject({
    kind: 'WAIT',
    reason: "19 of 20 labels of the new class 'bent'",
  });
  expect(classesSetAside(labelled(7 * 24), POLICY)).toEqual(['bent', 'scrach']);
  expect(decideRetraining(labelled(7 * 24), POLICY)).toEqual({ kind: 'START' });
  // What is set aside does not count.
  expect(
    decideRetraining(
      situation({
        ...labelled(7 * 24),
        newLabels: new Map([
          ['good', 99],
          ['bent', 19],
        ]),
      }),
      POLICY,
    ),
  ).toMatchObject({ kind: 'WAIT', reason: '99 of 100 new labels' });
});
