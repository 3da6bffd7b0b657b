import type { Json } from '../../sagemaker/json';
import { allHold, holds } from '../../sagemaker/pipeline/conditions';

const compare = (Type: string, LeftValue: Json, RightValue: Json) => ({ Type, LeftValue, RightValue });

test.each<[Json, boolean]>([
  [compare('Equals', 'a', 'a'), true],
  [compare('Equals', 1, 2), false],
  [compare('Equals', true, true), true],
  [compare('GreaterThan', 1, 1), false],
  [compare('GreaterThan', 1.1, 1), true],
  [compare('GreaterThanOrEqualTo', 0.8, 0.8), true],
  [compare('GreaterThanOrEqualTo', 0.79, 0.8), false],
  [compare('LessThan', -1, 0), true],
  [compare('LessThan', 0, 0), false],
  [compare('LessThanOrEqualTo', 0, 0), true],
  [{ Type: 'In', QueryValue: 'b', Values: ['a', 'b'] }, true],
  [{ Type: 'In', QueryValue: 'c', Values: ['a', 'b'] }, false],
  [{ Type: 'Not', Expression: compare('Equals', 1, 2) }, true],
  [{ Type: 'Or', Conditions: [compare('Equals', 1, 2), compare('LessThan', 1, 2)] }, true],
  [{ Type: 'Or', Conditions: [compare('Equals', 1, 2)] }, false],
])('%j is %s', (condition, expected) => {
  expect(holds(condition)).toBe(expected);
});

test.each<[Json, string]>([
  [compare('GreaterThan', '1', 0), 'compares numbers, got "1"'],
  [compare('Equals', 1, '1'), 'compares plain values of one type, got 1 and "1"'],
  [compare('LessThan', null, 0), 'compares numbers, got null'],
  [compare('AlmostEquals', 1, 1), "there is no condition 'AlmostEquals'"],
  ['yes', 'is not a condition'],
])('%j fails the step', (condition, message) => {
  expect(() => holds(condition)).toThrow(message);
});

test('all conditions of a step must hold', () => {
  expect(allHold([compare('Equals', 1, 1), compare('Equals', 1, 1)])).toBe(true);
  expect(allHold([compare('Equals', 1, 1), compare('Equals', 1, 2)])).toBe(false);
});
