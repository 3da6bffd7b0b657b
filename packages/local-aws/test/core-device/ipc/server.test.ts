/** The server against the unmodified client of the AWS IoT Device SDK. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { greengrasscoreipc } from 'aws-iot-device-sdk-v2';
import { encodeFrame, FrameDecoder } from '../../../core-device/ipc/frame-codec';
import {
  createIpcServices,
  type IotCore,
  type IpcServer,
  type IpcServices,
  startIpcServer,
} from '../../../core-device/ipc/server';

type Client = greengrasscoreipc.Client;
const COMPONENT = 'com.example.It';
const allow = (service: string, operations: string[], resources: string[]) => ({
  [service]: { policy: { operations: operations.map((name) => `aws.greengrass#${name}`), resources } },
});

let folder: string;
let server: IpcServer;
let services: IpcServices;
let published: Array<[string, string, number, boolean]>;
let states: string[];
let iotListeners: Array<(topic: string, payload: Buffer) => void>;
let online: boolean;
const clients: Client[] = [];

const iotCore: IotCore = {
  async publish(topic, payload, qos, retain) {
    if (!online) throw new Error('the device is offline');
    published.push([topic, payload.toString(), qos, retain]);
  },
  async subscribe(_filter, _qos, listener) {
    iotListeners.push(listener);
    return () => {
      iotListeners = iotListeners.filter((other) => other !== listener);
    };
  },
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ipc-'));
  [published, states, iotListeners, online] = [[], [], [], true];
  services = createIpcServices({
    thingName: 'line-1',
    iotCore,
    reportState: (component, state) => states.push(`${component} ${state}`),
  });
  const accessControl = {
    ...allow(
      'aws.greengrass.ipc.mqttproxy',
      ['PublishToIoTCore', 'SubscribeToIoTCore'],
      ['lines/{iot:thingName}/#'],
    ),
    ...allow('aws.greengrass.ipc.pubsub', ['PublishToTopic', 'SubscribeToTopic'], ['local/*']),
  };
  services.configuration.replace(COMPONENT, {
    defaults: { limit: { low: 1, high: 9 }, word: 'default', accessControl },
    overrides: {},
  });
  server = await startIpcServer({
    socketPath: join(folder, 'ipc.socket'),
    services,
    componentOf: (token) => (token === 'token' ? COMPONENT : undefined),
    onInternalError: () => {},
  });
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** As a component connects: by what the nucleus puts into its environment. */
async function connected(token = 'token'): Promise<Client> {
  process.env.AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT = server.socketPath;
  process.env.SVCUID = token;
  const client = greengrasscoreipc.createClient();
  clients.push(client);
  await client.connect();
  return client;
}

/** Code of the error that an operation answers. */
async function refusal(operation: Promise<unknown>): Promise<string> {
  try {
    await operation;
    return 'no error';
  } catch (error) {
    return (error as { serviceError?: { _errorCode: string } }).serviceError?._errorCode ?? String(error);
  }
}

test('a component reads its configuration: all of it, a part, a value', async () => {
  const client = await connected();
  expect((await client.getConfiguration({ keyPath: [] })).value).toMatchObject({ word: 'default' });
  expect(await client.getConfiguration({ keyPath: ['limit'] })).toEqual({
    componentName: COMPONENT,
    value: { low: 1, high: 9 },
  });
  expect((await client.getConfiguration({ keyPath: ['limit', 'low'] })).value).toEqual({ low: 1 });
  expect(await refusal(client.getConfiguration({ keyPath: ['missing'] }))).toBe('ResourceNotFoundError');
  expect(await refusal(client.getConfiguration({ componentName: 'other', keyPath: [] }))).toBe(
    'ResourceNotFoundError',
  );
});

test('a component changes its configuration and hears of it, and only of what it asked for', async () => {
  const client = await connected();
  const heard: string[][] = [];
  const stream = client.subscribeToConfigurationUpdate({ keyPath: ['limit'] });
  const first = new Promise((resolve) => {
    stream.on('message', ({ configurationUpdateEvent }) => {
      heard.push(configurationUpdateEvent?.keyPath ?? []);
      resolve(undefined);
    });
  });
  await stream.activate();
  const timestamp = new Date();
  await client.updateConfiguration({ keyPath: ['word'], timestamp, valueToMerge: 'mine' });
  await client.updateConfiguration({ keyPath: ['limit'], timestamp, valueToMerge: { low: 3 } });
  await first;
  expect(heard).toEqual([['limit', 'low']]);
  expect(services.configuration.effective(COMPONENT)).toMatchObject({
    word: 'mine',
    limit: { low: 3, high: 9 },
  });
  await stream.close();
  for (const valueToMerge of [{ accessControl: {} }, 'no object'])
    expect(await refusal(client.updateConfiguration({ timestamp, valueToMerge }))).toBe(
      'InvalidArgumentsError',
    );
});

test('a component tells its state', async () => {
  const client = await connected();
  await client.updateState({ state: greengrasscoreipc.model.ReportedLifecycleState.RUNNING });
  expect(states).toEqual([`${COMPONENT} RUNNING`]);
  const unknown = 'HAPPY' as greengrasscoreipc.model.ReportedLifecycleState;
  expect(await refusal(client.updateState({ state: unknown }))).toBe('ServiceError');
});

test('publishing to AWS IoT Core: allowed, forbidden, too large, offline', async () => {
  const client = await connected();
  const qos = greengrasscoreipc.model.QOS.AT_LEAST_ONCE;
  await client.publishToIoTCore({ topicName: 'lines/line-1/results', qos, payload: 'batch' });
  expect(published).toEqual([['lines/line-1/results', 'batch', 1, false]]);
  expect(await refusal(client.publishToIoTCore({ topicName: 'lines/line-2/results', qos }))).toBe(
    'UnauthorizedError',
  );
  const topicName = 'lines/line-1/results';
  await client.publishToIoTCore({ topicName, qos, payload: Buffer.alloc(128 * 1024) });
  expect(
    await refusal(client.publishToIoTCore({ topicName, qos, payload: Buffer.alloc(128 * 1024 + 1) })),
  ).toBe('ServiceError');
  online = false;
  expect(await refusal(client.publishToIoTCore({ topicName, qos, payload: 'batch' }))).toBe('ServiceError');
  expect(published).toHaveLength(2);
});

test('messages from AWS IoT Core arrive as bytes, until the subscription ends', async () => {
  const client = await connected();
  const qos = greengrasscoreipc.model.QOS.AT_LEAST_ONCE;
  const stream = client.subscribeToIoTCore({ topicName: 'lines/line-1/commands/#', qos });
  const message = new Promise<[string, string]>((resolve) => {
    stream.on('message', ({ message: arrived }) =>
      resolve([arrived?.topicName ?? '', Buffer.from(arrived?.payload as ArrayBuffer).toString()]),
    );
  });
  await stream.activate();
  for (const listener of iotListeners) listener('lines/line-1/commands/go', Buffer.from('now'));
  expect(await message).toEqual(['lines/line-1/commands/go', 'now']);
  await stream.close();
  await client.updateState({ state: greengrasscoreipc.model.ReportedLifecycleState.RUNNING });
  expect(iotListeners).toEqual([]);
});

test('components talk to each other by local topics', async () => {
  const [sender, receiver] = [await connected(), await connected()];
  const stream = receiver.subscribeToTopic({ topic: 'local/news' });
  const arrived = new Promise((resolve) => {
    stream.on('message', ({ jsonMessage }) => resolve(jsonMessage?.message));
  });
  await stream.activate();
  await sender.publishToTopic({
    topic: 'local/news',
    publishMessage: { jsonMessage: { message: { a: 1 } } },
  });
  expect(await arrived).toEqual({ a: 1 });
  const publishMessage = { jsonMessage: { message: {} } };
  expect(await refusal(sender.publishToTopic({ topic: 'elsewhere', publishMessage }))).toBe(
    'UnauthorizedError',
  );
});

test('a component puts an update off, then agrees, and is told when it is done', async () => {
  const client = await connected();
  const events: string[] = [];
  const stream = client.subscribeToComponentUpdates({});
  stream.on('message', async ({ preUpdateEvent, postUpdateEvent }) => {
    if (postUpdateEvent) events.push('done');
    if (!preUpdateEvent) return;
    events.push('asked');
    await client.deferComponentUpdate({
      deploymentId: preUpdateEvent.deploymentId,
      recheckAfterMs: events.length === 1 ? 20 : 0,
    });
  });
  await stream.activate();
  await services.updates.waitForAgreement('d', 10_000, new AbortController().signal);
  const told = new Promise((resolve) => stream.once('message', resolve));
  services.updates.announceDone('d');
  await told;
  expect(events).toEqual(['asked', 'asked', 'done']);
});

test('a component rejects a configuration', async () => {
  const client = await connected();
  const stream = client.subscribeToValidateConfigurationUpdates({});
  const { ConfigurationValidityStatus } = greengrasscoreipc.model;
  stream.on('message', ({ validateConfigurationUpdateEvent: event }) => {
    if (!event) return;
    const configurationValidityReport = {
      status: ConfigurationValidityStatus.REJECTED,
      deploymentId: event.deploymentId,
      message: `limit ${event.configuration?.limit} is too low`,
    };
    void client.sendConfigurationValidityReport({ configurationValidityReport });
  });
  await stream.activate();
  await expect(services.validation.validate(COMPONENT, 'd', { limit: 3 }, 10_000)).resolves.toBe(
    'limit 3 is too low',
  );
});

test('when a component is gone its subscriptions are gone', async () => {
  const client = await connected();
  const stream = client.subscribeToIoTCore({
    topicName: 'lines/line-1/commands/#',
    qos: greengrasscoreipc.model.QOS.AT_LEAST_ONCE,
  });
  await stream.activate();
  expect(iotListeners).toHaveLength(1);
  await client.close();
  while (iotListeners.length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(iotListeners).toEqual([]);
});

test('a wrong token is not let in', async () => {
  await expect(connected('guessed')).rejects.toThrow();
});

test('an operation that this device does not serve is refused and the connection stays', async () => {
  const client = await connected();
  expect(await refusal(client.listComponents({}))).toBe('ServiceError');
  expect((await client.getConfiguration({ keyPath: ['word'] })).value).toEqual({ word: 'default' });
});

test('one hundred requests at once are all answered', async () => {
  const client = await connected();
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => client.getConfiguration({ keyPath: ['word'] })),
  );
  expect(answers.every(({ value }) => value.word === 'default')).toBe(true);
});

test('a socket path that no Unix socket can have is refused; a stale socket is replaced', async () => {
  const settings = { services, componentOf: () => undefined };
  const long = join(folder, 'x'.repeat(108));
  await expect(startIpcServer({ ...settings, socketPath: long })).rejects.toThrow(RangeError);
  const stale = join(folder, 'stale');
  writeFileSync(stale, '');
  const second = await startIpcServer({ ...settings, socketPath: stale });
  await second.stop();
});

describe('a client that does not keep to the protocol', () => {
  /** Types of the messages that come back until the server closes. */
  function typesAfter(bytes: Buffer): Promise<unknown[]> {
    return new Promise((resolve, reject) => {
      const socket: Socket = connect(server.socketPath, () => socket.write(bytes));
      const decoder = new FrameDecoder();
      const types: unknown[] = [];
      socket.on('data', (chunk) => {
        for (const { headers } of decoder.push(chunk)) types.push(headers[':message-type']);
      });
      socket.on('error', reject);
      socket.on('close', () => resolve(types));
    });
  }
  const frame = (headers: Record<string, string | number>, body = '') =>
    encodeFrame({ headers, body: Buffer.from(body) });
  const request = frame(
    {
      ':message-type': 0,
      ':message-flags': 0,
      ':stream-id': 1,
      operation: 'aws.greengrass#GetConfiguration',
    },
    '{}',
  );
  const connectAs = (version: string, body: string) =>
    frame({ ':message-type': 4, ':message-flags': 0, ':stream-id': 0, ':version': version }, body);

  test.each<[string, () => Buffer, number[]]>([
    ['no frame at all', () => Buffer.from('GET / HTTP/1.1\r\n\r\n'), [6]],
    ['a request before the connect', () => request, [6]],
    ['another version', () => connectAs('9.9.9', '{"authToken":"token"}'), [5]],
    ['a connect without JSON', () => connectAs('0.1.0', 'token'), [5]],
    ['a token that is no text', () => connectAs('0.1.0', '{"authToken":{"a":1}}'), [5]],
    [
      'a corrupt frame after a good one',
      () => {
        const corrupt = Buffer.from(request);
        corrupt[20] = (corrupt[20] as number) ^ 1;
        return Buffer.concat([connectAs('0.1.0', '{"authToken":"token"}'), corrupt]);
      },
      [5, 6],
    ],
  ])('%s', async (_case, bytes, types) => {
    expect(await typesAfter(bytes())).toEqual(types);
  });

  test('a ping is answered', async () => {
    const ping = frame({ ':message-type': 2, ':message-flags': 0, ':stream-id': 0 });
    expect(await typesAfter(Buffer.concat([ping, Buffer.from('junk that ends it')]))).toEqual([3, 6]);
  });
});
