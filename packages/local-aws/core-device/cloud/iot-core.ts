/** What PublishToIoTCore and SubscribeToIoTCore do over the device's connection. */
import { messageOf } from '../event-log';
import { type IotCore, IpcError } from '../ipc/server';
import type { Nucleus } from '../nucleus/nuclei';

/** A connection of MQTT; offline it refuses. */
type Connection = IotCore & { readonly isConnected: boolean };

/** Without a connection the component hears ServiceError and keeps its message. */
export function iotCoreOver(connection: Connection, { unacknowledgedBytes }: Nucleus): IotCore {
  const orServiceError = async <T>(action: Promise<T>): Promise<T> => {
    try {
      return await action;
    } catch (error) {
      throw new IpcError('ServiceError', messageOf(error));
    }
  };
  const publisher = unacknowledgedBytes ? new EarlyAnswer(connection, unacknowledgedBytes) : connection;
  return {
    publish: (...message) => orServiceError(publisher.publish(...message)),
    subscribe: (...subscription) => orServiceError(connection.subscribe(...subscription)),
  };
}

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
