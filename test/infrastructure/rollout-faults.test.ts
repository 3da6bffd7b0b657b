/** All points and a thousand seeds are `npm run bench -- rollout-faults`; here are some of them, always the same. */
import type { RolloutState } from '../../lambda/rollout/rollout-state';
import { definitionOf, type State } from './rollout-machine';
import { badEndStates } from './rollout-world/bad-end-states';
import { FAULT_KINDS, runAtRandom, runExhaustively, STORIES } from './rollout-world/fault-runs';
import { RolloutWorld, type Scenario } from './rollout-world/rollout-world';

const definition = definitionOf('prod');
/** A good release, of a fleet that has one already. */
const scenario = {
  hasChampion: true,
  approvals: [{ afterMinutes: 1, quality: 'good' }],
  seed: 1,
  definition,
} as const;

test.each(Object.entries(STORIES))('case 50: undisturbed, %s comes to a good end', async (_, story) => {
  expect(badEndStates(await RolloutWorld.run({ ...story, seed: 1, definition }))).toEqual([]);
});

test('case 50: a fault at a call leaves nothing half done', async () => {
  // A prime: each kind of fault has its turn.
  const { bad, points } = await runExhaustively(definition, (point) => point % 307 === 0);
  expect(bad).toEqual([]);
  expect(points).toBeGreaterThan(FAULT_KINDS.length);
});

test('case 50, 54: nor do throttling, kills, lost answers, stops and events that come twice or never', async () => {
  const { bad, resumed } = await runAtRandom(definition, [3, 5, 7, 11, 13, 17]);
  expect(bad).toEqual([]);
  expect(resumed).toBeGreaterThan(0);
});

describe('case 50, 51: what was lost once, and is not any more', () => {
  const FOR_EVER = Number.MAX_SAFE_INTEGER;

  test.each([12, 200, 290, 426, 460, 574, 616])('by seed %i', async (seed) => {
    expect((await runAtRandom(definition, [seed])).bad).toEqual([]);
  });

  test('a good release that came while a device of a canary of two was away serves once that is back', async () => {
    const end = await RolloutWorld.run({ ...scenario, away: { 'canary-2': [0, 300] } });
    expect(badEndStates(end)).toEqual([]);
    expect(end.champion).toMatchObject({ modelPackageVersion: 2 });
    // The first try, and one when it was heard of; not one for every time that it might have been.
    const tries = end.executions.filter(({ visited }) => visited.includes('Deploy to the wave'));
    expect(tries.length).toBeLessThanOrEqual(3);
  });

  test('one whose device never comes back is tried for a week and more, then a person is told to look', async () => {
    const end = await RolloutWorld.run({ ...scenario, away: { 'canary-2': [0, FOR_EVER] } });
    expect(badEndStates(end)).toEqual([]);
    expect(end.champion).toMatchObject({ modelPackageVersion: 1 });
    const told = end.events.filter(({ type }) => type === 'Rollout Rolled Back');
    expect(told).toHaveLength(6);
    expect(told.at(-1)?.detail.reason).toContain('Devices have been silent often enough');
    expect(end.minutes / (24 * 60)).toBeGreaterThan(7);
  });

  test.each([
    [
      'no execution can claim its release',
      'a good release that waits behind a bad one',
      'PlanRollout',
      'TransactWriteCommand',
      3,
    ],
    [
      'nobody can go the way back',
      'a good release while a device of the canary is away',
      'RollBackWave',
      'GetCommand',
      2,
    ],
  ])('two hours in which %s', async (_, name, step, command, model) => {
    const story = { ...scenario, ...STORIES[name] };
    const kind = FAULT_KINDS.find((known) => known.name === '2 h of throttling of this call');
    const { calls } = await RolloutWorld.run(story);
    const call = calls.find((made) => made.step === step && made.command === command);
    if (!kind || !call) throw new Error('nobody calls that, or there is no such fault');
    const end = await RolloutWorld.run({ ...story, faults: kind.at(call) });
    expect(badEndStates(end)).toEqual([]);
    expect(end.champion).toMatchObject({ modelPackageVersion: model });
  });
});

describe('a fault of old is found', () => {
  /** A run in which a kind of fault begins when a function deploys for the first time. */
  const disturbed = async (name: string, changes: Partial<Scenario> = {}) => {
    const { calls } = await RolloutWorld.run(scenario);
    const start = calls.find(({ command }) => command === 'CreateDeploymentCommand');
    const kind = FAULT_KINDS.find((known) => known.name === name);
    if (!kind || !start) throw new Error(`there is no ${name}, or nobody deploys`);
    return RolloutWorld.run({ ...scenario, ...changes, faults: kind.at(start) });
  };

  test('case 50: two retries after 2 s and 4 s do not outlive ten seconds of throttling', async () => {
    const patient = await disturbed('10 s of throttling');
    expect(patient.releases.at(-1)).toMatchObject({ counter: 2, status: 'IN_SERVICE' });
    const impatient = ({ Retry, ...state }: State): State => ({
      ...state,
      ...(Retry && {
        Retry: [{ ErrorEquals: ['States.TaskFailed'], IntervalSeconds: 2, MaxAttempts: 2, BackoffRate: 2 }],
      }),
    });
    const States = Object.fromEntries(
      Object.entries(definition.States).map(([name, state]) => [name, impatient(state)]),
    );
    const { releases } = await disturbed('10 s of throttling', { definition: { ...definition, States } });
    expect(releases.find(({ counter }) => counter === 2)?.status).not.toBe('IN_SERVICE');
  });

  test('case 51: silence that counts as a verdict takes a good release back for good', async () => {
    const verdict = (step: string, answer: unknown) => {
      const state = answer as RolloutState;
      if (step !== 'CheckWave' || !state.check?.absence) return answer;
      const { absence: _absence, ...check } = state.check;
      return { ...state, check, wayBack: 'The devices or a verdict demand it.' };
    };
    const away = { 'canary-2': [0, 300] } as const;
    const end = await RolloutWorld.run({ ...scenario, away, falsify: verdict });
    expect(badEndStates(end).join('\n')).toMatch(/the good model 2 was approved and has never served/);
  });

  test('case 54: a lock that nobody looks at for 6.75 days', async () => {
    const { deadLockMinutes } = await disturbed('stopped-after');
    expect(deadLockMinutes).toBeGreaterThan(0);
    expect(deadLockMinutes).toBeLessThanOrEqual(15);
    const old = await disturbed('stopped-after', { sweepEveryMinutes: 6.75 * 24 * 60 });
    expect(old.deadLockMinutes).toBeGreaterThan(9_000);
  });
});
