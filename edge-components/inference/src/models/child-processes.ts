/** Starts the component's child processes, each with a socket to it, a limit on its memory and nothing of our secrets. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import type { Child } from './child';
import { MessageParser, writeMessage } from './message-stream';
import { WITHOUT_TELEMETRY } from './onnx-telemetry';
import type { Judgement } from './process-end';
import { isStopped, memoryKills, memoryOf, processorSecondsOf, sacrificeFirst } from './process-limits';

/** A processor core fills about 2 GB of fresh memory in a second: about 50 MB more than allowed between two looks. */
const MEMORY_POLL_MILLISECONDS = 25;
/**
 * All that a child gets of the component's environment: where Node.js finds its shared libraries. No credentials and no
 * token of the nucleus: unknown graphs and unknown images are worked on there.
 */
const VARIABLES = ['LD_LIBRARY_PATH'];
/** The child's end of the socket; child-host.ts. */
const SOCKET = 3;

export interface ChildOptions {
  /** A bundle beside the main one. */
  readonly program: string;
  /** Memory that the process may hold, Node.js and its libraries included; asked at each look. @default - not watched */
  readonly memoryBytes?: () => number;
  /** Of its environment, beside what every child gets. @default - none */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Children that have not ended; also what has to be ended with this process. */
const living = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

export function startChild({ program, memoryBytes, variables }: ChildOptions): Child {
  const memoryKillsBefore = memoryKills();
  const child = spawn(process.execPath, [program], {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    env: {
      ...Object.fromEntries(VARIABLES.map((name) => [name, process.env[name]])),
      ...WITHOUT_TELEMETRY,
      ...variables,
    },
  });
  living.add(child);
  child.on('exit', () => living.delete(child));
  // What could not be started never exits.
  child.on('error', () => living.delete(child));
  const socket = child.stdio[SOCKET] as Duplex;
  // The end of the process says more.
  socket.on('error', () => undefined);
  return {
    send: (header, body) => writeMessage(socket, header, body),
    onMessage: (listener) => {
      const parser = new MessageParser();
      socket.on('data', (chunk: Buffer) => {
        try {
          for (const message of parser.push(chunk)) listener(message);
        } catch (error) {
          socket.destroy(error as Error);
        }
      });
    },
    onProblem: (listener) => {
      child.on('error', ({ message }) => listener({ reason: `failed: ${message}`, isOwnDoing: false }));
      socket.on('error', ({ name, message }) => {
        if (name === 'ProtocolError') listener({ reason: `sent ${message}`, isOwnDoing: true });
      });
      limit(child, memoryBytes, listener);
    },
    onEnd: (listener) => {
      // Not 'exit': what it had answered may still be in the socket.
      child.on('close', (code, signal) =>
        listener({ code, signal, memoryKillsBefore, memoryKillsAfter: memoryKills() }),
      );
    },
    isStopped: () => child.pid !== undefined && isStopped(child.pid),
    times: () => ({ monotonic: performance.now(), worked: processorMillisecondsOf(child.pid) }),
    kill: () => {
      child.kill('SIGKILL');
    },
  };
}

function processorMillisecondsOf(pid: number | undefined): number | undefined {
  try {
    return pid === undefined ? undefined : 1_000 * processorSecondsOf(pid);
  } catch {
    return undefined;
  }
}

/** Memory in bytes and processor time in seconds of this process and of all that it has started. */
export function usageOfAll(): { readonly residentBytes: number; readonly cpuSeconds: number } {
  const usage = { residentBytes: process.memoryUsage.rss(), cpuSeconds: processorSecondsOf('self') };
  for (const { pid } of living) {
    try {
      if (pid === undefined) continue;
      usage.residentBytes += memoryOf(pid);
      usage.cpuSeconds += processorSecondsOf(pid);
    } catch {
      // It has just ended: its processor time is this process's from now on.
    }
  }
  return usage;
}

/** Tells once when the process holds more than it may, or cannot be watched. */
function limit(
  child: ChildProcess,
  memoryBytes: (() => number) | undefined,
  exceeded: (problem: Judgement) => void,
): void {
  const { pid } = child;
  // Could not be started: its 'error' says why.
  if (pid === undefined) return;
  try {
    sacrificeFirst(pid);
  } catch (error) {
    exceeded({ reason: `cannot be limited: ${(error as Error).message}`, isOwnDoing: false });
    return;
  }
  if (!memoryBytes) return;
  const timer = setInterval(() => {
    const problem = memoryProblem(pid, memoryBytes());
    if (!problem) return;
    clearInterval(timer);
    exceeded(problem);
  }, MEMORY_POLL_MILLISECONDS);
  timer.unref();
  child.once('exit', () => clearInterval(timer));
}

function memoryProblem(pid: number, allowed: number): Judgement | undefined {
  try {
    const used = memoryOf(pid);
    if (used <= allowed) return undefined;
    return { reason: `used ${used} bytes of memory, at most ${allowed} are allowed`, isOwnDoing: true };
  } catch (error) {
    return { reason: `cannot be watched: ${(error as Error).message}`, isOwnDoing: false };
  }
}
