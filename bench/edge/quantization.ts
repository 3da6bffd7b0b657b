/** G1: what int8 gains, and what it costs. */
import type { Benchmark, Measurement } from '../figure';
import { countOf, interleave, milliseconds, ratioOf, significant } from '../measure';
import { runMilliseconds } from '../run-times';
import type { EdgeContext } from './context';

const ROUNDS = 9;
const RUNS = 60;

export const quantization: Benchmark<EdgeContext> = {
  figures: [
    {
      id: 'G1-speed',
      what: 'time of the int8 graph / time of the fp32 graph, MobileNetV2 1.0 at 224, one thread',
      goal: 0.45,
      better: 'lower',
    },
    {
      id: 'G1-accuracy',
      what: 'percentage points of accuracy on the test split that int8 costs',
      goal: 1,
      better: 'lower',
    },
  ],
  async measure(context, wanted) {
    const results = new Map([['G1-accuracy', accuracyDrop(context)]]);
    if (wanted.has('G1-speed')) results.set('G1-speed', await speed(context));
    return results;
  },
};

async function speed(context: EdgeContext): Promise<Measurement> {
  const { images } = context.model;
  const [fp32, int8] = [await context.session('fp32'), await context.session('int8')];
  const times = await interleave(ROUNDS, {
    fp32: () => runMilliseconds(fp32, images, RUNS),
    int8: () => runMilliseconds(int8, images, RUNS),
  });
  return ratioOf(
    times.int8,
    times.fp32,
    `medians of ${RUNS} runs in the component's own sessions: int8 ${milliseconds(times.int8)}, fp32 ${milliseconds(times.fp32)}`,
  );
}

function accuracyDrop({ model }: EdgeContext): Measurement {
  const [fp32, int8] = [model.accuracyOf('fp32'), model.accuracyOf('int8')];
  const { testItems } = model.description;
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  return countOf(
    significant(100 * (fp32 - int8)),
    `${testItems} rendered images of the test split: fp32 ${percent(fp32)}, int8 ${percent(int8)}`,
  );
}
