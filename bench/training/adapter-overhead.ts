/** T4: what the contract adapter adds to a job. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from '../../scripts/repository';
import type { Benchmark } from '../figure';
import { interleave, measurementOf, seconds } from '../measure';
import type { TrainingContext } from './context';
import { jobEnvironment } from './job';

const ROUNDS = 9;
const JOB_SECONDS = 60;
const SCRIPT = 'adapter_script.py';

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
    const code = sourceFolder(folder);
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
    const added = times.adapter.map((value, round) => value - (times.byHand[round] as number));
    return new Map([
      [
        'T4',
        measurementOf(
          added.map((value) => (100 * value) / JOB_SECONDS),
          `processes whose script trains nothing: with the adapter ${seconds(times.adapter, 2)}, the same functions called by hand ${seconds(times.byHand, 2)}`,
        ),
      ],
    ]);
  },
};

/** As sourcedir.tar.gz is unpacked in a job, with the script that trains nothing. */
function sourceFolder(parent: string): string {
  const code = join(parent, 'code');
  const modules = join(REPOSITORY_ROOT, 'training', 'kaizen_training');
  cpSync(modules, join(code, 'kaizen_training'), { recursive: true });
  cpSync(join(__dirname, '..', 'python', SCRIPT), join(code, SCRIPT));
  return code;
}
