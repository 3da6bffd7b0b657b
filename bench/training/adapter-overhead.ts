/** T4: what the contract adapter adds to a job. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from '../../local/shared/repository';
import type { Benchmark } from '../figure';
import { interleave, measurementOf, median } from '../measure';
import type { TrainingContext } from './context';

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
    const run = async (...parameters: string[]): Promise<number> => {
      rmSync(job, { recursive: true, force: true });
      mkdirSync(join(job, 'input', 'train'), { recursive: true });
      const started = performance.now();
      const { status, stderr } = spawnSync(python, parameters, {
        cwd: code,
        env: environmentOf(job),
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

/** As sourcedir.tar.gz is unpacked in a job. */
function sourceFolder(folder: string): string {
  const code = join(folder, 'code');
  cpSync(join(REPOSITORY_ROOT, 'training', 'kaizen_training'), join(code, 'kaizen_training'), {
    recursive: true,
  });
  cpSync(join(__dirname, '..', 'python', SCRIPT), join(code, SCRIPT));
  return code;
}

function environmentOf(job: string): NodeJS.ProcessEnv {
  const hyperparameters = { script: SCRIPT, epochs: 1 };
  return {
    PATH: process.env.PATH,
    SAGEMAKER_BASE_DIR: job,
    SM_HPS: JSON.stringify(hyperparameters),
    SM_HOSTS: JSON.stringify(['algo-1']),
    SM_CURRENT_HOST: 'algo-1',
    SM_INPUT_DATA_CONFIG: JSON.stringify({ train: {} }),
    SM_CHANNELS: JSON.stringify(['train']),
    SM_CHANNEL_TRAIN: join(job, 'input', 'train'),
    SM_NUM_GPUS: '0',
    SM_NUM_CPUS: '2',
    SM_MODEL_DIR: join(job, 'model'),
    SM_OUTPUT_DIR: join(job, 'output'),
    SM_OUTPUT_DATA_DIR: join(job, 'output', 'data'),
  };
}
