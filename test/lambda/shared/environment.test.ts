import { numberFromEnvironment, requireEnvironment } from '../../../lambda/shared/env';

const BOUNDS = { default: 7, minimum: 1, maximum: 10 };

afterEach(() => {
  delete process.env.KAIZEN_TEST;
});

test('a variable that must be there is named when it is not', () => {
  expect(() => requireEnvironment('KAIZEN_TEST')).toThrow('environment variable KAIZEN_TEST is required');
  process.env.KAIZEN_TEST = 'value';
  expect(requireEnvironment('KAIZEN_TEST')).toBe('value');
});

test.each([
  [undefined, 7],
  ['', 7],
  ['1', 1],
  ['2.5', 2.5],
  ['10', 10],
])('number %p is %p', (text, expected) => {
  if (text !== undefined) process.env.KAIZEN_TEST = text;
  expect(numberFromEnvironment('KAIZEN_TEST', BOUNDS)).toBe(expected);
});

test.each(['0.9', '11', 'many', 'NaN', 'Infinity'])('number %p is refused with its bounds', (text) => {
  process.env.KAIZEN_TEST = text;
  expect(() => numberFromEnvironment('KAIZEN_TEST', BOUNDS)).toThrow(
    `KAIZEN_TEST must be a number from 1 to 10, got '${text}'`,
  );
});
