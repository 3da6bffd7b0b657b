/** G8: memory that a replaced release leaves behind (onnxruntime issue 25325: 325 -> 994 MB in ten reloads). */
import type { Benchmark } from '../figure';
import { FEWEST_ROUNDS, median, ratioOf } from '../measure';
import type { EdgeContext } from './context';
import { framesOf } from './jpeg-frames';
import { LineProgram } from './line-program';

const MEBIBYTE = 1024 * 1024;

const SWAPS = [10, 100] as const;
const FRAMES_BETWEEN = 10;
const SETTLE_FRAMES = 100;

export const swapMemory: Benchmark<EdgeContext> = {
  figures: [
    {
      id: 'G8',
      what: 'resident memory after 100 swaps / after 10',
      goal: 1.05,
      better: 'lower',
    },
  ],
  async measure(context) {
    const frames = framesOf(context, { width: 640, height: 480 });
    const [first, last]: [number[], number[]] = [[], []];
    while (first.length < FEWEST_ROUNDS) {
      const { residentBytes } = await LineProgram.with(context, (line) =>
        line.ask('memory', {
          frames,
          after: SWAPS,
          framesBetween: FRAMES_BETWEEN,
          settleFrames: SETTLE_FRAMES,
        }),
      );
      first.push(residentBytes[0] as number);
      last.push(residentBytes[1] as number);
    }
    const size = (bytes: readonly number[]): string => `${Math.round(median(bytes) / MEBIBYTE)} MiB`;
    return new Map([
      [
        'G8',
        ratioOf(
          last,
          first,
          `${first.length} fresh processes with the real pipeline under load: ${size(first)} after 10 swaps, ${size(last)} after 100`,
        ),
      ],
    ]);
  },
};
