/** G8: memory that a replaced release leaves behind (onnxruntime issue 25325: 325 -> 994 MB in ten reloads). */
import type { Benchmark } from '../figure';
import { FEWEST_ROUNDS, median, ratioOf } from '../measure';
import { runChild } from './child';
import type { EdgeContext } from './context';

const MEBIBYTE = 1024 * 1024;

interface Resident {
  readonly first: number;
  readonly last: number;
}

export const swapMemory: Benchmark<EdgeContext> = {
  figures: [
    {
      id: 'G8',
      what: 'resident memory after 100 swaps / after 10',
      goal: 1.05,
      better: 'lower',
    },
  ],
  async measure() {
    const processes: Resident[] = [];
    while (processes.length < FEWEST_ROUNDS) processes.push(await runChild<Resident>('swap-memory'));
    const [first, last] = [processes.map((one) => one.first), processes.map((one) => one.last)];
    const size = (bytes: readonly number[]): string => `${Math.round(median(bytes) / MEBIBYTE)} MiB`;
    return new Map([
      [
        'G8',
        ratioOf(
          last,
          first,
          `${processes.length} fresh processes with the real pipeline under load: ${size(first)} after 10 swaps, ${size(last)} after 100`,
        ),
      ],
    ]);
  },
};
