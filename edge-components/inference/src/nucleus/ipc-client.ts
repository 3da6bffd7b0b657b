/**
 * One connection to the nucleus: requests and subscriptions over Greengrass IPC.
 *
 * The protocol is event-stream RPC 0.1.0, as aws-iot-device-sdk-v2 speaks it (its lib/eventstream_rpc.ts and
 * aws-c-event-stream, event_stream_rpc.h). Every message has the int32 headers `:message-type`, `:message-flags` and
 * `:stream-id`; every operation has a stream of its own, which the last message of either side ends. Bodies are JSON;
 * binary fields in them are base64. Why not the SDK: docs/adr/0012.
 */
import { EventEmitter } from 'node:events';
import { connect, type Socket } from 'node:net';
import { EventStreamCodec, type MessageHeaders } from '@smithy/core/event-streams';
import { within } from '../shared/within';

const MessageType = {
  APPLICATION: 0,
  ERROR: 1,
  PING: 2,
  PING_RESPONSE: 3,
  CONNECT: 4,
  CONNECT_ACK: 5,
} as const;
const CONNECTION_ACCEPTED = 1;
const TERMINATE_STREAM = 2;
const PROTOCOL_VERSION = '0.1.0';
const NAMESPACE = 'aws.greengrass#';
/** Of the event-stream format (aws-c-event-stream, event_stream.h); what claims more is no frame. */
const LARGEST_FRAME_BYTES = 24 * 1024 * 1024;
/** Two lengths and a checksum before the content, a checksum after it. */
const SMALLEST_FRAME_BYTES = 16;

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString('utf8'),
  (text) => Buffer.from(text, 'utf8'),
);

/** The nucleus refused an operation. `code` is the shape of the IPC model, such as `UnauthorizedError`. */
export class IpcRefusal extends Error {
  override readonly name = 'IpcRefusal';
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** The nucleus did not let the component in. */
export class HandshakeRefusal extends Error {
  override readonly name = 'HandshakeRefusal';
}

/** An operation under way. */
interface Stream {
  answered(response: unknown): void;
  failed(error: Error): void;
  /** Where the operation is a subscription: takes what comes after the response. */
  readonly onEvent?: ((event: unknown) => void) | undefined;
  isAnswered: boolean;
}

const integer = (value: number) => ({ type: 'integer', value }) as const;
const text = (value: string) => ({ type: 'string', value }) as const;

/** Emits `disconnection` once, when the connection has ended, whoever ended it. */
export class IpcClient extends EventEmitter {
  private readonly streams = new Map<number, Stream>();
  private socket: Socket | undefined;
  private accepted: (() => void) | undefined;
  private received: Buffer = Buffer.alloc(0);
  private lastStreamId = 0;
  private reason = 'the connection to the nucleus was lost';
  private isRefused = false;

  /** @param timeoutMilliseconds for the connection to stand, and for the answer to each request */
  constructor(private readonly timeoutMilliseconds: number) {
    super();
  }

  /**
   * Connects and introduces the component.
   * @param socketPath at most 107 bytes (sun_path)
   * @param authToken the component's `SVCUID`
   * @throws HandshakeRefusal when the nucleus does not know the token; Error when nobody listens, or the time is over
   */
  connect(socketPath: string, authToken: string): Promise<void> {
    const connected = new Promise<void>((resolve, reject) => {
      const socket = connect(socketPath);
      this.socket = socket;
      this.accepted = resolve;
      socket.on('connect', () => {
        const headers = { ...this.headers(MessageType.CONNECT, 0), ':version': text(PROTOCOL_VERSION) };
        this.write(headers, { authToken });
      });
      socket.on('data', (chunk) => this.receive(chunk));
      socket.on('error', (error) => {
        this.reason = error.message;
      });
      socket.on('close', () => {
        const error = this.isRefused ? new HandshakeRefusal(this.reason) : new Error(this.reason);
        for (const stream of this.streams.values()) stream.failed(error);
        this.streams.clear();
        reject(error);
        this.emit('disconnection');
      });
    });
    return within(this.timeoutMilliseconds, connected, () => {
      this.end(this.silence());
      return connected;
    });
  }

  /**
   * One request, one answer.
   * @param operation such as `GetConfiguration`
   * @throws IpcRefusal when the nucleus refuses, Error when the connection or the time ends first
   */
  call<Response>(operation: string, request: object): Promise<Response> {
    return this.open<Response>(operation, request);
  }

  /** The same, with every later message of the stream handed to `onEvent` until the connection ends. */
  async subscribe<Event>(operation: string, request: object, onEvent: (event: Event) => void): Promise<void> {
    await this.open(operation, request, onEvent as (event: unknown) => void);
  }

  close(): void {
    this.end('the connection to the nucleus was closed');
  }

  private end(reason: string): void {
    this.reason = reason;
    this.socket?.destroy();
  }

  private silence(): string {
    return `no answer within ${this.timeoutMilliseconds} ms`;
  }

  private open<Response>(
    operation: string,
    request: object,
    onEvent?: (event: unknown) => void,
  ): Promise<Response> {
    if (!this.socket?.writable) return Promise.reject(new Error(this.reason));
    const streamId = ++this.lastStreamId;
    const answer = new Promise<Response>((resolve, reject) => {
      this.streams.set(streamId, {
        answered: (response) => resolve(response as Response),
        failed: reject,
        onEvent,
        isAnswered: false,
      });
      const headers = {
        ...this.headers(MessageType.APPLICATION, streamId),
        operation: text(`${NAMESPACE}${operation}`),
      };
      this.write(headers, request);
    });
    return within(this.timeoutMilliseconds, answer, () => {
      this.streams.delete(streamId);
      throw new Error(this.silence());
    });
  }

  private headers(type: number, streamId: number): MessageHeaders {
    return {
      ':message-type': integer(type),
      ':message-flags': integer(0),
      ':stream-id': integer(streamId),
    };
  }

  private write(headers: MessageHeaders, body: object): void {
    this.socket?.write(codec.encode({ headers, body: Buffer.from(JSON.stringify(body)) }));
  }

  private receive(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    try {
      for (let frame = this.nextFrame(); frame; frame = this.nextFrame()) this.take(frame);
    } catch (error) {
      // After a broken frame the start of the next one is unknown.
      this.end(`the nucleus sent what cannot be read: ${(error as Error).message}`);
    }
  }

  private nextFrame(): Buffer | undefined {
    if (this.received.length < SMALLEST_FRAME_BYTES) return undefined;
    const length = this.received.readUInt32BE(0);
    if (length < SMALLEST_FRAME_BYTES || length > LARGEST_FRAME_BYTES) {
      throw new Error(`a frame of ${length} bytes`);
    }
    if (this.received.length < length) return undefined;
    const frame = this.received.subarray(0, length);
    this.received = this.received.subarray(length);
    return frame;
  }

  private take(frame: Buffer): void {
    const message = codec.decode(frame);
    const header = (name: string): unknown => message.headers[name]?.value;
    const [type, flags] = [header(':message-type'), Number(header(':message-flags'))];
    if (type === MessageType.PING) {
      this.socket?.write(
        codec.encode({ headers: this.headers(MessageType.PING_RESPONSE, 0), body: message.body }),
      );
    } else if (type === MessageType.CONNECT_ACK) {
      if (flags & CONNECTION_ACCEPTED) this.accepted?.();
      else {
        this.isRefused = true;
        this.end('the nucleus refused the connection: it does not know the SVCUID of this component');
      }
    } else if (type === MessageType.APPLICATION || type === MessageType.ERROR) {
      this.takeAnswer(Number(header(':stream-id')), type, flags, message.body);
    } else if (type !== MessageType.PING_RESPONSE) {
      throw new Error(
        `a message of type ${type}: ${Buffer.from(message.body).toString('utf8').slice(0, 200)}`,
      );
    }
  }

  private takeAnswer(streamId: number, type: number, flags: number, body: Uint8Array): void {
    const stream = this.streams.get(streamId);
    // Nobody waits any more, or the nucleus ends a stream that it has ended before.
    if (!stream) return;
    const content: unknown = body.length > 0 ? JSON.parse(Buffer.from(body).toString('utf8')) : {};
    const ends = type === MessageType.ERROR || (flags & TERMINATE_STREAM) !== 0;
    if (ends || !stream.onEvent) this.streams.delete(streamId);
    if (stream.isAnswered && !ends) stream.onEvent?.(content);
    else if (type === MessageType.ERROR) stream.failed(refusalOf(content));
    else stream.answered(content);
    if (ends && stream.isAnswered) {
      // Without it the component would hear of no change any more; a new connection subscribes again.
      this.end('the nucleus ended a subscription');
    }
    stream.isAnswered = true;
  }
}

function refusalOf(content: unknown): IpcRefusal {
  const { _errorCode, _message, message } = content as Record<string, unknown>;
  return new IpcRefusal(
    String(_errorCode ?? 'ServiceError'),
    String(message ?? _message ?? 'no reason given'),
  );
}
