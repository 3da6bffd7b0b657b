/** The component put together: what starts in which order, what reacts to what, and how it stops. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { DeviceStatus, ReleaseOffer, ReleaseVerdict } from '../../../contracts';
import {
  type ComponentSettings,
  readConfiguration,
  type UseCaseSettings,
} from './configuration/configuration';
import { expandTopic } from './configuration/topics';
import { condition, deviceStatus } from './inspection/device-status';
import { Inspection } from './inspection/inspection';
import type { NucleusIpc } from './nucleus/nucleus-ipc';
import { updateDeferral } from './nucleus/update-deferral';
import type { CaptureStore, Clock, ImageDecoder, Log, ModelHost } from './ports';
import { OfferInbox } from './releases/offer-inbox';
import { freeBytesOf } from './releases/release-store';
import { operatingSystemBootId, RunMarker } from './shared/run-marker';

export interface AgentOptions {
  readonly deviceId: string;
  readonly componentVersion: string;
  readonly workPath: string;
  readonly trustedKeysPath: string;
  /** `linux-x64` or `linux-arm64`. */
  readonly architecture: string;
  readonly ipc: NucleusIpc;
  /** Loads graphs that nobody knows yet, within the limits of the configuration. */
  readonly trialHost: (limits: () => ComponentSettings['trial']) => ModelHost;
  readonly servingHost: ModelHost;
  readonly decoder: ImageDecoder;
  readonly captureStore: CaptureStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/** Where the state of each use case lies, below the component's work folder. */
const USE_CASES_FOLDER = 'use-cases';

export class InferenceAgent {
  private readonly processId = randomBytes(6).toString('hex');
  private readonly inspections = new Map<string, Inspection>();
  private readonly connection = { online: false };
  /** Deployment -> monotonic time of its first question. */
  private readonly updateQuestions = new Map<string, number>();
  private settings!: ComponentSettings;
  private configurationProblem: string | undefined;
  private marker!: RunMarker;
  private bootId!: string;
  private inbox!: OfferInbox;
  private statusTimer: NodeJS.Timeout | undefined;
  /** 1 while the configuration is read, as it is first during the start; 2 or more when it has changed meanwhile. */
  private configurationReadings = 1;
  private stopping = false;

  constructor(private readonly options: AgentOptions) {}

  /**
   * Resolves when the component is ready, with or without a release, and has said so to the nucleus.
   * @throws Error when the nucleus cannot be reached, the configuration is invalid or the disk cannot be used
   */
  async start(): Promise<void> {
    const { ipc, log, workPath, clock } = this.options;
    await ipc.connect();
    ipc.on('configuration', () => this.updateConfiguration());
    await this.readFirstConfiguration();
    this.bootId = await operatingSystemBootId();
    this.marker = await RunMarker.put(workPath);
    for (const useCase of Object.keys(this.settings.useCases)) await this.openInspection(useCase);
    this.inbox = new OfferInbox(join(workPath, 'inbox'), (offer) => this.judge(offer), clock, log);
    await ipc.reportRunning();
    ipc.on('connected', () => void this.reconnected());
    for (const inspection of this.inspections.values()) inspection.start();
    this.inbox.start();
    void this.catchUpWithConfiguration();
    log.info('running', {
      useCases: [...this.inspections.keys()],
      processId: this.processId,
      endedUncleanly: this.marker.endedUncleanly,
    });
  }

  /** Stops taking frames, finishes those under way, sends what it can within its time, and closes everything. */
  async stop(): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    clearTimeout(this.statusTimer);
    this.inbox.stop();
    await Promise.all([...this.inspections.values()].map((inspection) => inspection.stop()));
    await Promise.all(this.statuses('stopped').map((status) => this.publishStatus(status)));
    this.options.ipc.close();
    await this.marker.remove();
  }

  /** For how long an update that may restart the component has to wait, in milliseconds. */
  deferral(deploymentId: string): number {
    const now = this.options.clock.monotonic();
    const firstAskedAt = this.updateQuestions.get(deploymentId) ?? now;
    this.updateQuestions.set(deploymentId, firstAskedAt);
    const frames = [...this.inspections.values()].flatMap(({ lastFrameAt }) => lastFrameAt ?? []);
    const { quietSeconds, longestDeferralSeconds } = this.settings.componentUpdate;
    const wait = updateDeferral({
      now,
      firstAskedAt,
      lastFrameAt: frames.length > 0 ? Math.max(...frames) : undefined,
      quietMilliseconds: quietSeconds * 1000,
      longestMilliseconds: longestDeferralSeconds * 1000,
    });
    if (wait === 0) this.updateQuestions.delete(deploymentId);
    return wait;
  }

  private async readFirstConfiguration(): Promise<void> {
    const reading = readConfiguration(await this.options.ipc.configuration(), this.options.deviceId);
    if (!reading.ok) throw new Error(`configuration is invalid:\n  - ${reading.problems.join('\n  - ')}`);
    this.settings = reading.settings;
  }

  private async openInspection(useCase: string): Promise<Inspection> {
    const { options, connection } = this;
    // The settings of a use case that is being removed stay what they were until it has stopped.
    let last = this.settings.useCases[useCase] as UseCaseSettings;
    const inspection = await Inspection.open({
      useCase,
      folder: join(options.workPath, USE_CASES_FOLDER, useCase),
      deviceId: options.deviceId,
      trustedKeysPath: options.trustedKeysPath,
      architecture: options.architecture,
      processId: this.processId,
      bootId: this.bootId,
      endedUncleanly: this.marker.endedUncleanly,
      publisher: options.ipc,
      trialHost: options.trialHost(() => this.settings.trial),
      servingHost: options.servingHost,
      decoder: options.decoder,
      captureStore: options.captureStore,
      clock: options.clock,
      log: options.log,
      random: options.random,
      settings: () => {
        last = this.settings.useCases[useCase] ?? last;
        return last;
      },
      component: () => this.settings,
      connection,
      onChange: () => void this.sendStatus(),
    });
    this.inspections.set(useCase, inspection);
    return inspection;
  }

  /** The offering component tells for which use case the release is; the release itself must say the same. */
  private async judge(offer: ReleaseOffer): Promise<ReleaseVerdict> {
    for (const [useCase, { modelComponentName }] of Object.entries(this.settings.useCases)) {
      const inspection = this.inspections.get(useCase);
      if (inspection && modelComponentName === offer.componentName) return inspection.judge(offer);
    }
    return {
      schemaVersion: 1,
      offerId: offer.offerId,
      verdict: 'refused',
      code: 'WRONG_TARGET',
      message: `no use case of this device takes releases from component '${offer.componentName}'`,
      decidedAt: new Date(this.options.clock.now()).toISOString(),
    };
  }

  private async reconnected(): Promise<void> {
    try {
      await this.options.ipc.reportRunning();
      await this.updateConfiguration();
      for (const inspection of this.inspections.values()) inspection.retryNow();
    } catch (error) {
      this.options.log.warn('after reconnect', { error: (error as Error).message });
    }
  }

  /** What has changed while the component started is read now that there is something to apply it to. */
  private async catchUpWithConfiguration(): Promise<void> {
    const changed = this.configurationReadings > 1;
    this.configurationReadings = 0;
    if (changed) await this.updateConfiguration();
    else await this.sendStatus();
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
    const { ipc, deviceId, log } = this.options;
    try {
      const reading = readConfiguration(await ipc.configuration(), deviceId);
      if (reading.ok) {
        const before = this.settings;
        this.settings = reading.settings;
        this.configurationProblem = undefined;
        await this.applyChange(before);
      } else {
        this.configurationProblem = reading.problems.join('; ');
        log.error('configuration refused', { problems: reading.problems });
      }
    } catch (error) {
      log.warn('configuration not read', { error: (error as Error).message });
    }
  }

  /** Use cases come and go without a restart; what a removed one has on disk stays, should it come back. */
  private async applyChange(before: ComponentSettings): Promise<void> {
    for (const [useCase, inspection] of this.inspections) {
      if (this.settings.useCases[useCase]) continue;
      this.inspections.delete(useCase);
      await inspection.stop();
    }
    for (const useCase of Object.keys(this.settings.useCases)) {
      const known = this.inspections.get(useCase);
      if (known) await known.applyChange(before.useCases[useCase] as UseCaseSettings);
      else (await this.openInspection(useCase)).start();
    }
  }

  private statuses(state: 'running' | 'stopped', diskFreeBytes?: number): DeviceStatus[] {
    const { clock, deviceId, componentVersion } = this.options;
    const { user, system } = process.cpuUsage();
    return [...this.inspections.values()].map((inspection) => {
      const { conditions, ...facts } = inspection.facts();
      return deviceStatus({
        deviceId,
        now: clock.now(),
        componentVersion,
        state,
        endedUncleanly: this.marker.endedUncleanly,
        ...facts,
        conditions: [condition('configuration', this.configurationProblem), ...conditions],
        resources: {
          residentBytes: process.memoryUsage.rss(),
          cpuSeconds: (user + system) / 1e6,
          uptimeSeconds: process.uptime(),
          ...(diskFreeBytes !== undefined && { diskFreeBytes }),
        },
      });
    });
  }

  private async sendStatus(): Promise<void> {
    clearTimeout(this.statusTimer);
    if (this.stopping) return;
    this.statusTimer = setTimeout(() => void this.sendStatus(), this.settings.statusIntervalSeconds * 1000);
    const free = await freeBytesOf(this.options.workPath).catch(() => undefined);
    if (this.stopping) return;
    await Promise.all(this.statuses('running', free).map((status) => this.publishStatus(status)));
    for (const inspection of this.inspections.values()) await inspection.noteTime();
  }

  private async publishStatus(status: DeviceStatus): Promise<void> {
    const { ipc, deviceId } = this.options;
    const settings = this.settings.useCases[status.useCase];
    if (!settings) return;
    const topic = expandTopic(settings.statusTopic, deviceId);
    try {
      await ipc.publishToCloud(topic, Buffer.from(JSON.stringify(status)), settings.retainStatus);
      this.connection.online = true;
    } catch {
      // The next one tells more than a late one.
      this.connection.online = false;
    }
  }
}
