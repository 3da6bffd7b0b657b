/** What PublishToIoTCore and SubscribeToIoTCore do over the device's connection. */
import { messageOf } from '../event-log';
import { type IotCore, IpcError } from '../ipc/server';
import type { Nucleus } from '../nucleus/nuclei';

/** A connection of MQTT; offline it refuses. */
export interface Connection extends IotCore {
  readonly isConnected: boolean;
  on(event: 'connected', listener: () => void): unknown;
}

/**
 * Without a connection the component hears ServiceError and keeps its message, unless the nucleus spools.
 * @param spools whether a nucleus that has a spooler uses it
 */
export function iotCoreOver(connection: Connection, nucleus: Nucleus, spools = false): IotCore {
  const orServiceError = async <T>(action: Promise<T>): Promise<T> => {
    try {
      return await action;
    } catch (error) {
      throw new IpcError('ServiceError', messageOf(error));
    }
  };
  const publisher = publisherOver(connection, nucleus, spools);
  return {
    publish: (...message) => orServiceError(publisher.publish(...message)),
    subscribe: (...subscription) => orServiceError(connection.subscribe(...subscription)),
  };
}

function publisherOver(
  connection: Connection,
  { unacknowledgedBytes, spoolBytes }: Nucleus,
  spools: boolean,
): Pick<IotCore, 'publish'> {
  if (unacknowledgedBytes) return new EarlyAnswer(connection, unacknowledgedBytes);
  return spools && spoolBytes ? new Spool(connection, spoolBytes) : connection;
}

type Message = Parameters<IotCore['publish']>;

/** `mqtt.maxInFlightPublishes` of the classic nucleus. */
const MOST_UNDER_WAY = 5;

/** Answers once a message is on its way; what a connection that is cut has not delivered is lost, and nobody is told. */
class EarlyAnswer {
  private underWay = 0;

  constructor(
    private readonly connection: Connection,
    private readonly mostBytes: number,
  ) {}

  publish: IotCore['publish'] = async (topic, payload, qos, retain) => {
    if (!this.connection.isConnected) throw new Error('the device is offline');
    if (this.underWay + payload.length > this.mostBytes) throw new Error('MQTTPublishStoreFailed');
    this.underWay += payload.length;
    void this.connection
      .publish(topic, payload, qos, retain)
      .catch(() => undefined)
      .finally(() => {
        this.underWay -= payload.length;
      });
  };
}

/**
 * Answers once a message is in memory, and sends what is there in order whenever there is a connection
 * (`mqttclient/spool/Spool.java`). It is gone with the process, and nobody is told.
 */
class Spool {
  private readonly waiting: Message[] = [];
  private bytes = 0;
  private underWay = 0;

  constructor(
    private readonly connection: Connection,
    private readonly mostBytes: number,
  ) {
    connection.on('connected', () => this.send());
  }

  publish: IotCore['publish'] = async (...message) => {
    const [, payload] = message;
    if (this.bytes + payload.length > this.mostBytes) throw new Error('Message spool is full');
    this.bytes += payload.length;
    this.waiting.push(message);
    this.send();
  };

  private send(): void {
    while (this.underWay < MOST_UNDER_WAY && this.connection.isConnected) {
      const next = this.waiting.shift();
      if (!next) return;
      this.underWay++;
      void this.deliver(next);
    }
  }

  private async deliver(message: Message): Promise<void> {
    try {
      await this.connection.publish(...message);
      this.bytes -= message[1].length;
    } catch {
      // The connection is gone; the next one goes on with the same message.
      this.waiting.unshift(message);
    } finally {
      this.underWay--;
    }
    this.send();
  }
}
