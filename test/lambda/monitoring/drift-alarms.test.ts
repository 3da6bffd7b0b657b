import type { Release, Sketch } from '../../../contracts';
import { assessRelease } from '../../../lambda/monitoring/assess-release';
import { compareWithBaseline, type DriftLimits } from '../../../lambda/monitoring/compare-with-baseline';
import { aSketch, histogramOf, normal, seededRandom } from '../shared/builders';

const LIMITS: DriftLimits = { featureLimit: 0.25, classMixLimit: 0.5, falseAlarmProbability: 0.001 };
const DRAWS = 300;
const { log, min } = Math;

interface World {
  readonly brightness: number;
  readonly shareOfScratches: number;
}

const CALM: World = { brightness: 120, shareOfScratches: 0.1 };

interface Image {
  readonly confidence: number;
  readonly brightness: number;
  readonly contrast: number;
  readonly sharpness: number;
}

/** Confidences crowd near one, luma statistics are near normal; a scratch is told by contrast, and less surely. */
function image(random: () => number, { brightness }: World, scratch: boolean): Image {
  return {
    confidence: 1 - min(1, (scratch ? -0.12 : -0.06) * log(1 - random())),
    brightness: normal(random, brightness, 12),
    contrast: normal(random, scratch ? 42 : 30, 4),
    sharpness: normal(random, scratch ? 13 : 9, 2),
  };
}

const distributions = (images: readonly Image[]) => ({
  confidence: histogramOf(
    'confidence',
    images.map(({ confidence }) => confidence),
  ),
  brightness: histogramOf(
    'brightness',
    images.map(({ brightness }) => brightness),
  ),
  contrast: histogramOf(
    'contrast',
    images.map(({ contrast }) => contrast),
  ),
  sharpness: histogramOf(
    'sharpness',
    images.map(({ sharpness }) => sharpness),
  ),
});

/** What a line sees. */
function draw(random: () => number, size: number, world: World) {
  const isScratch = Array.from({ length: size }, () => random() < world.shareOfScratches);
  const of = (scratch: boolean) =>
    isScratch.filter((is) => is === scratch).map((is) => image(random, world, is));
  const [goods, scratches] = [of(false), of(true)];
  return {
    ...distributions([...goods, ...scratches]),
    classCounts: { good: goods.length, scratch: scratches.length },
    byClass: { good: distributions(goods), scratch: distributions(scratches) },
  };
}

const baselineOf = (random: () => number, size: number, world = CALM): Release['baseline'] => ({
  ...draw(random, size, world),
  accuracy: 0.97,
});
function fieldOf(random: () => number, size: number, world: World): Sketch {
  const { byClass: _, ...sums } = draw(random, size, world);
  return aSketch({ ...sums, results: size });
}

/** Whether the release is said to have drifted. */
function isDrift(baseline: Release['baseline'], field: Sketch): boolean {
  const features = compareWithBaseline(baseline, field, LIMITS);
  const options = { minimumResults: 1, minimumEffectiveLabels: 1, accuracyDropLimit: 1 };
  return (
    assessRelease({ validResults: field.results, features, baselineAccuracy: baseline.accuracy }, options)
      .kind === 'DRIFT'
  );
}

/** How many of the draws are said to be drift. */
function alarms(
  baselineSize: number,
  fieldSize: number,
  world: World,
  asDataSet: (baseline: Release['baseline']) => Release['baseline'] = (baseline) => baseline,
  ofDataSet = CALM,
): number {
  return Array.from({ length: DRAWS }, (_, seed) => {
    const random = seededRandom(seed * 7919 + 1);
    return isDrift(asDataSet(baselineOf(random, baselineSize, ofDataSet)), fieldOf(random, fieldSize, world));
  }).filter(Boolean).length;
}

test.each([
  [200, 200],
  [1000, 200],
  [150, 5000],
])('[B7] one distribution: %p against %p results raise no alarm in 99 of 100 draws', (baseline, field) => {
  expect(alarms(baseline, field, CALM)).toBeLessThanOrEqual(DRAWS * 0.01);
});

test('without the test of significance small samples of one distribution would raise alarms', () => {
  let above = 0;
  for (let seed = 0; seed < 50; seed++) {
    const random = seededRandom(seed + 1);
    const comparisons = compareWithBaseline(baselineOf(random, 60), fieldOf(random, 60, CALM), {
      ...LIMITS,
      featureLimit: 0.05,
    });
    if (comparisons.some(({ populationStabilityIndex, limit }) => populationStabilityIndex > limit)) above++;
    expect(comparisons.filter(({ drifted }) => drifted)).toEqual([]);
  }
  expect(above).toBeGreaterThan(25);
});

test('[B7] a lamp that ages (brightness -2 deviations) is found in 99 of 100 draws of 400 results', () => {
  expect(alarms(1000, 400, { ...CALM, brightness: 96 })).toBeGreaterThanOrEqual(DRAWS * 0.99);
});

/** A data set is made of defects, a line of good parts. */
const DATA_SET: World = { ...CALM, shareOfScratches: 0.45 };
const withoutClasses = ({ byClass: _, ...baseline }: Release['baseline']): Release['baseline'] => baseline;

test.each([0.05, 0.02, 0.01, 0.6])(
  '[B14] a line with %p defective parts is no drift from a data set with 45 %% of them, in 99 of 100 draws',
  (shareOfScratches) => {
    const line = { ...CALM, shareOfScratches };
    expect(alarms(400, 2000, line, undefined, DATA_SET)).toBeLessThanOrEqual(DRAWS * 0.01);
    expect(alarms(400, 200, line, undefined, DATA_SET)).toBeLessThanOrEqual(DRAWS * 0.01);
  },
);

test('[B14] without the distributions of each class, a realistic yield is drift', () => {
  expect(alarms(400, 2000, { ...CALM, shareOfScratches: 0.02 }, withoutClasses, DATA_SET)).toBe(DRAWS);
});

test('[B14] an ageing lamp is found on a line of 98 % good parts', () => {
  const dark = { brightness: 96, shareOfScratches: 0.02 };
  expect(alarms(400, 400, dark, undefined, DATA_SET)).toBeGreaterThanOrEqual(DRAWS * 0.99);
});

test('large samples that differ by a hair are significant and no drift', () => {
  const random = seededRandom(5);
  const comparisons = compareWithBaseline(
    baselineOf(random, 40_000),
    fieldOf(random, 40_000, { ...CALM, brightness: 121 }),
    LIMITS,
  );
  const brightness = comparisons.find(({ feature }) => feature === 'brightness');
  expect(brightness?.pValue).toBeLessThan(1e-6);
  expect(brightness?.drifted).toBe(false);
});

test('a class that only the field knows counts in the class mix', () => {
  const random = seededRandom(6);
  const baseline = { ...baselineOf(random, 500), classCounts: { good: 500 } };
  const field = { ...fieldOf(random, 500, CALM), classCounts: { good: 200, dent: 300 } };
  const mix = compareWithBaseline(baseline, field, LIMITS).find(({ feature }) => feature === 'classMix');
  expect(mix).toMatchObject({ drifted: true, limit: 0.5 });
});

test('a baseline over another range is refused with both ranges', () => {
  const random = seededRandom(7);
  const baseline = baselineOf(random, 100);
  baseline.contrast = { ...baseline.contrast, maximum: 64 };
  expect(() => compareWithBaseline(baseline, fieldOf(random, 100, CALM), LIMITS)).toThrow(
    "contrast: the baseline's bins span 0..64, the field's 0..128",
  );
});
