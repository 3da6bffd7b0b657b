/** One client connection: connect handshake, then requests and subscriptions on numbered streams. */
import type { Socket } from 'node:net';
import type { Nucleus } from '../nucleus/nuclei';
import { IpcError } from './errors';
import { type EventStreamMessage, encodeFrame, FrameDecoder, type HeaderValue } from './frame-codec';
import { type IpcServices, OPERATIONS, type OperationStream } from './operations';

const MessageType = {
  APPLICATION: 0,
  ERROR: 1,
  PING: 2,
  PING_RESPONSE: 3,
  CONNECT: 4,
  CONNECT_ACK: 5,
  PROTOCOL_ERROR: 6,
} as const;
const CONNECTION_ACCEPTED = 1;
const TERMINATE_STREAM = 2;
const PROTOCOL_VERSION = '0.1.0';
const NAMESPACE = 'aws.greengrass#';
/** A reader that leaves this much unread is cut off, so that one stuck component cannot fill the device's memory. */
const LARGEST_UNREAD_BYTES = 64 * 1024 * 1024;

export interface ConnectionOptions {
  readonly nucleus: Nucleus;
  readonly services: IpcServices;
  /** The component that owns the token (its SVCUID), undefined when there is none. */
  componentOf(token: string): string | undefined;
  /** Told about failures that are ours, not the client's. */
  onInternalError(error: unknown): void;
}

class Stream implements OperationStream {
  private readonly waiting: Array<[string, object]> = [];
  private opened = false;
  private unsubscribe: (() => void) | undefined;
  closed = false;

  constructor(
    readonly component: string,
    private readonly write: (shape: string, body: object) => void,
  ) {}

  get subscribed(): boolean {
    return this.unsubscribe !== undefined;
  }

  keepOpen(unsubscribe: () => void): void {
    if (this.closed) unsubscribe();
    else this.unsubscribe = unsubscribe;
  }

  send(shape: string, body: object): void {
    if (this.closed) return;
    if (this.opened) this.write(shape, body);
    else this.waiting.push([shape, body]);
  }

  /** To be called once the response is written: no event may come before it. */
  open(): void {
    this.opened = true;
    for (const [shape, body] of this.waiting.splice(0)) this.write(shape, body);
  }

  close(): void {
    this.closed = true;
    this.unsubscribe?.();
    this.unsubscribe = undefined;
  }
}

export class Connection {
  private readonly decoder: FrameDecoder;
  private readonly streams = new Map<number, Stream>();
  private component: string | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly options: ConnectionOptions,
  ) {
    this.decoder = new FrameDecoder(options.nucleus.largestIpcMessageBytes);
    socket.on('data', (chunk) => this.receive(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      for (const stream of this.streams.values()) stream.close();
      this.streams.clear();
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private receive(chunk: Buffer): void {
    try {
      for (const message of this.decoder.push(chunk)) this.dispatch(message);
    } catch (error) {
      // Includes FrameError: after a broken frame the start of the next one is unknown.
      if (this.options.nucleus.endsWithoutAWord) this.close();
      else this.fail(error instanceof Error ? error.message : String(error));
    }
  }

  private dispatch(message: EventStreamMessage): void {
    const type = message.headers[':message-type'];
    const streamId = message.headers[':stream-id'];
    if (type === MessageType.PING) {
      this.write(
        { ':message-type': MessageType.PING_RESPONSE, ':message-flags': 0, ':stream-id': 0 },
        message.body,
      );
    } else if (type === MessageType.CONNECT) this.connect(message);
    else if (this.component === undefined) this.fail('the first message must be a connect');
    else if (type !== MessageType.APPLICATION || typeof streamId !== 'number' || streamId < 1)
      this.fail(`unexpected message of type ${type} on stream ${streamId}`);
    else this.onStream(this.component, streamId, message);
  }

  private connect(message: EventStreamMessage): void {
    const token = this.tokenOf(message);
    const component = token === undefined ? undefined : this.options.componentOf(token);
    const accepted =
      this.component === undefined &&
      component !== undefined &&
      message.headers[':version'] === PROTOCOL_VERSION;
    this.write({
      ':message-type': MessageType.CONNECT_ACK,
      ':message-flags': accepted ? CONNECTION_ACCEPTED : 0,
      ':stream-id': 0,
    });
    if (accepted) this.component = component;
    else this.socket.end();
  }

  private tokenOf(message: EventStreamMessage): string | undefined {
    try {
      const token = JSON.parse(message.body.toString('utf8'))?.authToken;
      return typeof token === 'string' ? token : undefined;
    } catch {
      return undefined; // refused by connect() like any other unknown token
    }
  }

  private onStream(component: string, streamId: number, message: EventStreamMessage): void {
    const known = this.streams.get(streamId);
    const terminates = (Number(message.headers[':message-flags']) & TERMINATE_STREAM) !== 0;
    if (known) {
      if (terminates) this.endStream(streamId, known);
      return;
    }
    const operation = String(message.headers.operation ?? '');
    if (terminates && operation === '') return; // the client ends a stream that we have ended already
    const stream = new Stream(component, (shape, body) =>
      this.write(this.applicationHeaders(streamId, shape, 0), Buffer.from(JSON.stringify(body))),
    );
    this.streams.set(streamId, stream);
    this.serve(streamId, stream, operation, message.body).catch((error) =>
      this.options.onInternalError(error),
    );
  }

  private async serve(streamId: number, stream: Stream, name: string, body: Buffer): Promise<void> {
    const short = name.startsWith(NAMESPACE) ? name.slice(NAMESPACE.length) : '';
    try {
      const response = await this.perform(short, stream, body);
      if (stream.closed) return;
      const flags = stream.subscribed ? 0 : TERMINATE_STREAM;
      this.write(
        this.applicationHeaders(streamId, `${short}Response`, flags),
        Buffer.from(JSON.stringify(response)),
      );
      if (stream.subscribed) stream.open();
      else this.endStream(streamId, stream);
    } catch (error) {
      if (!stream.closed) this.refuse(streamId, error);
      this.endStream(streamId, stream);
    }
  }

  private async perform(name: string, stream: Stream, body: Buffer): Promise<object> {
    if (this.options.nucleus.unservedOperations.has(name)) throw new IpcError('ServiceError', '');
    const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined;
    if (!operation)
      throw new IpcError('ServiceError', `the operation '${name}' is not served by this device`);
    const invalid = operation.modelsInvalidArguments ? 'InvalidArgumentsError' : 'ServiceError';
    let request: unknown;
    try {
      request = JSON.parse(body.toString('utf8') || '{}');
    } catch {
      throw new IpcError(invalid, 'the request is not JSON');
    }
    if (!operation.validate(request)) {
      const problems = (operation.validate.errors ?? []).map(
        (e) => `${e.instancePath || '(root)'} ${e.message}`,
      );
      throw new IpcError(invalid, `invalid request: ${problems.join('; ')}`);
    }
    try {
      return await operation.handle(this.options.services, stream, request);
    } catch (error) {
      if (error instanceof IpcError && error.code === 'InvalidArgumentsError') {
        throw new IpcError(invalid, error.message);
      }
      throw error;
    }
  }

  private refuse(streamId: number, error: unknown): void {
    if (!(error instanceof IpcError)) this.options.onInternalError(error);
    const code = error instanceof IpcError ? error.code : 'ServiceError';
    const message = error instanceof Error ? error.message : String(error);
    this.write(
      {
        ':message-type': MessageType.ERROR,
        ':message-flags': TERMINATE_STREAM,
        ':stream-id': streamId,
        ':content-type': 'application/json',
        'service-model-type': `${NAMESPACE}${code}`,
      },
      Buffer.from(
        JSON.stringify({ message, _message: message, _service: 'AWS Greengrass', _errorCode: code }),
      ),
    );
  }

  private endStream(streamId: number, stream: Stream): void {
    stream.close();
    this.streams.delete(streamId);
  }

  private applicationHeaders(streamId: number, shape: string, flags: number): Record<string, HeaderValue> {
    return {
      ':message-type': MessageType.APPLICATION,
      ':message-flags': flags,
      ':stream-id': streamId,
      ':content-type': 'application/json',
      'service-model-type': `${NAMESPACE}${shape}`,
    };
  }

  private write(headers: Record<string, HeaderValue>, body: Buffer = Buffer.alloc(0)): void {
    if (!this.socket.writable) return;
    this.socket.write(encodeFrame({ headers, body }));
    if (this.socket.writableLength > LARGEST_UNREAD_BYTES) this.socket.destroy();
  }

  private fail(reason: string): void {
    this.write(
      {
        ':message-type': MessageType.PROTOCOL_ERROR,
        ':message-flags': 0,
        ':stream-id': 0,
        ':content-type': 'application/json',
      },
      Buffer.from(JSON.stringify({ message: reason })),
    );
    this.socket.end(() => this.socket.destroy());
  }
}
