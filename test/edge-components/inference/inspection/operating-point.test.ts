import fc from 'fast-check';
import type { OperatingPointConfiguration, Release } from '../../../../contracts';
import { dispositionPolicyProblems } from '../../../../contracts/disposition-policy';
import {
  operatingPoint,
  pointFor,
} from '../../../../edge-components/inference/src/inspection/operating-point';

const costs = { escape: 100, falseReject: 1, review: 0.5 };
const release = {
  releaseId: 'line-9',
  modelPackageVersion: 7,
  classes: ['dent', 'good'],
  thresholds: { dent: 0.6, good: 0.9 },
  dispositionPolicy: {
    codes: { dent: 1, good: 2 },
    classes: { dent: 'reject', good: 'pass' },
    novel: 'review',
    operatingRange: { bounds: { good: { lowest: 0.8, highest: 0.97 } }, costs },
  },
} as unknown as Release;
const at = '2026-11-27T12:00:00Z';
const asked = (
  threshold: number,
  more: Partial<OperatingPointConfiguration> = {},
): OperatingPointConfiguration => ({
  modelPackageVersion: 7,
  thresholds: [{ class: 'good', threshold }],
  at,
  ...more,
});

test('[B13] a threshold that is moved within the signed bounds holds, and the others stay', () => {
  expect(operatingPoint(release, asked(0.93))).toEqual({
    thresholds: { dent: 0.6, good: 0.93 },
    moved: { good: 0.93 },
    said: `moved at ${at}: good 0.93`,
  });
});

test.each<[string, OperatingPointConfiguration | undefined, string]>([
  ['nothing was asked for', undefined, "the release's own"],
  ['an operator has gone back', asked(0.93, { thresholds: [] }), "the release's own"],
  [
    'it was chosen for another model',
    asked(0.93, { modelPackageVersion: 6 }),
    "the release's own: moved was that of model 6",
  ],
])('[B13] the thresholds of the release hold when %s, and that is no fault', (_, point, said) => {
  expect(operatingPoint(release, point)).toEqual({ thresholds: release.thresholds, moved: {}, said });
});

test.each<[string, OperatingPointConfiguration, string]>([
  ['below the bounds', asked(0.79), 'good: must be 0.8 to 0.97 as line-9 was signed, got 0.79'],
  ['above the bounds', asked(0.98), 'good: must be 0.8 to 0.97 as line-9 was signed, got 0.98'],
  [
    'of a class without bounds',
    asked(0.9, { thresholds: [{ class: 'dent', threshold: 0.5 }] }),
    'dent: line-9 lets nobody move it, got 0.5',
  ],
  [
    'of what every object has',
    asked(0.9, { thresholds: [{ class: 'constructor', threshold: 0.5 }] }),
    'constructor: line-9 lets nobody move it, got 0.5',
  ],
  [
    'said twice',
    asked(0.9, { thresholds: [0.9, 0.95].map((threshold) => ({ class: 'good', threshold })) }),
    'good: is listed twice',
  ],
])('[B13] a threshold %s is refused with the reason, and the release keeps its own', (_, point, reason) => {
  const { thresholds, moved, problem } = operatingPoint(release, point);
  expect({ thresholds, moved }).toEqual({ thresholds: release.thresholds, moved: {} });
  expect(problem).toBe(`refused, the release's own holds: ${reason}`);
});

test('[B13] whatever is asked for, no threshold leaves the bounds that were signed', () => {
  const point = fc.record({
    modelPackageVersion: fc.constantFrom(6, 7),
    at: fc.constant(at),
    thresholds: fc.array(
      fc.record({
        class: fc.constantFrom('good', 'dent', 'toString'),
        threshold: fc.double({ min: 0, max: 1 }),
      }),
      { maxLength: 3 },
    ),
  });
  fc.assert(
    fc.property(point, (one) => {
      const { thresholds } = operatingPoint(release, one);
      expect(thresholds.dent).toBe(0.6);
      expect(thresholds.good).toBeGreaterThanOrEqual(0.8);
      expect(thresholds.good).toBeLessThanOrEqual(0.97);
    }),
  );
});

test('a release from before there were bounds lets nobody move anything', () => {
  const { dispositionPolicy: _, ...old } = release;
  expect(operatingPoint(old as Release, asked(0.9)).problem).toContain('lets nobody move it');
});

test('of the point of a device and that of all, the later one holds', () => {
  const own = asked(0.9);
  const all = asked(0.95, { at: '2026-11-27T13:00:00Z' });
  expect(pointFor(undefined, 'line-1')).toBeUndefined();
  expect(pointFor({ 'line-2': own }, 'line-1')).toBeUndefined();
  expect(pointFor({ 'line-1': own }, 'line-1')).toBe(own);
  expect(pointFor({ '*': all }, 'constructor')).toBe(all);
  expect(pointFor({ 'line-1': own, '*': all }, 'line-1')).toBe(all);
  expect(
    pointFor({ 'line-1': asked(0.9, { at: '2026-11-27T14:00:00Z' }), '*': all }, 'line-1'),
  ).toMatchObject({
    thresholds: [{ threshold: 0.9 }],
  });
});

test.each([
  [{ good: { lowest: 0.8, highest: 0.97 } }, []],
  [
    { good: { lowest: 0.91, highest: 0.97 } },
    ["bounds.good: must hold the release's threshold 0.9, got 0.91 to 0.97"],
  ],
  [
    { good: { lowest: 0.95, highest: 0.85 } },
    ["bounds.good: must hold the release's threshold 0.9, got 0.95 to 0.85"],
  ],
  [{ dent: { lowest: 0, highest: 1 } }, ["bounds.dent: 'dent' is no class that passes"]],
  [{ constructor: { lowest: 0, highest: 1 } }, ["bounds.constructor: 'constructor' is no class that passes"]],
])('bounds that are signed fit the release: %j', (bounds, problems) => {
  const policy = {
    ...release.dispositionPolicy,
    operatingRange: { bounds, costs },
  } as Release['dispositionPolicy'];
  expect(
    dispositionPolicyProblems({ ...release, dispositionPolicy: policy as NonNullable<typeof policy> }),
  ).toEqual(problems.map((problem) => `dispositionPolicy.operatingRange.${problem}`));
});
