import fc from 'fast-check';
import {
  countOf,
  interleave,
  measurementOf,
  median,
  percentile,
  ratioOf,
  significant,
} from '../../bench/measure';

const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 });

describe('median and percentile', () => {
  test.each([
    [[3], 3],
    [[4, 1, 3], 3],
    [[4, 1, 3, 2], 2.5],
  ])('the median of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  test.each([
    [0, 1],
    [0.5, 2],
    [0.75, 3],
    [0.99, 4],
    [1, 4],
  ])('the nearest rank at %d of 1..4 is %d', (share, expected) => {
    expect(percentile([3, 1, 4, 2], share)).toBe(expected);
  });

  test('lie within the values, and no order of them matters', () => {
    fc.assert(
      fc.property(numbers, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
        const sorted = [...values].sort((left, right) => left - right);
        expect(values).toContain(percentile(values, share));
        expect(median(values)).toBe(median(sorted));
        expect(median(values)).toBeGreaterThanOrEqual(sorted[0] as number);
        expect(median(values)).toBeLessThanOrEqual(sorted.at(-1) as number);
      }),
    );
  });

  test('refuse what has none', () => {
    expect(() => median([])).toThrow('there are no values');
    expect(() => percentile([], 0.5)).toThrow('there are no values');
    expect(() => percentile([1], 1.5)).toThrow('share must be 0..1, got 1.5');
    expect(() => percentile([1], Number.NaN)).toThrow('share must be 0..1');
  });
});

describe('interleaved rounds', () => {
  test('run every task once a round, each time beginning with another one', async () => {
    const order: string[] = [];
    const task = (name: string) => async () => {
      order.push(name);
      return order.length;
    };
    const answers = await interleave(5, { a: task('a'), b: task('b'), c: task('c') });
    expect(order.join('')).toBe('abc' + 'bca' + 'cab' + 'abc' + 'bca');
    expect(answers).toEqual({ a: [1, 6, 8, 10, 15], b: [2, 4, 9, 11, 13], c: [3, 5, 7, 12, 14] });
  });

  test('are at least five', async () => {
    await expect(interleave(4, { a: async () => 1 })).rejects.toThrow('rounds: at least 5, got 4');
  });

  test('end with the first task that fails', async () => {
    const failing = { a: async () => 1, b: () => Promise.reject(new Error('no disk')) };
    await expect(interleave(5, failing)).rejects.toThrow('no disk');
  });
});

describe('measurements', () => {
  test('a ratio is taken within each round: a machine that slows down for two rounds changes nothing', () => {
    const { value, spread } = ratioOf([2, 4, 20, 40, 2], [4, 8, 40, 80, 4], 'how');
    expect({ value, spread }).toEqual({ value: 0.5, spread: { minimum: 0.5, maximum: 0.5, rounds: 5 } });
  });

  test('a ratio needs pairs', () => {
    expect(() => ratioOf([1, 2], [1], 'how')).toThrow('2 rounds against 1');
  });

  test('show the middle and the extremes, in four digits', () => {
    expect(measurementOf([1.23456, 3, 2.00004], 'how')).toEqual({
      value: 2,
      spread: { minimum: 1.235, maximum: 3, rounds: 3 },
      method: 'how',
    });
    expect(significant(0.000123456)).toBe(0.0001235);
  });

  test('a count has one round', () => {
    expect(countOf(3, 'how').spread).toEqual({ minimum: 3, maximum: 3, rounds: 1 });
  });
});
