import fc from 'fast-check';
import { withCodesFor } from '../../contracts/class-codes';
import { givenCodes } from '../../demo/class-codes';

const release = (counter: number, codes: Record<string, number>) => ({
  releaseId: `surface-inspection-${counter}`,
  classes: Object.keys(codes),
  dispositionPolicy: { codes, classes: {}, novel: 'review' as const },
});

describe('[B13] codes over the turns of the loop', () => {
  test('a class that is new has the next number, and the release that gave it', () => {
    const first = { dent: 1, good: 2 };
    const codes = givenCodes([
      release(1, first),
      release(2, { ...first, crack: 3 }),
      // Taken back: the bytes of the first one.
      release(3, first),
    ]);
    expect(codes).toEqual([
      { className: 'dent', code: 1, since: 'surface-inspection-1' },
      { className: 'good', code: 2, since: 'surface-inspection-1' },
      { className: 'crack', code: 3, since: 'surface-inspection-2' },
    ]);
  });

  test.each([
    ['another number', { crack: 1, dent: 2, good: 3 }, "codes: 'dent' is 1 and must stay it, got 2"],
    ['the number of another class', { crack: 1 }, "codes: 1 is 'dent' for ever, got 'crack'"],
  ])('a release that gives a class %s is named', (_, codes, problem) => {
    const both = [release(1, { dent: 1, good: 2 }), release(2, codes as Record<string, number>)];
    expect(() => givenCodes(both)).toThrow(`surface-inspection-2: ${problem}`);
  });

  test('[property] however classes come, no number moves', () => {
    const classes = fc.uniqueArray(fc.constantFrom('crack', 'dent', 'good', 'rust', 'scratch', 'stain'));
    fc.assert(
      fc.property(fc.array(classes, { minLength: 1, maxLength: 6 }), (turns) => {
        let known = {};
        const releases = turns.map((names, index) => {
          known = withCodesFor(known, names);
          return release(index + 1, known);
        });
        expect(givenCodes(releases).map(({ className, code }) => [className, code])).toEqual(
          Object.entries(known).sort(([, one], [, other]) => (one as number) - (other as number)),
        );
      }),
    );
  });
});
