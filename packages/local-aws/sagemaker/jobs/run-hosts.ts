/** What training and processing jobs have in common: hosts, their processes, and why they failed. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { isObject, type Json, type JsonObject, objectOf } from '../json';
import { type HostCommand, runHostProcess } from './host-process';
import type { Job } from './job';
import { JobDirectory } from './job-directory';
import { isNetworkIsolated, openIsolatedNetwork } from './network-isolation';
import type { S3Store } from './s3-store';

/** A FailureReason has at most 1024 characters. */
const LONGEST_SAYING = 980;

export interface JobEnvironment {
  readonly s3: S3Store;
  /** Endpoints, Region and the address of the credentials for the SDK in the job. */
  readonly awsEnvironment: Readonly<Record<string, string>>;
  /** Image URI -> Python of the virtual environment that stands for it. @throws Error ClientError */
  readonly pythonOf: (image: string) => string;
  readonly graceMilliseconds: number;
  /** The job is over: nobody asks for its credentials any more. */
  close(): void;
}

export interface Host {
  readonly name: string;
  readonly index: number;
  readonly directory: JobDirectory;
}

export function hostsOf(job: Job, count: number): Host[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `algo-${index + 1}`;
    return { name, index, directory: new JobDirectory(`${job.directory}/${name}`) };
  });
}

export async function writeJson(file: string, value: Json): Promise<void> {
  await writeFile(file, JSON.stringify(value));
}

/**
 * `python` and `python3` first on PATH: an image has one Python, whatever the command calls it. Scripts, not
 * links: through a link Python would not find the virtual environment that it belongs to.
 */
async function writePythonShims(folder: string, python: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of ['python', 'python3']) {
    const file = `${folder}/${name}`;
    await writeFile(file, `#!/bin/sh\nexec "${python}" "$@"\n`);
    await chmod(file, 0o755);
  }
}

/** The process sees its image, its job and the local AWS, and nothing of this process's environment but PATH. */
export async function baseEnvironment(
  host: Host,
  image: string,
  environment: JobEnvironment,
): Promise<Record<string, string>> {
  const shims = host.directory.path('.image', 'bin');
  const temporary = host.directory.path('.image', 'tmp');
  await writePythonShims(shims, environment.pythonOf(image));
  await mkdir(temporary, { recursive: true });
  return {
    PATH: `${shims}:${process.env.PATH ?? '/usr/bin:/bin'}`,
    HOME: temporary,
    TMPDIR: temporary,
    LANG: 'C.UTF-8',
    PYTHONUNBUFFERED: '1',
    SAGEMAKER_BASE_DIR: host.directory.root,
    ...environment.awsEnvironment,
  };
}

export function translated(host: Host, environment: Json): Record<string, string> {
  const entries = isObject(environment) ? Object.entries(environment) : [];
  return Object.fromEntries(entries.map(([name, value]) => [name, host.directory.translate(String(value))]));
}

const imageOf = (request: JsonObject): string =>
  String(
    objectOf(request.AlgorithmSpecification).TrainingImage ?? objectOf(request.AppSpecification).ImageUri,
  );

export const cpuCount = (): number => cpus().length;

/**
 * Runs one process per host. When one fails the others are stopped: they would wait for it for ever.
 * @param interruption ends this attempt, and not the job
 * @throws Error AlgorithmError with what the job said last; the abort reason when the job was stopped or interrupted
 */
export async function runHosts(
  job: Job,
  hosts: readonly Host[],
  commandOf: (host: Host) => HostCommand,
  environment: JobEnvironment,
  interruption: AbortSignal = new AbortController().signal,
): Promise<void> {
  const failed = new AbortController();
  const stopped = AbortSignal.any([job.abort.signal, interruption]);
  const signal = AbortSignal.any([stopped, failed.signal]);
  let failure: { host: Host; status: number } | undefined;
  const network = isNetworkIsolated(job.request)
    ? await openIsolatedNetwork(environment.pythonOf(imageOf(job.request)))
    : undefined;
  try {
    await Promise.all(
      hosts.map(async (host) => {
        const command = commandOf(host);
        const status = await runHostProcess({
          ...(network?.enter(command) ?? command),
          onLine: (line) => job.log.write(host.name, line),
          signal,
          graceMilliseconds: environment.graceMilliseconds,
        });
        if (status !== 0 && failure === undefined && !stopped.aborted) {
          failure = { host, status };
          failed.abort();
        }
      }),
    );
  } finally {
    await network?.close();
  }
  stopped.throwIfAborted();
  if (failure === undefined) return;
  const said = (await failureFile(failure.host)) ?? job.log.lastLines;
  // The end says most: the last line of a traceback.
  throw new Error(`AlgorithmError: ${said.slice(-LONGEST_SAYING)}, exit code: ${failure.status}`);
}

/** `/opt/ml/output/failure`: what the container itself says. */
async function failureFile(host: Host): Promise<string | undefined> {
  try {
    const text = (await readFile(host.directory.path('output', 'failure'), 'utf8')).trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}

export const numberIn = (value: JsonObject, field: string, otherwise: number): number => {
  const found = value[field];
  return typeof found === 'number' ? found : otherwise;
};
