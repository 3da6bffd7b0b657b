/** A processing job: inputs in, one process per host, outputs out. */
import { mkdir, readFile } from 'node:fs/promises';
import { isObject, type JsonObject, listOf, objectOf, textOf } from '../json';
import type { HostCommand } from './host-process';
import type { Job } from './job';
import {
  baseEnvironment,
  type Host,
  hostsOf,
  type JobEnvironment,
  numberIn,
  runHosts,
  translated,
  writeJson,
} from './run-hosts';

const EXIT_MESSAGE_LENGTH = 1024;

/** @throws Error with the failure reason; nothing is uploaded then */
export async function runProcessingJob(job: Job, environment: JobEnvironment): Promise<void> {
  const resources = objectOf(objectOf(job.request.ProcessingResources).ClusterConfig);
  const hosts = hostsOf(job, numberIn(resources, 'InstanceCount', 1));
  await Promise.all(hosts.map((host) => layOut(job, host, hosts, environment)));
  const commands = new Map<string, HostCommand>();
  for (const host of hosts) commands.set(host.name, await commandOf(job, host, environment));
  try {
    await runHosts(job, hosts, (host) => commands.get(host.name) as HostCommand, environment);
  } finally {
    job.exitMessage = await exitMessage(hosts);
  }
  for (const host of hosts) await uploadOutputs(job, host, environment);
}

async function layOut(
  job: Job,
  host: Host,
  hosts: readonly Host[],
  environment: JobEnvironment,
): Promise<void> {
  const { directory } = host;
  for (const folder of ['config', 'output']) await mkdir(directory.path(folder), { recursive: true });
  await writeJson(directory.path('config/processingjobconfig.json'), {
    ProcessingJobArn: job.arn,
    ProcessingJobName: job.name,
    ...job.request,
  });
  await writeJson(directory.path('config/resourceconfig.json'), {
    current_host: host.name,
    hosts: hosts.map(({ name }) => name),
  });
  for (const input of listOf(job.request.ProcessingInputs).filter(isObject)) {
    const source = objectOf(input.S3Input);
    await environment.s3.download({
      uri: String(source.S3Uri),
      dataType: source.S3DataType,
      directory: directory.locate(String(source.LocalPath)),
      distribution: source.S3DataDistributionType,
      host: host.index,
      hosts: hosts.length,
      signal: job.abort.signal,
    });
  }
  for (const output of outputsOf(job)) {
    await mkdir(directory.locate(String(objectOf(output.S3Output).LocalPath)), { recursive: true });
  }
}

const outputsOf = (job: Job): JsonObject[] =>
  listOf(objectOf(job.request.ProcessingOutputConfig).Outputs).filter(isObject);

async function commandOf(job: Job, host: Host, environment: JobEnvironment): Promise<HostCommand> {
  const specification = objectOf(job.request.AppSpecification);
  const [command = '', ...rest] = [
    ...listOf(specification.ContainerEntrypoint),
    ...listOf(specification.ContainerArguments),
  ].map((part) => host.directory.translate(String(part)));
  return {
    command,
    arguments: rest,
    environment: {
      ...(await baseEnvironment(host, String(specification.ImageUri), environment)),
      PROCESSING_JOB_NAME: job.name,
      ...translated(host, job.request.Environment),
    },
    workingDirectory: host.directory.root,
  };
}

/** `/opt/ml/output/message`: what the container wants to say, however it ended. */
async function exitMessage(hosts: readonly Host[]): Promise<string | undefined> {
  for (const host of hosts) {
    try {
      const text = await readFile(host.directory.path('output', 'message'), 'utf8');
      return text.slice(0, EXIT_MESSAGE_LENGTH);
    } catch {
      // This host has nothing to say.
    }
  }
  return undefined;
}

async function uploadOutputs(job: Job, host: Host, { s3 }: JobEnvironment): Promise<void> {
  for (const output of outputsOf(job)) {
    const target = objectOf(output.S3Output);
    const folder = host.directory.locate(String(target.LocalPath));
    const files = await s3.uploadFolder(folder, textOf(target.S3Uri) ?? '', job.abort.signal);
    if (files === 0) job.log.write(host.name, `note: the output '${output.OutputName}' is empty`);
  }
}
