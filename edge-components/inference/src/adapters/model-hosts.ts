/** Loads graphs in threads or processes of their own, and gives up on those that hang. */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import {
  type DecodedImage,
  type Inference,
  type LoadedModel,
  ModelError,
  type ModelHost,
  type ModelSpecification,
} from '../ports';
import type { HostReply, HostRequest } from './inference-protocol';

/** A graph that has not answered after this long hangs: a frame takes milliseconds, a load below a second. */
const WATCHDOG_MILLISECONDS = 20_000;

/** The bundle of `inference-host.ts`, beside the main bundle. */
const HOST_PROGRAM = join(__dirname, 'inference-host.cjs');

type Body = HostRequest extends infer Request
  ? Request extends HostRequest
    ? Omit<Request, 'id'>
    : never
  : never;

/** The other side of the protocol, thread or process. */
interface Connection {
  send(request: HostRequest): void;
  onReply(listener: (reply: HostReply) => void): void;
  onGone(listener: (reason: string) => void): void;
  /** Ends the other side at once, whatever it is doing. */
  kill(): void;
}

interface Pending {
  resolve(reply: HostReply & { ok: true }): void;
  reject(error: ModelError): void;
  readonly watchdog: NodeJS.Timeout;
}

class RemoteModel implements LoadedModel {
  private readonly pending = new Map<number, Pending>();
  private lastId = 0;
  private gone: string | undefined;
  private closing: Promise<void> | undefined;
  private idle: (() => void) | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly watchdogMilliseconds: number,
  ) {
    connection.onReply((reply) => this.settle(reply));
    connection.onGone((reason) => this.fail(reason));
  }

  request(body: Body): Promise<HostReply & { ok: true }> {
    if (this.gone !== undefined) return Promise.reject(new ModelError(this.gone, 'gone'));
    if (this.closing) return Promise.reject(new ModelError('the model is closed', 'gone'));
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      const watchdog = setTimeout(() => {
        this.fail(`no answer within ${this.watchdogMilliseconds} ms`);
        this.connection.kill();
      }, this.watchdogMilliseconds);
      this.pending.set(id, { resolve, reject, watchdog });
      this.connection.send({ id, ...body } as HostRequest);
    });
  }

  async run(image: DecodedImage): Promise<Inference> {
    const reply = await this.request({ type: 'run', pixels: image.pixels });
    if (!('probabilities' in reply)) throw new ModelError('the host answered a run without an output', 'run');
    const { probabilities, statistics, milliseconds } = reply;
    return { probabilities, statistics, milliseconds };
  }

  /** Waits for runs that are under way, then ends the thread or process. */
  close(): Promise<void> {
    this.closing ??= (async () => {
      if (this.pending.size > 0) {
        await new Promise<void>((resolve) => {
          this.idle = resolve;
        });
      }
      this.connection.kill();
    })();
    return this.closing;
  }

  private settle(reply: HostReply): void {
    const waiting = this.pending.get(reply.id);
    if (!waiting) return;
    this.pending.delete(reply.id);
    clearTimeout(waiting.watchdog);
    if (reply.ok) waiting.resolve(reply);
    else waiting.reject(new ModelError(reply.message, reply.kind));
    if (this.pending.size === 0) this.idle?.();
  }

  private fail(reason: string): void {
    this.gone ??= reason;
    for (const [id, waiting] of this.pending) {
      this.pending.delete(id);
      clearTimeout(waiting.watchdog);
      waiting.reject(new ModelError(reason, 'gone'));
    }
    this.idle?.();
  }
}

function threadConnection(program: string): Connection {
  const worker = new Worker(program);
  return {
    // Copied, not transferred: the same pixels may go to the shadow, and ONNX Runtime refuses shared memory.
    send: (request) => worker.postMessage(request),
    onReply: (listener) => worker.on('message', listener),
    onGone: (listener) => {
      worker.on('error', (error) => listener(`inference thread failed: ${error.message}`));
      worker.on('exit', (code) => listener(`inference thread ended with ${code}`));
    },
    kill: () => {
      void worker.terminate();
    },
  };
}

function processConnection(program: string): Connection {
  const child = fork(program, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return {
    send: (request) => child.send(request, () => undefined),
    onReply: (listener) => child.on('message', (reply) => listener(reply as HostReply)),
    onGone: (listener) => {
      child.on('error', (error) => listener(`trial process failed: ${error.message}`));
      child.on('exit', (code, signal) => listener(`trial process ended with ${signal ?? code}`));
    },
    kill: () => {
      child.kill('SIGKILL');
    },
  };
}

class RemoteModelHost implements ModelHost {
  constructor(
    private readonly connect: () => Connection,
    private readonly watchdogMilliseconds: number,
  ) {}

  async load({ path, sha256, input, classes }: ModelSpecification): Promise<LoadedModel> {
    const model = new RemoteModel(this.connect(), this.watchdogMilliseconds);
    try {
      await model.request({ type: 'load', path, sha256, input, classes });
      return model;
    } catch (error) {
      await model.close();
      throw error;
    }
  }
}

export interface ModelHostOptions {
  /** @default - the bundle beside this one */
  readonly program?: string;
  /** @default 20000 */
  readonly watchdogMilliseconds?: number;
}

/** Serving: a thread of this process. A native call that hangs cannot be interrupted there. */
export function threadModelHost(options: ModelHostOptions = {}): ModelHost {
  const { program = HOST_PROGRAM, watchdogMilliseconds = WATCHDOG_MILLISECONDS } = options;
  return new RemoteModelHost(() => threadConnection(program), watchdogMilliseconds);
}

/** Trials: a process, so that a graph that loops for ever or exhausts memory is killed and nothing else is. */
export function processModelHost(options: ModelHostOptions = {}): ModelHost {
  const { program = HOST_PROGRAM, watchdogMilliseconds = WATCHDOG_MILLISECONDS } = options;
  return new RemoteModelHost(() => processConnection(program), watchdogMilliseconds);
}
