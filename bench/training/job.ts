/** A training job as the toolkit starts it, without SageMaker. */
import { join } from 'node:path';

export interface JobOptions {
  /** Stands for /opt/ml. */
  readonly folder: string;
  /** Folder of the channels `train` and `validation`. */
  readonly channel: string;
  readonly hyperparameters: Readonly<Record<string, string | number>>;
  /** @default one host */
  readonly hosts?: readonly string[];
  /** @default the first host */
  readonly currentHost?: string;
  /** @default 2 */
  readonly processors?: number;
}

/** What the training toolkit tells a job (aws/sagemaker-training-toolkit, ENVIRONMENT_VARIABLES.md). */
export function jobEnvironment(options: JobOptions): NodeJS.ProcessEnv {
  const { folder, channel, hyperparameters, hosts = ['algo-1'], processors = 2 } = options;
  return {
    PATH: process.env.PATH,
    SAGEMAKER_BASE_DIR: folder,
    SM_HPS: JSON.stringify(hyperparameters),
    SM_HOSTS: JSON.stringify(hosts),
    SM_CURRENT_HOST: options.currentHost ?? hosts[0],
    SM_INPUT_DATA_CONFIG: JSON.stringify({ train: {}, validation: {} }),
    SM_CHANNELS: JSON.stringify(['train', 'validation']),
    SM_CHANNEL_TRAIN: channel,
    SM_CHANNEL_VALIDATION: channel,
    SM_NUM_GPUS: '0',
    SM_NUM_CPUS: String(processors),
    SM_MODEL_DIR: join(folder, 'model'),
    SM_OUTPUT_DIR: join(folder, 'output'),
    SM_OUTPUT_DATA_DIR: join(folder, 'output', 'data'),
  };
}
