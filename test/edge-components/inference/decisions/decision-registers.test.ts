import fc from 'fast-check';
import {
  decisionRegisters,
  REGISTER_VALUES,
} from '../../../../edge-components/inference/src/decisions/decision-registers';

const classes = ['good', 'scratch', 'dent'];

test.each<[string, number, Parameters<typeof decisionRegisters>[1], number[]]>([
  ['the first class', 1, { status: 'ok', predictedClass: 'good' }, [1, 1, 1]],
  ['the last class', 2, { status: 'ok', predictedClass: 'dent' }, [2, 1, 3]],
  ['an uncertain answer', 3, { status: 'uncertain', predictedClass: 'scratch' }, [3, 2, 2]],
  ['an invalid frame', 4, { status: 'invalid' }, [4, 3, 0]],
  [
    'an invalid frame that names a class all the same',
    5,
    { status: 'invalid', predictedClass: 'good' },
    [5, 3, 0],
  ],
  ['the largest count', 65_535, { status: 'ok', predictedClass: 'good' }, [65_535, 1, 1]],
  ['the count that wraps', 65_536, { status: 'ok', predictedClass: 'good' }, [0, 1, 1]],
  ['a class of another release', 6, { status: 'ok', predictedClass: 'crack' }, [6, 3, 0]],
  ['no class', 7, { status: 'ok' }, [7, 3, 0]],
])('%s', (_, count, result, expected) => {
  expect(decisionRegisters(count, result, classes)).toEqual(expected);
});

test('whatever is decided fits into registers, and status 1 always has a class', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.constantFrom('ok' as const, 'uncertain' as const, 'invalid' as const),
      fc.option(fc.constantFrom(...classes, 'crack'), { nil: undefined }),
      (count, status, predictedClass) => {
        const registers = decisionRegisters(
          count,
          { status, ...(predictedClass !== undefined && { predictedClass }) },
          classes,
        );
        for (const value of registers) {
          expect(Number.isInteger(value) && value >= 0 && value < REGISTER_VALUES).toBe(true);
        }
        expect(registers[1] === 3).toBe(registers[2] === 0);
      },
    ),
  );
});
