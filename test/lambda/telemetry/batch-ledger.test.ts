import fc from 'fast-check';
import { covers, placeOf } from '../../../contracts/batch-place';
import { formatRanges, joined, parseRanges, withSequences } from '../../../lambda/telemetry/batch-ledger';

test.each([
  ['00000003-1a2b3c4d-00000057', { stream: '00000003-1a2b3c4d', sequence: 57 }],
  ['00000003-1a2b3c4d-00000057ab', { stream: '00000003-1a2b3c4d-ab', sequence: 57 }],
  ['batch-1', { stream: 'batch-1', sequence: 0 }],
])('case 29: batch %s has its place', (batchId, place) => {
  expect(placeOf(batchId)).toEqual(place);
});

test.each([
  ['', [], ''],
  ['7', [8], '7-8'],
  ['1-57', [60], '1-57,60'],
  ['1-57,60', [58, 59], '1-60'],
  ['5-6', [1, 5, 9], '1,5-6,9'],
])('case 29: %s and %j are %s', (before, sequences, after) => {
  expect(formatRanges(withSequences(parseRanges(before), sequences))).toBe(after);
});

test('case 29: ranges hold what was put in, whatever its order, and come back from their text', () => {
  const numbers = fc.array(fc.nat(60), { maxLength: 80 });
  fc.assert(
    fc.property(numbers, numbers, (first, second) => {
      const ranges = withSequences(withSequences([], first), second);
      const all = new Set([...first, ...second]);
      for (let number = 0; number <= 61; number++) expect(covers(ranges, number)).toBe(all.has(number));
      expect(parseRanges(formatRanges(ranges))).toEqual(ranges);
      expect(joined(withSequences([], second), withSequences([], first))).toEqual(ranges);
    }),
    { seed: 29 },
  );
});
