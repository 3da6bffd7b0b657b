import fc from 'fast-check';
import { decide } from '../../../../edge-components/inference/src/models/decision';

const release = { classes: ['good', 'scratch', 'dent'], thresholds: { good: 0.9, scratch: 0.5, dent: 0 } };

test.each<[number[], object]>([
  [[0.95, 0.03, 0.02], { status: 'ok', predictedClass: 'good', confidence: 0.95 }],
  [[0.9, 0.05, 0.05], { status: 'ok', predictedClass: 'good', confidence: 0.9 }],
  [[0.89, 0.06, 0.05], { status: 'uncertain', predictedClass: 'good', confidence: 0.89 }],
  [[0.3, 0.55, 0.15], { status: 'ok', predictedClass: 'scratch', confidence: 0.55 }],
  [[0.3, 0.34, 0.36], { status: 'ok', predictedClass: 'dent', confidence: 0.36 }],
  [[1.01, 0, 0], { status: 'ok', predictedClass: 'good', confidence: 1 }],
  [[Number.NaN, 0.5, 0.5], { status: 'invalid', reason: 'output 0 is NaN, not a probability' }],
  [
    [0.5, Number.POSITIVE_INFINITY, 0],
    { status: 'invalid', reason: 'output 1 is Infinity, not a probability' },
  ],
  [[0.5, 0.1, 0.1], { status: 'invalid', reason: 'output sums to 0.7000 instead of 1' }],
  [[0.5, 0.5], { status: 'invalid', reason: 'output has 2 values for 3 classes' }],
])('%p is %p [case 22]', (probabilities, decision) => {
  expect(decide(probabilities, release)).toEqual(decision);
});

test('whatever the numbers, a class is reported only from its threshold upwards [case 22]', () => {
  const anything = fc.oneof(fc.double(), fc.double({ min: 0, max: 1, noNaN: true }));
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 4 }), (probabilities) => {
      const decision = decide(probabilities, release);
      if (decision.status === 'invalid') return;
      const threshold = release.thresholds[decision.predictedClass as 'good'];
      expect(decision.confidence >= threshold).toBe(decision.status === 'ok');
      expect(decision.confidence).toBeGreaterThanOrEqual(0);
      expect(decision.confidence).toBeLessThanOrEqual(1);
    }),
  );
});
