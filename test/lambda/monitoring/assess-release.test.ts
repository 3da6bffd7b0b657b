import {
  assessRelease,
  deviationOf,
  type ReleaseObservations,
} from '../../../lambda/monitoring/assess-release';
import type { FeatureComparison } from '../../../lambda/monitoring/compare-with-baseline';

const OPTIONS = { minimumResults: 200, minimumEffectiveLabels: 20, accuracyDropLimit: 0.05 };

const feature = (overrides: Partial<FeatureComparison>): FeatureComparison => ({
  feature: 'brightness',
  limit: 0.25,
  drifted: true,
  populationStabilityIndex: 0.3,
  jensenShannon: 0.2,
  pValue: 0,
  ...overrides,
});

const vectors = (value: number, frames = 500) => ({
  frames,
  value,
  chance: 0.1,
  pValue: 0,
  limit: 0.45,
  drifted: value > 0.45,
});

/** Of which the limit is lower. */
const ofClass = (value: number) => ({
  ...vectors(value, 60),
  predictedClass: 'scratch',
  limit: 0.18,
  drifted: value > 0.18,
});

const accuracy = (value: number, effectiveLabels: number, half = 0.02) => ({
  value,
  lower: value - half,
  upper: value + half,
  labels: 100,
  effectiveLabels,
});

const seen = (overrides: Partial<ReleaseObservations>): ReleaseObservations => ({
  validResults: 1000,
  features: [],
  baselineAccuracy: 0.97,
  ...overrides,
});

const LOW = {
  kind: 'ACCURACY_LOW',
  value: 0.8,
  lower: 0.78,
  upper: 0.8200000000000001,
  limit: 0.9199999999999999,
};

test.each<[string, Partial<ReleaseObservations>, object]>([
  ['silence', { validResults: 0 }, { kind: 'NO_DATA', results: 0, minimumResults: 200 }],
  [
    'too few results',
    { validResults: 199, features: [feature({})] },
    { kind: 'NO_DATA', results: 199, minimumResults: 200 },
  ],
  ['enough results', { validResults: 200 }, { kind: 'HEALTHY' }],
  ['a feature above its limit by chance', { features: [feature({ drifted: false })] }, { kind: 'HEALTHY' }],
  [
    'one drifted feature',
    { features: [feature({})] },
    { kind: 'DRIFT', feature: 'brightness', value: 0.3, limit: 0.25 },
  ],
  [
    'two: the one farther beyond its own limit',
    { features: [feature({ feature: 'contrast', limit: 0.5, populationStabilityIndex: 0.55 }), feature({})] },
    { kind: 'DRIFT', feature: 'brightness', value: 0.3, limit: 0.25 },
  ],
  [
    'a feature while the release settles',
    { features: [feature({})], neededResults: 1000, validResults: 300 },
    { kind: 'SETTLING', results: 300, neededResults: 1000 },
  ],
  [
    'labels speak while it settles',
    { accuracy: accuracy(0.8, 50), neededResults: 1000, validResults: 300 },
    LOW,
  ],
  [
    "a mix of classes that is not the data set's",
    { features: [feature({ feature: 'classMix', limit: 0.5, populationStabilityIndex: 2.5 })] },
    { kind: 'HEALTHY' },
  ],
  [
    'light that moves no embedding',
    { features: [feature({})], embedding: vectors(0.1) },
    { kind: 'HEALTHY' },
  ],
  [
    'an embedding that has moved',
    { embedding: vectors(0.9) },
    { kind: 'DRIFT', feature: 'embedding', value: 0.9, limit: 0.45 },
  ],
  [
    'one class that has moved, while all have not',
    { embedding: { ...vectors(0.1), ofClass: ofClass(0.3) } },
    { kind: 'DRIFT', feature: 'embedding', predictedClass: 'scratch', value: 0.3, limit: 0.18 },
  ],
  [
    'both: what is farther beyond its own limit',
    { embedding: { ...vectors(0.9), ofClass: ofClass(0.2) } },
    { kind: 'DRIFT', feature: 'embedding', value: 0.9, limit: 0.45 },
  ],
  [
    'a class beyond its limit by chance',
    { embedding: { ...vectors(0.1), ofClass: { ...ofClass(0.3), drifted: false } } },
    { kind: 'HEALTHY' },
  ],
  [
    'confidence beside an embedding that has not',
    { features: [feature({ feature: 'confidence' })], embedding: vectors(0.1) },
    { kind: 'DRIFT', feature: 'confidence', value: 0.3, limit: 0.25 },
  ],
  [
    'too few embeddings',
    { features: [feature({})], embedding: vectors(0.9, 99) },
    { kind: 'NO_DATA', results: 1000, minimumResults: 200, embeddings: 99, minimumEmbeddings: 100 },
  ],
  [
    'a confidence that has moved, beside too few embeddings',
    {
      features: [feature({ populationStabilityIndex: 9 }), feature({ feature: 'confidence' })],
      embedding: vectors(0.9, 99),
    },
    { kind: 'DRIFT', feature: 'confidence', value: 0.3, limit: 0.25 },
  ],
  [
    'a confidence that has not moved, beside no embeddings: no health',
    { features: [feature({ feature: 'confidence', drifted: false })], embedding: vectors(0, 0) },
    { kind: 'NO_DATA', results: 1000, minimumResults: 200, embeddings: 0, minimumEmbeddings: 100 },
  ],
  [
    'low accuracy beside too few embeddings',
    { accuracy: accuracy(0.8, 50), embedding: vectors(0.9, 99) },
    LOW,
  ],
  [
    'a confidence that has moved while a release with too few embeddings settles',
    { features: [feature({ feature: 'confidence' })], embedding: vectors(0, 99), neededResults: 1000 },
    { kind: 'NO_DATA', results: 1000, minimumResults: 200, embeddings: 99, minimumEmbeddings: 100 },
  ],
  [
    'embeddings while the release settles',
    { embedding: vectors(0.9, 300), neededResults: 1000 },
    { kind: 'SETTLING', results: 300, neededResults: 1000 },
  ],
  ['low accuracy', { accuracy: accuracy(0.8, 50) }, LOW],
  ['low accuracy and drift', { accuracy: accuracy(0.8, 50), features: [feature({})] }, LOW],
  ['low accuracy and few results', { accuracy: accuracy(0.8, 50), validResults: 3 }, LOW],
  ['low accuracy of too few labels', { accuracy: accuracy(0.8, 19.9) }, { kind: 'HEALTHY' }],
  ['an interval that reaches the limit', { accuracy: accuracy(0.9, 50) }, { kind: 'HEALTHY' }],
  ['good accuracy', { accuracy: accuracy(0.97, 50) }, { kind: 'HEALTHY' }],
])('[S12] %s', (_, observations, expected) => {
  expect(assessRelease(seen(observations), OPTIONS)).toEqual(expected);
});

test('[B14] a deviation is what has moved the farthest beyond its limit; a class counts when it has moved', () => {
  const moved = { ...vectors(0.09), ofClass: ofClass(0.36) };
  expect(deviationOf({ features: [], embedding: moved })).toBeCloseTo(2, 10);
  const still = { ...moved, ofClass: { ...moved.ofClass, drifted: false } };
  expect(deviationOf({ features: [], embedding: still })).toBeCloseTo(0.2, 10);
});
