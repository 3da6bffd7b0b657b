import fc from 'fast-check';
import {
  bytesUsedToday,
  selectCapture,
  takeFromBudget,
  type UploadBudget,
  type UploadPolicy,
} from '../../../../edge-components/inference/src/domain/capture-selection';

const policy: UploadPolicy = {
  privacy: 'selected',
  dailyByteBudget: 1000,
  controlSampleProbability: 0.1,
  uncertaintyThreshold: 0.8,
  uncertainSampleProbability: 0.5,
};
const drawing =
  (...values: number[]) =>
  () =>
    values.shift() as number;

test.each<[string, number | undefined, number[], object | undefined]>([
  ['no draw', 0.9, [0.5, 0], undefined],
  ['control only', 0.9, [0.05, 0.9], { reasons: ['control'], inclusionProbability: 0.1 }],
  ['control of an invalid frame', undefined, [0.05, 0], { reasons: ['control'], inclusionProbability: 0.1 }],
  ['uncertainty only', 0.7, [0.5, 0.4], { reasons: ['uncertainty'], inclusionProbability: 0.55 }],
  ['both', 0.7, [0.05, 0.4], { reasons: ['control', 'uncertainty'], inclusionProbability: 0.55 }],
  ['uncertain, taken by control', 0.7, [0.05, 0.9], { reasons: ['control'], inclusionProbability: 0.55 }],
])('%s', (_, confidence, draws, expected) => {
  const selection = selectCapture(confidence, policy, drawing(...draws));
  if (expected === undefined) expect(selection).toBeUndefined();
  else {
    const { inclusionProbability, ...rest } = expected as { inclusionProbability: number };
    expect(selection).toMatchObject(rest);
    expect(selection?.inclusionProbability).toBeCloseTo(inclusionProbability, 12);
  }
});

test('[S8] privacy never: no frame is chosen, whatever the draws', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (confidence) => {
      const never: UploadPolicy = { ...policy, privacy: 'never', controlSampleProbability: 1 };
      expect(selectCapture(confidence, never, () => 0)).toBeUndefined();
    }),
  );
});

test('[B6] Horvitz-Thompson over the chosen frames is unbiased', () => {
  // Exact expectation over a grid of both draws instead of a simulation: sum of P(chosen) * y / pi equals sum of y.
  const grid = Array.from({ length: 200 }, (_, index) => (index + 0.5) / 200);
  const frames = [0.3, 0.75, 0.85, 0.99, undefined];
  let estimate = 0;
  for (const [value, confidence] of frames.entries()) {
    for (const control of grid) {
      for (const uncertain of grid) {
        const selection = selectCapture(confidence, policy, drawing(control, uncertain));
        if (selection) estimate += (value + 1) / selection.inclusionProbability / grid.length ** 2;
      }
    }
  }
  expect(estimate).toBeCloseTo(1 + 2 + 3 + 4 + 5, 9);
});

test('[B6] the daily budget is never exceeded, and starts anew at midnight UTC', () => {
  const day = Date.parse('2026-11-23T00:00:00Z');
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 0, max: 2 * 86_400_000 - 1 }))),
      (takes) => {
        let budget: UploadBudget | undefined;
        const used = new Map<string, number>();
        for (const [bytes, offset] of takes.sort(([, left], [, right]) => left - right)) {
          const taken = takeFromBudget(budget, bytes, 1000, day + offset);
          if (!taken) continue;
          budget = taken;
          used.set(taken.day, (used.get(taken.day) ?? 0) + bytes);
          expect(bytesUsedToday(budget, day + offset)).toBe(used.get(taken.day));
        }
        for (const bytes of used.values()) expect(bytes).toBeLessThanOrEqual(1000);
      },
    ),
  );
});
