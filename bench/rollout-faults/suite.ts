/** What rollouts come to when calls of AWS fail. Nothing is timed. */
import type { BadRun } from '../../test/infrastructure/rollout-world/fault-runs';
import type { Benchmark, Spread } from '../figure';
import { type Suite, suiteOf } from '../suite';

const RUNS = 1_000;
const NAMED = 5;

const counted = (value: number): Spread => ({ minimum: value, maximum: value, rounds: 1 });

/** The first bad runs by name, so that they can be had again. */
const named = (bad: readonly BadRun[]): string =>
  bad.length === 0
    ? ''
    : `; bad: ${bad
        .slice(0, NAMED)
        .map(({ name, problems }) => `${name} (${problems.join(' ')})`)
        .join(', ')}`;

interface Context {
  readonly runs: typeof import('../../test/infrastructure/rollout-world/fault-runs');
  readonly definition: Parameters<
    typeof import('../../test/infrastructure/rollout-world/fault-runs').runAtRandom
  >[0];
  close(): Promise<void>;
}

const atRandom: Benchmark<Context> = {
  onlyCounts: true,
  figures: [
    {
      id: 'F1',
      what: `bad end states of ${RUNS.toLocaleString('en')} seeded runs of one to four rollouts, with faults at 1 % of all calls`,
      goal: 0,
      better: 'lower',
    },
  ],
  async measure({ runs, definition }) {
    const seeds = Array.from({ length: RUNS }, (_, seed) => seed);
    const { bad, rollouts, calls, resumed } = await runs.runAtRandom(definition, seeds);
    const method = `throttling, lost answers and kills before and after a call at 1 % each, a stop of the execution and an outage of up to an hour at 0.1 % each, events lost or twice at 1 %; ${rollouts} approvals, ${calls} calls, ${resumed} executions that finished what another had left${named(bad)}`;
    return new Map([['F1', { value: bad.length, spread: counted(bad.length), method }]]);
  },
};

const everywhere: Benchmark<Context> = {
  onlyCounts: true,
  figures: [
    {
      id: 'F2',
      what: 'bad end states of runs with one fault, each kind of it at each call of seven stories',
      goal: 0,
      better: 'lower',
    },
    { id: 'F3', what: 'points covered / points that there are', goal: 1, better: 'higher' },
    {
      id: 'F4',
      what: 'minutes for which an execution that had ended held the use case, at most, after a single fault',
      goal: 15,
      better: 'lower',
    },
  ],
  async measure({ runs, definition }) {
    const { bad, points, of, calls, longestDeadLockMinutes } = await runs.runExhaustively(definition);
    const kinds = runs.FAULT_KINDS.map(({ name }) => name).join(', ');
    const method = `${points} runs: ${calls} calls by ${runs.FAULT_KINDS.length} kinds of fault (${kinds}), but for stops of the sweeper, which no execution is`;
    return new Map([
      ['F2', { value: bad.length, spread: counted(bad.length), method: `${method}${named(bad)}` }],
      ['F3', { value: points / of, spread: counted(points / of), method }],
      ['F4', { value: longestDeadLockMinutes, spread: counted(longestDeadLockMinutes), method }],
    ]);
  },
};

export const rolloutFaultsSuite: Suite = suiteOf(
  "rollouts whose calls of AWS fail: the functions' own handlers and the synthesized state machine over services in memory",
  [atRandom, everywhere],
  async () => {
    const { definitionOf } = await import('../../test/infrastructure/rollout-machine.js');
    const runs = await import('../../test/infrastructure/rollout-world/fault-runs.js');
    return { runs, definition: definitionOf('prod'), close: async () => undefined };
  },
);
