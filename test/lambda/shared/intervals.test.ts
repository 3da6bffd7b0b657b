import { wilsonInterval } from '../../../lambda/shared/intervals';

// Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3: Wilson's score interval.
test.each([
  [81, 263, 0.2553, 0.3662],
  [15, 148, 0.0624, 0.1605],
  [0, 20, 0, 0.1611],
  [1, 29, 0.0061, 0.1718],
])('%d of %d', (count, size, lower, upper) => {
  const interval = wilsonInterval(count / size, size);
  expect(interval.value).toBe(count / size);
  expect(interval.lower).toBeCloseTo(lower, 4);
  expect(interval.upper).toBeCloseTo(upper, 4);
});

test('all of them leaves room below only', () => {
  expect(wilsonInterval(1, 20)).toEqual({ value: 1, lower: expect.closeTo(0.8389, 4), upper: 1 });
});
