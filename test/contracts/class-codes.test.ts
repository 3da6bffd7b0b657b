import fc from 'fast-check';
import { codesOf, movedCodes, withCodesFor } from '../../contracts/class-codes';

test('[B13] a new class gets the next free code, and moves no other', () => {
  const first = withCodesFor({}, ['good', 'dent']);
  expect(first).toEqual({ dent: 1, good: 2 });
  expect(withCodesFor(first, ['crack', 'dent', 'good'])).toEqual({ dent: 1, good: 2, crack: 3 });
});

test('[B13] a class that goes keeps its code for when it comes again', () => {
  const codes = withCodesFor({ dent: 1, good: 2 }, ['good', 'crack']);
  expect(withCodesFor(codes, ['good', 'dent'])).toEqual({ dent: 1, good: 2, crack: 3 });
});

test.each([
  ['a class that moved', { good: 3 }, ["codes: 'good' is 2 and must stay it, got 3"]],
  ['a code that was used again', { crack: 1 }, ["codes: 1 is 'dent' for ever, got 'crack'"]],
  [
    'V1: the places after a class was added',
    { crack: 1, dent: 2, good: 3 },
    [
      "codes: 1 is 'dent' for ever, got 'crack'",
      "codes: 'dent' is 1 and must stay it, got 2",
      "codes: 'good' is 2 and must stay it, got 3",
    ],
  ],
  ['a class named like what every object has', { constructor: 3 }, []],
  ['a class that is left out', { good: 2 }, []],
])('[B13] %s', (_, offered, problems) => {
  expect(movedCodes({ dent: 1, good: 2 }, offered)).toEqual(problems);
});

test('releases from before there were codes have the places of their classes', () => {
  expect(codesOf({ classes: ['dent', 'good'] })).toEqual({ dent: 1, good: 2 });
});

test('65,536 classes have no codes', () => {
  expect(() => withCodesFor({ last: 65_535 }, ['next'])).toThrow(
    'codes: at most 65535, 65535 are given out and 1 more are needed',
  );
});

test('[B13] over any turns of the loop no class moves and no code is used twice', () => {
  const name = fc.stringMatching(/^[a-z]{1,3}$/);
  fc.assert(
    fc.property(fc.array(fc.array(name, { minLength: 1 }), { minLength: 1 }), (turns) => {
      let known = {};
      for (const classes of turns) {
        const next = withCodesFor(known, classes);
        expect(movedCodes(known, next)).toEqual([]);
        expect(new Set(Object.values(next)).size).toBe(Object.keys(next).length);
        expect(Object.keys(next)).toEqual(expect.arrayContaining(classes));
        known = next;
      }
    }),
  );
});
