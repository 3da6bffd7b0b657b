/** G6: what inference costs everything else on the component's main thread: sockets, timers, IPC. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { DecodedImage } from '../../edge-components/inference/src/ports';
import type { Benchmark, Measurement } from '../figure';
import { interleave, milliseconds, ratioOf } from '../measure';
import type { EdgeContext } from './context';

const ROUNDS = 7;
const WINDOW_MILLISECONDS = 1_500;

export const eventLoop: Benchmark<EdgeContext> = {
  figures: [
    {
      id: 'G6-int8',
      what: "99th percentile of the main loop's delay at full inference load, int8 / of an idle loop",
      goal: 2.5,
      better: 'lower',
    },
    {
      id: 'G6-fp32',
      what: 'the same with the fp32 graph: the delay must not depend on the model',
      goal: 2.5,
      better: 'lower',
    },
    {
      id: 'G6-main',
      what: '99th percentile at full load, fp32, model in its thread / model on the main thread',
      goal: 0.5,
      better: 'lower',
    },
  ],
  async measure(context) {
    const { images } = context.model;
    const mainThread = await context.session('fp32');
    const delays = await context.withModels(['int8', 'fp32'], ({ int8, fp32 }) =>
      interleave(ROUNDS, {
        idle: () => delayUnder(undefined, images),
        int8: () => delayUnder((image) => int8.run(image), images),
        fp32: () => delayUnder((image) => fp32.run(image), images),
        main: () => delayUnder(({ pixels }) => mainThread.run(pixels), images),
      }),
    );
    const against = (name: 'idle' | 'main'): string => `${name} ${milliseconds(delays[name])}`;
    const method = (load: 'int8' | 'fp32', reference: 'idle' | 'main'): string =>
      `windows of ${WINDOW_MILLISECONDS} ms, monitorEventLoopDelay with its finest resolution of 1 ms, which is part of every delay: loaded ${milliseconds(delays[load])}, ${against(reference)}`;
    return new Map<string, Measurement>([
      ['G6-int8', ratioOf(delays.int8, delays.idle, method('int8', 'idle'))],
      ['G6-fp32', ratioOf(delays.fp32, delays.idle, method('fp32', 'idle'))],
      ['G6-main', ratioOf(delays.fp32, delays.main, method('fp32', 'main'))],
    ]);
  },
};

/** 99th percentile of the loop's delay while `run` is called without a pause, or while nothing happens. */
async function delayUnder(
  run: ((image: DecodedImage) => Promise<unknown>) | undefined,
  images: readonly DecodedImage[],
): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const end = performance.now() + WINDOW_MILLISECONDS;
  delay.enable();
  if (run) {
    for (let index = 0; performance.now() < end; index++) {
      await run(images[index % images.length] as DecodedImage);
    }
  } else {
    await new Promise((resolve) => setTimeout(resolve, WINDOW_MILLISECONDS));
  }
  delay.disable();
  return delay.percentile(99) / 1e6;
}
