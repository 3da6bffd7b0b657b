import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { type EventStreamMessage, encodeFrame, FrameDecoder } from '@kaizen-edge/local-aws';
import { greengrasscoreipc } from 'aws-iot-device-sdk-v2';
import fc from 'fast-check';
import { IpcClient, IpcRefusal } from '../../../../edge-components/inference/src/nucleus/ipc-client';
import { fakeTimeouts, pass } from '../../fake-timeouts';
import { temporaryFolder } from '../../release-fixture';
import { waitFor } from '../../wait-for';

const [APPLICATION, ERROR, PING, PING_RESPONSE, CONNECT, CONNECT_ACK] = [0, 1, 2, 3, 4, 5];
const TERMINATE_STREAM = 2;
/** Passes only where a test lets it: a busy machine is no silent nucleus. */
const TIMEOUT_MILLISECONDS = 60_000;

const message = (type: number | undefined, flags: number, streamId: number, body: object | string = '') => ({
  headers: { ':message-type': type as number, ':message-flags': flags, ':stream-id': streamId },
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const ACCEPTED = message(CONNECT_ACK, 1, 0);

/** A nucleus that says what the test wants, to whatever the component says. */
class ScriptedNucleus {
  readonly heard: EventStreamMessage[] = [];
  /** Answers to one message. */
  script: (heard: EventStreamMessage, socket: Socket) => readonly EventStreamMessage[] = ({ headers }) =>
    headers[':message-type'] === CONNECT ? [ACCEPTED] : [];
  /** Whoever connects is cut off at once. */
  hangsUp = false;
  private readonly folder = temporaryFolder();
  readonly path = join(this.folder, 'ipc.sock');
  private readonly sockets = new Set<Socket>();
  private readonly server: Server = createServer((socket) => {
    if (this.hangsUp) {
      socket.destroy();
      return;
    }
    const decoder = new FrameDecoder();
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      for (const heard of decoder.push(chunk)) {
        this.heard.push(heard);
        for (const answer of this.script(heard, socket)) socket.write(encodeFrame(answer));
      }
    });
  });

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(this.path, resolve));
    return this;
  }

  /** Accepts the connection, and answers every request with these, whose stream ids are put in. */
  answer(...answers: readonly EventStreamMessage[]): void {
    this.script = ({ headers }) => {
      if (headers[':message-type'] === CONNECT) return [ACCEPTED];
      const streamId = headers[':stream-id'] as number;
      return answers.map(({ headers: own, body }) => ({ headers: { ...own, ':stream-id': streamId }, body }));
    };
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

let nucleus: ScriptedNucleus;
let client: IpcClient;
beforeEach(async () => {
  nucleus = await new ScriptedNucleus().start();
  client = new IpcClient(TIMEOUT_MILLISECONDS);
});
afterEach(async () => {
  jest.useRealTimers();
  client.close();
  await nucleus.stop();
});

const connect = () => client.connect(nucleus.path, 'token');

describe('the connection', () => {
  test('says what the AWS SDK says', async () => {
    const request = { keyPath: ['limits'] };
    const answer = message(APPLICATION, TERMINATE_STREAM, 0, { value: 1 });
    // The SDK looks at these as well.
    const shape = {
      ':content-type': 'application/json',
      'service-model-type': 'aws.greengrass#GetConfigurationResponse',
    };
    nucleus.answer({ ...answer, headers: { ...answer.headers, ...shape } });
    await connect();
    await client.call('GetConfiguration', request);
    const ours = nucleus.heard.splice(0);

    process.env.AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT = nucleus.path;
    process.env.SVCUID = 'token';
    const sdk = greengrasscoreipc.createClient();
    try {
      await sdk.connect();
      await sdk.getConfiguration(request);
    } finally {
      await sdk.close();
    }
    const readable = ({ headers, body }: EventStreamMessage) => ({ headers, body: JSON.parse(String(body)) });
    expect(ours.map(readable)).toEqual(nucleus.heard.slice(0, 2).map(readable));
  });

  test('fails where nobody listens', async () => {
    await expect(client.connect(`${nucleus.path}.other`, 'token')).rejects.toThrow('ENOENT');
  });

  test('fails when the nucleus does not know the token', async () => {
    nucleus.script = () => [message(CONNECT_ACK, 0, 0)];
    await expect(connect()).rejects.toThrow('does not know the SVCUID');
  });

  test('fails when the nucleus hangs up at once', async () => {
    nucleus.hangsUp = true;
    await expect(connect()).rejects.toThrow();
  });

  test('fails when the nucleus says nothing', async () => {
    fakeTimeouts();
    nucleus.script = () => [];
    const refused = expect(connect()).rejects.toThrow('no answer within 60000 ms');
    await waitFor('its greeting', () => nucleus.heard.length === 1);
    await pass(TIMEOUT_MILLISECONDS);
    await refused;
  });

  test('answers a ping with the same content', async () => {
    nucleus.script = ({ headers }) =>
      headers[':message-type'] === CONNECT ? [ACCEPTED, message(PING, 0, 0, 'are you there')] : [];
    await connect();
    nucleus.answer(message(APPLICATION, TERMINATE_STREAM, 0, {}));
    await client.call('GetConfiguration', {});
    const pong = nucleus.heard.find(({ headers }) => headers[':message-type'] === PING_RESPONSE);
    expect(String(pong?.body)).toBe('are you there');
  });

  test.each<[what: string, bytes: Buffer, reason: RegExp]>([
    ['a length that no frame has', Buffer.alloc(20, 0xff), /cannot be read: a frame of 4294967295 bytes/],
    ['a frame shorter than its frame', Buffer.alloc(20), /cannot be read: a frame of 0 bytes/],
    ['a damaged frame', damaged(encodeFrame(ACCEPTED)), /cannot be read: /],
    [
      'a body that is no JSON',
      encodeFrame(message(APPLICATION, TERMINATE_STREAM, 1, '{')),
      /cannot be read: .*JSON/,
    ],
    [
      'a protocol error',
      encodeFrame(message(6, 0, 0, 'no such thing')),
      /a message of type 6: no such thing/,
    ],
  ])('ends at %s', async (_, bytes, reason) => {
    await connect();
    nucleus.script = (_heard, socket) => {
      socket.write(bytes);
      return [];
    };
    const ended = once(client, 'disconnection');
    await expect(client.call('GetConfiguration', {})).rejects.toThrow(reason);
    await ended;
    await expect(client.call('GetConfiguration', {})).rejects.toThrow(reason);
  });
});

function damaged(frame: Buffer): Buffer {
  frame.writeUInt8(frame.readUInt8(14) ^ 1, 14);
  return frame;
}

describe('a request', () => {
  test('gets its own answer, whatever the order of the answers', async () => {
    const asked: number[] = [];
    nucleus.script = ({ headers }) => {
      if (headers[':message-type'] === CONNECT) return [ACCEPTED];
      asked.push(headers[':stream-id'] as number);
      const newestFirst = [...asked].reverse();
      return asked.length < 3
        ? []
        : newestFirst.map((id) => message(APPLICATION, TERMINATE_STREAM, id, { id }));
    };
    await connect();
    const answers = await Promise.all([1, 2, 3].map(() => client.call('GetConfiguration', {})));
    expect(answers).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
  });

  test('is read however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
        fc.json(),
        async (cuts, json) => {
          const own = new IpcClient(TIMEOUT_MILLISECONDS);
          nucleus.script = ({ headers }, socket) => {
            if (headers[':message-type'] === CONNECT) return [ACCEPTED];
            const bytes = encodeFrame(
              message(APPLICATION, TERMINATE_STREAM, headers[':stream-id'] as number, { value: json }),
            );
            let from = 0;
            for (let piece = 0; from < bytes.length; piece++) {
              const length = cuts[piece % cuts.length] as number;
              socket.write(bytes.subarray(from, from + length));
              from += length;
            }
            return [];
          };
          await own.connect(nucleus.path, 'token');
          await expect(own.call('GetConfiguration', {})).resolves.toEqual({ value: json });
          own.close();
        },
      ),
      { numRuns: 30 },
    );
  });

  test('is refused with the shape of the IPC model', async () => {
    nucleus.answer(
      message(ERROR, TERMINATE_STREAM, 0, { _errorCode: 'UnauthorizedError', message: 'not on this topic' }),
    );
    await connect();
    const refused = client.call('PublishToIoTCore', {});
    await expect(refused).rejects.toBeInstanceOf(IpcRefusal);
    await expect(refused).rejects.toMatchObject({ code: 'UnauthorizedError', message: 'not on this topic' });
  });

  test('that is not answered fails in time; its late answer hurts nobody', async () => {
    fakeTimeouts();
    await connect();
    const failed = expect(client.call('GetConfiguration', {})).rejects.toThrow('no answer within 60000 ms');
    await pass(TIMEOUT_MILLISECONDS);
    await failed;
    nucleus.script = ({ headers }) => {
      const id = headers[':stream-id'] as number;
      return [id - 1, id].map((streamId) => message(APPLICATION, TERMINATE_STREAM, streamId, { streamId }));
    };
    await expect(client.call('GetConfiguration', {})).resolves.toEqual({ streamId: 2 });
  });

  test('under way fails with the connection, and the end is told once', async () => {
    await connect();
    const ends: string[] = [];
    client.on('disconnection', () => ends.push('end'));
    const calls = Promise.allSettled([client.call('UpdateState', {}), client.call('UpdateState', {})]);
    nucleus.cut();
    expect((await calls).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    client.close();
    expect(ends).toEqual(['end']);
  });

  test('before there is a connection fails', async () => {
    await expect(client.call('UpdateState', {})).rejects.toThrow('the connection to the nucleus');
  });
});

describe('a subscription', () => {
  test('hands on what comes after its response, in order', async () => {
    nucleus.answer(
      message(APPLICATION, 0, 0, {}),
      message(APPLICATION, 0, 0, { event: 1 }),
      message(APPLICATION, 0, 0, { event: 2 }),
    );
    await connect();
    const events: unknown[] = [];
    const both = new Promise<void>((resolve) => {
      void client.subscribe('SubscribeToConfigurationUpdate', {}, (event) => {
        if (events.push(event) === 2) resolve();
      });
    });
    await both;
    expect(events).toEqual([{ event: 1 }, { event: 2 }]);
  });

  test('that is refused throws, and the connection stays', async () => {
    nucleus.answer(message(ERROR, TERMINATE_STREAM, 0, { _errorCode: 'UnauthorizedError', message: 'no' }));
    await connect();
    await expect(client.subscribe('SubscribeToConfigurationUpdate', {}, () => undefined)).rejects.toThrow(
      'no',
    );
    nucleus.answer(message(APPLICATION, TERMINATE_STREAM, 0, { value: 1 }));
    await expect(client.call('GetConfiguration', {})).resolves.toEqual({ value: 1 });
  });

  test('that the nucleus ends is made again by a new connection', async () => {
    nucleus.answer(message(APPLICATION, 0, 0, {}), message(APPLICATION, TERMINATE_STREAM, 0));
    await connect();
    const ended = once(client, 'disconnection');
    const events: unknown[] = [];
    await client.subscribe('SubscribeToConfigurationUpdate', {}, (event) => events.push(event));
    await ended;
    expect(events).toEqual([]);
    await expect(client.call('UpdateState', {})).rejects.toThrow('the nucleus ended a subscription');
  });
});
