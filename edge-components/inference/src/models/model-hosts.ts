/** Loads graphs in threads or processes of their own, and gives up on those that hang or take too much memory. */
import { type ChildProcess, fork } from 'node:child_process';
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
import { within } from '../shared/within';
import type { HostReply, HostRequest } from './inference-protocol';
import { WITHOUT_TELEMETRY } from './onnx-telemetry';
import { memoryOf, sacrificeFirst } from './process-limits';

/** A graph that has not answered after this long hangs: a frame takes milliseconds, a load below a second. */
const WATCHDOG_MILLISECONDS = 20_000;
const TRIAL_MEMORY_BYTES = 2 ** 30;
/** A processor core fills about 2 GB of fresh memory in a second: about 50 MB more than allowed between two looks. */
const MEMORY_POLL_MILLISECONDS = 25;
/**
 * All that a trial process gets of the component's environment: where Node.js finds its shared libraries. No credentials
 * and no token of the nucleus: an unknown graph runs there.
 */
const TRIAL_VARIABLES = ['LD_LIBRARY_PATH'];

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
}

class RemoteModel implements LoadedModel {
  private readonly pending = new Map<number, Pending>();
  private lastId = 0;
  private gone: string | undefined;
  private closing: Promise<void> | undefined;
  private idle: (() => void) | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly watchdogMilliseconds: () => number,
  ) {
    connection.onReply((reply) => this.settle(reply));
    connection.onGone((reason) => this.fail(reason));
  }

  get isGone(): boolean {
    return this.gone !== undefined;
  }

  request(body: Body): Promise<HostReply & { ok: true }> {
    if (this.gone !== undefined) return Promise.reject(new ModelError(this.gone, 'gone'));
    if (this.closing) return Promise.reject(new ModelError('the model is closed', 'gone'));
    const id = ++this.lastId;
    const milliseconds = this.watchdogMilliseconds();
    const answer = new Promise<HostReply & { ok: true }>((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.connection.send({ id, ...body } as HostRequest);
    });
    return within(milliseconds, answer, () => {
      this.fail(`no answer to '${body.type}' within ${milliseconds} ms`);
      this.connection.kill();
      return answer;
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
    if (reply.ok) waiting.resolve(reply);
    else waiting.reject(new ModelError(reply.message, reply.kind));
    if (this.pending.size === 0) this.idle?.();
  }

  private fail(reason: string): void {
    this.gone ??= reason;
    for (const [id, waiting] of this.pending) {
      this.pending.delete(id);
      waiting.reject(new ModelError(reason, 'gone'));
    }
    this.idle?.();
  }
}

function threadConnection(program: string): Connection {
  const worker = new Worker(program);
  return {
    // Copied, not transferred: the same pixels may go to another release, and ONNX Runtime refuses shared memory. The
    // copy of 224 x 224 pixels takes 0.03 to 0.09 ms, of which a transfer would save most (2 cores, Node.js 20).
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

function processConnection(program: string, memoryBytes: () => number): Connection {
  const child = fork(program, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
    env: {
      ...Object.fromEntries(TRIAL_VARIABLES.map((name) => [name, process.env[name]])),
      ...WITHOUT_TELEMETRY,
    },
  });
  return {
    send: (request) => child.send(request, () => undefined),
    onReply: (listener) => child.on('message', (reply) => listener(reply as HostReply)),
    onGone: (listener) => {
      child.on('error', (error) => listener(`trial process failed: ${error.message}`));
      child.on('exit', (code, signal) =>
        listener(`trial process ended with ${signal ?? code}${hint(signal)}`),
      );
      limitMemory(child, memoryBytes, (reason) => {
        listener(reason);
        child.kill('SIGKILL');
      });
    },
    kill: () => {
      child.kill('SIGKILL');
    },
  };
}

/** For a signal that is not of this component, which gives its own reason first. */
const hint = (signal: NodeJS.Signals | null): string =>
  signal === 'SIGKILL' ? ': killed from outside, as by the kernel when memory runs out' : '';

/** Calls `exceeded` once, when the process holds more than it may or cannot be watched. */
function limitMemory(
  child: ChildProcess,
  memoryBytes: () => number,
  exceeded: (reason: string) => void,
): void {
  const { pid } = child;
  // Could not be started: its 'error' says why.
  if (pid === undefined) return;
  const check = (): void => {
    const problem = memoryProblem(pid, memoryBytes());
    if (problem === undefined) return;
    clearInterval(timer);
    exceeded(problem);
  };
  const timer = setInterval(check, MEMORY_POLL_MILLISECONDS);
  timer.unref();
  child.once('exit', () => clearInterval(timer));
  try {
    sacrificeFirst(pid);
  } catch (error) {
    clearInterval(timer);
    exceeded(`trial process cannot be limited: ${(error as Error).message}`);
  }
}

function memoryProblem(pid: number, allowed: number): string | undefined {
  try {
    const used = memoryOf(pid);
    return used > allowed
      ? `trial process used ${used} bytes of memory, at most ${allowed} are allowed`
      : undefined;
  } catch (error) {
    return `trial process cannot be watched: ${(error as Error).message}`;
  }
}

export class RemoteModelHost implements ModelHost {
  private prepared: RemoteModel | undefined;

  constructor(
    private readonly connect: () => Connection,
    private readonly watchdogMilliseconds: () => number,
  ) {}

  /** Starts the thread or process of the next load now: it needs about 100 ms until it can take a graph. */
  prepare(): void {
    this.prepared ??= this.start();
  }

  async load({ path, sha256, input, classes }: ModelSpecification): Promise<LoadedModel> {
    const model = this.prepared?.isGone === false ? this.prepared : this.start();
    this.prepared = undefined;
    try {
      await model.request({ type: 'load', path, sha256, input, classes });
      return model;
    } catch (error) {
      await model.close();
      throw error;
    }
  }

  private start(): RemoteModel {
    return new RemoteModel(this.connect(), this.watchdogMilliseconds);
  }
}

export interface ModelHostOptions {
  /** @default - the bundle beside this one */
  readonly program?: string;
  /** Longest time of one load or one run; asked for each. @default - 20000 */
  readonly watchdogMilliseconds?: () => number;
}

export interface ProcessModelHostOptions extends ModelHostOptions {
  /** Memory that the process may hold, Node.js and ONNX Runtime (about 90 MB) included; asked at each look. @default - 1 GiB */
  readonly memoryBytes?: () => number;
}

/** Serving: a thread of this process. A native call that hangs cannot be interrupted there. */
export function threadModelHost(options: ModelHostOptions = {}): RemoteModelHost {
  const { program = HOST_PROGRAM, watchdogMilliseconds = () => WATCHDOG_MILLISECONDS } = options;
  return new RemoteModelHost(() => threadConnection(program), watchdogMilliseconds);
}

/** Trials: a process, so that a graph that loops for ever or exhausts memory is killed and nothing else is. */
export function processModelHost(options: ProcessModelHostOptions = {}): RemoteModelHost {
  const { program = HOST_PROGRAM, watchdogMilliseconds = () => WATCHDOG_MILLISECONDS } = options;
  const { memoryBytes = () => TRIAL_MEMORY_BYTES } = options;
  return new RemoteModelHost(() => processConnection(program, memoryBytes), watchdogMilliseconds);
}
