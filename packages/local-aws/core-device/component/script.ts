/** One lifecycle script as a process group: its output logged, its end awaited, nothing of it left behind. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LogFile } from './log-file';
import { groupIsAlive, type ProcessRegistry, signalGroup } from './process-registry';

/** The nucleus gives a process 5 s between SIGTERM and SIGKILL (`util/platforms/unix/UnixExec.java`). */
export const GRACE_MILLISECONDS = 5000;
/** SIGKILL cannot be ignored, but a process inside the kernel (a disk that does not answer) takes it late. */
const KILL_MILLISECONDS = 2000;
const POLL_MILLISECONDS = 20;

export interface ScriptEnd {
  /** null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Script {
  private readonly group: number | undefined;
  /** Once nothing of the group is left its number may belong to somebody else. */
  private gone = false;
  /** Resolves when the script's own process has ended; its children may live on until {@link stop}. */
  readonly ended: Promise<ScriptEnd>;

  constructor(
    private readonly registry: ProcessRegistry,
    text: string,
    options: { cwd: string; env: Record<string, string> },
    log: LogFile,
  ) {
    const child = registry.spawn(text, options);
    this.group = child.pid;
    child.stdout?.on('data', (chunk: Buffer) => log.write(chunk));
    child.stderr?.on('data', (chunk: Buffer) => log.write(chunk));
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => {
        log.write(`cannot start the script: ${error.message}\n`);
        resolve({ exitCode: 127, signal: null });
      });
      child.once('exit', (exitCode, signal) => {
        this.forgetIfGone();
        resolve({ exitCode, signal });
      });
    });
  }

  /** SIGTERM to the whole group, SIGKILL to what is left after the grace period. */
  async stop(graceMilliseconds = GRACE_MILLISECONDS): Promise<void> {
    const { group } = this;
    if (group === undefined || this.gone) return;
    signalGroup(group, 'SIGTERM');
    if (!(await this.goneWithin(group, graceMilliseconds))) {
      signalGroup(group, 'SIGKILL');
      await this.goneWithin(group, KILL_MILLISECONDS);
    }
    await this.ended;
    this.forget(group);
  }

  private async goneWithin(group: number, milliseconds: number): Promise<boolean> {
    const deadline = Date.now() + milliseconds;
    while (groupIsAlive(group)) {
      if (Date.now() >= deadline) return false;
      await sleep(POLL_MILLISECONDS);
    }
    return true;
  }

  private forgetIfGone(): void {
    if (this.group !== undefined && !groupIsAlive(this.group)) this.forget(this.group);
  }

  private forget(group: number): void {
    this.gone = true;
    this.registry.forget(group);
  }
}
