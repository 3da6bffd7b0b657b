/** G7, G8: replacing the release in service under full load. */
import { readFileSync } from 'node:fs';
import type { Benchmark, Measurement } from '../figure';
import { countOf, measurementOf, median, milliseconds, percentile, significant } from '../measure';
import type { EdgeContext } from './context';
import { InstalledDevice } from './installed-device';
import { framesOf } from './jpeg-frames';
import { LineProgram, type Swaps } from './line-program';

const BLOCKS = 5;
const SWAPS_PER_BLOCK = 40;
/** Long enough for loading and closing a model, which take the time of about 25 frames. */
const WINDOW_FRAMES = 40;
const FRAMES_OF_NEW_RELEASE = 10;

export const swap: Benchmark<EdgeContext> = {
  figures: [
    {
      id: 'G7-gap',
      what: 'longest time between two results, 99th percentile of 200 swaps / of as many windows without one',
      goal: 2,
      better: 'lower',
    },
    {
      id: 'G7-restart',
      what: 'longest time between two results, 99th percentile of 200 swaps / restart of the component until its first decision',
      goal: 0.1,
      better: 'lower',
    },
    { id: 'G7-dropped', what: 'frames without exactly one result in 200 swaps', goal: 0, better: 'lower' },
    {
      id: 'G7-mixed',
      what: 'results that another release computed than they name',
      goal: 0,
      better: 'lower',
    },
  ],
  async measure(context, wanted) {
    const frames = framesOf(context, { width: 640, height: 480 });
    const swaps = await LineProgram.with(context, (line) =>
      line.ask('swap', {
        frames,
        swaps: BLOCKS * SWAPS_PER_BLOCK,
        windowFrames: WINDOW_FRAMES,
        newReleaseFrames: FRAMES_OF_NEW_RELEASE,
      }),
    );
    const { shown, answered, unordered, mixed } = swaps;
    const shownInWords = `${shown} VGA JPEG frames without a pause, ${swaps.swaps.length} swaps`;
    const results = new Map([
      ['G7-gap', gapRatio(swaps, shownInWords)],
      ['G7-dropped', countOf(shown - answered + unordered, shownInWords)],
      [
        'G7-mixed',
        countOf(mixed, `${shownInWords}; the two releases answer every frame with another confidence`),
      ],
    ]);
    if (wanted.has('G7-restart')) {
      results.set('G7-restart', await againstRestart(context, swaps, readFileSync(frames[0] as string)));
    }
    return results;
  },
};

/** What a component without a slot for two releases would have to do. */
async function againstRestart(context: EdgeContext, { swaps }: Swaps, frame: Buffer): Promise<Measurement> {
  const device = await InstalledDevice.install(context, frame);
  try {
    const restarts: number[] = [];
    while (restarts.length < BLOCKS) restarts.push((await device.start()).milliseconds);
    const longest = percentile(swaps, 0.99);
    return measurementOf(
      restarts.map((restart) => longest / restart),
      `${longest.toPrecision(3)} ms / ${milliseconds(restarts)}, ${restarts.length} restarts of the real component`,
    );
  } finally {
    await device.stop();
  }
}

function gapRatio({ steady, swaps, loads }: Swaps, frames: string): Measurement {
  const ratio = (first: number, last: number): number =>
    percentile(swaps.slice(first, last), 0.99) / percentile(steady.slice(first, last), 0.99);
  const blocks = Array.from({ length: BLOCKS }, (_, block) =>
    ratio(block * SWAPS_PER_BLOCK, (block + 1) * SWAPS_PER_BLOCK),
  );
  const text = (values: readonly number[]): string =>
    `${median(values).toPrecision(3)} (median), ${percentile(values, 0.99).toPrecision(3)} (99th percentile) ms`;
  return {
    value: significant(ratio(0, swaps.length)),
    spread: {
      minimum: significant(Math.min(...blocks)),
      maximum: significant(Math.max(...blocks)),
      rounds: BLOCKS,
    },
    method: `${frames}; windows of ${WINDOW_FRAMES} frames in turn with and without loading, switching and closing: ${text(swaps)} with, ${text(steady)} without; loading takes ${milliseconds(loads)}`,
  };
}
