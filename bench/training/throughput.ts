/** T1, T2: what the default script makes of the machine. */
import type { Benchmark } from '../figure';
import { interleave, measurementOf, median, ratioOf } from '../measure';
import type { TrainingContext } from './context';

const ROUNDS = 5;

export const throughput: Benchmark<TrainingContext> = {
  figures: [
    {
      id: 'T1',
      what: 'training images per second, the default script / a plain PyTorch loop of the same network',
      goal: 0.95,
      better: 'higher',
    },
    {
      id: 'T2',
      what: 'processor time of the default script / time x processors: 1 keeps all of them busy',
      goal: 0.9,
      better: 'higher',
    },
  ],
  async measure(context) {
    const cores = { script: [] as number[], plain: [] as number[] };
    // The first round of a process pays for what it loads; neither side's speed is that.
    await context.round('script');
    await context.round('plain');
    const speeds = await interleave(ROUNDS, {
      script: async () => {
        const round = await context.round('script');
        cores.script.push(round.cores);
        return round.images / round.seconds;
      },
      plain: async () => {
        const round = await context.round('plain');
        cores.plain.push(round.cores);
        return round.images / round.seconds;
      },
    });
    const rate = (values: readonly number[]): string => `${median(values).toFixed(0)} images/s`;
    return new Map([
      [
        'T1',
        ratioOf(
          speeds.script,
          speeds.plain,
          `MobileNetV2 0.35 at 96, whole trainings of 2 epochs with validation: script ${rate(speeds.script)} with augmentation, learning rate schedule, checkpoints and temperature, loop ${rate(speeds.plain)} without`,
        ),
      ],
      [
        'T2',
        measurementOf(
          cores.script,
          `the same trainings of the script, from the prepared folder to the network; the plain loop ${median(cores.plain).toFixed(2)}`,
        ),
      ],
    ]);
  },
};
