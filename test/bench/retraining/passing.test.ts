import fc from 'fast-check';
import { type Answer, accuracyOf, passingDefects } from '../../../bench/retraining/passing';

const good = (sure: number): Answer => ['good', 'good', sure];
const dent = (sure: number): Answer => ['dent', 'good', sure];
const goods = [0.5, 0.6, 0.7, 0.8, 0.9].map(good);

test.each([
  ['all goods pass', 0, [dent(0.4), dent(0.5), dent(0.95)], 2 / 3],
  ['a fifth of the goods goes to a person', 0.2, [dent(0.5), dent(0.6), dent(0.95)], 2 / 3],
  ['a defect that is named passes never', 0, [['dent', 'dent', 0.5] as Answer, dent(0.95)], 1 / 2],
])('%s', (_, reviewed, defects, expected) => {
  expect(passingDefects([...goods, ...defects], reviewed)).toBeCloseTo(expected);
});

test('a good part that is called defective is none that passes, nor a reason to pass others', () => {
  expect(passingDefects([['good', 'dent', 0.2], good(0.9), ['dent', 'dent', 0.1]], 0)).toBe(0);
});

test('the more goods go to people, the fewer defects pass', () => {
  const sureness = fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(
      sureness,
      sureness,
      fc.double({ min: 0, max: 0.49, noNaN: true }),
      (some, others, reviewed) => {
        const answers = [...some.map(good), ...others.map(dent)];
        expect(passingDefects(answers, 2 * reviewed)).toBeLessThanOrEqual(passingDefects(answers, reviewed));
      },
    ),
  );
});

test('without good parts, or without defective ones, there is nothing to say', () => {
  expect(() => passingDefects(goods, 0.1)).toThrow('got 5 and 0');
  expect(() => passingDefects([dent(0.9)], 0.1)).toThrow('got 0 and 1');
});

test('the accuracy is of all of them', () => {
  expect(accuracyOf([good(0.9), dent(0.9), ['dent', 'dent', 0.1], good(0.8)])).toBe(0.75);
});
