/** A program that is interrupted as an impatient person at a terminal does it, and what it leaves behind. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(__dirname, '..', '..');
export const EXIT_INTERRUPTED = 130;
export const ANSWER = 'stopping: everything that was started is being ended';
const POLL_MILLISECONDS = 50;

/** Processes that know of a folder, by their command line or their environment. */
export function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8');
        const environment = readFileSync(`/proc/${name}/environ`, 'utf8');
        return command.includes(folder) || environment.includes(folder)
          ? [command.replaceAll('\0', ' ')]
          : [];
      } catch {
        return [];
      }
    });
}

/** Runs a program of the repository to its end. @param args its file and what it is told */
export function runProgramOf(
  folder: string,
  args: readonly string[],
  onOutput: (printed: string, interrupt: () => void) => void = () => undefined,
): Promise<{ code: number | null; printed: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', ...args], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, HOME: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let printed = '';
    // To the whole group.
    const interrupt = () => {
      try {
        process.kill(-(child.pid as number), 'SIGINT');
      } catch (error) {
        // It has ended before its answer was read here.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    };
    const take = (chunk: Buffer) => {
      printed += chunk.toString();
      onOutput(printed, interrupt);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, printed }));
  });
}

/**
 * Interrupts the program when it has printed `moment` and one of its processes is called `work`, and once more on the
 * answer.
 */
export async function interruptProgram(
  folder: string,
  args: readonly string[],
  { moment, work }: { readonly moment: string; readonly work: RegExp },
): Promise<{ code: number | null; printed: string }> {
  let watch: NodeJS.Timeout | undefined;
  let answered = false;
  try {
    return await runProgramOf(folder, args, (printed, interrupt) => {
      if (printed.includes(moment)) {
        watch ??= setInterval(() => {
          if (!processesOf(folder).some((command) => work.test(command))) return;
          clearInterval(watch);
          interrupt();
        }, POLL_MILLISECONDS);
      }
      if (answered || !printed.includes(ANSWER)) return;
      answered = true;
      interrupt();
    });
  } finally {
    clearInterval(watch);
  }
}
