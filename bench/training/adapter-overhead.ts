/** T4: what the contract adapter adds to a job. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark } from '../figure';
import { interleave, measurementOf, median } from '../measure';
import type { TrainingContext } from './context';
import { jobEnvironment, sourceFolder } from './job';

const ROUNDS = 9;
const JOB_SECONDS = 60;
const SCRIPT = 'adapter_script.py';
const PROGRAM = join(__dirname, '..', 'python', SCRIPT);

export const adapterOverhead: Benchmark<TrainingContext> = {
  figures: [
    {
      id: 'T4',
      what: 'time that the adapter adds to a job of 60 s, in percent of it',
      goal: 2,
      better: 'lower',
    },
  ],
  async measure({ python, folder }) {
    const code = sourceFolder(folder, PROGRAM);
    const job = join(folder, 'job');
    const channel = join(job, 'input', 'train');
    const run = async (...parameters: string[]): Promise<number> => {
      rmSync(job, { recursive: true, force: true });
      mkdirSync(channel, { recursive: true });
      const started = performance.now();
      const { status, stderr } = spawnSync(python, parameters, {
        cwd: code,
        env: jobEnvironment({ folder: job, channel, hyperparameters: { script: SCRIPT, epochs: 1 } }),
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(`${parameters.join(' ')} failed: ${stderr.slice(-2000)}`);
      return (performance.now() - started) / 1000;
    };
    const times = await interleave(ROUNDS, {
      adapter: () => run(join(code, 'kaizen_training', 'entry_point.py')),
      byHand: () => run(join(code, SCRIPT), '--by-hand'),
    });
    const added = times.adapter.map((seconds, round) => seconds - (times.byHand[round] as number));
    const seconds = (values: readonly number[]): string => `${median(values).toFixed(2)} s`;
    return new Map([
      [
        'T4',
        measurementOf(
          added.map((value) => (100 * value) / JOB_SECONDS),
          `processes whose script trains nothing: with the adapter ${seconds(times.adapter)}, the same functions called by hand ${seconds(times.byHand)}`,
        ),
      ],
    ]);
  },
};
