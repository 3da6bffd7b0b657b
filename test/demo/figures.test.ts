import fc from 'fast-check';
import { confusionOf, lostFrames, percentile, WINDOW_MILLISECONDS, windowsOf } from '../../demo/figures';
import { accuracyOf } from '../../demo/observations';
import { observation } from './observation';

describe('percentile', () => {
  test.each([
    [[1, 2, 3, 4], 0.5, 2],
    [[4, 3, 2, 1], 1, 4],
    [[7], 0.99, 7],
  ])('of %j at %d is %d', (values, q, expected) => {
    expect(percentile(values, q)).toBe(expected);
  });

  test('of nothing is not a number', () => {
    expect(percentile([], 0.5)).toBeNaN();
  });

  test('is always one of the values', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer(), { minLength: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, q) => {
          expect(values).toContain(percentile(values, q));
        },
      ),
    );
  });
});

describe('windows of a device', () => {
  test('hold the accuracy, the release of most frames and the frames made offline', () => {
    const seen = [
      observation({ at: 0, truth: 'dent', predicted: 'dent' }),
      observation({ at: 10, truth: 'dent', predicted: 'good', online: false }),
      observation({ at: 20, releaseId: 'r-2' }),
      observation({ at: WINDOW_MILLISECONDS, releaseId: 'r-2' }),
    ];
    const [first, second] = windowsOf(seen);
    expect(first).toMatchObject({ at: 0, frames: 3, releaseId: 'r-1', offlineFrames: 1 });
    expect(first?.accuracy).toBeCloseTo(2 / 3);
    expect(second).toMatchObject({ at: WINDOW_MILLISECONDS, frames: 1, releaseId: 'r-2', accuracy: 1 });
  });

  test('with nothing but invalid frames has no accuracy', () => {
    expect(windowsOf([observation({ invalid: true })])[0]?.accuracy).toBeNull();
  });
});

test('a confusion matrix counts each readable frame once, a class that is only predicted has its column', () => {
  const seen = [
    observation({ truth: 'good', predicted: 'good' }),
    observation({ truth: 'crack', predicted: 'scratch' }),
    observation({ truth: 'crack', invalid: true }),
  ];
  const { classes, rows } = confusionOf('title', seen);
  expect(classes).toEqual(['crack', 'good', 'scratch']);
  expect(rows).toEqual([
    [0, 0, 1],
    [0, 1, 0],
    [0, 0, 0],
  ]);
});

test('an unreadable frame is neither right nor wrong', () => {
  expect(accuracyOf([observation({}), observation({ invalid: true })])).toBe(1);
});

test('a frame without a result counts as lost only within the span', () => {
  const shown = [1, 2, 3, 4].map((shownAt) => ({ frameId: `f${shownAt}`, shownAt }));
  expect(lostFrames(shown, new Set(['f2']), 2, 4)).toBe(1);
});
