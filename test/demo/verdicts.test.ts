import fc from 'fast-check';
import { decidedInWords, hasHelped, letsTooManyPass, verdictsOf } from '../../demo/verdicts';
import { observation } from './observation';

const COSTS = { escape: 100, falseReject: 1, review: 0.5 };

describe('[B13] verdicts', () => {
  test('are shares of defective, of good and of all parts, and cost what the plant says', () => {
    const verdicts = verdictsOf(
      [
        observation({ truth: 'dent', predicted: 'good', disposition: 'pass' }),
        observation({ truth: 'dent', predicted: 'good', disposition: 'review' }),
        observation({ truth: 'dent', predicted: 'dent', disposition: 'reject' }),
        observation({ truth: 'crack', invalid: true, disposition: 'review' }),
        observation({ truth: 'good', predicted: 'good', disposition: 'pass' }),
        observation({ truth: 'good', predicted: 'dent', disposition: 'reject' }),
      ],
      COSTS,
    );
    expect(verdicts).toEqual({
      goods: 2,
      defects: 4,
      escaped: 1,
      escapes: 1 / 4,
      escapesAsClassified: 2 / 4,
      falseRejects: 1 / 2,
      review: 2 / 6,
      decidedRightly: 2 / 6,
      // One escape, one good part taken out, two looks, of six parts.
      costPerThousand: ((100 + 1 + 2 * 0.5) / 6) * 1000,
    });
  });

  test('of nothing are nothing', () => {
    expect(verdictsOf([], COSTS)).toEqual({
      goods: 0,
      defects: 0,
      escaped: 0,
      escapes: null,
      escapesAsClassified: null,
      falseRejects: null,
      review: null,
      decidedRightly: null,
      costPerThousand: null,
    });
  });

  test('[property] a person who looks at everything costs half a unit a part, whatever the parts are', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('good', 'dent', 'crack'), { minLength: 1 }), (labels) => {
        const seen = labels.map((truth, at) => observation({ at, truth, disposition: 'review' }));
        const { costPerThousand, escaped, review } = verdictsOf(seen, COSTS);
        expect(costPerThousand).toBeCloseTo(500, 9);
        expect([escaped, review]).toEqual([0, 1]);
      }),
    );
  });

  test.each([
    // Chance does not do this at one in five.
    [true, 18, 31],
    [false, 9, 165],
    // Chance may do this.
    [false, 2, 5],
    [true, 5, 5],
    [false, 0, 0],
  ])('are too many escapes, of a fifth that may pass: %p for %d of %d', (expected, escaped, defects) => {
    const passing = Array.from({ length: defects }, (_, at) =>
      observation({ at, truth: 'dent', disposition: at < escaped ? 'pass' : 'reject' }),
    );
    expect(letsTooManyPass(verdictsOf(passing, COSTS), 0.2)).toBe(expected);
  });

  test('tell whether a retraining has helped: by what is decided, or by what it costs', () => {
    const of = (disposition: 'pass' | 'reject' | 'review', truth: string) =>
      verdictsOf([observation({ truth, predicted: truth, disposition })], COSTS);
    // A new light, in which a person has looked at everything.
    expect(hasHelped(of('pass', 'good'), of('review', 'good'))).toBe(true);
    // A new defect that passed, which is now looked at: no more is decided.
    expect(hasHelped(of('review', 'dent'), of('pass', 'dent'))).toBe(true);
    expect(hasHelped(of('review', 'good'), of('pass', 'good'))).toBe(false);
    expect(hasHelped(of('pass', 'good'), of('pass', 'good'))).toBe(false);
    expect(hasHelped(verdictsOf([], COSTS), of('pass', 'dent'))).toBe(false);
    expect(decidedInWords(of('pass', 'dent'))).toBe(
      '0.0 % of 1 parts were decided rightly and without a person, 1 of 1 defective ones passed, 100000 units per 1,000 parts',
    );
  });
});
