/**
 * What the SageMaker training toolkit tells a script: configuration files, `SM_*` environment, arguments.
 * Follows aws/sagemaker-training-toolkit: environment.py, params.py, mapping.py. Pure.
 */
import { isObject, type Json, type JsonObject } from '../json';

const RESERVED_PREFIX = 'sagemaker_';
/** params.py: hyperparameters of the toolkit itself; other `sagemaker_*` ones are framework parameters. */
const TOOLKIT_HYPERPARAMETERS = [
  'sagemaker_program',
  'sagemaker_submit_directory',
  'sagemaker_enable_cloudwatch_metrics',
  'sagemaker_container_log_level',
  'sagemaker_job_name',
  'sagemaker_region',
  'sagemaker_s3_output',
  'default_user_module_name',
  '_tuning_objective_metric',
];
const LOG_LEVEL_INFO = 20;

export interface TrainingHost {
  readonly jobName: string;
  /** What stands for /opt/ml. */
  readonly root: string;
  readonly currentHost: string;
  readonly hosts: readonly string[];
  readonly instanceType: string;
  readonly cpus: number;
  readonly gpus: number;
  /** As in the request: every value is text. */
  readonly hyperparameters: Readonly<Record<string, string>>;
  /** Channel name -> entry of inputdataconfig.json. */
  readonly inputDataConfig: JsonObject;
}

/** Every hyperparameter value is read as JSON; what is not JSON is text. */
export function decodeHyperparameters(given: Readonly<Record<string, string>>): JsonObject {
  return Object.fromEntries(
    Object.entries(given).map(([name, text]) => {
      try {
        return [name, JSON.parse(text) as Json];
      } catch {
        return [name, text];
      }
    }),
  );
}

export function resourceConfig(host: TrainingHost): JsonObject {
  const hosts = [...host.hosts];
  return {
    current_host: host.currentHost,
    current_instance_type: host.instanceType,
    current_group_name: 'homogeneousCluster',
    hosts,
    instance_groups: [{ instance_group_name: 'homogeneousCluster', instance_type: host.instanceType, hosts }],
    network_interface_name: 'lo',
  };
}

/** Text of a value as Python writes it: the toolkit is Python, and scripts compare with `"True"`. */
function pythonText(value: Json): string {
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (value === null || value === undefined) return 'None';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

const environmentText = (value: Json): string =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : pythonText(value);

const compareText = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : 1;

/** `--name value`, `-n value` for one letter, in the order of the names. */
export function toArguments(hyperparameters: JsonObject): string[] {
  return Object.entries(hyperparameters)
    .sort(compareText)
    .flatMap(([name, value]) => [name.length > 1 ? `--${name}` : `-${name}`, pythonText(value)]);
}

export interface TrainingProcess {
  /** `sagemaker_program`: a .py file, or anything else that /bin/sh runs. */
  readonly program: string;
  /** `sagemaker_submit_directory`: an s3://.../sourcedir.tar.gz. */
  readonly submitDirectory?: string | undefined;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** @throws Error ClientError when `sagemaker_program` is missing */
export function trainingProcess(host: TrainingHost): TrainingProcess {
  const all = decodeHyperparameters(host.hyperparameters);
  const ofToolkit = (name: string) => TOOLKIT_HYPERPARAMETERS.includes(name);
  const entries = Object.entries(all);
  const user = Object.fromEntries(
    entries.filter(([name]) => !ofToolkit(name) && !name.startsWith(RESERVED_PREFIX)),
  );
  const framework = Object.fromEntries(
    entries.filter(([name]) => !ofToolkit(name) && name.startsWith(RESERVED_PREFIX)),
  );
  const { sagemaker_program: program, sagemaker_submit_directory: submitDirectory } = all;
  if (typeof program !== 'string' || program === '') {
    throw new Error("ClientError: the hyperparameter 'sagemaker_program' must name the script to run");
  }
  const values = environmentValues(host, user, framework, program, submitDirectory);
  return {
    program,
    submitDirectory: typeof submitDirectory === 'string' ? submitDirectory : undefined,
    arguments: toArguments(user),
    environment: Object.fromEntries(
      Object.entries(values).map(([name, value]) => [`SM_${name.toUpperCase()}`, environmentText(value)]),
    ),
  };
}

function environmentValues(
  host: TrainingHost,
  user: JsonObject,
  framework: JsonObject,
  program: string,
  moduleDirectory: Json,
): JsonObject {
  const { root } = host;
  const channels = Object.keys(host.inputDataConfig).sort();
  const channelDirectories = Object.fromEntries(channels.map((name) => [name, `${root}/input/data/${name}`]));
  const level = framework.sagemaker_container_log_level;
  const shared: JsonObject = {
    current_host: host.currentHost,
    current_instance_type: host.instanceType,
    current_instance_group: 'homogeneousCluster',
    current_instance_group_hosts: [...host.hosts],
    hosts: [...host.hosts],
    input_dir: `${root}/input`,
    input_config_dir: `${root}/input/config`,
    input_data_config: host.inputDataConfig,
    output_dir: `${root}/output`,
    // Each host of several has a folder of its own, because the folders are put together in one archive.
    output_data_dir:
      host.hosts.length > 1 ? `${root}/output/data/${host.currentHost}` : `${root}/output/data`,
    output_intermediate_dir: `${root}/output/intermediate`,
    model_dir: `${root}/model`,
    module_dir: moduleDirectory ?? `${root}/code`,
    module_name: program.replace(/\.py$/, ''),
    user_entry_point: program,
    log_level: typeof level === 'number' ? level : LOG_LEVEL_INFO,
    network_interface_name: 'lo',
    num_cpus: host.cpus,
    num_gpus: host.gpus,
    num_neurons: 0,
    is_hetero: false,
    resource_config: resourceConfig(host),
  };
  const trainingEnvironment: JsonObject = {
    ...shared,
    job_name: host.jobName,
    hyperparameters: user,
    channel_input_dirs: channelDirectories,
    additional_framework_parameters: framework,
    master_hostname: host.hosts[0],
    is_master: host.currentHost === host.hosts[0],
  };
  return {
    ...shared,
    channels,
    hps: user,
    framework_params: framework,
    user_args: toArguments(user),
    training_env: trainingEnvironment,
    ...Object.fromEntries(channels.map((name) => [`channel_${name}`, channelDirectories[name]])),
    ...Object.fromEntries(Object.entries(user).map(([name, value]) => [`hp_${name}`, value])),
  };
}

/** inputdataconfig.json: what the container is told about each channel. */
export function inputDataConfigOf(channels: readonly Json[]): JsonObject {
  return Object.fromEntries(
    channels.filter(isObject).map((channel) => [
      String(channel.ChannelName),
      {
        TrainingInputMode: channel.InputMode ?? 'File',
        S3DistributionType: s3Source(channel).S3DataDistributionType ?? 'FullyReplicated',
        RecordWrapperType: channel.RecordWrapperType ?? 'None',
        ...(channel.ContentType !== undefined && { ContentType: channel.ContentType }),
      },
    ]),
  );
}

/** The S3DataSource of a channel; empty when the channel has none. */
export function s3Source(channel: JsonObject): JsonObject {
  const source = isObject(channel.DataSource) ? channel.DataSource.S3DataSource : undefined;
  return isObject(source) ? source : {};
}
