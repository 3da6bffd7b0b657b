import fc from 'fast-check';
import {
  bytesForAllDraws,
  bytesUsedToday,
  type Evidence,
  selectCapture,
  takeFromBudget,
  type UploadBudget,
  type UploadPolicy,
} from '../../../../edge-components/inference/src/captures/capture-selection';
import { seededRandom } from '../../../lambda/shared/builders';

const policy: UploadPolicy = {
  privacy: 'selected',
  dailyByteBudget: 1000,
  controlSampleProbability: 0.1,
  uncertaintyThreshold: 0.8,
  uncertainSampleProbability: 0.5,
  disagreementSampleProbability: 0.4,
  noveltySampleProbability: 0.2,
};
/** The given draws, then draws that take nothing. */
const drawing =
  (...values: number[]) =>
  () =>
    values.shift() ?? 0.999;

test.each<[string, Evidence | number | undefined, number[], object | undefined]>([
  ['no draw', 0.9, [0.5, 0], undefined],
  ['control only', 0.9, [0.05, 0.9], { reasons: ['control'], inclusionProbability: 0.1 }],
  ['control of an invalid frame', undefined, [0.05, 0], { reasons: ['control'], inclusionProbability: 0.1 }],
  ['uncertainty only', 0.7, [0.5, 0.4], { reasons: ['uncertainty'], inclusionProbability: 0.55 }],
  ['both', 0.7, [0.05, 0.4], { reasons: ['control', 'uncertainty'], inclusionProbability: 0.55 }],
  ['uncertain, taken by control', 0.7, [0.05, 0.9], { reasons: ['control'], inclusionProbability: 0.55 }],
  [
    'two releases disagree',
    { confidence: 0.9, disagrees: true },
    [0.5, 0.9, 0.3],
    { reasons: ['disagreement'], inclusionProbability: 0.46 },
  ],
  ['two releases agree', { confidence: 0.9, disagrees: false }, [0.5, 0.9, 0.3], undefined],
  [
    'an image unlike those of the validation',
    { confidence: 0.9, novelty: true },
    [0.5, 0.9, 0.9, 0.1],
    { reasons: ['novelty'], inclusionProbability: 0.28 },
  ],
  [
    'everything at once',
    { confidence: 0.7, disagrees: true, novelty: true },
    [0, 0, 0, 0],
    {
      reasons: ['control', 'uncertainty', 'disagreement', 'novelty'],
      inclusionProbability: 1 - 0.9 * 0.5 * 0.6 * 0.8,
    },
  ],
])('%s', (_, given, draws, expected) => {
  const evidence = typeof given === 'object' ? given : given === undefined ? {} : { confidence: given };
  const selection = selectCapture(evidence, policy, drawing(...draws));
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
      expect(selectCapture({ confidence, disagrees: true, novelty: true }, never, () => 0)).toBeUndefined();
    }),
  );
});

test('[B6] Horvitz-Thompson over the chosen frames is unbiased', () => {
  // Exact expectation over a grid of all draws instead of a simulation: sum of P(chosen) * y / pi equals sum of y.
  const grid = Array.from({ length: 20 }, (_, index) => (index + 0.5) / 20);
  const frames: Evidence[] = [
    { confidence: 0.3 },
    { confidence: 0.75, disagrees: true },
    { confidence: 0.85, novelty: true },
    { confidence: 0.99, disagrees: false },
    { confidence: 0.5, disagrees: true, novelty: true },
    {},
  ];
  let estimate = 0;
  for (const [value, evidence] of frames.entries()) {
    for (const control of grid) {
      for (const uncertainty of grid) {
        for (const disagreement of grid) {
          for (const novelty of grid) {
            const draws = drawing(control, uncertainty, disagreement, novelty);
            const selection = selectCapture(evidence, policy, draws);
            if (selection) estimate += (value + 1) / selection.inclusionProbability / grid.length ** 4;
          }
        }
      }
    }
  }
  expect(estimate).toBeCloseTo(1 + 2 + 3 + 4 + 5 + 6, 9);
});

test('[B6] the reported probability is the true one, and the reasons are the draws that took the frame', () => {
  const probability = fc.oneof(fc.constantFrom(0, 1, 1e-20), fc.double({ min: 0, max: 1, noNaN: true }));
  fc.assert(
    fc.property(
      fc.tuple(probability, probability, probability, probability),
      fc.record(
        { confidence: fc.constantFrom(0.1, 0.9), disagrees: fc.boolean(), novelty: fc.boolean() },
        { requiredKeys: ['disagrees', 'novelty'] },
      ),
      ([control, uncertain, disagreement, novel], evidence) => {
        const given: UploadPolicy = {
          ...policy,
          controlSampleProbability: control,
          uncertainSampleProbability: uncertain,
          disagreementSampleProbability: disagreement,
          noveltySampleProbability: novel,
        };
        const draws = [
          { reason: 'control', p: control },
          { reason: 'uncertainty', p: evidence.confidence === 0.1 ? uncertain : 0 },
          { reason: 'disagreement', p: evidence.disagrees ? disagreement : 0 },
          { reason: 'novelty', p: evidence.novelty ? novel : 0 },
        ];
        // All 16 outcomes of the four draws, each with its probability.
        let chosen = 0;
        let reported: number | undefined;
        for (let outcome = 0; outcome < 16; outcome++) {
          const takes = draws.map(({ p }, index) => p > 0 && (outcome & (1 << index)) > 0);
          if (draws.some(({ p }, index) => p === 1 && !takes[index])) continue;
          let calls = 0;
          const selection = selectCapture(evidence, given, () => (takes[calls++] ? 0 : 1 - 2 ** -53));
          expect(calls).toBe(4);
          const taking = draws.filter((_, index) => takes[index]).map(({ reason }) => reason);
          expect(selection?.reasons ?? []).toEqual(taking);
          if (!selection) continue;
          reported = selection.inclusionProbability;
          const isFirst =
            outcome === draws.reduce((bits, _, index) => bits | (takes[index] ? 1 << index : 0), 0);
          if (isFirst)
            chosen += draws.reduce((product, { p }, index) => product * (takes[index] ? p : 1 - p), 1);
        }
        if (reported === undefined) expect(draws.every(({ p }) => p === 0)).toBe(true);
        else {
          expect(reported).toBeGreaterThan(0);
          expect(reported).toBeLessThanOrEqual(1);
          expect(Math.abs(reported - chosen)).toBeLessThanOrEqual(1e-12);
        }
      },
    ),
  );
});

test('[B6] [case 7] whatever the clock does, no day is paid for twice', () => {
  const start = Date.parse('2026-11-23T00:00:00Z');
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 600 }), fc.integer({ min: -3, max: 3 }))),
      (takes) => {
        let budget: UploadBudget | undefined;
        const used = new Map<string, number>();
        for (const [bytes, days] of takes) {
          const taken = takeFromBudget(budget, bytes, 1000, start + days * 86_400_000);
          if (!taken) continue;
          expect(taken.day >= (budget?.day ?? '')).toBe(true);
          budget = taken;
          used.set(taken.day, (used.get(taken.day) ?? 0) + bytes);
        }
        for (const bytes of used.values()) expect(bytes).toBeLessThanOrEqual(1000);
      },
    ),
  );
});

test.each([
  ['uncertain, and not of the control sample', { confidence: 0.7 }, [0.5, 0.4], undefined],
  ['new, and not of the control sample', { confidence: 0.9, novelty: true }, [0.5, 0.9, 0.9, 0.1], undefined],
  ['of the control sample', { confidence: 0.9 }, [0.05], { reasons: ['control'], inclusionProbability: 0.1 }],
  [
    // Weighted by the union of draws that could not take it, uncertain frames would count for too little.
    'of the control sample, and uncertain',
    { confidence: 0.7 },
    [0.05, 0],
    { reasons: ['control'], inclusionProbability: 0.1 },
  ],
])('[B6] of the bytes that are kept for the control sample: %s', (_, evidence, draws, expected) => {
  expect(selectCapture(evidence, policy, drawing(...draws), true)).toEqual(expected);
});

test.each([
  ['three quarters of the day', { controlSampleProbability: 0.001 }, 750],
  ['all of it, where there is no control sample', { controlSampleProbability: 0 }, 1000],
  ['nothing of nothing', { dailyByteBudget: 0 }, 0],
])('[B6] all draws share %s', (_, changes, expected) => {
  expect(bytesForAllDraws({ ...policy, ...changes })).toBe(expected);
});

test('[B6] a day of drift leaves the control sample an unbiased one, of every hour', () => {
  // A frame costs 10 bytes; from the third hour on every frame is new. One frame in four is defective throughout.
  const random = seededRandom(20261127);
  const today = Date.parse('2026-11-23T00:00:00Z');
  const day: UploadPolicy = { ...policy, dailyByteBudget: 40_000, noveltySampleProbability: 0.5 };
  let budget: UploadBudget | undefined;
  const chosen: { hour: number; weight: number; defective: boolean }[] = [];
  for (let number = 0; number < 12_000; number++) {
    const hour = Math.floor(number / 1_000);
    const now = today + number * 3_600;
    const onlyControl = takeFromBudget(budget, 10, bytesForAllDraws(day), now) === undefined;
    const evidence = { confidence: 0.9, novelty: hour >= 3 };
    const selection = selectCapture(evidence, day, random, onlyControl);
    const taken = selection && takeFromBudget(budget, 10, day.dailyByteBudget, now);
    if (!selection || !taken) continue;
    budget = taken;
    chosen.push({ hour, weight: 1 / selection.inclusionProbability, defective: number % 4 === 0 });
  }
  const perHour = Array.from({ length: 12 }, (_, hour) => chosen.filter((one) => one.hour === hour).length);
  expect(Math.min(...perHour)).toBeGreaterThan(50);
  expect(perHour.slice(9).every((count) => count < 150)).toBe(true);
  const sum = (of: typeof chosen) => of.reduce((total, { weight }) => total + weight, 0);
  expect(Math.abs(sum(chosen) / 12_000 - 1)).toBeLessThan(0.1);
  expect(Math.abs(sum(chosen.filter(({ defective }) => defective)) / sum(chosen) - 0.25)).toBeLessThan(0.05);
});

test('[B6] a clock that goes back over midnight gives no second budget', () => {
  const midnight = Date.parse('2026-11-24T00:00:00Z');
  const spent = takeFromBudget(undefined, 1000, 1000, midnight + 1_000);
  expect(takeFromBudget(spent, 1, 1000, midnight - 1_000)).toBeUndefined();
  expect(bytesUsedToday(spent, midnight - 1_000)).toBe(1000);
  expect(takeFromBudget(spent, 1000, 1000, midnight + 86_400_000)).toEqual({
    day: '2026-11-25',
    bytes: 1000,
  });
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
