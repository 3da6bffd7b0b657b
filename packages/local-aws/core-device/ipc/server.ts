/**
 * The Greengrass IPC server: event-stream RPC on a Unix socket, for the unmodified client of `aws-iot-device-sdk-v2`.
 *
 *     startIpcServer({ socketPath, services, componentOf, onInternalError? }): Promise<IpcServer>   // .socketPath, .stop()
 *     createIpcServices({ thingName?, iotCore?, reportState? }): IpcServices                        // all in memory
 *
 * For a test of a component without a device:
 *
 *     const services = createIpcServices({ thingName: 'line-1', iotCore, reportState });
 *     services.configuration.replace('com.example.Component', { defaults: { accessControl, ... }, overrides: {} });
 *     const server = await startIpcServer({ socketPath, services, componentOf: (token) => owners[token] });
 *     // the component's environment:
 *     // AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT = server.socketPath, SVCUID = its token
 */
import { chmod, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { ConfigurationStore } from '../configuration/configuration-store';
import { NUCLEI, type NucleusName } from '../nucleus/nuclei';
import { ComponentUpdates } from './component-updates';
import { ConfigurationValidation } from './configuration-validation';
import { Connection } from './connection';
import { IpcError } from './errors';
import { LocalTopics } from './local-topics';
import type { IotCore, IpcServices } from './operations';

export type { IotCore, IpcServices } from './operations';
export { IpcError };

/** sun_path holds 108 bytes with the closing zero (unix(7)). */
export const LONGEST_SOCKET_PATH_BYTES = 107;

export interface IpcServerOptions {
  /** At most 107 bytes; a stale socket there is removed. */
  readonly socketPath: string;
  readonly services: IpcServices;
  /** Whose IPC this is. @default 'classic' */
  readonly nucleus?: NucleusName;
  /** The component that owns the token (SVCUID), undefined when nobody does. */
  readonly componentOf: (token: string) => string | undefined;
  readonly onInternalError?: (error: unknown) => void;
}

export interface IpcServer {
  readonly socketPath: string;
  /** Closes the socket and every connection. */
  stop(): Promise<void>;
}

/** An IoT Core that is never there: what a device without a network has. */
const OFFLINE: IotCore = {
  publish: async () => {
    throw new IpcError('ServiceError', 'the device is offline');
  },
  subscribe: async () => {
    throw new IpcError('ServiceError', 'the device is offline');
  },
};

/** Services in memory; what is not given is empty, offline or ignored. */
export function createIpcServices(options: Partial<IpcServices> = {}): IpcServices {
  return {
    thingName: options.thingName ?? 'thing',
    configuration: options.configuration ?? new ConfigurationStore(),
    updates: options.updates ?? new ComponentUpdates(),
    validation: options.validation ?? new ConfigurationValidation(),
    localTopics: options.localTopics ?? new LocalTopics(),
    iotCore: options.iotCore ?? OFFLINE,
    reportState: options.reportState ?? (() => {}),
  };
}

/** @throws RangeError when the socket path is too long; whatever listen() fails with */
export async function startIpcServer(options: IpcServerOptions): Promise<IpcServer> {
  const { socketPath, services, componentOf } = options;
  const length = Buffer.byteLength(socketPath);
  if (length > LONGEST_SOCKET_PATH_BYTES)
    throw new RangeError(
      `the socket path '${socketPath}' has ${length} bytes, more than ${LONGEST_SOCKET_PATH_BYTES}`,
    );
  await rm(socketPath, { force: true });
  const connections = new Set<Connection>();
  const nucleus = NUCLEI[options.nucleus ?? 'classic'];
  const onInternalError = options.onInternalError ?? (() => {});
  const server = createServer((socket) => {
    const connection = new Connection(socket, { nucleus, services, componentOf, onInternalError });
    connections.add(connection);
    socket.on('close', () => connections.delete(connection));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  // Who connects is told by the token, but other users of the machine need not even try.
  await chmod(socketPath, 0o600);
  return {
    socketPath,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const connection of connections) connection.close();
      await closed;
      await rm(socketPath, { force: true });
    },
  };
}
