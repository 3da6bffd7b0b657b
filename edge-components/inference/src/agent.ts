/** The component: what starts in which order, what reacts to what, and how it stops. */
import type { ReleaseOffer, ReleaseVerdict } from '../../../contracts';
import type { ComponentSettings, UseCaseSettings } from './configuration/configuration';
import { type AcceptedConfiguration, DeployedConfiguration } from './configuration/deployed-configuration';
import { Connection } from './inspection/connection';
import type { Inspection } from './inspection/inspection';
import { type Resources, StatusSender } from './inspection/status-sender';
import type { Nucleus } from './nucleus/ports';
import { UpdateQuestions } from './nucleus/update-deferral';
import type { Clock, Log } from './ports';
import type { OfferInbox } from './releases/ports';

/** Is there while the process runs, so that the next one finds out how this one ended. */
export interface RunMark {
  /** Whether the process before this one ended without being told to. */
  readonly endedUncleanly: boolean;
  remove(): Promise<void>;
}

/** A use case that is to be opened. */
export interface UseCaseRequest {
  readonly useCase: string;
  /** As they are at the moment. */
  readonly settings: () => UseCaseSettings;
  /** As they are at the moment. */
  readonly component: () => ComponentSettings;
  readonly connection: Connection;
  readonly onChange: () => void;
}

/** Settings that come as a file, over those that are deployed. */
export interface Document {
  /** Reads the one that was accepted last. */
  load(): Promise<void>;
  over(deployed: unknown): unknown;
  /** @throws Error when the offered file cannot be read or kept */
  take(offer: ReleaseOffer, apply: () => Promise<void>): Promise<ReleaseVerdict>;
}

export interface AgentPorts {
  readonly deviceId: string;
  readonly componentVersion: string;
  /** Unique per process. */
  readonly processId: string;
  readonly nucleus: Nucleus;
  readonly inbox: OfferInbox;
  readonly resources: Resources;
  /** Why no image can be decoded at the moment. */
  readonly decoderProblem: () => string | undefined;
  readonly markRun: () => Promise<RunMark>;
  readonly acceptedConfiguration: AcceptedConfiguration;
  readonly document: Document;
  /** Ends the process, so that the nucleus starts another one. */
  readonly giveUp: (reason: string) => void;
  /** Opens a use case's state and brings its release back. @throws Error when the disk cannot be used */
  readonly openInspection: (request: UseCaseRequest) => Promise<Inspection>;
  readonly clock: Clock;
  readonly log: Log;
}

export class InferenceAgent {
  private readonly inspections = new Map<string, Inspection>();
  private readonly connection: Connection;
  private readonly configuration: DeployedConfiguration;
  private readonly updateQuestions: UpdateQuestions;
  private mark: RunMark | undefined;
  private endedUncleanly = false;
  private status: StatusSender | undefined;
  private stopping = false;

  constructor(private readonly ports: AgentPorts) {
    const { nucleus, clock, log, deviceId } = ports;
    this.connection = new Connection(log);
    this.updateQuestions = new UpdateQuestions(clock);
    this.configuration = new DeployedConfiguration({
      deviceId,
      log,
      read: async () => ports.document.over(await nucleus.configuration()),
      accepted: ports.acceptedConfiguration,
      apply: (settings) => this.apply(settings),
      onRead: () => void this.status?.sendNow(),
    });
  }

  /**
   * Resolves when the component is ready, with or without a release, and has said so to the nucleus.
   * @throws Error when the nucleus cannot be reached, the configuration is invalid or the disk cannot be used
   */
  async start(): Promise<void> {
    const { nucleus, inbox, log, processId, markRun, document } = this.ports;
    await document.load();
    await nucleus.connect();
    nucleus.on('configuration', () => void this.configuration.update());
    nucleus.on('forgotten', () => this.ports.giveUp('the nucleus does not know this process any more'));
    await this.configuration.readFirst();
    this.mark = await markRun();
    this.endedUncleanly = this.mark.endedUncleanly;
    this.status = this.newStatusSender();
    for (const useCase of Object.keys(this.configuration.settings.useCases)) await this.open(useCase);
    await nucleus.reportRunning();
    nucleus.on('connected', () => void this.reconnected());
    for (const inspection of this.inspections.values()) inspection.start();
    inbox.start((offer) => this.install(offer));
    void this.configuration.catchUp();
    log.info('running', {
      useCases: [...this.inspections.keys()],
      processId,
      endedUncleanly: this.endedUncleanly,
    });
  }

  /** Stops taking frames, finishes those under way, sends what it can within its time, and closes everything. */
  async stop(): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    this.configuration.stop();
    this.status?.stop();
    this.ports.inbox.stop();
    await Promise.all([...this.inspections.values()].map((inspection) => inspection.stop()));
    await this.status?.sendLast();
    this.ports.nucleus.close();
    await this.mark?.remove();
  }

  /** For how long an update that may restart the component has to wait, in milliseconds. */
  deferral(deploymentId: string): number {
    const frames = [...this.inspections.values()].flatMap(({ lastFrameAt }) => lastFrameAt ?? []);
    return this.updateQuestions.answer(
      deploymentId,
      frames.length > 0 ? Math.max(...frames) : undefined,
      this.configuration.settings.componentUpdate,
    );
  }

  private newStatusSender(): StatusSender {
    const { ports, connection, configuration } = this;
    return new StatusSender({
      ...ports,
      publisher: ports.nucleus,
      endedUncleanly: this.endedUncleanly,
      connection,
      settings: () => configuration.settings,
      inspections: () => this.inspections.values(),
      configurationProblem: () => configuration.problem,
      unserved: () => ports.nucleus.unserved,
    });
  }

  private async open(useCase: string): Promise<Inspection> {
    const { configuration, connection, ports } = this;
    // The settings of a use case that is being removed stay what they were until it has stopped.
    let last = configuration.settings.useCases[useCase] as UseCaseSettings;
    const inspection = await ports.openInspection({
      useCase,
      settings: () => {
        last = configuration.settings.useCases[useCase] ?? last;
        return last;
      },
      component: () => configuration.settings,
      connection,
      onChange: () => void this.status?.sendNow(),
    });
    this.inspections.set(useCase, inspection);
    return inspection;
  }

  /** The offering component tells for which use case the release is; the release itself must say the same. */
  private async install(offer: ReleaseOffer): Promise<ReleaseVerdict> {
    const { useCases, configurationComponentName } = this.configuration.settings;
    if (offer.componentName === configurationComponentName) {
      return this.ports.document.take(offer, () => this.configuration.update());
    }
    for (const [useCase, { modelComponentName }] of Object.entries(useCases)) {
      const inspection = this.inspections.get(useCase);
      if (inspection && modelComponentName === offer.componentName) return inspection.install(offer);
    }
    return {
      schemaVersion: 1,
      offerId: offer.offerId,
      verdict: 'refused',
      code: 'WRONG_TARGET',
      message: `no use case of this device takes releases from component '${offer.componentName}'`,
      decidedAt: new Date(this.ports.clock.now()).toISOString(),
    };
  }

  private async reconnected(): Promise<void> {
    try {
      await this.ports.nucleus.reportRunning();
      await this.configuration.update();
      for (const inspection of this.inspections.values()) inspection.retryNow();
    } catch (error) {
      this.ports.log.warn('after reconnect', { error: (error as Error).message });
    }
  }

  /** Use cases come and go without a restart; what a removed one has on disk stays, should it come back. */
  private async apply({ useCases }: ComponentSettings): Promise<void> {
    for (const [useCase, inspection] of this.inspections) {
      if (useCases[useCase]) continue;
      this.inspections.delete(useCase);
      await inspection.stop();
    }
    for (const useCase of Object.keys(useCases)) {
      const known = this.inspections.get(useCase);
      if (known) await known.applyChange();
      else (await this.open(useCase)).start();
    }
  }
}
