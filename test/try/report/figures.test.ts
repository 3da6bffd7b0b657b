import fc from 'fast-check';
import type { Observation } from '../../../demo/observations';
import { inspectionOf, mistakeOf, shareOf } from '../../../try/report/figures';
import { observation, shownFrame } from './seen';

const DEVICES = [{ deviceId: 'device-1', wave: 'canary', nucleus: 'classic' }];
const inspect = (observations: readonly Observation[], more = {}) =>
  inspectionOf({
    shown: observations.map(({ truth }) => truth),
    notShown: 0,
    observations,
    classes: ['dent', 'good'],
    passClasses: ['good'],
    devices: DEVICES,
    ...more,
  });

describe('[B27] what became of a part', () => {
  test.each([
    ['good', 'good', 'pass', undefined],
    ['dent', 'dent', 'reject', undefined],
    ['dent', 'good', 'pass', 'escape'],
    ['good', 'dent', 'reject', 'falseReject'],
    ['dent', 'stain', 'reject', 'otherDefect'],
    ['good', 'good', 'review', 'review'],
    ['dent', undefined, undefined, 'review'],
  ] as const)('truly %s, taken for %s, %s: %s', (truth, predicted, disposition, kind) => {
    expect(mistakeOf(observation({ truth, predicted, disposition }), ['good'])).toBe(kind);
  });

  test('is counted by class, by device, and without those that were shown before', () => {
    const seen = [
      observation({ id: '1', truth: 'good', predicted: 'good', disposition: 'pass' }),
      observation({ id: '2', truth: 'good', predicted: 'dent', disposition: 'reject' }),
      observation({ id: '3', truth: 'dent', predicted: 'good', disposition: 'pass', name: 'dent/3.png' }),
      observation({ id: '4', truth: 'dent', predicted: 'dent', disposition: 'reject' }),
      observation({ id: '5', truth: 'dent', predicted: 'dent', disposition: 'review' }),
    ];
    const duringRollout = observation({ id: '0', truth: 'dent', predicted: 'good', disposition: 'pass' });
    const unanswered = shownFrame({ id: '6', truth: 'good' });
    const inspection = inspect(seen, {
      shown: [...seen.map(({ truth }) => truth), unanswered],
      observations: [duringRollout, ...seen],
      notShown: 2,
    });
    expect(inspection).toMatchObject({
      shown: 6,
      notShown: 2,
      unanswered: 1,
      right: { count: 3, of: 5 },
      escapes: { count: 1, of: 3 },
      falseRejects: { count: 1, of: 2 },
      review: { count: 1, of: 5 },
      classes: [
        { name: 'dent', mayPass: false, shown: 3, right: 2, passed: 1, rejected: 1, reviewed: 1 },
        { name: 'good', mayPass: true, shown: 2, right: 1, passed: 1, rejected: 1, reviewed: 0 },
      ],
      devices: [{ deviceId: 'device-1', images: 5, medianMilliseconds: 7 }],
    });
    expect(inspection.mistakes.map(({ kind, name }) => [kind, name])).toEqual([
      ['falseReject', 'frame-2'],
      ['escape', 'dent/3.png'],
      ['review', 'frame-5'],
    ]);
    expect(inspection.confusion.rows).toEqual([
      [2, 1],
      [1, 1],
    ]);
  });

  test('nothing shown is no share, and not zero', () => {
    expect(inspect([])).toMatchObject({
      escapes: { count: 0, of: 0, lower: null, upper: null },
      devices: [{ medianMilliseconds: null }],
    });
  });

  test('the bounds hold the share, and are not sure of a zero', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.nat(500), (of, some) => {
        const count = Math.min(some, of);
        const { lower, upper } = shareOf(count, of);
        expect(lower).toBeLessThanOrEqual(count / of + 1e-9);
        expect(upper).toBeGreaterThanOrEqual(count / of - 1e-9);
      }),
    );
    expect(shareOf(0, 60).upper).toBeCloseTo(0.0602, 3);
  });

  test('whatever is decided, every part is passed, taken out or looked at, once', () => {
    const decision = fc.record({
      truth: fc.constantFrom('good', 'dent'),
      predicted: fc.constantFrom('good', 'dent', undefined),
      disposition: fc.constantFrom('pass', 'reject', 'review', undefined),
    });
    fc.assert(
      fc.property(fc.array(decision, { maxLength: 30 }), (decisions) => {
        const seen = decisions.map((made, index) => observation({ ...made, id: String(index) }));
        for (const { shown, passed, rejected, reviewed } of inspect(seen).classes) {
          expect(passed + rejected + reviewed).toBe(shown);
        }
      }),
    );
  });
});
