/** A device without a disk, a socket, a camera or a graph: what stands behind the ports of the component, in memory. */
import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import type { InferenceResult, Release, ReleaseFile, ReleaseOffer, ReleaseVerdict } from '../../contracts';
import { type ClassCodes, codesOf } from '../../contracts/class-codes';
import { decompressedBatch } from '../../contracts/compressed-records';
import type { Captures } from '../../edge-components/inference/src/captures/ports';
import {
  type ComponentSettings,
  readConfiguration,
} from '../../edge-components/inference/src/configuration/configuration';
import type { Nucleus } from '../../edge-components/inference/src/nucleus/ports';
import {
  type DecisionOutput,
  type DecodedImage,
  type Frame,
  type FrameSink,
  type FrameSource,
  type ImageDecoder,
  MessageTooLarge,
  UnreadableFrame,
} from '../../edge-components/inference/src/ports';
import type {
  OfferInbox,
  OfferReader,
  RefusalRecord,
  ReleaseIdentity,
  ReleaseStore,
  StoredReference,
  StoredRelease,
} from '../../edge-components/inference/src/releases/ports';
import type { Probation } from '../../edge-components/inference/src/releases/probation';
import {
  type LiftedQuarantines,
  quarantineOf,
  withRefusal,
} from '../../edge-components/inference/src/releases/quarantine';
import { ReleaseRefusal } from '../../edge-components/inference/src/releases/release-transitions';
import {
  ENVELOPE_FILE,
  type PresentFile,
  parseEnvelope,
  parseRelease,
  sha256Of,
} from '../../edge-components/inference/src/releases/release-verification';
import type { ResultOutbox } from '../../edge-components/inference/src/results/ports';
import type { Batch, Confirmation } from '../../edge-components/inference/src/results/results-message';
import { offerOf } from './fake-device';
import {
  COMPONENT,
  expectedProbabilities,
  HEIGHT,
  type SigningKey,
  signRelease,
  USE_CASE,
  WIDTH,
} from './release-fixture';

/** Noon of a day after the releases were made. */
export const NOON = Date.parse('2026-11-23T12:00:00Z');
const HISTOGRAM = { minimum: 0, maximum: 1, counts: [1, 1] };

/** An image of one brightness, as {@link MemoryDecoder} reads it. */
export const imageOf = (level: number): Buffer => Buffer.from(`level ${level}`);

export class MemoryDecoder implements ImageDecoder {
  async decode(bytes: Buffer): Promise<DecodedImage> {
    const [, level] = /^level (\d+)$/.exec(bytes.toString()) ?? [];
    if (level === undefined) throw new UnreadableFrame('frame is neither JPEG nor PNG');
    return { height: HEIGHT, width: WIDTH, pixels: new Uint8Array(HEIGHT * WIDTH * 3).fill(Number(level)) };
  }

  async toJpeg(bytes: Buffer): Promise<Buffer> {
    return bytes;
  }
}

/** Folders of files. */
export class MemoryFolders implements OfferReader {
  private readonly files = new Map<string, Buffer>();

  readonly read = (path: string): Buffer => {
    const bytes = this.files.get(path);
    if (!bytes) throw new Error(`ENOENT: no such file '${path}'`);
    return bytes;
  };

  write(path: string, bytes: Buffer): void {
    this.files.set(path, bytes);
  }

  remove(folder: string): void {
    for (const path of this.files.keys()) if (dirname(path) === folder) this.files.delete(path);
  }

  folders(): string[] {
    return [...new Set([...this.files.keys()].map((path) => dirname(path)))];
  }

  async envelope(folder: string): Promise<Buffer> {
    try {
      return this.read(join(folder, ENVELOPE_FILE));
    } catch (error) {
      throw new ReleaseRefusal('ENVELOPE_INVALID', (error as Error).message);
    }
  }

  async list(folder: string): Promise<PresentFile[]> {
    const inside = [...this.files].filter(([path]) => dirname(path) === folder);
    return inside.map(([path, bytes]) => ({ name: basename(path), bytes: bytes.length }));
  }
}

/** Puts a signed release, whose graph is `gain <n>`, into a folder and offers it. */
export function offerRelease(
  folders: MemoryFolders,
  key: SigningKey,
  { counter, gain, useCase = USE_CASE, component = COMPONENT, overrides = {} }: ReleaseChoice,
): ReleaseOffer {
  const folder = `/artifacts/${useCase}-${counter}-${gain}`;
  const files = new Map([
    ['model-fp32.onnx', Buffer.from(`gain ${gain}`)],
    ['golden-0.png', imageOf(200)],
  ]);
  for (const [name, bytes] of files) folders.write(join(folder, name), bytes);
  const release: Release = {
    schemaVersion: 1,
    releaseId: `${useCase}-${counter}`,
    counter,
    useCase,
    modelPackageArn: `arn:aws:sagemaker:us-east-1:000000000000:model-package/${useCase}/${counter}`,
    modelPackageVersion: counter,
    createdAt: new Date(NOON - 86_400_000).toISOString(),
    expiresAt: new Date(NOON + 86_400_000).toISOString(),
    target: { componentName: component, architectures: ['linux-x64'] },
    classes: ['bright', 'dark'],
    input: { name: 'image', height: HEIGHT, width: WIDTH, outputName: 'probabilities' },
    files: [...files].map(([name, bytes]) => ({ name, sha256: sha256Of(bytes), bytes: bytes.length })),
    variants: [{ name: 'fp32', file: 'model-fp32.onnx', precision: 'fp32' }],
    goldenSamples: [{ file: 'golden-0.png', probabilities: { fp32: expectedProbabilities(gain, 200) } }],
    thresholds: { bright: 0.6, dark: 0.6 },
    baseline: {
      confidence: HISTOGRAM,
      brightness: HISTOGRAM,
      contrast: HISTOGRAM,
      sharpness: HISTOGRAM,
      classCounts: { bright: 1, dark: 1 },
      accuracy: 1,
    },
    ...overrides,
  };
  folders.write(join(folder, ENVELOPE_FILE), Buffer.from(JSON.stringify(signRelease(release, key))));
  return { ...offerOf(folder), componentName: component };
}

export interface ReleaseChoice {
  readonly counter: number;
  readonly gain: number;
  readonly useCase?: string;
  readonly component?: string;
  readonly overrides?: Partial<Release>;
}

/** Stays when the component over it is made anew: that is the next start. */
export class MemoryReleaseStore implements ReleaseStore {
  current: StoredReference | undefined;
  previous: StoredReference | undefined;
  highestCounter = 0;
  classCodes: ClassCodes = {};
  refusals: RefusalRecord[] = [];
  latestTime = 0;
  noted: Probation | undefined;
  lifted: LiftedQuarantines = {};

  /** @param root where its releases lie in `folders` */
  constructor(
    private readonly folders: MemoryFolders,
    private readonly root: string,
  ) {}

  async noteTime(time: number): Promise<void> {
    this.latestTime = Math.max(this.latestTime, time);
  }

  async probation(): Promise<unknown> {
    return this.noted;
  }

  async noteProbation(probation: Probation): Promise<void> {
    this.noted = probation;
  }

  quarantineOf(release: ReleaseIdentity): RefusalRecord | undefined {
    return quarantineOf(this.refusals, release, this.lifted);
  }

  async stage(artifacts: string, envelope: Buffer, release: Release): Promise<StoredRelease> {
    const digest = sha256Of(envelope);
    const folder = join(this.root, digest);
    for (const file of release.files) {
      await this.verifyFile(artifacts, file);
      this.folders.write(join(folder, file.name), this.folders.read(join(artifacts, file.name)));
    }
    this.folders.write(join(folder, ENVELOPE_FILE), envelope);
    return { digest, folder, envelope, release };
  }

  async read(digest: string): Promise<StoredRelease> {
    const folder = join(this.root, digest);
    const envelope = await this.folders.envelope(folder);
    if (sha256Of(envelope) !== digest) throw new ReleaseRefusal('DIGEST_MISMATCH', ENVELOPE_FILE);
    const release = parseRelease(Buffer.from(parseEnvelope(envelope).payload, 'base64'));
    for (const file of release.files) await this.verifyFile(folder, file);
    return { digest, folder, envelope, release };
  }

  async readFile({ folder }: StoredRelease, name: string): Promise<Buffer> {
    return this.folders.read(join(folder, name));
  }

  async verifyFile(folder: string, { name, sha256, bytes }: ReleaseFile): Promise<void> {
    const present = (await this.folders.list(folder)).find((file) => file.name === name);
    if (!present) throw new ReleaseRefusal('FILE_MISSING', `'${name}' cannot be opened`);
    if (present.bytes !== bytes) throw new ReleaseRefusal('SIZE_MISMATCH', name);
    const digest = createHash('sha256')
      .update(this.folders.read(join(folder, name)))
      .digest('hex');
    if (digest !== sha256) throw new ReleaseRefusal('DIGEST_MISMATCH', name);
  }

  async commit(reference: StoredReference, release: Release): Promise<void> {
    this.highestCounter = Math.max(this.highestCounter, release.counter);
    this.classCodes = { ...this.classCodes, ...codesOf(release) };
    if (this.current?.digest !== reference.digest) this.previous = this.current;
    this.current = reference;
  }

  async revert(reason: RefusalRecord): Promise<void> {
    await this.recordRefusal(reason);
    this.current = this.previous;
    this.previous = undefined;
  }

  async recordRefusal(record: RefusalRecord): Promise<void> {
    this.refusals = withRefusal(this.refusals, record, 16);
  }

  async collectGarbage(): Promise<void> {
    const kept = [this.current, this.previous].map((reference) => join(this.root, reference?.digest ?? '-'));
    for (const folder of this.folders.folders()) {
      if (folder.startsWith(`${this.root}/`) && !kept.includes(folder)) this.folders.remove(folder);
    }
  }
}

export class MemoryOutbox implements ResultOutbox {
  readonly kept: InferenceResult[] = [];
  dropped = 0;
  corrupted = 0;
  /** The disk takes nothing. */
  full = false;
  closed = false;
  private batches = 0;
  private sending: (Batch & { readonly count: number }) | undefined;

  get records(): number {
    return this.kept.length;
  }

  async append(json: string): Promise<void> {
    if (this.closed) throw new Error('the outbox is closed');
    if (this.full) {
      this.dropped++;
      throw new Error('ENOSPC: no space left on device');
    }
    this.kept.push(JSON.parse(json) as InferenceResult);
  }

  async nextBatch(): Promise<Batch | undefined> {
    if (!this.sending && this.kept.length > 0) {
      const records = this.kept.map((record) => JSON.stringify(record));
      const batchId = `00000001-00000000-${String(++this.batches).padStart(8, '0')}`;
      this.sending = { batchId, records, droppedRecords: 0, count: records.length };
    }
    return this.sending;
  }

  async published(batchId: string): Promise<void> {
    if (this.sending?.batchId !== batchId) return;
    this.kept.splice(0, this.sending.count);
    this.sending = undefined;
  }

  readonly confirmed: Confirmation[] = [];

  async confirm(confirmation: Confirmation): Promise<void> {
    this.confirmed.push(confirmation);
  }

  async split(): Promise<void> {
    throw new Error('no batch of the tests is too large');
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

export class MemoryCaptures implements Captures {
  readonly added: string[] = [];
  bytesToday = 0;
  dropped = 0;
  problem: string | undefined;
  state: 'new' | 'started' | 'stopped' = 'new';
  retries = 0;

  constructor(private readonly budget = 1_000_000) {}

  get waiting(): number {
    return this.added.length;
  }

  onlyControl(): boolean {
    return false;
  }

  reserve(frame: Frame): boolean {
    if (this.bytesToday + frame.frameBytes > this.budget) return false;
    this.bytesToday += frame.frameBytes;
    return true;
  }

  async add(captureId: string): Promise<void> {
    this.added.push(captureId);
  }

  start(): void {
    this.state = 'started';
  }

  retryNow(): void {
    this.retries++;
  }

  async stop(): Promise<void> {
    this.state = 'stopped';
  }

  async clear(): Promise<void> {
    this.added.length = 0;
  }
}

/** A camera that shows what the test wants. */
export class MemoryCamera implements FrameSource {
  stopped = false;
  private sink: FrameSink | undefined;
  private frames = 0;

  constructor(private readonly cameraId: string) {}

  start(sink: FrameSink): void {
    if (this.sink) throw new Error(`camera ${this.cameraId} was started twice`);
    this.sink = sink;
  }

  problem(): string | undefined {
    return undefined;
  }

  async stop(): Promise<void> {
    this.stopped = true;
  }

  show(bytes: Buffer): void {
    if (!this.sink || this.stopped) throw new Error(`nobody looks at camera ${this.cameraId}`);
    this.sink.accept({
      cameraId: this.cameraId,
      frameId: `${this.cameraId}-${++this.frames}`,
      capturedAt: new Date(NOON).toISOString(),
      bytes,
      frameBytes: bytes.length,
      receivedAt: 0,
    });
  }
}

/** A controller on the line. */
export class MemoryController implements DecisionOutput {
  readonly told: string[] = [];
  closed = false;

  constructor(readonly host: string) {}

  write({ frameId, predictedClass }: InferenceResult): void {
    if (this.closed) throw new Error(`the connection to ${this.host} is closed`);
    this.told.push(`${frameId} ${predictedClass ?? '-'}`);
  }

  /** As a controller whose registers speak of the newest part only. */
  revise({ frameId, predictedClass, disposition }: InferenceResult): boolean {
    if (this.closed || !this.told.at(-1)?.startsWith(`${frameId} `)) return false;
    this.told.push(`${frameId} ${predictedClass ?? '-'} ${disposition}`);
    return true;
  }

  problem(): string | undefined {
    return undefined;
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

interface Published {
  readonly topic: string;
  readonly message: Record<string, unknown>;
  readonly retain: boolean;
}

export class MemoryNucleus implements Nucleus {
  readonly cloud: Published[] = [];
  readonly local: Published[] = [];
  online = true;
  connected = false;
  /** What a deployment has brought. */
  deployed: unknown;
  unserved: readonly string[] = [];
  /** Of a message to the cloud. */
  largestBytes = Number.POSITIVE_INFINITY;
  ready = 0;
  private readonly listeners = new Map<string, (() => void)[]>();
  private readonly subscriptions = new Map<string, (payload: Buffer) => void>();

  async connect(): Promise<void> {
    this.connected = true;
    this.emit('connected');
  }

  on(event: 'connected' | 'configuration' | 'forgotten', listener: () => void): void {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
  }

  emit(event: 'connected' | 'configuration' | 'forgotten'): void {
    for (const listener of this.listeners.get(event) ?? []) listener();
  }

  async configuration(): Promise<unknown> {
    this.expectConnection('GetConfiguration');
    return this.deployed;
  }

  async reportRunning(): Promise<void> {
    this.expectConnection('UpdateState');
    this.ready++;
  }

  async publishToCloud(topic: string, payload: Buffer, retain = false): Promise<void> {
    this.expectConnection('PublishToIoTCore');
    if (!this.online) throw new Error('PublishToIoTCore: ServiceError: the device is offline');
    if (payload.length > this.largestBytes) throw new MessageTooLarge('too large');
    const message = JSON.parse(payload.toString());
    // Results as the cloud reads them.
    this.cloud.push({
      topic,
      message: 'encoding' in message ? decompressedBatch(message).batch : message,
      retain,
    });
  }

  async publishLocally(topic: string, message: object): Promise<void> {
    this.expectConnection('PublishToTopic');
    this.local.push({ topic, message: message as Record<string, unknown>, retain: false });
  }

  subscribeToCloud(topic: string, onMessage: (payload: Buffer) => void): () => void {
    this.subscriptions.set(topic, onMessage);
    return () => this.subscriptions.delete(topic);
  }

  /** Topics of the cloud that are subscribed to. */
  get subscribed(): string[] {
    return [...this.subscriptions.keys()];
  }

  /** A message from the cloud. */
  deliver(topic: string, message: object | string): void {
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    this.subscriptions.get(topic)?.(Buffer.from(text));
  }

  close(): void {
    this.connected = false;
  }

  private expectConnection(operation: string): void {
    if (!this.connected) throw new Error(`${operation}: not connected to the nucleus`);
  }
}

export class MemoryInbox implements OfferInbox {
  state: 'new' | 'started' | 'stopped' = 'new';
  private answer: ((offer: ReleaseOffer) => Promise<ReleaseVerdict>) | undefined;

  start(answer: (offer: ReleaseOffer) => Promise<ReleaseVerdict>): void {
    this.state = 'started';
    this.answer = answer;
  }

  stop(): void {
    this.state = 'stopped';
  }

  offer(offer: ReleaseOffer): Promise<ReleaseVerdict> {
    if (!this.answer || this.state !== 'started') throw new Error('nobody looks into the inbox');
    return this.answer(offer);
  }
}

/** @throws Error when the component would not take the configuration */
export function settingsOf(configuration: unknown): ComponentSettings {
  const reading = readConfiguration(configuration, 'line-1');
  if (!reading.ok) throw new Error(reading.problems.join('; '));
  return reading.settings;
}
