/** What alarms of a line in simulation, through the code of the device, of telemetry and of the monitor. */
import type { EmbeddingSums, Release } from '../../../contracts';
import { residualOf } from '../../../edge-components/inference/src/inspection/embedding-sums';
import { histogramOf, normal, seededRandom } from '../shared/builders';
import {
  evaluated,
  releaseThat,
  type SeenFrame,
  type Summing,
  watched,
  withoutReference,
} from './simulated-line';

const SIZE = 8;
const CLASSES = ['good', 'scratch'] as const;
type Random = () => number;

/** What may change. */
interface World {
  readonly goodShare: number;
  /** Of the images, which the classifier does not mind. */
  readonly brightness: number;
  /** Of all embeddings along one component. */
  readonly shift: number;
  /** Share of parts that are something else, and are called good. */
  readonly unknown: number;
  /** Share of scratches that are called good. */
  readonly missed: number;
}

const CALM: World = { goodShare: 0.5, brightness: 120, shift: 0, unknown: 0, missed: 0 };
const UNKNOWN_LIES_AT = 4;
const meanOf = (className: string): number => (className === 'good' ? -3 : 3);

function see(random: Random, { goodShare, brightness, shift, unknown, missed }: World): SeenFrame {
  const isUnknown = random() < unknown;
  const label = isUnknown ? 'unknown' : random() < goodShare ? 'good' : 'scratch';
  const predictedClass = label === 'scratch' && random() >= missed ? 'scratch' : 'good';
  const embedding = Array.from({ length: SIZE }, (_, index) =>
    normal(random, index === 0 ? meanOf(predictedClass) : 0, 1),
  );
  embedding[1] = (embedding[1] as number) + shift + (isUnknown ? UNKNOWN_LIES_AT : 0);
  return {
    label,
    predictedClass,
    confidence: 1 - Math.min(1, -0.05 * Math.log(1 - random())),
    embedding,
    image: { brightness: normal(random, brightness, 12), contrast: 30, sharpness: 9 },
  };
}

const distributions = (frames: readonly SeenFrame[]) => ({
  confidence: histogramOf(
    'confidence',
    frames.map(({ confidence }) => confidence),
  ),
  brightness: histogramOf(
    'brightness',
    frames.map(({ image }) => image.brightness),
  ),
  contrast: histogramOf(
    'contrast',
    frames.map(({ image }) => image.contrast),
  ),
  sharpness: histogramOf(
    'sharpness',
    frames.map(({ image }) => image.sharpness),
  ),
});

/** Validated on 400 images of a calm world, whose luck is in its reference. */
function releaseBy(random: Random): Release {
  const images = Array.from({ length: 400 }, () => see(random, CALM));
  const of = (name: string) => images.filter(({ predictedClass }) => predictedClass === name);
  const entries = <Value>(value: (frames: readonly SeenFrame[]) => Value) =>
    Object.fromEntries(CLASSES.map((name) => [name, value(of(name))]));
  return releaseThat({
    classes: [...CLASSES],
    baseline: {
      ...distributions(images),
      byClass: entries(distributions),
      classCounts: entries((frames) => frames.length),
      accuracy: 0.97,
    },
    embedding: {
      outputName: 'embedding',
      size: SIZE,
      reference: entries((frames) => ({
        images: frames.length,
        mean: Array.from(
          { length: SIZE },
          (_, index) =>
            frames.reduce((sum, { embedding }) => sum + (embedding[index] ?? 0), 0) / frames.length,
        ),
      })),
    },
  });
}

const DRAWS = 60;

/** As components of before: on every tenth record, whatever its class, sums of the frames of all classes. */
function summingAll(): Summing {
  let residuals: number[][] = [];
  return {
    count({ embedding: described }, predictedClass, embedding) {
      const residual = residualOf(embedding ?? [], predictedClass, described?.reference ?? {});
      if (residual) residuals.push(residual);
      if (residuals.length < 10) return undefined;
      const [first = []] = residuals;
      const sum = first.map((_, index) => residuals.reduce((all, one) => all + (one[index] ?? 0), 0));
      const squares = residuals.flat().reduce((all, value) => all + value * value, 0);
      residuals = [];
      return { count: 10, sum: sum as EmbeddingSums['sum'], squares };
    },
  };
}

/** In how many of the draws of 200 frames of two cameras there is drift, and what it is called. */
function alarms(
  world: Partial<World>,
  judged: (release: Release) => Release = (release) => release,
  summing?: () => Summing,
) {
  const random = seededRandom(41);
  const release = judged(releaseBy(random));
  const evaluations = Array.from({ length: DRAWS }, () =>
    evaluated(
      release,
      [1, 2].map(() => Array.from({ length: 100 }, () => see(random, { ...CALM, ...world }))),
      summing,
    ),
  );
  return {
    share: evaluations.filter(({ fleet }) => fleet.assessment.kind === 'DRIFT').length / DRAWS,
    causes: new Set(evaluations.map(({ cause }) => cause?.kind)),
    unknownHarm: evaluations.filter(({ fleet }) => fleet.harm.by === 'nothing').length / DRAWS,
  };
}

test.each<[string, Partial<World>]>([
  ['nothing', {}],
  ['the yield, from 50 to 98 % good parts', { goodShare: 0.98 }],
  ['the light, which the classifier does not mind', { brightness: 90 }],
])('[B14] no alarm for %s in 59 of 60 draws', (_, world) => {
  const { share, unknownHarm } = alarms(world);
  expect(share).toBeLessThanOrEqual(1 / DRAWS);
  // What may be doubted has no estimate: a tenth of quiet windows at most.
  expect(unknownHarm).toBeLessThanOrEqual(0.1);
});

test('[B14] by image statistics the same light is drift', () => {
  expect(alarms({ brightness: 90 }, withoutReference).share).toBe(1);
});

test('[B14] an unknown thing in a fifth of the parts is found, called by its name, and its harm is not guessed', () => {
  const { share, causes, unknownHarm } = alarms({ unknown: 0.2 });
  expect(share).toBeGreaterThanOrEqual(0.9);
  expect(unknownHarm).toBeGreaterThanOrEqual(0.9);
  expect(causes).toContain('new-thing');
  expect(causes).not.toContain('line');
});

test('[B14] components of before, which do not tell classes apart, are quiet too, and find what they found', () => {
  const before = (world: Partial<World>) => alarms(world, (release) => release, summingAll);
  expect(before({}).share).toBeLessThanOrEqual(1 / DRAWS);
  expect(before({ goodShare: 0.98 }).share).toBeLessThanOrEqual(1 / DRAWS);
  expect(before({ brightness: 80, shift: 1.2 }).share).toBe(1);
  expect(before({ unknown: 0.3 }).share).toBeGreaterThanOrEqual(0.9);
});

test('[B14] light that moves what the classifier reads is found, and called the line', () => {
  expect(alarms({ brightness: 80, shift: 1.2 })).toMatchObject({ share: 1, causes: new Set(['line']) });
});

test('[B14] a quiet week, with few frames and a yield that goes from 95 to 99 %, opens no episode', async () => {
  const random = seededRandom(43);
  const release = releaseBy(random);
  const week = await watched(release, {
    hours: 168,
    cameras: 2,
    frames: 5,
    see: (share) => see(random, { ...CALM, goodShare: 0.95 + 0.04 * share }),
  });
  expect(week.episodes).toEqual([]);
  expect(week.evaluations).toBeGreaterThan(140);
});

test('[B14] a new thing that comes in the middle of a week opens one episode', async () => {
  const random = seededRandom(47);
  const release = releaseBy(random);
  const week = await watched(release, {
    hours: 168,
    cameras: 2,
    frames: 20,
    see: (share) => see(random, { ...CALM, unknown: share < 0.5 ? 0 : 0.25 }),
  });
  expect(week.episodes).toMatchObject([
    { evidence: { assessment: { kind: 'DRIFT', feature: 'embedding' } } },
  ]);
});

test.each([0, 6, 8, 9, 10, 24])(
  '[B14] labels, nearly all of them of good parts, vouch for no line that has changed: after %p hours',
  async (hours) => {
    const random = seededRandom(53);
    const release = releaseBy(random);
    const before = { ...CALM, goodShare: 0.97 };
    const after = { ...before, shift: 1.2, missed: 0.9 };
    const watch = {
      hours: 72,
      cameras: 2,
      frames: 60,
      framesPerLabel: 50,
      see: (share: number) => see(random, Math.round(72 * share) < hours ? before : after),
    };
    const { episodes, isOpen } = await watched(release, watch);
    expect(episodes).toHaveLength(1);
    expect(isOpen).toBe(true);
  },
);
