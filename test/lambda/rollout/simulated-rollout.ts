/**
 * Rollouts in simulation: two waves of devices, a release of known quality, and the judge as it is deployed. Frames of one
 * device are alike (beta-binomial, with the correlation within a device), a release that has not changed finds the same
 * devices hard as before, and each wave is looked at several times while results and labels come in.
 */
import type { Sketch } from '../../../contracts';
import type {
  DeviceEvidence,
  JudgedLabel,
  ReleaseEvidence,
} from '../../../lambda/rollout/judge-wave/evidence';
import { judge } from '../../../lambda/rollout/judge-wave/judge';
import type { JudgedReleases, JudgeInput, JudgeLimits } from '../../../lambda/rollout/judge-wave/judge-input';
import { emptySketch } from '../../../lambda/telemetry/sketch';
import { normal, seededRandom, USE_CASE } from '../shared/builders';

/** Of one release; shares of all frames. */
interface Quality {
  readonly invalid: number;
  readonly accuracy: number;
  /** Results in an hour. */
  readonly throughput: number;
}

/** How two releases differ on the same frames; shares of all frames. */
interface Difference {
  /** Other classes that part no disposition. */
  readonly classesOnly: number;
  readonly newEscapes: number;
  readonly goneEscapes: number;
  /** Good parts that pass and did not before, and the other way round. */
  readonly newPasses: number;
  readonly newRejects: number;
}

export interface Scenario {
  readonly name: string;
  readonly isGood: boolean;
  readonly before: Quality;
  readonly after: Quality;
  readonly difference: Difference;
}

const STEADY: Quality = { invalid: 0.005, accuracy: 0.97, throughput: 1000 };
/** What a training with another seed changes: of 1,000 escapes a million frames, a fifth are others. */
const RETRAINED: Difference = {
  classesOnly: 0.004,
  newEscapes: 0.0002,
  goneEscapes: 0.0002,
  newPasses: 0.002,
  newRejects: 0.002,
};

export const SCENARIOS: readonly Scenario[] = [
  { name: 'good: as before', isGood: true, before: STEADY, after: STEADY, difference: RETRAINED },
  {
    name: 'good: 15 % of the answers differ',
    isGood: true,
    before: STEADY,
    after: STEADY,
    difference: { ...RETRAINED, classesOnly: 0.1456 },
  },
  {
    name: 'bad: accuracy 97 -> 85 %',
    isGood: false,
    before: STEADY,
    after: { ...STEADY, accuracy: 0.85 },
    difference: { ...RETRAINED, classesOnly: 0.08, newRejects: 0.05 },
  },
  {
    name: 'bad: invalid 4 %, limit 2 %',
    isGood: false,
    before: STEADY,
    after: { ...STEADY, invalid: 0.04 },
    difference: RETRAINED,
  },
  {
    name: 'bad: throughput falls to a tenth',
    isGood: false,
    before: STEADY,
    after: { ...STEADY, throughput: 100 },
    difference: RETRAINED,
  },
  {
    name: 'bad: twice the escapes, same accuracy',
    isGood: false,
    before: STEADY,
    after: STEADY,
    difference: { ...RETRAINED, newEscapes: 0.0013, goneEscapes: 0.0003, newPasses: 0.003 },
  },
];

export interface Fleet {
  /** In each of the two waves. */
  readonly devices: number;
  /** Within a device. */
  readonly correlation: number;
  /** Of each device and release, at the last look. */
  readonly labels: number;
}

/** promoted: by every wave. waits: at the end of the time to decide, for labels. */
export type Outcome = 'promoted' | 'taken back' | 'waits';

/** 2 % of the parts are defective and 5 % of those pass: 0.1 % of the frames are escapes. One good part in five is hard. */
const ESCAPES_OF_DEFECTS = 0.05;
const HARD_PARTS = 0.2;

/** The settings of prod. */
const LIMITS: JudgeLimits = {
  disagreement: 0.2,
  invalidRate: 0.02,
  latencyRatio: 1.5,
  accuracyDrop: 0.03,
  throughputRatio: 0.3,
  escapeIncrease: 0.02 * 0.02,
};
const SAMPLING = { control: 0.001, uncertainty: 0.1, disagreement: 0.5, novelty: 0.5 };
const MINIMUM_RESULTS = 2000;
/** Of each device in the time that the wave bakes and is decided on; the shadow answers as many. */
const FRAMES = 5000;
const LOOKS = [0.3, 0.6, 1];
const POLICY = { codes: {}, classes: { good: 'pass', bad: 'reject' }, novel: 'review' } as const;
const RELEASES: JudgedReleases = {
  released: { dispositionPolicy: POLICY, thresholds: {} },
  previous: { dispositionPolicy: POLICY, thresholds: {} },
};

/** Looked up once: inside Jest each look-up of a global costs a call. */
const { floor, log, log1p, max, min, round, sqrt } = Math;

type Random = () => number;

/** Marsaglia and Tsang 2000; below 1 by the usual boost. */
function gamma(random: Random, shape: number): number {
  if (shape < 1) return gamma(random, shape + 1) * (1 - random()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / sqrt(9 * d);
  for (;;) {
    const x = normal(random, 0, 1);
    const v = (1 + c * x) ** 3;
    if (v > 0 && log(1 - random()) < 0.5 * x * x + d - d * v + d * log(v)) return d * v;
  }
}

/** The rate of one device, around `mean`. */
function rateOf(random: Random, mean: number, correlation: number): number {
  if (correlation === 0 || mean <= 0 || mean >= 1) return mean;
  const both = 1 / correlation - 1;
  const [x, y] = [gamma(random, mean * both), gamma(random, (1 - mean) * both)];
  return x + y === 0 ? mean : x / (x + y);
}

/** Exact where few are expected, by waiting times (Devroye 1986, X.4); else by the normal distribution. */
function binomial(random: Random, n: number, p: number): number {
  if (p <= 0 || n <= 0) return 0;
  if (p > 0.5) return n - binomial(random, n, 1 - p);
  if (n * p > 40) {
    return min(n, max(0, round(normal(random, n * p, sqrt(n * p * (1 - p))))));
  }
  const logMiss = log1p(-p);
  let [count, position] = [-1, 0];
  while (position <= n) {
    position += floor(log(1 - random()) / logMiss) + 1;
    count++;
  }
  return count;
}

type Rates = Quality & Difference;

/** What one device is like; of a release that has not changed, as it was before. */
interface SimulatedDevice {
  readonly deviceId: string;
  readonly before: Quality;
  readonly after: Rates;
}

function device(
  random: Random,
  deviceId: string,
  { before, after, difference }: Scenario,
  rho: number,
): SimulatedDevice {
  const around = (mean: number) => rateOf(random, mean, rho);
  const then: Quality = {
    invalid: around(before.invalid),
    accuracy: around(before.accuracy),
    throughput: before.throughput,
  };
  const same = (name: 'invalid' | 'accuracy') =>
    after[name] === before[name] ? then[name] : around(after[name]);
  // By how much more or less than others a device lets defects escape, or finds good parts hard.
  const escapes = around(ESCAPES_OF_DEFECTS) / ESCAPES_OF_DEFECTS;
  const hardParts = around(HARD_PARTS) / HARD_PARTS;
  return {
    deviceId,
    before: then,
    after: {
      classesOnly: around(difference.classesOnly),
      newEscapes: difference.newEscapes * escapes,
      goneEscapes: difference.goneEscapes * escapes,
      newPasses: difference.newPasses * hardParts,
      newRejects: difference.newRejects * hardParts,
      invalid: same('invalid'),
      accuracy: same('accuracy'),
      throughput: after.throughput * (0.85 + 0.3 * random()),
    },
  };
}

/** Counts up to the last look; a share of them has come by an earlier one. */
interface Seen {
  readonly deviceId: string;
  readonly results: number;
  readonly invalid: number;
  readonly throughput: number;
  readonly labels: number;
  readonly right: number;
  readonly difference?: Readonly<Record<keyof Difference, number>>;
}

function see(random: Random, deviceId: string, rates: Quality | Rates, labels: number): Seen {
  const isNew = 'newEscapes' in rates;
  const results = round((FRAMES * rates.throughput) / STEADY.throughput);
  const count = (share: number) => binomial(random, FRAMES, share);
  return {
    deviceId,
    results,
    invalid: binomial(random, results, rates.invalid),
    throughput: rates.throughput,
    labels,
    right: binomial(random, labels, rates.accuracy),
    ...(isNew && {
      difference: {
        classesOnly: count(rates.classesOnly),
        newEscapes: count(rates.newEscapes),
        goneEscapes: count(rates.goneEscapes),
        newPasses: count(rates.newPasses),
        newRejects: count(rates.newRejects),
      },
    }),
  };
}

const LATENCY = emptySketch({ useCase: USE_CASE, releaseId: '', deviceId: '', windowStart: '' });

function sketchOf(seen: Seen, share: number): Sketch {
  const part = (count: number) => floor(count * share);
  const results = part(seen.results);
  const { difference } = seen;
  const all = difference && Object.values(difference).reduce((sum, count) => sum + part(count), 0);
  return {
    ...LATENCY,
    deviceId: seen.deviceId,
    results,
    invalid: part(seen.invalid),
    latency: { ...LATENCY.latency, counts: LATENCY.latency.counts.with(20, results) },
    shadow: difference
      ? {
          compared: part(FRAMES),
          disagreed: all ?? 0,
          directed: part(FRAMES),
          newlyPassed: part(difference.newEscapes) + part(difference.newPasses),
          newlyStopped: part(difference.goneEscapes) + part(difference.newRejects),
        }
      : LATENCY.shadow,
  };
}

const CONTROL = { confidence: 1, inclusionProbability: SAMPLING.control, reasons: ['control' as const] };
const DISAGREEMENT = {
  confidence: 1,
  inclusionProbability: SAMPLING.disagreement,
  reasons: ['disagreement' as const],
};

/** Half of the frames that part the dispositions are captured, and people label what they are asked for first. */
function labelsOf(seen: Seen, share: number, previousId: string): JudgedLabel[] {
  const part = (count: number) => floor(count * share);
  const { deviceId, difference } = seen;
  const labels: JudgedLabel[] = [];
  const add = (count: number, label: Omit<JudgedLabel, 'deviceId'>) => {
    for (let index = 0; index < count; index++) labels.push({ deviceId, ...label });
  };
  if (difference && seen.labels > 0) {
    const captured = (count: number) => floor(part(count) * SAMPLING.disagreement + 0.5);
    const budget = part(seen.labels) / 2;
    const asked = captured(difference.newEscapes) + captured(difference.newPasses);
    const others = captured(difference.goneEscapes) + captured(difference.newRejects);
    const fits = (count: number) => floor(count * min(1, budget / max(1, asked + others)));
    const shadow = (disposition: 'pass' | 'reject') => ({ releaseId: previousId, disposition });
    const frame = (label: string, now: 'pass' | 'reject') => ({
      ...DISAGREEMENT,
      label,
      predictedClass: now === 'pass' ? 'good' : 'bad',
      disposition: now,
      shadow: shadow(now === 'pass' ? 'reject' : 'pass'),
    });
    add(fits(captured(difference.newEscapes)), frame('bad', 'pass'));
    add(fits(captured(difference.newPasses)), frame('good', 'pass'));
    add(fits(captured(difference.goneEscapes)), frame('bad', 'reject'));
    add(fits(captured(difference.newRejects)), frame('good', 'reject'));
  }
  const [right, wrong] = [part(seen.right), part(seen.labels - seen.right)];
  add(right, { ...CONTROL, label: 'good', predictedClass: 'good', disposition: 'pass' });
  add(wrong, { ...CONTROL, label: 'good', predictedClass: 'bad', disposition: 'reject' });
  return labels;
}

function evidence(releaseId: string, seen: readonly Seen[], share: number): ReleaseEvidence {
  const devices: DeviceEvidence[] = seen.map((one) => ({
    deviceId: one.deviceId,
    sketch: sketchOf(one, share),
    windows: [round(one.throughput)],
  }));
  return { releaseId, devices, labels: seen.flatMap((one) => labelsOf(one, share, 'before')) };
}

function wave(random: Random, scenario: Scenario, { devices, correlation, labels }: Fleet): Outcome {
  const all = Array.from({ length: devices }, (_, index) =>
    device(random, `line-${index + 1}`, scenario, correlation),
  );
  const before = all.map((one) => see(random, one.deviceId, one.before, labels));
  const after = all.map((one) => see(random, one.deviceId, one.after, labels));
  const previous = evidence('before', before, 1);
  for (const [look, share] of LOOKS.entries()) {
    const input: JudgeInput = {
      released: evidence('after', after, share),
      previous,
      releases: RELEASES,
      limits: LIMITS,
      sampling: SAMPLING,
      expected: all.map(({ deviceId }) => deviceId),
      quorum: 0.9,
      minimumResults: MINIMUM_RESULTS,
      minimumResultsPerDevice: Math.ceil(MINIMUM_RESULTS / devices / 4),
      deadlinePassed: look === LOOKS.length - 1,
      labelDeadlinePassed: false,
      decisionTimeoutSeconds: 28_800,
    };
    const { verdict } = judge(input);
    if (verdict === 'PROMOTE') return 'promoted';
    if (verdict === 'ROLL_BACK') return 'taken back';
  }
  return 'waits';
}

/** One rollout: the second wave is asked when the first has promoted. */
export function simulateRollout(scenario: Scenario, fleet: Fleet, seed: number): Outcome {
  const random = seededRandom(seed);
  const first = wave(random, scenario, fleet);
  return first === 'promoted' ? wave(random, scenario, fleet) : first;
}

/** Of so many rollouts, how many ended how. */
export function simulateRollouts(
  scenario: Scenario,
  fleet: Fleet,
  rollouts: number,
  seed: number,
): Readonly<Record<Outcome, number>> {
  const counts: Record<Outcome, number> = { promoted: 0, 'taken back': 0, waits: 0 };
  for (let index = 0; index < rollouts; index++) {
    counts[simulateRollout(scenario, fleet, seed * 1_000_003 + index)]++;
  }
  return counts;
}
