import type { DeviceStatus } from '../../../../contracts';
import type { ComponentSettings } from '../configuration/configuration';
import { expandTopic } from '../configuration/topics';
import { type Clock, MessageTooLarge, type Publisher } from '../ports';
import type { Connection } from './connection';
import { type Condition, condition, deviceStatus } from './device-status';
import type { Inspection } from './inspection';

/** What the process and its disk say about themselves. */
export interface Resources {
  /** Of this moment. */
  usage(): NonNullable<DeviceStatus['resources']>;
  /** Free bytes of the disk that holds the component's state. @throws Error when that cannot be found out */
  freeDiskBytes(): Promise<number>;
}

export interface StatusSenderPorts {
  readonly deviceId: string;
  readonly componentVersion: string;
  /** Whether the process before this one ended without being told to. */
  readonly endedUncleanly: boolean;
  readonly publisher: Pick<Publisher, 'publishToCloud'>;
  readonly resources: Resources;
  readonly connection: Connection;
  readonly clock: Clock;
  /** As they are at the moment. */
  readonly settings: () => ComponentSettings;
  readonly inspections: () => Iterable<Inspection>;
  /** Why the configuration that was deployed last is not in force. */
  readonly configurationProblem: () => string | undefined;
  /** Operations that the nucleus does not serve. */
  readonly unserved: () => readonly string[];
  /** Why no image can be decoded at the moment. */
  readonly decoderProblem: () => string | undefined;
}

/** Tells the cloud about each use case, in intervals and whenever something has changed. */
export class StatusSender {
  private timer: NodeJS.Timeout | undefined;
  private stopping = false;

  constructor(private readonly ports: StatusSenderPorts) {}

  /** The next one follows after the interval. */
  async sendNow(): Promise<void> {
    clearTimeout(this.timer);
    if (this.stopping) return;
    const { settings, resources } = this.ports;
    this.timer = setTimeout(() => void this.sendNow(), settings().statusIntervalSeconds * 1000);
    const free = await resources.freeDiskBytes().catch(() => undefined);
    if (this.stopping) return;
    await this.send('running', free);
    for (const inspection of this.ports.inspections()) await inspection.noteTime();
  }

  /** No more of them; the last one is {@link sendLast}'s. */
  stop(): void {
    this.stopping = true;
    clearTimeout(this.timer);
  }

  /** Says that the component was told to stop. */
  sendLast(): Promise<void> {
    return this.send('stopped');
  }

  private async send(state: NonNullable<DeviceStatus['state']>, diskFreeBytes?: number): Promise<void> {
    const { usage } = this.ports.resources;
    const resources = { ...usage(), ...(diskFreeBytes !== undefined && { diskFreeBytes }) };
    const statuses = [...this.ports.inspections()].map((inspection) =>
      this.statusOf(inspection, state, resources),
    );
    await Promise.all(statuses.map((status) => this.publish(status)));
  }

  private statusOf(
    inspection: Inspection,
    state: NonNullable<DeviceStatus['state']>,
    resources: NonNullable<DeviceStatus['resources']>,
  ): DeviceStatus {
    const { deviceId, componentVersion, endedUncleanly, clock } = this.ports;
    const { conditions, ...facts } = inspection.facts();
    return deviceStatus({
      deviceId,
      now: clock.now(),
      componentVersion,
      state,
      endedUncleanly,
      ...facts,
      conditions: [
        this.configuration(),
        this.nucleus(),
        condition('decoder', this.ports.decoderProblem()),
        ...conditions,
      ],
      resources,
    });
  }

  private configuration(): Condition {
    return condition('configuration', this.ports.configurationProblem());
  }

  /** What the component can do without is no fault of the device. */
  private nucleus(): Condition {
    const unserved = this.ports.unserved();
    const value = unserved.length > 0 ? `does not serve ${unserved.join(', ')}` : 'ok';
    return { name: 'nucleus', ok: true, value };
  }

  private async publish(status: DeviceStatus): Promise<void> {
    const { publisher, deviceId, connection } = this.ports;
    const settings = this.ports.settings().useCases[status.useCase];
    if (!settings) return;
    const topic = expandTopic(settings.statusTopic, deviceId);
    const send = (message: DeviceStatus): Promise<void> =>
      publisher.publishToCloud(topic, Buffer.from(JSON.stringify(message)), settings.retainStatus);
    try {
      await send(status).catch((error) => {
        if (!(error instanceof MessageTooLarge)) throw error;
        return send(withoutLists(status));
      });
      connection.succeeded();
    } catch (error) {
      // The next one tells more than a late one.
      connection.failed((error as Error).message);
    }
  }
}

/** For a nucleus that takes no more. The conditions say all the same what is wrong. */
function withoutLists({ cameras, releases, refusedReleases, ...rest }: DeviceStatus): DeviceStatus {
  return rest;
}
