/**
 * Keeps component processes from outliving the runner, whatever kills it.
 *
 * Every script runs in a process group of its own and, before it starts, leaves a file named after the group in this
 * instance's folder. A small watchdog shell holds the reading end of a pipe whose writing end only the runner has: the
 * kernel closes it when the runner dies, and the watchdog kills every group listed. Should the watchdog die too, the
 * next runner finds the folder and does the same, after comparing when each process started.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startTimeOf, statOf } from '../../shared/process-identity';

const WATCHDOG = `
cat > /dev/null
for file in "$1"/*; do
  [ -e "$file" ] && kill -KILL "-\${file##*/}" 2> /dev/null
done
rm -rf "$1"`;

/**
 * Registers the shell's own group with the moment it started, then becomes the script: same process id, so nothing runs
 * unregistered. A process id alone says nothing, it is used again; with the start time (field 22 of /proc/<id>/stat,
 * proc(5)) it names one process, whatever that executes later.
 */
const REGISTER_AND_RUN = `
directory=$1 script=$2 start=
read -r stat 2> /dev/null < "/proc/$$/stat" && set -- $stat && start=\${22}
printf %s "$start" > "$directory/$$" && exec /bin/sh -c "$script"`;

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

/**
 * Whether anything of the group still runs. A dead process that nobody has waited for (a zombie; in containers whose
 * first process reaps none they stay for ever) can be signalled too, so the signal alone proves nothing.
 */
export function groupIsAlive(group: number): boolean {
  if (!signalGroup(group, 0)) return false;
  let processes: string[];
  try {
    processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return true; // no /proc: believe the signal
  }
  return processes.some((id) => {
    const [state, , processGroup] = statOf(id) ?? [];
    return Number(processGroup) === group && state !== 'Z' && state !== 'X';
  });
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
    return spawn('/bin/sh', ['-c', REGISTER_AND_RUN, 'component', this.folder, script], {
      ...options,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
  }

  /** To be called when nothing of the group is left. */
  forget(group: number): void {
    rmSync(join(this.folder, String(group)), { force: true });
  }

  /** After every process was stopped; resolves when the watchdog has gone too. */
  async close(): Promise<void> {
    if (this.watchdog.exitCode !== null || this.watchdog.signalCode !== null) return;
    const gone = new Promise((resolve) => this.watchdog.once('exit', resolve));
    this.watchdog.ref();
    this.watchdog.stdin?.end();
    await gone;
  }

  private killStale(onStaleProcess: (group: number) => void): void {
    for (const instance of readdirSync(this.directory)) {
      const folder = join(this.directory, instance);
      for (const group of readdirSync(folder)) {
        const startTime = startTimeOf(group);
        if (startTime === undefined || startTime !== readFileSync(join(folder, group), 'utf8')) continue;
        if (signalGroup(Number(group), 'SIGKILL')) onStaleProcess(Number(group));
      }
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
