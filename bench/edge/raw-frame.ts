/** G3: what the component adds to the graph, from pixels on the main thread to the decision. */

import type { Release } from '../../contracts';
import { decide } from '../../edge-components/inference/src/models/decision';
import type { DecodedImage, LoadedModel } from '../../edge-components/inference/src/ports';
import type { Benchmark } from '../figure';
import { median, milliseconds, ratioOf } from '../measure';
import type { EdgeContext } from './context';
import { releaseOf } from './release';

const ROUNDS = 9;
const FRAMES = 200;

export const rawFrame: Benchmark<EdgeContext> = {
  figures: [
    {
      id: 'G3',
      what: 'pixels to decision through the model thread / the int8 graph alone',
      goal: 1.1,
      better: 'lower',
    },
  ],
  async measure(context) {
    const { model } = context;
    const release = releaseOf(context, 'int8', 1);
    const [wholes, graphs]: [number[], number[]] = [[], []];
    await context.withModels(['int8'], async ({ int8 }) => {
      await decideFrames(int8, model.images, release, FRAMES);
      for (let round = 0; round < ROUNDS; round++) {
        const times = await decideFrames(int8, model.images, release, FRAMES);
        wholes.push(times.whole);
        graphs.push(times.graph);
      }
    });
    return new Map([
      [
        'G3',
        ratioOf(
          wholes,
          graphs,
          `medians of ${FRAMES} frames, one at a time, the graph timed within the same frames: whole ${milliseconds(wholes)}, graph ${milliseconds(graphs)}`,
        ),
      ],
    ]);
  },
};

async function decideFrames(
  model: LoadedModel,
  images: readonly DecodedImage[],
  release: Pick<Release, 'classes' | 'thresholds'>,
  count: number,
): Promise<{ readonly whole: number; readonly graph: number }> {
  const [wholes, graphs]: [number[], number[]] = [[], []];
  for (let index = 0; index < count; index++) {
    const started = performance.now();
    const inference = await model.run(images[index % images.length] as DecodedImage);
    const decision = decide(inference.probabilities, release);
    wholes.push(performance.now() - started);
    graphs.push(inference.milliseconds);
    if (decision.status === 'invalid') throw new Error(`frame ${index}: ${decision.reason}`);
  }
  return { whole: median(wholes), graph: median(graphs) };
}
