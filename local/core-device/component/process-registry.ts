/**
 * Keeps component processes from outliving the runner, whatever kills it.
 *
 * Every script runs in a process group of its own and, before it starts, leaves a file named after the group in this
 * instance's folder. A small watchdog shell holds the reading end of a pipe whose writing end only the runner has: the
 * kernel closes it when the runner dies, and the watchdog kills every group listed. Should the watchdog die too, the
 * next runner finds the folder and does the same, after comparing the command line.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const WATCHDOG = `
cat > /dev/null
for file in "$1"/*; do
  [ -e "$file" ] && kill -KILL -- "-\${file##*/}" 2> /dev/null
done
rm -rf "$1"`;

/** Registers the shell's own group, then becomes the script: same process id, so nothing runs unregistered. */
const REGISTER_AND_RUN = 'printf %s "$2" > "$1/$$" && exec /bin/sh -c "$3"';

function fingerprint(commandLine: string): string {
  return createHash('sha256').update(commandLine).digest('hex');
}

function commandLineOf(processId: string): string | undefined {
  try {
    return readFileSync(`/proc/${processId}/cmdline`, 'utf8');
  } catch {
    return undefined; // gone already, or a system without /proc: nothing that we may safely kill
  }
}

/** @returns whether the group still existed */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

export class ProcessRegistry {
  private readonly folder: string;
  private readonly watchdog: ChildProcess;

  /** Kills what earlier runners left behind in `directory`, then takes up its own records. */
  constructor(
    private readonly directory: string,
    onStaleProcess: (group: number) => void = () => {},
  ) {
    mkdirSync(directory, { recursive: true });
    this.killStale(onStaleProcess);
    this.folder = join(directory, randomUUID());
    mkdirSync(this.folder);
    this.watchdog = spawn('/bin/sh', ['-c', WATCHDOG, 'watchdog', this.folder], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
    });
    this.watchdog.unref();
    this.watchdog.stdin?.on('error', () => {}); // the watchdog was killed; the folder still serves the next runner
    (this.watchdog.stdin as unknown as { unref?(): void })?.unref?.();
  }

  /** Starts `script` with /bin/sh in its own, registered process group. */
  spawn(script: string, options: { cwd: string; env: Record<string, string> }): ChildProcess {
    const commandLine = ['/bin/sh', '-c', script, ''].join('\0');
    return spawn(
      '/bin/sh',
      ['-c', REGISTER_AND_RUN, 'component', this.folder, fingerprint(commandLine), script],
      { ...options, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
    );
  }

  /** To be called when nothing of the group is left. */
  forget(group: number): void {
    rmSync(join(this.folder, String(group)), { force: true });
  }

  /** After every process was stopped. */
  close(): void {
    this.watchdog.stdin?.end();
  }

  private killStale(onStaleProcess: (group: number) => void): void {
    for (const instance of readdirSync(this.directory)) {
      const folder = join(this.directory, instance);
      for (const group of readdirSync(folder)) {
        const commandLine = commandLineOf(group);
        const expected = readFileSync(join(folder, group), 'utf8');
        if (commandLine === undefined || fingerprint(commandLine) !== expected) continue;
        if (signalGroup(Number(group), 'SIGKILL')) onStaleProcess(Number(group));
      }
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
