import type { OnnxSession } from '../edge-components/inference/src/models/inference-session';
import type { DecodedImage } from '../edge-components/inference/src/ports';
import { median } from './measure';

/** Runs before a round counts: the first after a pause find cold caches. */
const WARM_UP_RUNS = 5;

/** Median time of the graph alone, in milliseconds, over `runs` runs without a pause that go through the images in turn. */
export async function runMilliseconds(
  session: OnnxSession,
  images: readonly DecodedImage[],
  runs: number,
): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < WARM_UP_RUNS + runs; index++) {
    const { pixels } = images[index % images.length] as DecodedImage;
    const { milliseconds } = await session.run(pixels);
    if (index >= WARM_UP_RUNS) times.push(milliseconds);
  }
  return median(times);
}
