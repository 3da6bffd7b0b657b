import type { Release, Sketch } from '../../../contracts';
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

/** What a line sees: confidences crowd near one, luma statistics are near normal. */
function draw(random: () => number, size: number, world: World) {
  const values = Array.from({ length: size }, () => ({
    confidence: 1 - min(1, -0.06 * log(1 - random())),
    brightness: normal(random, world.brightness, 12),
    contrast: normal(random, 30, 4),
    sharpness: normal(random, 9, 2),
    scratch: random() < world.shareOfScratches,
  }));
  const scratches = values.filter(({ scratch }) => scratch).length;
  return {
    confidence: histogramOf(
      'confidence',
      values.map(({ confidence }) => confidence),
    ),
    brightness: histogramOf(
      'brightness',
      values.map(({ brightness }) => brightness),
    ),
    contrast: histogramOf(
      'contrast',
      values.map(({ contrast }) => contrast),
    ),
    sharpness: histogramOf(
      'sharpness',
      values.map(({ sharpness }) => sharpness),
    ),
    classCounts: { good: size - scratches, scratch: scratches },
  };
}

const baselineOf = (random: () => number, size: number): Release['baseline'] => ({
  ...draw(random, size, CALM),
  accuracy: 0.97,
});
const fieldOf = (random: () => number, size: number, world: World): Sketch =>
  aSketch({ ...draw(random, size, world), results: size });

/** How many of the draws raise an alarm on any feature. */
function alarms(baselineSize: number, fieldSize: number, world: World): number {
  let count = 0;
  for (let seed = 0; seed < DRAWS; seed++) {
    const random = seededRandom(seed * 7919 + 1);
    const comparisons = compareWithBaseline(
      baselineOf(random, baselineSize),
      fieldOf(random, fieldSize, world),
      LIMITS,
    );
    if (comparisons.some(({ drifted }) => drifted)) count++;
  }
  return count;
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

test.each<[string, World]>([
  ['a lamp that ages (brightness -2 deviations)', { ...CALM, brightness: 96 }],
  ['a process that scratches half of the parts', { ...CALM, shareOfScratches: 0.5 }],
])('[B7] %s is found in 99 of 100 draws of 400 results', (_, world) => {
  expect(alarms(1000, 400, world)).toBeGreaterThanOrEqual(DRAWS * 0.99);
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
