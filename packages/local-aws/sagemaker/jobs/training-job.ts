/** A training job: channels in, one process per host, model and output data out. */
import { access, mkdir, rm } from 'node:fs/promises';
import { freePort } from '../../shared/free-port';
import { isObject, type JsonObject, listOf, objectOf, textOf } from '../json';
import { archiveFolders, extractArchive } from './archive';
import { CheckpointFolder, checkpointsOf, whileStoring } from './checkpoints';
import type { HostCommand } from './host-process';
import type { Job } from './job';
import { isNetworkIsolated } from './network-isolation';
import {
  baseEnvironment,
  cpuCount,
  type Host,
  hostsOf,
  type JobEnvironment,
  numberIn,
  runHosts,
  translated,
  writeJson,
} from './run-hosts';
import { isSpot, SpotInterruption } from './spot';
import {
  inputDataConfigOf,
  resourceConfig,
  s3Source,
  type TrainingHost,
  type TrainingProcess,
  trainingProcess,
} from './training-environment';

/** @throws Error with the failure reason; what the job wrote before is kept in S3 all the same */
export async function runTrainingJob(
  job: Job,
  environment: JobEnvironment,
  enter: (secondaryStatus: string) => void,
): Promise<void> {
  const resources = objectOf(job.request.ResourceConfig);
  const hosts = hostsOf(job, numberIn(resources, 'InstanceCount', 1));
  try {
    while (await isInterrupted(job, hosts, environment, enter)) {
      enter('Interrupted');
      // New capacity is another machine, with an empty disk.
      await Promise.all(hosts.map(({ directory }) => rm(directory.root, { recursive: true, force: true })));
      enter('Starting');
    }
  } finally {
    // SageMaker keeps the results of stopped and failed jobs too.
    enter('Uploading');
    await uploadResults(job, hosts, environment);
  }
}

/**
 * Runs the job's hosts once, from the download of their channels.
 * @returns whether their spot capacity was taken back before they had ended
 */
async function isInterrupted(
  job: Job,
  hosts: readonly Host[],
  environment: JobEnvironment,
  enter: (secondaryStatus: string) => void,
): Promise<boolean> {
  const interruption = new AbortController();
  if (isSpot(job.request)) job.interrupt = () => interruption.abort(new SpotInterruption());
  const location = checkpointsOf(job.request);
  const folders = location ? hosts.map((host) => new CheckpointFolder(host, location, environment.s3)) : [];
  try {
    enter('Downloading');
    await Promise.all(hosts.map((host) => layOut(job, host, hosts, environment)));
    await Promise.all(folders.map((folder) => folder.fetch(job.abort.signal)));
    enter('Training');
    const commands = await trainingCommands(job, hosts, environment);
    await whileStoring(folders, () =>
      runHosts(
        job,
        hosts,
        (host) => commands.get(host.name) as HostCommand,
        environment,
        interruption.signal,
      ),
    );
    return false;
  } catch (error) {
    if (error instanceof SpotInterruption) return true;
    throw error;
  } finally {
    job.interrupt = undefined;
  }
}

async function layOut(
  job: Job,
  host: Host,
  hosts: readonly Host[],
  environment: JobEnvironment,
): Promise<void> {
  const { directory } = host;
  const folders = ['input/config', 'input/data', 'model', 'output/data', 'output/intermediate', 'code'];
  for (const folder of folders) await mkdir(directory.path(folder), { recursive: true });
  await writeJson(directory.path('input/config/hyperparameters.json'), objectOf(job.request.HyperParameters));
  const channels = listOf(job.request.InputDataConfig).filter(isObject);
  await writeJson(directory.path('input/config/inputdataconfig.json'), inputDataConfigOf(channels));
  for (const channel of channels) {
    const source = s3Source(channel);
    await environment.s3.download({
      uri: String(source.S3Uri),
      dataType: source.S3DataType,
      directory: directory.path('input/data', String(channel.ChannelName)),
      distribution: source.S3DataDistributionType,
      host: host.index,
      hosts: hosts.length,
      signal: job.abort.signal,
    });
  }
}

async function trainingCommands(
  job: Job,
  hosts: readonly Host[],
  environment: JobEnvironment,
): Promise<Map<string, HostCommand>> {
  const resources = objectOf(job.request.ResourceConfig);
  const algorithm = objectOf(job.request.AlgorithmSpecification);
  const image = String(algorithm.TrainingImage);
  // The hosts of a container network have names; here all are this machine, and meet at this port.
  const meetingPoint = { MASTER_ADDR: '127.0.0.1', MASTER_PORT: String(await freePort()) };
  const commands = new Map<string, HostCommand>();
  for (const host of hosts) {
    const training: TrainingHost = {
      jobName: job.name,
      root: host.directory.root,
      currentHost: host.name,
      hosts: hosts.map(({ name }) => name),
      instanceType: textOf(resources.InstanceType) ?? 'local',
      cpus: Math.max(1, Math.floor(cpuCount() / hosts.length)),
      gpus: 0,
      hyperparameters: objectOf(job.request.HyperParameters) as Record<string, string>,
      inputDataConfig: inputDataConfigOf(listOf(job.request.InputDataConfig)),
    };
    await writeJson(host.directory.path('input/config/resourceconfig.json'), resourceConfig(training));
    const variables = {
      ...(await baseEnvironment(host, image, environment)),
      TRAINING_JOB_NAME: job.name,
      TRAINING_JOB_ARN: job.arn,
      ...meetingPoint,
      WORLD_SIZE: String(hosts.length),
      RANK: String(host.index),
    };
    const own = translated(host, job.request.Environment);
    const command = Array.isArray(algorithm.ContainerEntrypoint)
      ? ownEntryPoint(host, algorithm)
      : await toolkitEntryPoint(job, host, trainingProcess(training), environment);
    commands.set(host.name, { ...command, environment: { ...variables, ...command.environment, ...own } });
  }
  return commands;
}

function ownEntryPoint(host: Host, algorithm: JsonObject): HostCommand {
  const [command = '', ...rest] = [
    ...listOf(algorithm.ContainerEntrypoint),
    ...listOf(algorithm.ContainerArguments),
  ].map((part) => host.directory.translate(String(part)));
  return { command, arguments: rest, environment: {}, workingDirectory: host.directory.root };
}

/** As the training toolkit starts scripts: `.py` by Python, anything else by the shell, in /opt/ml/code. */
async function toolkitEntryPoint(
  job: Job,
  host: Host,
  training: TrainingProcess,
  { s3 }: JobEnvironment,
): Promise<HostCommand> {
  const code = host.directory.path('code');
  const submitted = training.submitDirectory;
  if (submitted?.startsWith('s3://')) {
    // The toolkit runs in the container.
    if (isNetworkIsolated(job.request)) {
      throw new Error(
        `AlgorithmError: sagemaker_submit_directory '${submitted}' cannot be downloaded, for the container has no network: give the code as a channel`,
      );
    }
    const archive = host.directory.path('.image', 'sourcedir.tar.gz');
    await s3.downloadFile(submitted, archive, job.abort.signal);
    await extractArchive(archive, code);
  } else if (submitted?.endsWith('.gz')) {
    await extractArchive(host.directory.locate(submitted), code);
  }
  try {
    await access(`${code}/${training.program}`);
  } catch {
    throw new Error(
      `ClientError: the program '${training.program}' is not in ${training.submitDirectory ?? '/opt/ml/code'}`,
    );
  }
  const python = training.program.endsWith('.py');
  return {
    command: python ? host.directory.path('.image', 'bin', 'python3') : '/bin/sh',
    arguments: python
      ? [training.program, ...training.arguments]
      : ['-c', `./${training.program} "$@"`, training.program, ...training.arguments],
    environment: { ...training.environment, PYTHONPATH: code },
    workingDirectory: code,
  };
}

async function uploadResults(job: Job, hosts: readonly Host[], environment: JobEnvironment): Promise<void> {
  const output = textOf(objectOf(job.request.OutputDataConfig).S3OutputPath) ?? '';
  const target = `${output.replace(/\/$/, '')}/${job.name}/output`;
  const [first] = hosts;
  if (!first) return;
  const model = first.directory.path('.image', 'model.tar.gz');
  const models = hosts.map(({ directory }) => directory.path('model'));
  if ((await archiveFolders(models, model)) > 0) {
    await environment.s3.uploadFile(model, `${target}/model.tar.gz`);
    job.modelArtifacts = `${target}/model.tar.gz`;
  } else {
    job.log.write(first.name, `note: /opt/ml/model is empty, so ${target}/model.tar.gz was not written`);
  }
  const data = first.directory.path('.image', 'output.tar.gz');
  const outputs = hosts.map(({ directory }) => directory.path('output/data'));
  if ((await archiveFolders(outputs, data)) > 0) {
    await environment.s3.uploadFile(data, `${target}/output.tar.gz`);
  }
}
