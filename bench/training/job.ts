/** A training job as the toolkit starts it, without SageMaker. */
import { cpSync } from 'node:fs';
import { basename, join } from 'node:path';
import { REPOSITORY_ROOT } from '../../local/shared/repository';

/**
 * As sourcedir.tar.gz is unpacked in a job, with one more script.
 * @returns the folder
 */
export function sourceFolder(parent: string, script: string): string {
  const code = join(parent, 'code');
  const modules = join(REPOSITORY_ROOT, 'training', 'kaizen_training');
  cpSync(modules, join(code, 'kaizen_training'), { recursive: true });
  cpSync(script, join(code, basename(script)));
  return code;
}

/** Where the channel `train` lies in a job's folder. */
export const channelOf = (folder: string): string => join(folder, 'input', 'train');

/**
 * What the training toolkit tells a job (aws/sagemaker-training-toolkit, ENVIRONMENT_VARIABLES.md).
 * @param folder stands for /opt/ml
 */
export function jobEnvironment(
  folder: string,
  hyperparameters: Readonly<Record<string, string | number>>,
): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    SAGEMAKER_BASE_DIR: folder,
    SM_HPS: JSON.stringify(hyperparameters),
    SM_HOSTS: JSON.stringify(['algo-1']),
    SM_CURRENT_HOST: 'algo-1',
    SM_INPUT_DATA_CONFIG: JSON.stringify({ train: {} }),
    SM_CHANNELS: JSON.stringify(['train']),
    SM_CHANNEL_TRAIN: channelOf(folder),
    SM_NUM_GPUS: '0',
    SM_NUM_CPUS: '2',
    SM_MODEL_DIR: join(folder, 'model'),
    SM_OUTPUT_DIR: join(folder, 'output'),
    SM_OUTPUT_DATA_DIR: join(folder, 'output', 'data'),
  };
}
