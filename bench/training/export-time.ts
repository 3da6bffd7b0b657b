/** T3: what proving an export costs beside writing it. */
import type { Benchmark } from '../figure';
import { interleave, ratioOf, seconds } from '../measure';
import type { TrainingContext } from './context';

const ROUNDS = 5;

export const exportTime: Benchmark<TrainingContext> = {
  figures: [
    {
      id: 'T3',
      what: "time of the Export step's work / of torch.onnx.export and quantize_static alone",
      goal: 1.5,
      better: 'lower',
    },
  ],
  async measure(context) {
    await context.round('script');
    await context.round('libraries');
    const times = await interleave(ROUNDS, {
      export: async () => (await context.round('export')).seconds,
      libraries: async () => (await context.round('libraries')).seconds,
    });
    return new Map([
      [
        'T3',
        ratioOf(
          times.export,
          times.libraries,
          `export, quantisation, parity on validation, both graphs on test, golden samples, thresholds, baseline: ${seconds(times.export)}; the two calls of the libraries: ${seconds(times.libraries)}`,
        ),
      ],
    ]);
  },
};
