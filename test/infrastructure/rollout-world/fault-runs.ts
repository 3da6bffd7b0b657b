/** Rollouts with faults: one at every call of a few, and at random calls of many. */
import { seededRandom } from '../../lambda/shared/builders';
import type { Definition } from '../rollout-machine';
import { badEndStates } from './bad-end-states';
import { type Call, FAULTS, type Fault, type FaultPlan } from './faults';
import { type Approval, type EndState, type Quality, RolloutWorld, type Scenario } from './rollout-world';

export interface BadRun {
  /** Says how to have it again. */
  readonly name: string;
  readonly problems: readonly string[];
}

type Story = Pick<Scenario, 'approvals' | 'hasChampion' | 'away'>;

const approve = (...qualities: Quality[]): Approval[] =>
  qualities.map((quality, index) => ({ afterMinutes: 1 + index, quality }));

/** Rollouts that come to each of the machine's ends. */
export const STORIES: Readonly<Record<string, Story>> = {
  'a good release': { hasChampion: true, approvals: approve('good') },
  'a release that is bad on the canary': { hasChampion: true, approvals: approve('bad everywhere') },
  'a release that is bad on stable only': { hasChampion: true, approvals: approve('bad on stable') },
  'a release that devices refuse': { hasChampion: true, approvals: approve('refused') },
  'a good release while a device of the canary is away': {
    hasChampion: true,
    approvals: approve('good'),
    away: { 'canary-2': [0, 45] },
  },
  'the first release ever': { hasChampion: false, approvals: approve('good') },
  'a good release that waits behind a bad one': {
    hasChampion: true,
    approvals: approve('bad everywhere', 'good'),
  },
};

const MINUTE = 60_000;

/** What may begin at a call. */
export interface FaultKind {
  readonly name: string;
  /** Whether nothing but the time may change. */
  readonly isHarmless: boolean;
  /** Minutes within which an execution that has ended loses the use case. */
  readonly freedWithinMinutes: number;
  at(start: Call): FaultPlan;
}

/** Two schedules and the life of a function. */
const FREED_WITHIN_MINUTES = 16;

const single = (fault: Fault): FaultKind => ({
  name: fault,
  freedWithinMinutes: FREED_WITHIN_MINUTES,
  isHarmless: !fault.startsWith('stopped'),
  at: (start) => (call) => (call.index === start.index ? fault : undefined),
});

/** Every call is throttled for a while, or only those of one kind. */
function throttling(name: string, milliseconds: number, isHarmless: boolean, isOneKind = false): FaultKind {
  return {
    name,
    isHarmless,
    // While every call of a sweep is refused, it can free nothing.
    freedWithinMinutes: FREED_WITHIN_MINUTES + milliseconds / MINUTE,
    at: (start) => (call) => {
      const isMeant = !isOneKind || (call.command === start.command && call.step === start.step);
      return isMeant && call.index >= start.index && call.at < start.at + milliseconds
        ? 'throttled'
        : undefined;
    },
  };
}

export const FAULT_KINDS: readonly FaultKind[] = [
  ...FAULTS.map(single),
  throttling('10 s of throttling', 10_000, true),
  throttling('5 min of throttling', 5 * MINUTE, true),
  throttling('2 h of throttling', 120 * MINUTE, false),
  throttling('2 h of throttling of this call', 120 * MINUTE, false, true),
];

const isSingle = ({ freedWithinMinutes }: FaultKind): boolean => freedWithinMinutes === FREED_WITHIN_MINUTES;

/**
 * What a run came to, without its times. Of releases that are approved within a minute of each other, minutes of throttling may
 * let the newer one have the lock first: the older one is then superseded, as by any newer one, and was not judged. What
 * serves in the end is the same.
 */
function outcomeOf({ releases, champion, running }: EndState, { approvals }: Story): string {
  const modelOf = (counter: number | undefined) =>
    releases.find((release) => release.counter === counter)?.modelPackageVersion;
  return JSON.stringify({
    ...(approvals.length === 1 && {
      releases: releases.map(({ counter, status, setAside }) => ({ counter, status, setAside })),
    }),
    champion: modelOf(champion?.counter),
    running: [...running].map(([deviceId, counter]) => [deviceId, modelOf(counter)]).sort(),
  });
}

export interface Exhaustive {
  /** That were run, of as many as there are. */
  readonly points: number;
  readonly of: number;
  readonly calls: number;
  /** For which an execution that had ended held the use case, after a single fault. */
  readonly longestDeadLockMinutes: number;
  readonly bad: readonly BadRun[];
}

/**
 * Every fault at every call of every story, one run each.
 * @param isWanted which of the points are run
 */
export async function runExhaustively(
  definition: Definition,
  isWanted: (point: number) => boolean = () => true,
  settings: Pick<Scenario, 'sweepEveryMinutes'> = {},
): Promise<Exhaustive> {
  const bad: BadRun[] = [];
  let points = 0;
  let calls = 0;
  let point = 0;
  let longestDeadLock = 0;
  for (const [name, story] of Object.entries(STORIES)) {
    const scenario: Scenario = { ...story, ...settings, seed: 1, definition };
    const undisturbed = await RolloutWorld.run(scenario);
    const expected = outcomeOf(undisturbed, story);
    const problems = badEndStates(undisturbed);
    if (problems.length > 0) bad.push({ name: `${name}, undisturbed`, problems });
    calls += undisturbed.calls.length;
    for (const call of undisturbed.calls) {
      for (const kind of FAULT_KINDS) {
        // Of a sweep there is no execution that a person could stop.
        if (call.step === 'SweepRollouts' && kind.name.startsWith('stopped')) continue;
        if (!isWanted(point++)) continue;
        points += 1;
        const end = await RolloutWorld.run({ ...scenario, faults: kind.at(call) });
        const found = badEndStates(end);
        const outcome = outcomeOf(end, story);
        if (kind.isHarmless && outcome !== expected) {
          found.push(`it ends otherwise than undisturbed: ${outcome}, not ${expected}`);
        }
        if (end.deadLockMinutes > kind.freedWithinMinutes) {
          found.push(
            `an execution that had ended held the use case for ${Math.round(end.deadLockMinutes)} minutes`,
          );
        }
        longestDeadLock = Math.max(longestDeadLock, isSingle(kind) ? end.deadLockMinutes : 0);
        const where = `${call.step}'s ${call.command} (call ${call.index})`;
        if (found.length > 0) bad.push({ name: `${name}, ${kind.name} at ${where}`, problems: found });
      }
    }
  }
  return { points, of: point, calls, longestDeadLockMinutes: longestDeadLock, bad };
}

/** Shares of calls and events at which something goes wrong, 0..1. */
const RATE = 0.01;
/** Persons stop fewer. */
const STOP_RATE = 0.001;
const OUTAGE_RATE = 0.001;
const LONGEST_OUTAGE_MINUTES = 60;

/** Throttling, lost answers and kills at 1 % of all calls each, outages of up to an hour, and stops. */
function randomFaults(random: () => number): FaultPlan {
  let outageUntil = 0;
  const either: readonly Fault[] = ['throttled', 'lost', 'killed-before', 'killed-after'];
  return ({ at }) => {
    if (at < outageUntil) return 'throttled';
    if (random() < OUTAGE_RATE) outageUntil = at + random() * LONGEST_OUTAGE_MINUTES * MINUTE;
    if (random() < STOP_RATE) return random() < 0.5 ? 'stopped-before' : 'stopped-after';
    return either.find(() => random() < RATE);
  };
}

const QUALITIES: readonly Quality[] = ['good', 'good', 'good', 'bad everywhere', 'bad on stable', 'refused'];
const AWAY_SHARE = 0.2;
const DEVICES = ['canary-1', 'canary-2', 'stable-1', 'stable-2', 'stable-3'];

/** A run of its own for each seed: one to four approvals within two hours, perhaps a device that is away. */
export function randomScenario(seed: number, definition: Definition): Scenario {
  const random = seededRandom(seed * 7_919 + 1);
  const pick = <Value>(values: readonly Value[]): Value =>
    values[Math.floor(random() * values.length)] as Value;
  const approvals = Array.from({ length: 1 + Math.floor(random() * 4) }, () => ({
    afterMinutes: random() * 120,
    quality: pick(QUALITIES),
  })).sort((one, other) => one.afterMinutes - other.afterMinutes);
  const from = random() * 120;
  const until = random() < 0.5 ? from + random() * 180 : Number.MAX_SAFE_INTEGER / MINUTE;
  const away = random() < AWAY_SHARE ? { [pick(DEVICES)]: [from, until] as const } : undefined;
  return {
    seed,
    definition,
    hasChampion: random() < 0.9,
    approvals,
    ...(away && { away }),
    faults: randomFaults(random),
    eventFault: () => (random() < RATE ? 'lost' : random() < RATE ? 'twice' : undefined),
  };
}

export interface Random {
  readonly runs: number;
  readonly rollouts: number;
  readonly calls: number;
  readonly resumed: number;
  readonly bad: readonly BadRun[];
}

export async function runAtRandom(definition: Definition, seeds: readonly number[]): Promise<Random> {
  const bad: BadRun[] = [];
  let rollouts = 0;
  let calls = 0;
  let resumed = 0;
  for (const seed of seeds) {
    const end = await RolloutWorld.run(randomScenario(seed, definition));
    const problems = badEndStates(end);
    if (problems.length > 0) bad.push({ name: `seed ${seed}`, problems });
    rollouts += end.qualities.size;
    calls += end.calls.length;
    resumed += end.executions.filter(({ input }) => input.includes('"resume"')).length;
  }
  return { runs: seeds.length, rollouts, calls, resumed, bad };
}
