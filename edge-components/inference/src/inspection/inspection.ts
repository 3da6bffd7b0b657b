/**
 * One use case on this device, from its cameras to its results: the release that serves it, the way of a new one into
 * service, what waits to be sent, and what is said about all of it. Knows nothing of other use cases.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { DeviceStatus, InferenceResult, ReleaseOffer, ReleaseVerdict } from '../../../../contracts';
import { Cameras } from '../cameras/cameras';
import { FrameQueue } from '../cameras/frame-queue';
import type { Selection } from '../captures/capture-selection';
import { CaptureSpool } from '../captures/capture-spool';
import type { ComponentSettings, UseCaseSettings } from '../configuration/configuration';
import { expandTopic, localResultsTopic } from '../configuration/topics';
import { modbusDecisionOutput } from '../decisions/modbus-decision-output';
import type {
  CaptureStore,
  Clock,
  DecisionOutput,
  Frame,
  ImageDecoder,
  Log,
  ModelHost,
  Publisher,
} from '../ports';
import type { ChallengeOutcome } from '../releases/challenge';
import { deathsAfterStart, mustRevert, ProbationWatch } from '../releases/probation';
import { ReleaseInstaller } from '../releases/release-installer';
import { restoreRelease } from '../releases/release-restore';
import { listFolder, ReleaseStore, readEnvelope } from '../releases/release-store';
import { clockProblem } from '../releases/release-verification';
import { type ActiveRelease, ServingSlot } from '../releases/serving-slot';
import { readTrustedKeys } from '../releases/trusted-keys-file';
import { BatchSender } from '../results/batch-sender';
import { Outbox } from '../results/outbox';
import { envelopeBytes } from '../results/results-message';
import { within } from '../shared/within';
import { type Condition, condition } from './device-status';
import { FramePipeline } from './frame-pipeline';

export interface InspectionPorts {
  readonly useCase: string;
  /** Holds all state of this use case. */
  readonly folder: string;
  readonly deviceId: string;
  readonly trustedKeysPath: string;
  /** `linux-x64` or `linux-arm64`. */
  readonly architecture: string;
  /** Unique per process; makes record ids unique for ever. */
  readonly processId: string;
  /** Identifier of this boot of the operating system. */
  readonly bootId: string;
  /** Whether the process before this one ended without being told to. */
  readonly endedUncleanly: boolean;
  readonly publisher: Publisher;
  readonly trialHost: ModelHost;
  readonly servingHost: ModelHost;
  readonly decoder: ImageDecoder;
  readonly captureStore: CaptureStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly settings: () => UseCaseSettings;
  readonly component: () => ComponentSettings;
  /** Told the outcome of every publish, and asked for the last one. */
  readonly connection: { online: boolean };
  /** Something changed that the cloud should know at once. */
  readonly onChange: () => void;
}

/** What the status says of one use case. */
export type InspectionFacts = Pick<
  DeviceStatus,
  | 'useCase'
  | 'releaseId'
  | 'variant'
  | 'highestCounter'
  | 'outboxRecords'
  | 'framesProcessed'
  | 'framesDropped'
  | 'captureBytesToday'
  | 'refusedReleases'
  | 'cameras'
  | 'releases'
  | 'challenge'
> & { readonly conditions: readonly Condition[] };

/** Of the 3 s that a stop may take: frames under way, then what can still be sent. */
const DRAIN_MILLISECONDS = 1_000;
const FLUSH_MILLISECONDS = 500;
/** A model that dies this often without a good result in between will not recover by loading it again. */
const MOST_RELOADS = 3;

export class Inspection {
  private readonly slot = new ServingSlot();
  private readonly queue: FrameQueue;
  private readonly cameras: Cameras;
  private readonly probation: ProbationWatch;
  private readonly sender: BatchSender;
  private readonly pipeline: FramePipeline;
  private readonly installer: ReleaseInstaller;
  private output: DecisionOutput | undefined;
  private running: Promise<void> = Promise.resolve();
  private sequence = 0;
  private reloads = 0;
  private restoreProblem: string | undefined;
  private outboxProblem: string | undefined;
  private lastChallenge: DeviceStatus['challenge'];
  private stopping = false;

  private constructor(
    private readonly ports: InspectionPorts,
    private readonly store: ReleaseStore,
    private readonly outbox: Outbox,
    private readonly captures: CaptureSpool,
  ) {
    const { clock, log, settings } = ports;
    this.queue = new FrameQueue(() => settings().frames);
    this.cameras = new Cameras(this.queue, {
      clock,
      log,
      maximumFrameBytes: () => settings().limits.maximumFrameBytes,
    });
    this.probation = new ProbationWatch({
      note: (probation) => store.noteProbation(probation),
      clock,
      bootId: ports.bootId,
    });
    this.sender = this.newSender();
    this.pipeline = this.newPipeline();
    this.installer = this.newInstaller();
  }

  /**
   * Opens the state on disk and brings the release of before back into service.
   * @throws Error when the disk cannot be used
   */
  static async open(ports: InspectionPorts): Promise<Inspection> {
    const { folder, useCase, deviceId, captureStore, decoder, clock, log, random, settings, component } =
      ports;
    await mkdir(folder, { recursive: true });
    const store = await ReleaseStore.open(join(folder, 'releases'), { limits: () => component().storage });
    const outbox = await Outbox.open(join(folder, 'outbox'), () => settings().outbox, {
      envelopeBytes: envelopeBytes(useCase, deviceId),
    });
    const captures = await CaptureSpool.open({
      folder: join(folder, 'captures'),
      store: captureStore,
      decoder,
      clock,
      log,
      useCase,
      deviceId,
      upload: () => settings().upload,
      captureBucket: () => component().captureBucket,
      random,
    });
    const inspection = new Inspection(ports, store, outbox, captures);
    await inspection.revertAfterDeaths();
    await inspection.restore(ports.endedUncleanly);
    return inspection;
  }

  start(): void {
    this.openOutput();
    this.sender.start();
    this.captures.start();
    this.running = this.pipeline.run();
    this.applyCameras();
  }

  /** Stops taking frames, finishes those under way, sends what it can within its time, and closes everything. */
  async stop(): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    const { clock } = this.ports;
    await this.cameras.stop();
    this.queue.close();
    // Without a release no frame can be answered, so none is waited for.
    if (this.slot.current) await within(DRAIN_MILLISECONDS, this.running);
    await within(DRAIN_MILLISECONDS, Promise.all([this.sender.stop(), this.captures.stop()]));
    await within(FLUSH_MILLISECONDS, this.sender.flush(clock.monotonic() + FLUSH_MILLISECONDS));
    await this.output?.close();
    await this.outbox.close();
    await this.probation.end().catch(() => undefined);
    this.slot.close();
  }

  /** The way to the cloud may be open again. */
  retryNow(): void {
    this.sender.retryNow();
    this.captures.retryNow();
  }

  /** Monotonic time at which the last frame of any camera came. */
  get lastFrameAt(): number | undefined {
    return this.cameras.lastFrameAt;
  }

  async judge(offer: ReleaseOffer): Promise<ReleaseVerdict> {
    const verdict = await this.installer.install(offer);
    if (verdict.code === 'ACCEPTED') {
      this.restoreProblem = undefined;
      this.reloads = 0;
    }
    this.applyCameras();
    this.ports.onChange();
    return verdict;
  }

  /** Brings a changed configuration into effect. Most settings are read where they are used. */
  async applyChange(before: UseCaseSettings): Promise<void> {
    const { upload, decisionOutput } = this.ports.settings();
    if (upload.privacy === 'never') await this.captures.clear();
    if (!isDeepStrictEqual(decisionOutput, before.decisionOutput)) {
      await this.output?.close();
      this.openOutput();
    }
    this.queue.reconsider();
    this.applyCameras();
  }

  async noteTime(): Promise<void> {
    await this.store.noteTime(this.ports.clock.now()).catch(() => undefined);
  }

  facts(): InspectionFacts {
    const { slot, store, outbox, captures, cameras, pipeline, queue, ports } = this;
    const active = slot.current;
    return {
      useCase: ports.useCase,
      ...(active && { releaseId: active.release.releaseId, variant: active.variant }),
      highestCounter: store.highestCounter,
      conditions: this.conditions(),
      outboxRecords: outbox.records,
      framesProcessed: pipeline.processed,
      framesDropped: queue.dropped,
      captureBytesToday: captures.bytesToday,
      ...(store.refusals.length > 0 && { refusedReleases: [...store.refusals] }),
      cameras: cameras.states(),
      releases: this.inventory(),
      ...(this.lastChallenge && { challenge: this.lastChallenge }),
    };
  }

  private newSender(): BatchSender {
    const { ports, outbox } = this;
    return new BatchSender({
      outbox,
      publisher: ports.publisher,
      clock: ports.clock,
      log: ports.log,
      useCase: ports.useCase,
      deviceId: ports.deviceId,
      topic: () => expandTopic(ports.settings().resultsTopic, ports.deviceId),
      flushMilliseconds: () => ports.settings().outbox.flushMilliseconds,
      random: ports.random,
      onOutcome: (ok) => {
        ports.connection.online = ok;
      },
    });
  }

  private newPipeline(): FramePipeline {
    const { ports, slot, queue } = this;
    return new FramePipeline({
      queue,
      decoder: ports.decoder,
      slot,
      clock: ports.clock,
      log: ports.log,
      settings: ports.settings,
      online: () => ports.connection.online,
      nextRecordId: () => `${ports.processId}-${++this.sequence}`,
      random: ports.random,
      reserveCapture: (frame) => this.captures.reserve(frame),
      beforeFirstRun: (active) => this.beginProbation(active),
      onDecision: (result, active) => this.tellTheLine(result, active),
      onResult: (result, frame, selection) => this.keep(result, frame, selection),
      onModelGone: (active, reason) => void this.replaceModel(active, reason),
    });
  }

  private newInstaller(): ReleaseInstaller {
    const { ports, slot, store } = this;
    return new ReleaseInstaller({
      store,
      slot,
      trialHost: ports.trialHost,
      servingHost: ports.servingHost,
      decoder: ports.decoder,
      clock: ports.clock,
      log: ports.log,
      useCase: ports.useCase,
      settings: ports.settings,
      trustedKeys: () => readTrustedKeys(ports.trustedKeysPath),
      architecture: ports.architecture,
      bootId: ports.bootId,
      offers: { envelope: readEnvelope, list: listFolder },
      onChallenge: (releaseId, outcome) => this.noteChallenge(releaseId, outcome),
    });
  }

  /** A release with which the process has died again and again gives way to the one before, or to none. */
  private async revertAfterDeaths(): Promise<void> {
    const { store, ports } = this;
    const digest = store.current?.digest;
    if (digest === undefined) return;
    const deaths = deathsAfterStart(await store.probation(), digest, ports.bootId);
    this.probation.restored(digest, deaths);
    if (!mustRevert(deaths)) {
      // Noted before anything is loaded: the next death may come before the first frame.
      if (deaths > 0) await store.noteProbation({ digest, deaths, pending: false, bootId: ports.bootId });
      return;
    }
    const problem = `release ${digest.slice(0, 12)} has ended the component ${deaths} times and was taken out of service`;
    ports.log.error('release reverted', { digest, deaths });
    const at = new Date(ports.clock.now()).toISOString();
    await store.revert({ releaseDigest: digest, code: 'LOAD_FAILED', at });
    this.restoreProblem = problem;
  }

  private async restore(suspicious: boolean): Promise<void> {
    const { store, ports } = this;
    const restored = await restoreRelease({
      store,
      trialHost: ports.trialHost,
      servingHost: ports.servingHost,
      decoder: ports.decoder,
      log: ports.log,
      architecture: ports.architecture,
      trustedKeys: () => readTrustedKeys(ports.trustedKeysPath),
      suspicious,
    });
    const problems = [this.restoreProblem, restored.problem].filter((problem) => problem !== undefined);
    this.restoreProblem = problems.length > 0 ? problems.join('; ') : undefined;
    if (restored.active) this.slot.switchTo(restored.active).keep(0);
  }

  private async beginProbation({ digest }: ActiveRelease): Promise<void> {
    // A disk that takes no note must not stop the line: the release has passed its self-test.
    await this.probation
      .begin(digest)
      .catch((error: Error) => this.ports.log.warn('probation not noted', { error: error.message }));
  }

  private async replaceModel(active: ActiveRelease, reason: string): Promise<void> {
    if (!this.slot.withdraw(active) || this.stopping) return;
    const { log } = this.ports;
    log.error('model gone', { releaseId: active.release.releaseId, reason, reloads: this.reloads });
    this.reloads++;
    if (this.reloads <= MOST_RELOADS) await this.restore(true);
    if (this.slot.current || this.stopping) return;
    // Crash-only: a fresh process, started by the nucleus, is the last thing that can help.
    log.error('no release can be served: ending the process');
    process.exit(1);
  }

  private tellTheLine(result: InferenceResult, { release }: ActiveRelease): void {
    const good = result.status !== 'invalid';
    if (good) this.reloads = 0;
    void this.probation.answered(good).catch(() => undefined);
    this.output?.write(result, release.classes);
    // Other components get what they can get: a missed local message is no loss of data.
    this.ports.publisher.publishLocally(localResultsTopic(this.ports.useCase), result).catch(() => undefined);
  }

  private keep(result: InferenceResult, frame: Frame, selection: Selection | undefined): void {
    this.outbox.append(JSON.stringify(result)).then(
      () => {
        this.outboxProblem = undefined;
      },
      (error: Error) => {
        if (this.outboxProblem === undefined) this.ports.log.error('outbox', { error: error.message });
        this.outboxProblem = error.message;
      },
    );
    if (selection) void this.captures.add(result.recordId, frame, result, selection);
  }

  private noteChallenge(releaseId: string, outcome: ChallengeOutcome): void {
    this.lastChallenge = { releaseId, ...outcome };
  }

  private openOutput(): void {
    const { settings, log, clock, random } = this.ports;
    const { decisionOutput } = settings();
    this.output = decisionOutput && modbusDecisionOutput(decisionOutput, { log, clock, random });
  }

  /** Frames are taken once there is a release that can answer them. */
  private applyCameras(): void {
    if (!this.slot.current || this.stopping) return;
    this.cameras.apply(this.ports.settings().cameras);
  }

  private inventory(): NonNullable<DeviceStatus['releases']> {
    const { current, previous } = this.store;
    return (
      [
        ['current', current],
        ['previous', previous],
      ] as const
    ).flatMap(([role, reference]) =>
      reference
        ? [
            {
              role,
              digest: reference.digest,
              variant: reference.variant,
              milliseconds: { ...reference.milliseconds },
            },
          ]
        : [],
    );
  }

  private conditions(): Condition[] {
    const { slot, store, outbox, captures, output, ports } = this;
    return [
      condition('clock', clockProblem(ports.clock.now(), store.latestTime)),
      condition('release', slot.current ? this.restoreProblem : (this.restoreProblem ?? 'no release yet')),
      condition('cameras', this.cameras.problem()),
      condition('inference', this.pipeline.problem),
      condition('outbox', this.outboxProblem),
      condition('captures', captures.problem),
      ...(output ? [condition('decisionOutput', output.problem())] : []),
      { name: 'outboxDroppedRecords', ok: true, value: outbox.dropped },
      { name: 'outboxDamagedRecords', ok: outbox.corrupted === 0, value: outbox.corrupted },
      { name: 'capturesWaiting', ok: true, value: captures.waiting },
      { name: 'capturesDropped', ok: true, value: captures.dropped },
    ];
  }
}
