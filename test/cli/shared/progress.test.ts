import fc from 'fast-check';
import { progressOf } from '../../../cli/shared/progress';

/** Counts to `total`, `step` milliseconds for each. */
function countTo(total: number, step: number, { isTerminal = false, json = false } = {}) {
  const [lines, shown]: [string[], string[]] = [[], []];
  let now = 0;
  const onProgress = progressOf(
    {
      now: () => new Date(now),
      writeError: (text) => lines.push(text),
      ...(isTerminal && { showProgress: (text: string) => shown.push(text) }),
    },
    { json },
    'Reading image',
  );
  for (let done = 1; done <= total; done++) {
    now += step;
    onProgress(done, total);
  }
  return { lines, shown };
}

test('quick work says nothing, and long work a line every ten seconds', () => {
  expect(countTo(40, 100)).toEqual({ lines: [], shown: [] });
  expect(countTo(40, 1_000).lines).toEqual([10, 20, 30].map((done) => `Reading image ${done} of 40`));
});

test('on a terminal the count stands in one line, which goes away', () => {
  const { lines, shown } = countTo(3, 100, { isTerminal: true });
  expect({ lines, shown }).toEqual({
    lines: [],
    shown: ['Reading image 1 of 3', 'Reading image 2 of 3', ''],
  });
});

test('with --json only who sits at a terminal is told', () => {
  expect(countTo(400, 1_000, { json: true })).toEqual({ lines: [], shown: [] });
  expect(countTo(4, 1_000, { json: true, isTerminal: true }).shown).toHaveLength(4);
});

test('whatever the speed, a line comes at most every ten seconds and the last one is no count', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 5_000 }), (total, step) => {
      const { lines } = countTo(total, step);
      expect(lines.length).toBeLessThanOrEqual((total * step) / 10_000);
      expect(lines).not.toContain(`Reading image ${total} of ${total}`);
      const { shown } = countTo(total, step, { isTerminal: true });
      expect(shown.at(-1)).toBe('');
    }),
  );
});
