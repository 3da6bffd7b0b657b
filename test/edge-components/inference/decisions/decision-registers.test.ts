import fc from 'fast-check';
import {
  DISPOSITION_VALUES,
  decisionRegisters,
  NO_DECISION,
  REGISTER_VALUES,
  registerValues,
  withoutDecision,
} from '../../../../edge-components/inference/src/decisions/decision-registers';
import type { DecidingRelease } from '../../../../edge-components/inference/src/ports';

const release: DecidingRelease = {
  classes: ['good', 'scratch', 'dent'],
  counter: 200_000,
  dispositionPolicy: {
    codes: { good: 1, dent: 2, scratch: 9 },
    classes: { good: 'pass', dent: 'reject', scratch: 'review' },
    novel: 'review',
  },
};
const BY = [3, 3_392];
const { pass, reject, review } = DISPOSITION_VALUES;

test.each<[string, number, Parameters<typeof decisionRegisters>[1], number[]]>([
  ['a good part', 1, { status: 'ok', predictedClass: 'good', disposition: 'pass' }, [pass, 1, 1, 1]],
  [
    'a code is not the place',
    2,
    { status: 'ok', predictedClass: 'dent', disposition: 'reject' },
    [reject, 2, 2, 1],
  ],
  [
    'an uncertain answer',
    3,
    { status: 'uncertain', predictedClass: 'scratch', disposition: 'review' },
    [review, 3, 9, 2],
  ],
  ['an invalid frame', 4, { status: 'invalid', disposition: 'review' }, [review, 4, 0, 3]],
  [
    'an invalid frame that names a class all the same',
    5,
    { status: 'invalid', predictedClass: 'good', disposition: 'pass' },
    [review, 5, 0, 3],
  ],
  [
    'the largest count',
    65_535,
    { status: 'ok', predictedClass: 'good', disposition: 'pass' },
    [pass, 65_535, 1, 1],
  ],
  [
    'the count that wraps',
    65_536,
    { status: 'ok', predictedClass: 'good', disposition: 'pass' },
    [pass, 0, 1, 1],
  ],
  [
    'a class of another release',
    6,
    { status: 'ok', predictedClass: 'crack', disposition: 'pass' },
    [review, 6, 0, 3],
  ],
  [
    'a class that is named like what every object has',
    6,
    { status: 'ok', predictedClass: 'constructor', disposition: 'pass' },
    [review, 6, 0, 3],
  ],
  ['no class', 7, { status: 'ok', disposition: 'pass' }, [review, 7, 0, 3]],
  ['no disposition', 8, { status: 'ok', predictedClass: 'good' }, [review, 8, 1, 1]],
])('[B13] %s', (_, count, result, expected) => {
  expect(registerValues(decisionRegisters(count, result, release), 5)).toEqual([...expected, ...BY, 5]);
});

test('a release from before there were codes tells the place of the class', () => {
  const { dispositionPolicy: _, ...older } = release;
  const part = { status: 'ok', predictedClass: 'scratch', disposition: 'review' } as const;
  expect(decisionRegisters(1, part, older)).toMatchObject({ code: 2, disposition: review });
});

test('[B13] whatever is decided fits into registers, and passes only as a certain class that has a code', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.constantFrom('ok' as const, 'uncertain' as const, 'invalid' as const),
      fc.option(fc.constantFrom('good', 'scratch', 'dent', 'crack'), { nil: undefined }),
      fc.option(fc.constantFrom('pass' as const, 'reject' as const, 'review' as const), { nil: undefined }),
      (count, status, predictedClass, disposition) => {
        const result = {
          status,
          ...(predictedClass !== undefined && { predictedClass }),
          ...(disposition && { disposition }),
        };
        const registers = decisionRegisters(count, result, release);
        for (const value of registerValues(registers, count)) {
          expect(Number.isInteger(value) && value >= 0 && value < REGISTER_VALUES).toBe(true);
        }
        expect(registers.status === 3).toBe(registers.code === 0);
        if (registers.disposition === pass) {
          expect(registers.code).toBeGreaterThan(0);
          expect(disposition).toBe('pass');
        }
        expect(withoutDecision(registers)).toMatchObject({
          disposition: 0,
          code: 0,
          count: registers.count,
        });
      },
    ),
  );
});

test('[B13] no start value, and no seven flipped bits, make one answer another', () => {
  const bits = (value: number): number => value.toString(2).replaceAll('0', '').length;
  const values = [...Object.values(DISPOSITION_VALUES), 0xffff];
  for (const one of values) {
    for (const other of values) {
      if (one !== other) expect(bits(one ^ other)).toBeGreaterThanOrEqual(8);
    }
  }
  expect(registerValues(NO_DECISION, 0)).toEqual([0, 0, 0, 0, 0, 0, 0]);
});
