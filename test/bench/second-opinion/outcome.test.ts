import type { TwiceAnsweredFrame } from '../../../bench/second-opinion/frames';
import { costOf, type Deciding, secondOutcome } from '../../../bench/second-opinion/outcome';

const EMPTY = { minimum: 0, maximum: 255, counts: [] };
const release = (mayPass: boolean): Deciding =>
  ({
    classes: ['dent', 'good'],
    thresholds: { dent: 0.9, good: 0.9 },
    baseline: { brightness: EMPTY, contrast: EMPTY, sharpness: EMPTY },
    novelty: { limits: { fp32: 1 } },
    dispositionPolicy: {
      codes: { dent: 1, good: 2 },
      classes: { dent: 'reject', good: 'pass' },
      novel: 'review',
    },
    secondOpinion: { thresholds: { dent: 0.6, good: 0.6 }, mayPass },
  }) as unknown as Deciding;

const frame = (label: string, dent: number, secondDent: number, novelty = 0): TwiceAnsweredFrame => ({
  label,
  probabilities: [dent, 1 - dent],
  second: [secondDent, 1 - secondDent],
  novelty,
  bytes: 3_900,
  statistics: { brightness: 100, contrast: 20, sharpness: 5 },
});

const FRAMES = [
  frame('good', 0.01, 0.99),
  frame('good', 0.3, 0.1),
  frame('good', 0.3, 0.1, 2),
  frame('dent', 0.99, 0.01),
  frame('dent', 0.6, 0.95),
  frame('dent', 0.6, 0.3),
];

test('[S10] only what would go to a person is asked about, and what is new never passes', () => {
  const { alone, asking, askedGoods, askedDefects, rightAlone, rightAsking } = secondOutcome(
    FRAMES,
    release(true),
    'fp32',
  );
  expect(alone).toEqual({ escapes: 0, falseRejects: 0, reviewedGoods: 2 / 3, reviewedDefects: 2 / 3 });
  expect(asking).toEqual({
    escapes: 1 / 3,
    falseRejects: 0,
    reviewedGoods: 1 / 3,
    reviewedDefects: 0,
  });
  expect([askedGoods, askedDefects]).toEqual([2 / 3, 2 / 3]);
  expect([rightAlone, rightAsking]).toEqual([1, 3 / 4]);
});

test('[S10] where no part may pass on an answer, none does', () => {
  const { asking } = secondOutcome(FRAMES, release(false), 'fp32');
  expect(asking).toEqual({ escapes: 0, falseRejects: 0, reviewedGoods: 2 / 3, reviewedDefects: 1 / 3 });
});

test('costs are weighed by the yield', () => {
  const costs = { escape: 100, falseReject: 1, review: 0.5 };
  const dispositions = { escapes: 0.1, falseRejects: 0.2, reviewedGoods: 0.4, reviewedDefects: 0.6 };
  expect(costOf(dispositions, 0.9, costs)).toBeCloseTo(
    1000 * (0.9 * (0.2 + 0.4 * 0.5) + 0.1 * (0.1 * 100 + 0.6 * 0.5)),
    9,
  );
});
