import type { Assessment } from '../../../lambda/monitoring/assess-release';
import type { FeatureComparison } from '../../../lambda/monitoring/compare-with-baseline';
import { nameCause, type Seen } from '../../../lambda/monitoring/name-cause';

const DRIFT: Assessment = { kind: 'DRIFT', feature: 'embedding', value: 1, limit: 0.45 };
const HEALTHY: Assessment = { kind: 'HEALTHY' };
const LOW: Assessment = { kind: 'ACCURACY_LOW', value: 0.8, lower: 0.7, upper: 0.85, limit: 0.9 };
const NO_DATA: Assessment = { kind: 'NO_DATA', results: 3, minimumResults: 200 };
const SETTLING: Assessment = { kind: 'SETTLING', results: 300, neededResults: 1000 };

const moved = (feature: FeatureComparison['feature'], index = 1, drifted = true): FeatureComparison => ({
  feature,
  limit: feature === 'classMix' ? 0.5 : 0.25,
  drifted,
  populationStabilityIndex: index,
  jensenShannon: 0.3,
  pValue: 0,
});

const vectors = (drifted: boolean) => ({
  embedding: { frames: 500, value: drifted ? 1 : 0, chance: 0.1, pValue: 0, limit: 0.45, drifted },
});

const seen = (
  assessment: Assessment,
  features: FeatureComparison[] = [],
  more: Partial<Seen> = {},
): Seen => ({
  assessment,
  features,
  ...more,
});

const devices = (...assessments: Assessment[]) =>
  assessments.map((assessment, index) => ({ deviceId: `line-${index + 1}`, ...seen(assessment) }));

test.each<[string, Seen, ReturnType<typeof devices>, ReturnType<typeof nameCause>]>([
  ['a healthy line', seen(HEALTHY), devices(HEALTHY, HEALTHY), undefined],
  [
    'one camera of four',
    seen(DRIFT, [moved('brightness')], vectors(true)),
    devices(DRIFT, HEALTHY, HEALTHY, HEALTHY),
    { kind: 'camera', devices: ['line-1'] },
  ],
  [
    'one camera, in a fleet that is healthy as a whole',
    seen(HEALTHY),
    devices(LOW, HEALTHY, HEALTHY),
    { kind: 'camera', devices: ['line-1'] },
  ],
  [
    'one of two',
    seen(DRIFT, [], vectors(true)),
    devices(DRIFT, HEALTHY),
    { kind: 'camera', devices: ['line-1'] },
  ],
  [
    'two of three are no longer single cameras',
    seen(DRIFT, [moved('sharpness')], vectors(true)),
    devices(DRIFT, DRIFT, HEALTHY),
    { kind: 'line', feature: 'sharpness', value: 1, limit: 0.25 },
  ],
  [
    'one beyond the limit, and the others close to it',
    seen(DRIFT, [], vectors(true)),
    devices(DRIFT, HEALTHY, HEALTHY).map((device, index) => ({
      ...device,
      ...(index > 0 && { embedding: { ...vectors(false).embedding, value: 0.4 } }),
    })),
    { kind: 'new-thing' },
  ],
  [
    'a camera with nobody to compare it with',
    seen(DRIFT, [moved('sharpness')], vectors(true)),
    devices(DRIFT, NO_DATA, NO_DATA),
    { kind: 'line', feature: 'sharpness', value: 1, limit: 0.25 },
  ],
  [
    'light: the statistic that is farthest away',
    seen(DRIFT, [moved('contrast', 0.4), moved('brightness', 3), moved('classMix', 9)], vectors(true)),
    devices(DRIFT, DRIFT),
    { kind: 'line', feature: 'brightness', value: 3, limit: 0.25 },
  ],
  [
    'noise that costs nothing',
    seen(HEALTHY, [moved('sharpness')], vectors(false)),
    devices(HEALTHY, HEALTHY),
    { kind: 'line', feature: 'sharpness', value: 1, limit: 0.25 },
  ],
  [
    'a defect that nobody has shown the model',
    seen(DRIFT, [moved('sharpness', 0.2, false), moved('classMix', 0.7)], vectors(true)),
    devices(DRIFT, DRIFT),
    { kind: 'new-thing' },
  ],
  [
    'a defect that is called by the name of another',
    seen(DRIFT, [], {
      embedding: {
        ...vectors(false).embedding,
        ofClass: { ...vectors(true).embedding, predictedClass: 'scratch' },
      },
    }),
    devices(DRIFT, DRIFT),
    { kind: 'new-thing', predictedClass: 'scratch' },
  ],
  [
    'a class that has not moved says nothing of what has',
    seen(DRIFT, [], {
      embedding: {
        ...vectors(true).embedding,
        ofClass: { ...vectors(false).embedding, predictedClass: 'scratch' },
      },
    }),
    devices(DRIFT, DRIFT),
    { kind: 'new-thing' },
  ],
  [
    'another yield',
    seen(HEALTHY, [moved('classMix', 2.5)], vectors(false)),
    devices(HEALTHY, HEALTHY),
    { kind: 'yield', value: 2.5, limit: 0.5 },
  ],
  [
    'confidence alone, of a release without a reference',
    seen({ ...DRIFT, feature: 'confidence' }, [moved('confidence')]),
    devices(DRIFT, DRIFT),
    undefined,
  ],
  ['labels alone', seen(LOW, [moved('classMix', 2.5)], vectors(false)), devices(LOW, LOW), undefined],
  ['too few results', seen(NO_DATA, [moved('brightness')]), devices(NO_DATA), undefined],
  ['a release that settles', seen(SETTLING, [moved('brightness')]), devices(SETTLING), undefined],
])('[B14] the cause of %s', (_, fleet, each, cause) => {
  expect(nameCause(fleet, each)).toEqual(cause);
});

test('[B14] of many cameras the first twenty are named', () => {
  const many = devices(...Array<Assessment>(30).fill(DRIFT), ...Array<Assessment>(40).fill(HEALTHY));
  const cause = nameCause(seen(DRIFT), many);
  expect(cause).toEqual({ kind: 'camera', devices: many.slice(0, 20).map(({ deviceId }) => deviceId) });
});
