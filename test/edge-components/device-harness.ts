/** The real component process, from the real artifact, against the core device's IPC server and a camera socket. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import {
  createIpcServices,
  IpcError,
  type IpcServer,
  type NucleusName,
  startIpcServer,
} from '@kaizen-edge/local-aws';
import { unzipSync } from 'fflate';
import {
  type ComponentConfiguration,
  type DeviceStatus,
  type InferenceResult,
  parseContractJson,
  type ReleaseVerdict,
  type ResultsBatch,
  type UseCaseConfiguration,
} from '../../contracts';
import type { EdgeArchitecture } from '../../contracts/edge-platform';
import { encodeFrame } from '../../demo/inspection-line/frame-message';
import { buildInferenceArtifact } from '../../edge-components/inference/build';
import { inferenceRecipe } from '../../edge-components/inference/recipe';
import { REPOSITORY_ROOT } from '../../scripts/repository';
import { COMPONENT, type SigningKey, USE_CASE } from './release-fixture';
import { resultsIn } from './results-messages';
import { waitFor } from './wait-for';

const COMPONENT_NAME = 'com.kaizenedge.Inference';
/** Offers configuration documents. */
export const CONFIGURATION = 'com.kaizenedge.Configuration';
const THING = 'line-1';
const TOKEN = 'token-of-the-test';
/** Frames that are shown and not answered: a few, so that the queue is never full. */
const MOST_UNDER_WAY = 16;
/** A line that fills the outbox faster than it can be sent would be another test. */
const SHORTEST_INTERVAL_MILLISECONDS = 5;
const topicOf = (kind: 'results' | 'status', useCase: string): string =>
  `$aws/rules/kaizen_local_${kind}/${useCase}/{thingName}/${kind}`;

/** A use case as a deployment would configure it; everything but the addresses may be changed. */
export function useCaseConfiguration(
  root: string,
  useCase: string,
  modelComponentName: string,
  changes: Partial<UseCaseConfiguration> = {},
): UseCaseConfiguration {
  return {
    modelComponentName,
    resultsTopic: topicOf('results', useCase),
    statusTopic: topicOf('status', useCase),
    cameras: { 'camera-1': { type: 'socket', path: join(root, 'camera.sock') } },
    frames: { queueLength: 64 },
    upload: {
      privacy: 'never',
      dailyByteBudget: 1_000_000,
      controlSampleProbability: 0,
      uncertaintyThreshold: 0,
      uncertainSampleProbability: 0,
    },
    outbox: { maximumBytes: 1_000_000, batchRecords: 50, flushMilliseconds: 50 },
    shadow: { frames: 0 },
    ...changes,
  };
}

/**
 * Where the project's build puts them. Whoever comes second finds what it would have made: of eight seconds of a
 * processor one is left (bundles and digests), and every suite of devices needs an artifact.
 */
export const BUILT_ARTIFACTS = join(REPOSITORY_ROOT, 'dist', 'edge');
const THIS_ARCHITECTURE = `linux-${process.arch}` as EdgeArchitecture;

/** Builds the artifact and unpacks it into `folder`, as a nucleus would. */
export async function unpackArtifact(folder: string): Promise<void> {
  await unpackArtifacts({ [THIS_ARCHITECTURE]: folder });
}

/** Builds the artifacts, and unpacks those of some architectures into folders. */
export async function unpackArtifacts(
  folders: Readonly<Partial<Record<EdgeArchitecture, string>>>,
): Promise<void> {
  const { architectures } = await buildInferenceArtifact(BUILT_ARTIFACTS);
  for (const [architecture, folder] of Object.entries(folders)) {
    const artifact = architectures[architecture as EdgeArchitecture];
    if (!artifact) throw new Error(`the artifact of ${architecture} cannot be built here`);
    for (const [name, bytes] of Object.entries(
      unzipSync(readFileSync(join(BUILT_ARTIFACTS, artifact.file))),
    )) {
      const path = join(folder, 'inference', name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
    }
  }
}

/** Stands for a camera process: shows frames to whoever is connected to its socket. */
export class Camera {
  private readonly server: Server;
  private socket: Socket | undefined;

  constructor(readonly path: string) {
    this.server = createServer((socket) => {
      this.socket = socket;
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        if (this.socket === socket) this.socket = undefined;
      });
    });
  }

  async start(): Promise<this> {
    rmSync(this.path, { force: true });
    await new Promise<void>((resolve) => this.server.listen(this.path, resolve));
    return this;
  }

  get connected(): boolean {
    return this.socket !== undefined;
  }

  show(frameId: string, image: Buffer): void {
    if (!this.socket) throw new Error('no camera connection');
    this.socket.write(
      encodeFrame({ frameId, capturedAt: new Date().toISOString(), bytes: image.length }, image),
    );
  }

  async stop(): Promise<void> {
    this.socket?.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** Empty when the component has deleted the file since it was listed. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** @param work state of a use case */
export function recordsOnDisk(work: string): number {
  const folder = join(work, 'outbox');
  const segments = readdirSync(folder).filter((name) => name.endsWith('.log'));
  const lines = segments.map((name) => textOf(join(folder, name)).split('\n').length - 1);
  return lines.reduce((sum, count) => sum + count, 0);
}

export class Device {
  readonly work: string;
  readonly batches: ResultsBatch[] = [];
  readonly statuses: DeviceStatus[] = [];
  readonly localResults: InferenceResult[] = [];
  /** What the broker keeps, by topic. */
  readonly retained = new Map<string, string>();
  /** Whether the cloud takes messages. */
  online = true;
  /** Which of the two the component meets. */
  nucleus: NucleusName = 'classic';
  /** Whether the nucleus knows the component's token. */
  isKnown = true;
  running = 0;
  /** Called while the component's word that it is running is being answered. */
  onRunning: () => void = () => undefined;
  /** Runs the component: a program, and what comes before the component's own file. */
  node: readonly [string, ...string[]] = [process.execPath];
  /** After this long a component that says nothing hangs. */
  patienceMilliseconds = 30_000;
  /** Further variables of the component's environment. */
  environment: Record<string, string> = {};
  log = '';
  private readonly services;
  private ipc: IpcServer | undefined;
  private readonly camera: Camera;
  private child: ChildProcess | undefined;
  private offers = 0;

  constructor(
    readonly root: string,
    private readonly artifact: string,
    keys: readonly SigningKey[],
  ) {
    this.work = join(root, 'work');
    this.camera = new Camera(join(root, 'camera.sock'));
    mkdirSync(this.work, { recursive: true });
    writeFileSync(
      join(root, 'trusted-keys.json'),
      JSON.stringify({ schemaVersion: 1, keys: keys.map((key) => key.trusted) }),
    );
    this.services = createIpcServices({
      thingName: THING,
      iotCore: {
        publish: async (topic, payload, _, retain) => {
          this.takeMessage(topic, payload);
          if (retain) this.retained.set(topic, payload.toString('utf8'));
        },
        subscribe: async () => () => undefined,
      },
      reportState: (_, state) => {
        if (state !== 'RUNNING') return;
        this.running++;
        this.onRunning();
      },
    });
    this.services.localTopics.subscribe(
      'com.example.Lane',
      `kaizen/${USE_CASE}/results`,
      false,
      (_, message) => {
        this.localResults.push(message.jsonMessage?.message as InferenceResult);
      },
    );
    this.configure({});
  }

  /** Brings a configuration as a deployment would. */
  configure(
    changes: Partial<UseCaseConfiguration>,
    componentChanges: Partial<ComponentConfiguration> = {},
  ): void {
    const configuration: ComponentConfiguration = {
      useCases: { [USE_CASE]: useCaseConfiguration(this.root, USE_CASE, COMPONENT, changes) },
      captureBucket: 'kaizen-test-captures',
      configurationComponentName: CONFIGURATION,
      componentUpdate: { longestDeferralSeconds: 0 },
      statusIntervalSeconds: 60,
      ...componentChanges,
    };
    const recipe = inferenceRecipe({
      componentName: COMPONENT_NAME,
      version: '1.0.0',
      artifactUris: { 'linux-x64': 's3://bucket/inference-linux-x64.zip' },
      configuration,
    }) as {
      ComponentConfiguration: { DefaultConfiguration: never };
    };
    const defaults = recipe.ComponentConfiguration.DefaultConfiguration;
    this.services.configuration.replace(COMPONENT_NAME, { defaults, overrides: {} });
  }

  validate(configuration: object): Promise<string | undefined> {
    return this.services.validation.validate(COMPONENT_NAME, 'deployment-1', configuration as never, 2_000);
  }

  async start(): Promise<void> {
    await this.startIpc();
    await this.camera.start();
    await this.startProcess();
  }

  async startIpc(): Promise<void> {
    this.ipc = await startIpcServer({
      socketPath: join(this.root, 'ipc.sock'),
      services: this.services,
      nucleus: this.nucleus,
      componentOf: (token) => (token === TOKEN && this.isKnown ? COMPONENT_NAME : undefined),
    });
  }

  async stopIpc(): Promise<void> {
    await this.ipc?.stop();
  }

  /** From the component's own folder, with the nucleus's variables and nothing else. */
  spawn(): ChildProcess {
    const [program, ...first] = this.node;
    const child = spawn(program, [...first, join(this.artifact, 'inference', 'main.cjs')], {
      cwd: this.work,
      env: {
        PATH: process.env.PATH,
        AWS_IOT_THING_NAME: THING,
        AWS_REGION: 'us-east-1',
        AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT: join(this.root, 'ipc.sock'),
        SVCUID: TOKEN,
        WORK_PATH: this.work,
        TRUSTED_KEYS_PATH: join(this.root, 'trusted-keys.json'),
        COMPONENT_VERSION: '1.0.0',
        ...this.environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout?.on('data', (chunk) => {
      this.log += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      this.log += chunk;
    });
    this.child = child;
    return child;
  }

  async startProcess(): Promise<void> {
    const before = this.running;
    const child = this.spawn();
    const isRunning = (): boolean => {
      if (child.exitCode !== null)
        throw new Error(`the component ended with ${child.exitCode}: ${this.log.slice(-2000)}`);
      return this.running > before;
    };
    await waitFor(`RUNNING (${this.log.slice(-2000)})`, isRunning, this.patienceMilliseconds);
  }

  /** Whether the process that the nucleus watches runs. */
  get isUp(): boolean {
    const { child } = this;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  get processId(): number {
    if (this.child?.pid === undefined) throw new Error('no process');
    return this.child.pid;
  }

  /** Exit code or signal of the process; undefined while it runs. */
  get ended(): number | string | undefined {
    return this.child?.exitCode ?? this.child?.signalCode ?? undefined;
  }

  /** Ends the process and answers its exit code or signal. */
  async endProcess(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string | null> {
    const { child } = this;
    if (!child) return null;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill(signal);
      await ended;
    }
    return child.exitCode ?? child.signalCode;
  }

  async stop(): Promise<void> {
    await this.endProcess('SIGKILL');
    await this.camera.stop();
    await this.stopIpc();
  }

  /** The exit code or signal of a process that ends by itself. */
  async exit(): Promise<number | string | null> {
    const { child } = this;
    if (!child) return null;
    await waitFor(
      'the end of the process',
      () => child.exitCode !== null || child.signalCode !== null,
      30_000,
    );
    return child.exitCode ?? child.signalCode;
  }

  get cameraConnected(): boolean {
    return this.camera.connected;
  }

  show(frameId: string, image: Buffer): void {
    this.camera.show(frameId, image);
  }

  /**
   * Shows frames until `enough`, never faster than they are answered: so none can be dropped, however slow the machine is.
   * @returns how many it has shown
   */
  async showUntil(enough: (shown: number) => boolean, prefix: string, image: Buffer): Promise<number> {
    const answered = this.localResults.length;
    let shown = 0;
    while (!enough(shown)) {
      if (shown - (this.localResults.length - answered) < MOST_UNDER_WAY)
        this.show(`${prefix}-${shown++}`, image);
      else await waitFor('an answer', () => shown - (this.localResults.length - answered) < MOST_UNDER_WAY);
      await new Promise((resolve) => setTimeout(resolve, SHORTEST_INTERVAL_MILLISECONDS));
    }
    return shown;
  }

  /** Puts an offer into the inbox, as deliver-release does; does not wait. */
  putOffer(artifactsPath: string, componentName: string): string {
    const offerId = `offer-${String(++this.offers).padStart(4, '0')}`;
    const folder = join(this.work, 'inbox', offerId);
    mkdirSync(folder, { recursive: true });
    const offer = {
      schemaVersion: 1,
      offerId,
      componentName,
      componentVersion: '1.0.1',
      artifactsPath,
      offeredAt: new Date().toISOString(),
    };
    writeFileSync(join(folder, 'offer.json.tmp'), JSON.stringify(offer));
    renameSync(join(folder, 'offer.json.tmp'), join(folder, 'offer.json'));
    return offerId;
  }

  verdict(offerId: string): ReleaseVerdict | undefined {
    try {
      const path = join(this.work, 'inbox', offerId, 'verdict.json');
      return parseContractJson('release-verdict', readFileSync(path, 'utf8'), path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async offer(artifactsPath: string, componentName: string): Promise<ReleaseVerdict> {
    const offerId = this.putOffer(artifactsPath, componentName);
    const what = `verdict on ${offerId} (${this.log.slice(-2000)})`;
    return waitFor(what, () => this.verdict(offerId), this.patienceMilliseconds);
  }

  /** Where the component keeps the state of a use case. */
  stateOf(useCase: string = USE_CASE): string {
    return join(this.work, 'use-cases', useCase);
  }

  /** Every record that the cloud has of a use case, by record id. */
  records(useCase: string = USE_CASE): Map<string, InferenceResult> {
    const batches = this.batches.filter((batch) => batch.useCase === useCase);
    return new Map(batches.flatMap(({ records }) => records).map((record) => [record.recordId, record]));
  }

  /** The nucleus asks whether it may restart components; resolves when it may. */
  askForUpdate(deploymentId: string, signal: AbortSignal): Promise<void> {
    return this.services.updates.waitForAgreement(deploymentId, 5_000, signal);
  }

  private takeMessage(topic: string, payload: Buffer): void {
    if (!this.online) throw new IpcError('ServiceError', 'the device is offline');
    const text = payload.toString('utf8');
    const [, useCase, thing, kind] =
      /^(?:\$aws\/rules\/kaizen_local_(?:results|status)|kaizen)\/([^/]+)\/([^/]+)\/(results|status)$/.exec(
        topic,
      ) ?? [];
    if (thing !== THING) throw new Error(`unexpected topic '${topic}'`);
    const message =
      kind === 'results' ? resultsIn(text, topic) : parseContractJson('device-status', text, topic);
    if (message.useCase !== useCase) throw new Error(`a message of '${message.useCase}' on topic '${topic}'`);
    if ('records' in message) this.batches.push(message);
    else this.statuses.push(message);
  }
}
