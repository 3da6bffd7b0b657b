import fc from 'fast-check';
import {
  estimateAccuracy as estimated,
  type WeighedLabel,
} from '../../../lambda/monitoring/estimate-accuracy';
import { inclusionProbabilityOf } from '../../../lambda/monitoring/label-weights';
import { seededRandom } from '../shared/builders';

/** A policy that allows what these labels claim. */
const POLICY = { control: 0.001, uncertainty: 1, disagreement: 0, novelty: 0 };
const estimateAccuracy = (labels: readonly WeighedLabel[]) => estimated(labels, POLICY);

const label = (correct: boolean, inclusionProbability = 1): WeighedLabel => ({
  label: 'good',
  predictedClass: correct ? 'good' : 'scratch',
  inclusionProbability,
  reasons: ['control'],
});

test('nothing is said without labels, nor with labels of invalid frames only', () => {
  expect(estimateAccuracy([])).toBeUndefined();
  expect(
    estimateAccuracy([{ label: 'good', inclusionProbability: 1, reasons: ['control'] }]),
  ).toBeUndefined();
});

test('evenly drawn labels give the plain share and the Wilson interval', () => {
  const estimate = estimateAccuracy([...Array(90).fill(label(true)), ...Array(10).fill(label(false))]);
  // Wilson (1927) for 90 of 100 at 95 %: 0.8256 .. 0.9448.
  expect(estimate).toMatchObject({ value: 0.9, labels: 100, effectiveLabels: 100 });
  expect(estimate?.lower).toBeCloseTo(0.8256, 4);
  expect(estimate?.upper).toBeCloseTo(0.9448, 4);
});

test('even a hundred correct labels leave a doubt', () => {
  const estimate = estimateAccuracy(Array(100).fill(label(true)));
  expect(estimate).toMatchObject({ value: 1, upper: 1 });
  expect(estimate?.lower).toBeCloseTo(0.963, 3);
});

test('uneven weights count for fewer labels (Kish)', () => {
  const estimate = estimateAccuracy([label(true, 0.01), ...Array(99).fill(label(false, 1))]);
  // Weights 100 and 99 x 1: (199)^2 / (10000 + 99).
  expect(estimate?.effectiveLabels).toBeCloseTo(199 ** 2 / 10_099, 10);
  expect(estimate?.value).toBeCloseTo(100 / 199, 10);
});

test('the interval holds the estimate and keeps to 0..1', () => {
  const labels = fc.array(
    fc.tuple(fc.boolean(), fc.double({ min: 0.001, max: 1, noNaN: true })).map(([ok, p]) => label(ok, p)),
    { minLength: 1, maxLength: 50 },
  );
  fc.assert(
    fc.property(labels, (given) => {
      const estimate = estimateAccuracy(given);
      expect(estimate?.lower).toBeGreaterThanOrEqual(0);
      expect(estimate?.upper).toBeLessThanOrEqual(1);
      expect(estimate?.lower).toBeLessThanOrEqual((estimate?.value ?? 0) + 1e-12);
      expect(estimate?.upper).toBeGreaterThanOrEqual((estimate?.value ?? 1) - 1e-12);
      expect(estimate?.effectiveLabels).toBeLessThanOrEqual(given.length + 1e-9);
    }),
    { numRuns: 300, seed: 4 },
  );
});

/** 10 000 frames: 8 % are hard, half of those are wrong. Hard ones are uploaded 20 times as often as the others. */
function sample(random: () => number): { truth: number; labels: WeighedLabel[] } {
  let correct = 0;
  const labels: WeighedLabel[] = [];
  for (let frame = 0; frame < 10_000; frame++) {
    const hard = random() < 0.08;
    const isCorrect = hard ? random() < 0.5 : random() < 0.99;
    if (isCorrect) correct++;
    const inclusionProbability = hard ? 0.4 : 0.02;
    if (random() < inclusionProbability) labels.push(label(isCorrect, inclusionProbability));
  }
  return { truth: correct / 10_000, labels };
}

test('[B6] labels of chosen frames estimate the accuracy of all frames without bias', () => {
  let [error, naiveError, covered] = [0, 0, 0];
  const rounds = 100;
  for (let seed = 1; seed <= rounds; seed++) {
    const { truth, labels } = sample(seededRandom(seed));
    const estimate = estimateAccuracy(labels);
    const naive = labels.filter((given) => given.label === given.predictedClass).length / labels.length;
    error += (estimate?.value ?? 0) - truth;
    naiveError += naive - truth;
    if (estimate && estimate.lower <= truth && truth <= estimate.upper) covered++;
  }
  expect(Math.abs(error / rounds)).toBeLessThan(0.005);
  // Counting the labels as they come would claim an accuracy that is far too low.
  expect(naiveError / rounds).toBeLessThan(-0.2);
  expect(covered).toBeGreaterThanOrEqual(95);
});

describe('case 57: a capture that claims a probability', () => {
  const prod = { control: 0.001, uncertainty: 0.1, disagreement: 0.5, novelty: 0.5 };
  const honest = (correct: boolean): WeighedLabel => ({ ...label(correct, 0.1), reasons: ['uncertainty'] });
  const labels = [...Array(300).fill(honest(true)), ...Array(100).fill(honest(false))];
  const withLiar = (claimed: number, reasons: WeighedLabel['reasons']) =>
    estimated([...labels, { ...label(true, claimed), reasons }], prod);

  test('of a millionth does not outweigh all others', () => {
    const [before, after] = [estimated(labels, prod), withLiar(1e-6, ['uncertainty'])];
    expect(before?.value).toBeCloseTo(0.75, 6);
    // Its weight is 1 / 0.1, as that of the others.
    expect(after?.value).toBeCloseTo(301 / 401, 6);
    expect(after?.upper).toBeLessThan(0.8);
  });

  test('counts for no more than its likeliest reason allows, nor for less than all draws together would', () => {
    const union = 1 - 0.999 * 0.9 * 0.5 * 0.5;
    expect(
      inclusionProbabilityOf({ reasons: ['control', 'novelty'], inclusionProbability: 1e-6 }, prod),
    ).toBe(0.5);
    expect(inclusionProbabilityOf({ reasons: ['control'], inclusionProbability: 1 }, prod)).toBeCloseTo(
      union,
      12,
    );
    expect(inclusionProbabilityOf({ reasons: ['uncertainty'], inclusionProbability: 0.3 }, prod)).toBe(0.3);
  });

  test('for a reason that no policy draws weighs a thousand at most', () => {
    const none = { control: 0, uncertainty: 0, disagreement: 0, novelty: 0 };
    expect(inclusionProbabilityOf({ reasons: ['novelty'], inclusionProbability: 1e-9 }, none)).toBe(0.001);
  });
});
