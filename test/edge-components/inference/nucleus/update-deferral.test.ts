import fc from 'fast-check';
import { updateDeferral } from '../../../../edge-components/inference/src/nucleus/update-deferral';

const limits = { quietMilliseconds: 2_000, longestMilliseconds: 30_000 };

test.each<[string, number | undefined, number, number]>([
  ['no frame has ever come', undefined, 0, 0],
  ['the last frame came long ago', 1_000, 10_000, 0],
  ['a frame has just come', 10_000, 10_000, 2_000],
  ['a frame came half a second ago', 9_500, 10_000, 1_500],
  ['frames come, and patience ends in a second', 38_000, 9_000, 1_000],
  ['frames come, and patience has ended', 40_000, 10_000, 0],
])('case 16: %s', (_, lastFrameAt, firstAskedAt, expected) => {
  const now = Math.max(lastFrameAt ?? 0, firstAskedAt, 10_000);
  expect(updateDeferral({ now, firstAskedAt, lastFrameAt, ...limits })).toBe(expected);
});

test('case 16: a line that never stops is updated within the limit, whatever the answers are used for', () => {
  fc.assert(
    fc.property(
      fc.nat(100_000),
      fc.nat(60_000),
      fc.integer({ min: 1, max: 10_000 }),
      (start, longest, quiet) => {
        let now = start;
        for (let questions = 0; questions < 1 + longest / Math.min(quiet, longest || 1) + 1; questions++) {
          const wait = updateDeferral({
            now,
            firstAskedAt: start,
            lastFrameAt: now,
            quietMilliseconds: quiet,
            longestMilliseconds: longest,
          });
          if (wait === 0) return expect(now).toBeLessThanOrEqual(start + longest);
          now += wait;
        }
        throw new Error('asked for ever');
      },
    ),
  );
});
