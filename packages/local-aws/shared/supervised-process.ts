/** A child process in a process group of its own, with its last log lines at hand and nothing left behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const LAST_LINES = 20;
const OUTPUT_WAITS = 25;
const OUTPUT_WAIT_MILLISECONDS = 20;

export interface SupervisedProcessOptions {
  /** What it is, for messages: "ministack", "core device line-1". */
  readonly name: string;
  readonly command: string;
  readonly arguments: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly workingDirectory?: string;
  /** Its output goes to this file. */
  readonly logFile: string;
  readonly onLine?: (line: string) => void;
  /** Called when it ends although nobody stopped it. */
  readonly onCrash?: (message: string) => void;
}

export class SupervisedProcess {
  private readonly child: ChildProcess;
  private readonly log: WriteStream;
  private readonly lastLines: string[] = [];
  private readonly outputsRead: Promise<unknown>;
  private stopping = false;
  /** Resolves with the exit code (or signal name) when the process has ended. */
  readonly ended: Promise<number | string>;

  constructor(private readonly options: SupervisedProcessOptions) {
    this.log = createWriteStream(options.logFile, { flags: 'a' });
    this.child = spawn(options.command, [...options.arguments], {
      cwd: options.workingDirectory,
      env: options.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => void this.finish(error.message, resolve));
      this.child.once('exit', (code, signal) => void this.finish(code ?? signal ?? 'unknown', resolve));
    });
    const outputs = [this.child.stdout, this.child.stderr].flatMap((stream) => stream ?? []);
    this.outputsRead = Promise.all(
      outputs.map((input) => {
        const lines = createInterface({ input }).on('line', (line) => this.take(line));
        return new Promise<void>((resolve) => lines.once('close', resolve));
      }),
    );
  }

  get processId(): number | undefined {
    return this.child.pid;
  }

  /** The last lines that it printed, newest last. */
  get tail(): string {
    return this.lastLines.join('\n');
  }

  signal(name: NodeJS.Signals): void {
    if (this.child.pid !== undefined && this.child.exitCode === null) this.child.kill(name);
  }

  /**
   * Waits for the end of a program that does one thing; an abort stops it first.
   * @throws the signal's reason; Error with the program's last lines when it does not exit with 0
   */
  async complete(signal: AbortSignal): Promise<void> {
    const abort = () => void this.stop();
    signal.addEventListener('abort', abort, { once: true });
    const outcome = await this.ended;
    signal.removeEventListener('abort', abort);
    signal.throwIfAborted();
    if (outcome !== 0) {
      throw new Error(`${this.options.name} failed (${outcome}). Its last lines:\n${this.tail}`);
    }
  }

  /** SIGTERM to the whole group, SIGKILL after `graceMilliseconds`. */
  async stop(graceMilliseconds = 8000): Promise<void> {
    this.stopping = true;
    if (this.child.pid === undefined) return;
    this.signalGroup('SIGTERM');
    const timer = setTimeout(() => this.signalGroup('SIGKILL'), graceMilliseconds);
    await this.ended;
    clearTimeout(timer);
    // Grandchildren that ignored SIGTERM outlive their parent; the group is still addressable by its leader's id.
    this.signalGroup('SIGKILL');
  }

  /** SIGKILL at once, as a power cut would. */
  async kill(): Promise<void> {
    this.stopping = true;
    this.signalGroup('SIGKILL');
    await this.ended;
  }

  private signalGroup(name: NodeJS.Signals): void {
    try {
      if (this.child.pid !== undefined) process.kill(-this.child.pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  private take(line: string): void {
    if (!this.log.writableEnded) this.log.write(`${line}\n`);
    this.lastLines.push(line);
    if (this.lastLines.length > LAST_LINES) this.lastLines.shift();
    this.options.onLine?.(line);
  }

  private async finish(outcome: number | string, resolve: (outcome: number | string) => void): Promise<void> {
    // The end of a process comes before the last of its output; a grandchild that lives on may hold it open for ever.
    // Not one long wait: when this process was busy, the time is over before it has read anything.
    const read = this.outputsRead.then(() => true);
    for (let wait = 0; wait < OUTPUT_WAITS; wait++) {
      if (await Promise.race([read, sleep(OUTPUT_WAIT_MILLISECONDS, false)])) break;
    }
    await new Promise<void>((written) => this.log.end(written));
    resolve(outcome);
    if (!this.stopping) {
      this.options.onCrash?.(
        `${this.options.name} ended unexpectedly (${outcome}). Log: ${this.options.logFile}\nIts last lines:\n${this.tail}`,
      );
    }
  }
}
