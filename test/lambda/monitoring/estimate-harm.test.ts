import {
  accuracyByConfidence,
  estimateHarm,
  type HarmObservations,
} from '../../../lambda/monitoring/estimate-harm';
import { histogramOf } from '../shared/builders';

const LIMITS = { minimumResults: 200, minimumEffectiveLabels: 20, accuracyDropLimit: 0.05 };
const confidences = (sure: number, unsure: number) =>
  histogramOf('confidence', [...Array<number>(sure).fill(0.975), ...Array<number>(unsure).fill(0.525)]);

/** One in ten answers is unsure, and four in a hundred are wrong: a mean confidence of 0.93. */
const baseline = { confidence: confidences(90, 10), accuracy: 0.96 };
const embedding = { frames: 500, value: 0.1, chance: 0.1, pValue: 0.5, limit: 0.45, drifted: false };
const ofClass = { ...embedding, predictedClass: 'dent', value: 0.05, limit: 0.18 };
const DOUBTFUL = "what is called 'dent' may not be what was validated as that: only labels tell";
const labels = (effectiveLabels: number) => ({
  value: 0.9,
  lower: 0.85,
  upper: 0.94,
  labels: 100,
  effectiveLabels,
});
const seen = (more: Partial<HarmObservations> = {}): HarmObservations => ({
  baseline,
  sketch: { confidence: confidences(90, 10) },
  embedding,
  ...more,
});

test.each([
  ['the baseline itself', confidences(90, 10), 0.96],
  ['twice as many doubts', confidences(80, 20), 1 - (0.04 * 0.115) / 0.07],
  ['none', confidences(100, 0), 1 - (0.04 * 0.025) / 0.07],
])('[B14] accuracy by the confidence of %s', (_, field, expected) => {
  expect(accuracyByConfidence(baseline, field)).toBeCloseTo(expected, 10);
});

test('[B14] without a confidence on either side there is no estimate', () => {
  expect(accuracyByConfidence(baseline, confidences(0, 0))).toBeNaN();
  expect(accuracyByConfidence({ ...baseline, confidence: confidences(0, 0) }, confidences(1, 0))).toBeNaN();
});

test.each<[string, Partial<HarmObservations>, object]>([
  [
    'labels come first',
    { accuracy: labels(20) },
    {
      by: 'labels',
      drop: {
        value: expect.closeTo(0.06, 10),
        lower: expect.closeTo(0.02, 10),
        upper: expect.closeTo(0.11, 10),
      },
    },
  ],
  [
    'too few labels leave it to the confidence',
    { accuracy: labels(19) },
    { by: 'confidence', accuracy: expect.closeTo(0.96, 10), drop: expect.closeTo(0, 10) },
  ],
  [
    'what moved was not validated',
    { embedding: { ...embedding, value: 0.46 } },
    { by: 'nothing', reason: 'what the classifier reads is not what was validated: only labels tell' },
  ],
  [
    'a class that has moved',
    { embedding: { ...embedding, ofClass: { ...ofClass, pValue: 0, drifted: true } } },
    { by: 'nothing', reason: DOUBTFUL },
  ],
  [
    'a class that may have',
    { embedding: { ...embedding, ofClass: { ...ofClass, pValue: 0.09 } } },
    { by: 'nothing', reason: DOUBTFUL },
  ],
  [
    'a class where chance may have put it',
    { embedding: { ...embedding, ofClass: { ...ofClass, pValue: 0.11 } } },
    { by: 'confidence', accuracy: expect.closeTo(0.96, 10), drop: expect.closeTo(0, 10) },
  ],
  [
    'a class of which there is too little to matter',
    { embedding: { ...embedding, ofClass: { ...ofClass, value: 0.017, pValue: 0 } } },
    { by: 'confidence', accuracy: expect.closeTo(0.96, 10), drop: expect.closeTo(0, 10) },
  ],
  [
    'labels speak where the confidence must not',
    { embedding: { ...embedding, value: 40 }, accuracy: labels(50) },
    { by: 'labels', drop: expect.anything() },
  ],
  [
    'too few embeddings',
    { embedding: { ...embedding, frames: 99 } },
    { by: 'nothing', reason: '99 of 100 embeddings, and too few labels' },
  ],
  [
    'no result',
    { sketch: undefined, embedding: { ...embedding, frames: 0 } },
    { by: 'nothing', reason: '0 of 100 embeddings, and too few labels' },
  ],
  [
    'a release without a reference',
    { embedding: undefined },
    {
      by: 'nothing',
      reason: 'the release has no reference for its embeddings, and too few labels have come',
    },
  ],
  [
    'results without a confidence',
    { sketch: { confidence: confidences(0, 0) } },
    { by: 'nothing', reason: 'there is no confidence to compare with' },
  ],
])('[B14] harm: %s', (_, more, expected) => {
  expect(estimateHarm(seen(more), LIMITS)).toEqual(expected);
});
