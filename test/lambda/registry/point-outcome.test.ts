import fc from 'fast-check';
import type { Release } from '../../../contracts';
import { type LabelledPart, outcomeAt } from '../../../lambda/registry/point-outcome';

const policy: NonNullable<Release['dispositionPolicy']> = {
  codes: { good: 1, dent: 2, odd: 3 },
  classes: { good: 'pass', dent: 'reject', odd: 'review' },
  novel: 'review',
  operatingRange: {
    bounds: { good: { lowest: 0.5, highest: 1 } },
    costs: { escape: 100, falseReject: 1, review: 0.5 },
  },
};
const thresholds = { good: 0.9, dent: 0.6, odd: 0.5 };
const part = (
  label: string,
  predictedClass: string,
  confidence: number,
  inclusionProbability = 1,
): LabelledPart => ({
  label,
  predictedClass,
  confidence,
  reasons: ['control'],
  inclusionProbability,
});

test.each<[string, LabelledPart, object]>([
  ['a good part that passes', part('good', 'good', 0.9), { goods: 1, costPerThousand: 0 }],
  [
    'a defective part that passes',
    part('dent', 'good', 0.95),
    { defects: 1, escapes: 1, costPerThousand: 100_000 },
  ],
  [
    'a good part that is taken out',
    part('good', 'dent', 0.7),
    { goods: 1, falseRejects: 1, costPerThousand: 1_000 },
  ],
  ['below the threshold', part('dent', 'good', 0.89), { defects: 1, reviews: 1, costPerThousand: 500 }],
  ['a class that is looked at', part('odd', 'odd', 0.9), { defects: 1, reviews: 1, costPerThousand: 500 }],
  [
    'a class that nobody knows',
    part('good', 'constructor', 0.9),
    { goods: 1, reviews: 1, costPerThousand: 500 },
  ],
  [
    'no answer',
    { label: 'good', reasons: ['control'], inclusionProbability: 1 },
    { goods: 1, reviews: 1, costPerThousand: 500 },
  ],
  [
    'a certain part that was novel',
    { ...part('good', 'good', 0.95), reviewReason: 'novel' },
    { goods: 1, reviews: 1, costPerThousand: 500 },
  ],
  [
    'a part that was answered too late',
    { ...part('dent', 'good', 0.95), reviewReason: 'late' },
    { defects: 1, reviews: 1, costPerThousand: 500 },
  ],
  [
    'a part that was uncertain then, and novel',
    { ...part('dent', 'good', 0.95), reasons: ['uncertainty', 'novelty'] },
    { defects: 1, reviews: 1, costPerThousand: 500 },
  ],
])('[B13] %s counts once', (_, one, expected) => {
  const none = { goods: 0, defects: 0, escapes: 0, falseRejects: 0, reviews: 0 };
  expect(outcomeAt([one], thresholds, policy)).toEqual({ ...none, ...expected });
});

test('[B13] where the plant lets novel parts go as they are classified, so does this', () => {
  const parts: LabelledPart[] = [{ ...part('dent', 'good', 0.95), reasons: ['novelty'] }];
  expect(outcomeAt(parts, thresholds, { ...policy, novel: 'as-classified' }).escapes).toBe(1);
});

test('[B13] a part counts for as many of the line as it stands for', () => {
  // One of 100 unremarkable parts, and an escape that was chosen for certain.
  const parts = [part('good', 'good', 0.99, 0.01), part('dent', 'good', 0.95, 1)];
  expect(outcomeAt(parts, thresholds, policy).costPerThousand).toBeCloseTo((1_000 * 100) / 101, 9);
});

test('[B13] nothing is said of a cost without parts, or without costs', () => {
  const { operatingRange: _, ...before } = policy;
  expect(outcomeAt([], thresholds, policy).costPerThousand).toBeUndefined();
  expect(outcomeAt([part('good', 'good', 1)], thresholds, before).costPerThousand).toBeUndefined();
});

test('[B13] a higher threshold of a passing class never lets more escape, and never less be looked at', () => {
  const parts = fc.array(
    fc.record({
      label: fc.constantFrom('good', 'dent'),
      predictedClass: fc.constantFrom('good', 'dent', 'odd'),
      reasons: fc.constantFrom<LabelledPart['reasons'][]>(['control'], ['novelty']),
      confidence: fc.double({ min: 0.34, max: 1, noNaN: true }),
      inclusionProbability: fc.double({ min: 0.01, max: 1, noNaN: true }),
    }),
  );
  const threshold = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(parts, threshold, threshold, (all, one, other) => {
      const [low, high] = [Math.min(one, other), Math.max(one, other)].map((good) =>
        outcomeAt(all, { ...thresholds, good }, policy),
      );
      expect(high?.escapes).toBeLessThanOrEqual(low?.escapes as number);
      expect(high?.reviews).toBeGreaterThanOrEqual(low?.reviews as number);
      expect(high?.falseRejects).toBe(low?.falseRejects);
    }),
  );
});
