/** Which trial is best, and which has fallen behind: the pure rules of a tuning job. */
import fc from 'fast-check';
import type { Objective } from '../../sagemaker/tuning/rank';
import { hasFallenBehind, median, ranked } from '../../sagemaker/tuning/rank';

const maximize: Objective = { metric: 'm', goal: 'Maximize' };
const minimize: Objective = { metric: 'm', goal: 'Minimize' };
const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });

test('[S6] the best trial is the maximum, or the minimum, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(fc.option(value, { nil: undefined }), { minLength: 1 }), (values) => {
      const known = values.filter((item) => item !== undefined);
      const order = (objective: Objective) => ranked(values, (item) => item, objective);
      if (known.length > 0) {
        // `===`: 0 and -0 are one result.
        expect(order(maximize)[0] === Math.max(...known)).toBe(true);
        expect(order(minimize)[0] === Math.min(...known)).toBe(true);
      }
      // Trials without a result come last.
      expect(order(maximize).slice(known.length)).toEqual(values.filter((item) => item === undefined));
    }),
  );
});

test.each([
  [[3], 3],
  [[1, 4], 2.5],
  [[9, 1, 5], 5],
  [[4, 1, 3, 2], 2.5],
])('the median of %j is %d', (values, expected) => {
  expect(median(values)).toBe(expected);
});

const earlier = [
  [0.2, 0.4, 0.6],
  [0.4, 0.6, 0.8],
  [0.6, 0.8, 1],
];

test.each<[string, number[], number[][], Objective, boolean]>([
  ['below the median of the first epoch', [0.39], earlier, maximize, true],
  ['at the median', [0.4], earlier, maximize, false],
  // Running averages up to epoch 2: 0.3, 0.5, 0.7.
  ['below the median of the averages of two epochs', [0.9, 0.49], earlier, maximize, true],
  ['below the value, above the average', [0.1, 0.55], earlier, maximize, false],
  ['above the median where less is better', [0.41], earlier, minimize, true],
  ['below it where less is better', [0.39], earlier, minimize, false],
  ['one earlier trial only', [0], earlier.slice(1, 2), maximize, false],
  ['longer than all but one', [0.5, 0.5, 0.5, 0], [...earlier, [1, 1, 1, 1]], maximize, false],
  ['nothing reported yet', [], earlier, maximize, false],
])('[S6] early stopping: a trial that is %s', (_what, values, others, objective, expected) => {
  expect(hasFallenBehind(values, others, objective)).toBe(expected);
});

test('the best trial so far is never stopped', () => {
  fc.assert(
    fc.property(fc.array(fc.array(value, { minLength: 1, maxLength: 5 }), { minLength: 2 }), (others) => {
      const best = Math.max(...others.flat());
      expect(hasFallenBehind([best], others, maximize)).toBe(false);
    }),
  );
});
