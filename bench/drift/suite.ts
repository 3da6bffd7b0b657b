/**
 * Whether drift means harm: streams of one change each, with what each costs, through the code of the device, of
 * telemetry and of the monitor; beside what others make of the vectors of the same frames. Nothing is timed.
 */
import {
  evaluated,
  releaseThat,
  type Watched,
  watched,
  withoutReference,
} from '../../test/lambda/monitoring/simulated-line';
import { seededRandom } from '../../test/lambda/shared/builders';
import type { Benchmark, Measurement } from '../figure';
import { type Suite, suiteOf } from '../suite';
import { DriftContext, type Spread } from './frames';
import {
  accuracyOf,
  costOf,
  drawFrame,
  drawFromStream,
  drawStream,
  STREAMS,
  type Stream,
  streamOf,
} from './streams';

const SEED = 20261127;
const DRAWS = 100;
/** 200 frames, the least that drift is assessed with. */
const LEAST = { cameras: 4, frames: 50 };
const UNKNOWN = { name: '20 % of an unknown class', cameras: 2, frames: 250 };
/** So many that each camera is judged by itself. */
const OF_CAUSES = { draws: 25, cameras: 4, frames: 200 };
const HARMFUL = 0.05;
const HARMLESS = 0.01;
const WEEKS = 25;
const [HOURS_OF_A_WEEK, HOURS_OF_A_YEAR] = [168, 8_760];
/** As config/prod.ts has them: 2,000 results at least, of which a window of this line has 2,160. */
const USUAL_LINE = { cameras: 2, frames: 45, minimumResults: 2_000 };
/** Ten frames an hour, of which 240 lie in a window: few, so that chance is large. */
const SLOW_LINE = { cameras: 2, frames: 5, minimumResults: 200 };
/** A line whose first day brings five times the results that drift is assessed with, and twenty labels. */
const NEW_LINE = { cameras: 2, frames: 60, minimumResults: 200, framesPerLabel: 50, hours: 72 };
const HOURS_BEFORE = [0, 3, 6, 8, 9, 10, 12, 24];
const USUAL_GOOD_SHARE = 0.97;

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
const points = (share: number): string => (100 * share).toFixed(1);
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

interface Seen {
  readonly stream: Stream;
  readonly accuracy: number;
  readonly cost: number;
  /** Shares of draws. */
  readonly alarms: number;
  readonly before: number;
  readonly unknown: number;
  /** Squared shift, mean over draws. */
  readonly shift: number;
  /** How far each estimate of the accuracy lies from the truth. */
  readonly errors: readonly number[];
  readonly causes: ReadonlyMap<string, number>;
}

function alarmsOf(
  context: DriftContext,
  stream: Stream,
  size: { cameras: number; frames: number },
  seed: number,
) {
  const release = releaseThat(context.described);
  const random = seededRandom(seed);
  const old = withoutReference(release);
  return Array.from({ length: DRAWS }, () => {
    const cameras = drawStream(stream, context, size.cameras, size.frames, random);
    const { fleet } = evaluated(release, cameras);
    return {
      alarms: fleet.assessment.kind === 'DRIFT',
      before: evaluated(old, cameras).fleet.assessment.kind === 'DRIFT',
      shift: fleet.embedding?.value ?? Number.NaN,
      harm: fleet.harm,
    };
  });
}

function causesOf(context: DriftContext, stream: Stream, seed: number): ReadonlyMap<string, number> {
  const release = releaseThat(context.described);
  const random = seededRandom(seed);
  const counts = new Map<string, number>();
  for (let draw = 0; draw < OF_CAUSES.draws; draw++) {
    const cameras = drawStream(stream, context, OF_CAUSES.cameras, OF_CAUSES.frames, random);
    const cause = evaluated(release, cameras).cause?.kind ?? 'none';
    counts.set(cause, (counts.get(cause) ?? 0) + 1);
  }
  return counts;
}

function look(context: DriftContext, stream: Stream, index: number): Seen {
  const draws = alarmsOf(context, stream, LEAST, SEED + index);
  const accuracy = accuracyOf(stream, context);
  const share = (is: (draw: (typeof draws)[number]) => boolean) => draws.filter(is).length / DRAWS;
  return {
    stream,
    accuracy,
    cost: costOf(stream, context),
    alarms: share(({ alarms }) => alarms),
    before: share(({ before }) => before),
    unknown: share(({ harm }) => harm.by === 'nothing'),
    shift: mean(draws.map(({ shift }) => shift)),
    errors: draws.flatMap(({ harm }) =>
      harm.by === 'confidence' ? [Math.abs(harm.accuracy - accuracy)] : [],
    ),
    causes: causesOf(context, stream, SEED + 1_000 + index),
  };
}

/** What the monitor takes for chance rests on it. */
function spreadInWords({ degrees, views }: Spread): string {
  const each = Object.values(degrees);
  return `residuals of a class have ${Math.min(...each)} to ${Math.max(...each)} degrees of freedom, those of two views of a part correlate by ${views}`;
}

const counted = (value: number, { minimum, maximum } = { minimum: value, maximum: value }) => ({
  value,
  spread: { minimum, maximum, rounds: 1 },
});

function spreadOf(values: readonly number[]) {
  return { minimum: Math.min(...values), maximum: Math.max(...values) };
}

const causesInWords = (causes: ReadonlyMap<string, number>): string =>
  [...causes]
    .sort(([, left], [, right]) => right - left)
    .map(([cause, count]) => `${cause} ${percent(count / OF_CAUSES.draws)}`)
    .join(', ');

const row = (seen: Seen, rivals: DriftContext['rivals']): string[] => {
  const { stream, accuracy, cost, alarms, before, shift, errors, unknown, causes } = seen;
  const rivalOf = (name: string) => percent(rivals[stream.name]?.[name] ?? Number.NaN);
  const estimate = errors.length === 0 ? '' : `${points(mean(errors))} off; `;
  return [
    stream.name,
    `${points(accuracy)} (${points(cost)})`,
    percent(alarms),
    shift.toFixed(2),
    percent(before),
    rivalOf('MMD'),
    rivalOf('domain classifier'),
    `${estimate}unknown ${percent(unknown)}`,
    causesInWords(causes),
  ];
};

const COLUMNS = [
  'stream',
  'accuracy, % (points lost)',
  'alarms',
  'squared shift',
  'alarms by image statistics',
  'MMD',
  'domain classifier',
  'accuracy by confidence',
  'cause',
];

const streams: Benchmark<DriftContext> = {
  onlyCounts: true,
  figures: [
    {
      id: 'D1',
      what: 'share of samples of 200 frames that alarm, at the worst of the changes that cost 5 points of accuracy or more',
      goal: 0.95,
      better: 'higher',
    },
    {
      id: 'D2',
      what: 'the same, at the worst of the changes that cost less than 1 point',
      goal: 0.05,
      better: 'lower',
    },
    {
      id: 'D6-error',
      what: 'how far an accuracy by the confidence lies from the truth, mean over samples, at the worst of the changes where most have one',
      goal: 0.02,
      better: 'lower',
    },
    {
      id: 'D6-unknown',
      what: 'share of samples for which it says that nobody knows, at the worst of the changes that cost 5 points or more',
      goal: 0.95,
      better: 'higher',
    },
    {
      id: 'D7',
      what: 'share of samples of 800 frames whose cause is named right, over the changes of which only one thing can be said',
      goal: 0.9,
      better: 'higher',
    },
  ],
  async measure(context) {
    const seen = STREAMS.map((stream, index) => {
      const one = look(context, stream, index);
      console.log(`${stream.name}: ${points(one.cost)} points lost, ${percent(one.alarms)} alarm`);
      return one;
    });
    const harmful = seen.filter(({ cost }) => cost >= HARMFUL);
    const harmless = seen.filter(({ cost }) => cost < HARMLESS);
    const [power, falseAlarms] = [harmful, harmless].map((some) => some.map(({ alarms }) => alarms)) as [
      number[],
      number[],
    ];
    const errors = seen.filter(({ unknown }) => unknown < 0.5).map((one) => mean(one.errors));
    const unknown = harmful.map((one) => one.unknown);
    const named = seen.flatMap(({ stream, causes }) =>
      stream.cause ? [(causes.get(stream.cause) ?? 0) / OF_CAUSES.draws] : [],
    );
    const names = (some: readonly Seen[]) => some.map(({ stream }) => stream.name).join(', ');
    const figures: [string, Measurement][] = [
      [
        'D1',
        {
          ...counted(Math.min(...power), spreadOf(power)),
          method: `${DRAWS} samples of each: ${names(harmful)}`,
          table: { columns: COLUMNS, rows: seen.map((one) => row(one, context.rivals)) },
        },
      ],
      [
        'D2',
        {
          ...counted(Math.max(...falseAlarms), spreadOf(falseAlarms)),
          method: `${DRAWS} samples of each: ${names(harmless)}; ${spreadInWords(context.spread)}`,
        },
      ],
      [
        'D6-error',
        {
          ...counted(Math.max(...errors), spreadOf(errors)),
          method: `${errors.length} of ${seen.length} streams have one in most samples`,
        },
      ],
      [
        'D6-unknown',
        {
          ...counted(Math.min(...unknown), spreadOf(unknown)),
          method: 'where what the classifier reads is not what was validated, the confidence is not asked',
        },
      ],
      [
        'D7',
        {
          ...counted(mean(named), spreadOf(named)),
          method: `${OF_CAUSES.draws} samples of each of ${named.length} streams, of four cameras with 200 frames each`,
        },
      ],
    ];
    return new Map(figures);
  },
};

const unknownClass: Benchmark<DriftContext> = {
  onlyCounts: true,
  figures: [
    {
      id: 'D3',
      what: 'share of samples of 500 frames, a fifth of them of a class that the release does not know, that alarm',
      goal: 0.9,
      better: 'higher',
    },
  ],
  async measure(context) {
    const draws = alarmsOf(context, streamOf(UNKNOWN.name), UNKNOWN, SEED + 500);
    const share = (key: 'alarms' | 'before') => draws.filter((draw) => draw[key]).length / DRAWS;
    const method = `${DRAWS} samples; by image statistics ${percent(share('before'))}`;
    return new Map([['D3', { ...counted(share('alarms')), method }]]);
  },
};

const inWords = (
  watches: readonly Watched[],
  { cameras, frames, minimumResults }: typeof USUAL_LINE,
): string => {
  const evaluations = watches.reduce((sum, one) => sum + one.evaluations, 0);
  return `${evaluations} evaluations over 24 hours each, one every hour, of ${cameras} cameras with ${frames} frames an hour, judged from ${minimumResults} results on, drawn from those of the unchanged line`;
};

/** Weeks at 98 % good parts and with a yield that rises from 95 to 99 %, and a year at 98 %. */
async function quietTime(context: DriftContext, line: typeof USUAL_LINE) {
  const release = releaseThat(context.described);
  const run = (hours: number, seed: number, goodShareAt: (share: number) => number) => {
    const random = seededRandom(seed);
    const see = (share: number) => drawFrame(context, 'normal', goodShareAt(share), random);
    return watched(release, { ...line, hours, see });
  };
  const weeks: Watched[] = [];
  for (let week = 0; week < WEEKS; week++) {
    weeks.push(await run(HOURS_OF_A_WEEK, SEED + 2_000 + week, () => 0.98));
    weeks.push(await run(HOURS_OF_A_WEEK, SEED + 3_000 + week, (share) => 0.95 + 0.04 * share));
  }
  console.log(`${line.frames} frames an hour: weeks are over, a year begins`);
  return { weeks, year: await run(HOURS_OF_A_YEAR, SEED + 4_000, () => 0.98) };
}

const quiet: Benchmark<DriftContext> = {
  onlyCounts: true,
  figures: [
    {
      id: 'D4',
      what: 'episodes in 50 quiet weeks: half of them at 98 % good parts, half with a yield that goes from 95 to 99 %',
      goal: 0,
      better: 'lower',
    },
    {
      id: 'D5',
      what: 'episodes in a quiet year at 98 % good parts',
      goal: 0,
      better: 'lower',
    },
    {
      id: 'D4-slow',
      what: 'the same 50 weeks of a line with ten frames an hour',
      goal: 0,
      better: 'lower',
    },
    { id: 'D5-slow', what: 'the same year of such a line', goal: 0, better: 'lower' },
  ],
  async measure(context) {
    const figures: [string, Measurement][] = [];
    for (const [suffix, line] of [
      ['', USUAL_LINE],
      ['-slow', SLOW_LINE],
    ] as const) {
      const { weeks, year } = await quietTime(context, line);
      const episodes = weeks.reduce((sum, one) => sum + one.episodes.length, 0);
      figures.push([`D4${suffix}`, { ...counted(episodes), method: inWords(weeks, line) }]);
      figures.push([`D5${suffix}`, { ...counted(year.episodes.length), method: inWords([year], line) }]);
    }
    return new Map(figures);
  },
};

/** Hours after the rollout at which the change begins, where at the end of the third day no episode is open. */
async function hoursBelieved(context: DriftContext, stream: Stream, seed: number): Promise<number[]> {
  const release = releaseThat(context.described);
  const before = { ...streamOf('unchanged'), goodShare: USUAL_GOOD_SHARE };
  const after = { ...stream, goodShare: USUAL_GOOD_SHARE };
  const believed: number[] = [];
  for (const hours of HOURS_BEFORE) {
    const random = seededRandom(seed + hours);
    const begins = hours / NEW_LINE.hours;
    const see = (share: number) => drawFromStream(share < begins ? before : after, context, random);
    const { isOpen } = await watched(release, { ...NEW_LINE, see });
    if (!isOpen) believed.push(hours);
  }
  return believed;
}

const believed: Benchmark<DriftContext> = {
  onlyCounts: true,
  figures: [
    {
      id: 'D8',
      what: 'share of changes that cost 5 points or more, on the first day of a release on a line with 97 % good parts, of which no episode is open two days later',
      goal: 0,
      better: 'lower',
    },
  ],
  async measure(context) {
    const harmful = STREAMS.filter((stream) => costOf(stream, context) >= HARMFUL);
    const found: [string, number[]][] = [];
    for (const [index, stream] of harmful.entries()) {
      found.push([stream.name, await hoursBelieved(context, stream, SEED + 5_000 + 100 * index)]);
    }
    const shares = found.map(([, hours]) => hours.length / HOURS_BEFORE.length);
    const missed = found.filter(([, hours]) => hours.length > 0);
    const which = missed.map(([name, hours]) => `${name} (after ${hours.join(', ')} hours)`).join('; ');
    const { cameras, frames, framesPerLabel } = NEW_LINE;
    const method = `${harmful.length} changes, each ${HOURS_BEFORE.join(', ')} hours after the rollout; ${cameras} cameras with ${frames} frames an hour, every ${framesPerLabel}th labelled, nothing trained; believed: ${which || 'none'}`;
    return new Map([['D8', { ...counted(mean(shares), spreadOf(shares)), method }]]);
  },
};

export const driftSuite: Suite = suiteOf(
  'drift that means harm: what alarms, what it costs, and what is called by its name',
  [streams, unknownClass, quiet, believed],
  DriftContext.prepare,
);
