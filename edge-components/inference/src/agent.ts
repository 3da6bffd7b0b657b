/** The component put together: what starts in which order, what reacts to what, and how it stops. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type {
  ComponentConfiguration,
  InferenceResult,
  ReleaseOffer,
  ReleaseVerdict,
} from '../../../contracts';
import { CaptureSpool } from './adapters/capture-spool';
import { FolderFrameSource, SocketFrameSource } from './adapters/frame-sources';
import type { NucleusIpc } from './adapters/nucleus-ipc';
import { OfferInbox } from './adapters/offer-inbox';
import { Outbox } from './adapters/outbox';
import { listFolder, ReleaseStore, readEnvelope, verifyFile } from './adapters/release-store';
import { readTrustedKeys } from './adapters/trusted-keys-file';
import { BatchSender } from './domain/batch-sender';
import type { Selection } from './domain/capture-selection';
import { limitsOf, readConfiguration, statusIntervalMilliseconds } from './domain/configuration';
import { type Condition, condition, deviceStatus } from './domain/device-status';
import { FramePipeline } from './domain/frame-pipeline';
import { FrameQueue } from './domain/frame-queue';
import { ReleaseInstaller } from './domain/release-installer';
import { restoreRelease } from './domain/release-restore';
import { type ActiveRelease, ServingSlot } from './domain/serving-slot';
import { expandTopic, localResultsTopic } from './domain/topics';
import type { CaptureStore, Clock, Frame, FrameSource, ImageDecoder, Log, ModelHost } from './ports';

export interface AgentOptions {
  readonly deviceId: string;
  readonly componentVersion: string;
  readonly workPath: string;
  readonly trustedKeysPath: string;
  /** `linux-x64` or `linux-arm64`. */
  readonly architecture: string;
  readonly ipc: NucleusIpc;
  readonly trialHost: ModelHost;
  readonly servingHost: ModelHost;
  readonly decoder: ImageDecoder;
  readonly captureStore: CaptureStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/** Of the 3 s that a stop may take: frames under way, then what can still be sent. */
const DRAIN_MILLISECONDS = 1_000;
const FLUSH_MILLISECONDS = 1_000;
/** A model that dies this often without a frame in between will not recover by loading it again. */
const MOST_RELOADS = 3;

export class InferenceAgent {
  private readonly slot = new ServingSlot();
  private readonly queue: FrameQueue;
  private readonly bootId = randomBytes(6).toString('hex');
  private configuration!: ComponentConfiguration;
  private configurationProblem: string | undefined;
  private store!: ReleaseStore;
  private outbox!: Outbox;
  private captures!: CaptureSpool;
  private sender!: BatchSender;
  private pipeline!: FramePipeline;
  private inbox!: OfferInbox;
  private installer!: ReleaseInstaller;
  private source: FrameSource | undefined;
  private running: Promise<void> = Promise.resolve();
  private statusTimer: NodeJS.Timeout | undefined;
  private online = false;
  private sequence = 0;
  private restoreProblem: string | undefined;
  private outboxProblem: string | undefined;
  private reloads = 0;
  /** 1 while the configuration is read, 2 or more when it has changed meanwhile. */
  private configurationReadings = 0;
  private stopping = false;

  constructor(private readonly options: AgentOptions) {
    this.queue = new FrameQueue(() => limitsOf(this.configuration).frameQueueLength);
  }

  /**
   * Resolves when the component is ready, with or without a release, and has said so to the nucleus.
   * @throws Error when the nucleus cannot be reached, the configuration is invalid or the disk cannot be used
   */
  async start(): Promise<void> {
    const { ipc, log } = this.options;
    await ipc.connect();
    await this.readFirstConfiguration();
    await this.openState();
    await this.restore();
    this.wire();
    await ipc.reportRunning();
    // Subscribed before the configuration was read: a change in between is only read twice.
    ipc.on('configuration', () => this.updateConfiguration());
    ipc.on('connected', () => void this.reconnected());
    this.sender.start();
    this.captures.start();
    this.running = this.pipeline.run();
    this.inbox.start();
    this.startSource();
    void this.sendStatus();
    log.info('running', { releaseId: this.slot.current?.release.releaseId, bootId: this.bootId });
  }

  /** Stops taking frames, finishes those under way, sends what it can within its time, and closes everything. */
  async stop(): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    const { clock, ipc } = this.options;
    clearTimeout(this.statusTimer);
    this.inbox.stop();
    await this.source?.stop();
    this.queue.close();
    // Without a release no frame can be answered, so none is waited for.
    if (this.slot.current) await within(DRAIN_MILLISECONDS, this.running);
    await within(DRAIN_MILLISECONDS, this.sender.stop());
    await within(FLUSH_MILLISECONDS, this.sender.flush(clock.monotonic() + FLUSH_MILLISECONDS));
    await this.outbox.close();
    await ipc.close();
    this.slot.close();
  }

  private async readFirstConfiguration(): Promise<void> {
    const reading = readConfiguration(await this.options.ipc.configuration(), this.options.deviceId);
    if (!reading.ok) throw new Error(`configuration is invalid:\n  - ${reading.problems.join('\n  - ')}`);
    this.configuration = reading.configuration;
  }

  private async openState(): Promise<void> {
    const { workPath, captureStore, decoder, clock, log, deviceId, random } = this.options;
    const configuration = (): ComponentConfiguration => this.configuration;
    this.store = await ReleaseStore.open(join(workPath, 'releases'));
    this.outbox = await Outbox.open(join(workPath, 'outbox'), () => this.configuration.outbox);
    this.captures = await CaptureSpool.open({
      folder: join(workPath, 'captures'),
      store: captureStore,
      decoder,
      clock,
      log,
      configuration,
      deviceId,
      random,
    });
  }

  private wire(): void {
    const { options, slot, store, outbox } = this;
    const { clock, log, random, deviceId, decoder } = options;
    const configuration = (): ComponentConfiguration => this.configuration;
    this.sender = new BatchSender({
      outbox,
      publisher: options.ipc,
      clock,
      log,
      configuration,
      deviceId,
      random,
      onOutcome: (ok) => {
        this.online = ok;
      },
    });
    this.pipeline = new FramePipeline({
      queue: this.queue,
      decoder,
      slot,
      clock,
      log,
      configuration,
      online: () => this.online,
      nextRecordId: () => `${this.bootId}-${++this.sequence}`,
      random,
      reserveCapture: (frame) => this.captures.reserve(frame),
      onDecision: (result) => this.publishLocally(result),
      onResult: (result, frame, selection) => this.keep(result, frame, selection),
      onModelGone: (active, reason) => void this.replaceModel(active, reason),
    });
    this.installer = new ReleaseInstaller({
      store,
      slot,
      trialHost: options.trialHost,
      servingHost: options.servingHost,
      decoder,
      clock,
      log,
      configuration,
      trustedKeys: () => readTrustedKeys(options.trustedKeysPath),
      architecture: options.architecture,
      offers: { envelope: readEnvelope, list: listFolder, verifyFile },
    });
    this.inbox = new OfferInbox(join(options.workPath, 'inbox'), (offer) => this.judge(offer), clock, log);
  }

  private async restore(): Promise<void> {
    const { trialHost, servingHost, decoder, log, trustedKeysPath } = this.options;
    const restored = await restoreRelease({
      store: this.store,
      trialHost,
      servingHost,
      decoder,
      log,
      trustedKeys: () => readTrustedKeys(trustedKeysPath),
    });
    this.restoreProblem = restored.problem;
    if (restored.active) this.slot.switchTo(restored.active).keep(0);
  }

  private async judge(offer: ReleaseOffer): Promise<ReleaseVerdict> {
    const verdict = await this.installer.install(offer);
    if (verdict.code === 'ACCEPTED') {
      this.restoreProblem = undefined;
      this.reloads = 0;
    }
    this.startSource();
    void this.sendStatus();
    return verdict;
  }

  /** Frames are taken once there is a release that can answer them. */
  private startSource(): void {
    if (this.source || !this.slot.current || this.stopping) return;
    const { type, path } = this.configuration.frameSource;
    const { clock, log } = this.options;
    const ports = { clock, log, maximumFrameBytes: () => limitsOf(this.configuration).maximumFrameBytes };
    this.source = type === 'socket' ? new SocketFrameSource(path, ports) : new FolderFrameSource(path, ports);
    this.source.start(this.queue);
  }

  private async replaceModel(active: ActiveRelease, reason: string): Promise<void> {
    if (!this.slot.withdraw(active) || this.stopping) return;
    const { log } = this.options;
    log.error('model gone', { releaseId: active.release.releaseId, reason, reloads: this.reloads });
    this.reloads++;
    if (this.reloads <= MOST_RELOADS) await this.restore();
    if (this.slot.current || this.stopping) return;
    // Crash-only: a fresh process, started by the nucleus, is the last thing that can help.
    log.error('no release can be served: ending the process');
    process.exit(1);
  }

  private publishLocally(result: InferenceResult): void {
    if (result.status !== 'invalid') this.reloads = 0;
    // Other components get what they can get: a missed local message is no loss of data.
    this.options.ipc
      .publishLocally(localResultsTopic(this.configuration.useCase), result)
      .catch(() => undefined);
  }

  private keep(result: InferenceResult, frame: Frame, selection: Selection | undefined): void {
    this.outbox.append(JSON.stringify(result)).then(
      () => {
        this.outboxProblem = undefined;
      },
      (error: Error) => {
        if (this.outboxProblem === undefined) this.options.log.error('outbox', { error: error.message });
        this.outboxProblem = error.message;
      },
    );
    if (selection) void this.captures.add(result.recordId, frame, result, selection);
  }

  private async reconnected(): Promise<void> {
    try {
      await this.options.ipc.reportRunning();
      await this.updateConfiguration();
      this.sender.retryNow();
    } catch (error) {
      this.options.log.warn('after reconnect', { error: (error as Error).message });
    }
  }

  /** One deployment changes many keys, and each is announced: those that come during a reading share the next one. */
  private async updateConfiguration(): Promise<void> {
    this.configurationReadings++;
    if (this.configurationReadings > 1) return;
    while (this.configurationReadings > 0 && !this.stopping) {
      this.configurationReadings = 1;
      await this.takeConfiguration();
      this.configurationReadings--;
    }
    void this.sendStatus();
  }

  /** A configuration that does not fit leaves the one before in force, and says so in the status. */
  private async takeConfiguration(): Promise<void> {
    try {
      const reading = readConfiguration(await this.options.ipc.configuration(), this.options.deviceId);
      if (reading.ok) {
        const before = this.configuration;
        this.configuration = reading.configuration;
        this.configurationProblem = undefined;
        await this.applyChange(before);
      } else {
        this.configurationProblem = reading.problems.join('; ');
        this.options.log.error('configuration refused', { problems: reading.problems });
      }
    } catch (error) {
      this.options.log.warn('configuration not read', { error: (error as Error).message });
    }
  }

  private async applyChange(before: ComponentConfiguration): Promise<void> {
    const { frameSource, upload } = this.configuration;
    if (upload.privacy === 'never') await this.captures.clear();
    if (frameSource.type !== before.frameSource.type || frameSource.path !== before.frameSource.path) {
      await this.source?.stop();
      this.source = undefined;
      this.startSource();
    }
  }

  private conditions(): Condition[] {
    const { active, outbox, captures } = {
      active: this.slot.current,
      outbox: this.outbox,
      captures: this.captures,
    };
    return [
      condition('configuration', this.configurationProblem),
      condition('release', active ? this.restoreProblem : (this.restoreProblem ?? 'no release yet')),
      condition('frameSource', this.source?.problem()),
      condition('inference', this.pipeline.problem),
      condition('outbox', this.outboxProblem),
      condition('captures', captures.problem),
      { name: 'outboxDroppedRecords', ok: true, value: outbox.dropped },
      { name: 'outboxDamagedRecords', ok: outbox.corrupted === 0, value: outbox.corrupted },
      { name: 'capturesWaiting', ok: true, value: captures.waiting },
      { name: 'capturesDropped', ok: true, value: captures.dropped },
    ];
  }

  private async sendStatus(): Promise<void> {
    clearTimeout(this.statusTimer);
    if (this.stopping) return;
    const { ipc, clock, deviceId, componentVersion } = this.options;
    const status = deviceStatus({
      deviceId,
      useCase: this.configuration.useCase,
      now: clock.now(),
      componentVersion,
      active: this.slot.current,
      highestCounter: this.store.highestCounter,
      conditions: this.conditions(),
      outboxRecords: this.outbox.records,
      framesProcessed: this.pipeline.processed,
      framesDropped: this.queue.dropped,
      captureBytesToday: this.captures.bytesToday,
      refusals: this.store.refusals,
    });
    this.statusTimer = setTimeout(
      () => void this.sendStatus(),
      statusIntervalMilliseconds(this.configuration),
    );
    try {
      await ipc.publishToCloud(
        expandTopic(this.configuration.statusTopic, deviceId),
        Buffer.from(JSON.stringify(status)),
      );
      this.online = true;
    } catch {
      // The next one tells more than a late one.
      this.online = false;
    }
  }
}

/** Waits for `work`, but no longer than `milliseconds`; its failure is its own business. */
async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([work.catch(() => undefined), limit]);
  clearTimeout(timer);
}
