/** All points and a thousand seeds are `npm run bench -- rollout-faults`; here are some of them, always the same. */
import { type Definition, definitionOf, type State } from './rollout-machine';
import { badEndStates } from './rollout-world/bad-end-states';
import { FAULT_KINDS, runAtRandom, runExhaustively, STORIES } from './rollout-world/fault-runs';
import { RolloutWorld } from './rollout-world/rollout-world';

const definition = definitionOf('prod');

test.each(Object.entries(STORIES))('case 50: undisturbed, %s comes to a good end', async (_, story) => {
  expect(badEndStates(await RolloutWorld.run({ ...story, seed: 1, definition }))).toEqual([]);
});

test('case 50: a fault at a call leaves nothing half done', async () => {
  // A prime: each kind of fault has its turn.
  const { bad, points } = await runExhaustively(definition, (point) => point % 211 === 0);
  expect(bad).toEqual([]);
  expect(points).toBeGreaterThan(FAULT_KINDS.length);
});

test('case 50, case 54: nor do throttling, kills, lost answers, stops and events that come twice or never', async () => {
  const { bad, resumed } = await runAtRandom(definition, [3, 5, 7, 11, 13, 17]);
  expect(bad).toEqual([]);
  expect(resumed).toBeGreaterThan(0);
});

describe('a fault of old is found', () => {
  const changed = (change: (state: State) => State): Definition => ({
    ...definition,
    States: Object.fromEntries(
      Object.entries(definition.States).map(([name, state]) => [name, change(state)]),
    ),
  });
  /** Points of the first story at which a kind of fault begins. */
  const beginning = (kind: string) => {
    const index = FAULT_KINDS.findIndex(({ name }) => name === kind);
    return (point: number) => point % FAULT_KINDS.length === index && point < 40 * FAULT_KINDS.length;
  };

  test('case 50: two retries after 2 s and 4 s do not outlive ten seconds of throttling', async () => {
    const impatient = changed(({ Retry, ...state }) => ({
      ...state,
      ...(Retry && {
        Retry: [{ ErrorEquals: ['States.TaskFailed'], IntervalSeconds: 2, MaxAttempts: 2, BackoffRate: 2 }],
      }),
    }));
    const { bad } = await runExhaustively(impatient, beginning('10 s of throttling'));
    expect(bad.map(({ problems }) => problems.join(' ')).join('\n')).toContain('ends otherwise than undisturbed');
  });

  test('case 50: a way back that gives up and is recorded all the same', async () => {
    const hasty = changed((state) => ({
      ...state,
      ...(state.Catch && {
        Catch: state.Catch.map((one) =>
          one.Next === 'Roll-back not finished' && state.Next !== 'Rolled back'
            ? { ...one, Next: 'Record the roll-back' }
            : one,
        ),
      }),
    }));
    const story = STORIES['a release that is bad on the canary'];
    const kind = FAULT_KINDS.find(({ name }) => name === '2 h of throttling of this call');
    const scenario = { hasChampion: true, approvals: [], ...story, seed: 1, definition: hasty };
    const { calls } = await RolloutWorld.run(scenario);
    const start = calls.find(({ step, command }) => step === 'RollBackWave' && command === 'CreateDeploymentCommand');
    if (!kind || !start) throw new Error('the story has no such call');
    const end = await RolloutWorld.run({ ...scenario, faults: kind.at(start) });
    expect(badEndStates(end).join('\n')).toMatch(/serves|is READY for ever|was rolled back/);
  });

  test('case 54: a lock that is looked at after 6.75 days', async () => {
    const { bad } = await runExhaustively(definition, beginning('stopped-after'), {
      sweepEveryMinutes: 6.75 * 24 * 60,
    });
    expect(bad.map(({ problems }) => problems.join(' ')).join('\n')).toMatch(
      /held the use case for \d{4} minutes/,
    );
  });
});
