/** The process that stands for one container: its own process group, stopped by SIGTERM, then SIGKILL. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface HostCommand {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
}

export interface HostProcessOptions extends HostCommand {
  readonly onLine: (line: string) => void;
  /** Aborted: stop. */
  readonly signal: AbortSignal;
  /** Between SIGTERM and SIGKILL; 120 s in SageMaker. */
  readonly graceMilliseconds: number;
}

/** 128 + number of the signal, as shells tell it. */
const SIGNAL_STATUS: Readonly<Record<string, number>> = {
  SIGKILL: 137,
  SIGTERM: 143,
  SIGSEGV: 139,
  SIGABRT: 134,
};

function signalGroup(child: ChildProcess, name: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * Runs until the process and everything it started have ended: like a container, the group does not outlive its
 * entry point.
 * @returns the exit status
 * @throws Error InternalServerError when it cannot be started
 */
export async function runHostProcess(options: HostProcessOptions): Promise<number> {
  const child = spawn(options.command, [...options.arguments], {
    cwd: options.workingDirectory,
    env: { ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', options.onLine);
  }
  let killTimer: NodeJS.Timeout | undefined;
  const stop = () => {
    signalGroup(child, 'SIGTERM');
    killTimer = setTimeout(() => signalGroup(child, 'SIGKILL'), options.graceMilliseconds);
  };
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', (error) => reject(new Error(`InternalServerError: ${error.message}`)));
      child.once('exit', () => signalGroup(child, 'SIGKILL'));
      // 'close' comes after the last line of output, 'exit' before.
      child.once('close', (code, signal) => resolve(code ?? SIGNAL_STATUS[signal ?? ''] ?? 128));
      if (options.signal.aborted) stop();
      else options.signal.addEventListener('abort', stop, { once: true });
    });
  } finally {
    clearTimeout(killTimer);
    options.signal.removeEventListener('abort', stop);
  }
}
