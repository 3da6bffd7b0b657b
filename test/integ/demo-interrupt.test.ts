import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const EXIT_INTERRUPTED = 130;
const ANSWER = 'stopping: everything that was started is being ended';
const POLL_MILLISECONDS = 50;

/** Processes that know of a folder, by their command line or their environment. */
function processesOf(folder: string): string[] {
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

describe('Ctrl-C during the demo', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kaizen-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs the small demo and interrupts it when it has printed `moment` and one of its processes is called `work`. */
  function interruptAt(moment: string, work: RegExp): Promise<{ code: number | null; printed: string }> {
    return new Promise((resolve, reject) => {
      const child = spawn(
        process.execPath,
        ['--import', 'tsx', join(ROOT, 'demo', 'main.ts'), '--small', '--output', folder],
        { cwd: ROOT, env: { PATH: process.env.PATH, HOME: folder }, detached: true },
      );
      let printed = '';
      // To the whole group and twice, as an impatient person at a terminal does it: the second time on the answer.
      const interrupt = () => {
        try {
          process.kill(-(child.pid as number), 'SIGINT');
        } catch (error) {
          // It has ended before its answer was read here.
          if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
        }
      };
      const watch = setInterval(() => {
        if (!printed.includes(moment) || !processesOf(folder).some((command) => work.test(command))) return;
        clearInterval(watch);
        interrupt();
      }, POLL_MILLISECONDS);
      let answered = false;
      const take = (chunk: Buffer) => {
        printed += chunk.toString();
        if (answered || !printed.includes(ANSWER)) return;
        answered = true;
        interrupt();
      };
      child.stdout.on('data', take);
      child.stderr.on('data', take);
      child.on('error', reject);
      child.on('exit', () => clearInterval(watch));
      child.on('close', (code) => resolve({ code, printed }));
    });
  }

  test.each([
    ['Rendering the parts', /kaizen_training\.surfaces/],
    ['Train ...', /entry_point\.py/],
  ])(
    'at "%s" leaves no process behind and an earlier report as it was',
    async (moment, work) => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'report.html'), 'the earlier report');
      const { code, printed } = await interruptAt(moment, work);
      expect(printed).toContain(ANSWER);
      expect(code).toBe(EXIT_INTERRUPTED);
      expect(readFileSync(join(folder, 'report.html'), 'utf8')).toBe('the earlier report');
      expect(readdirSync(folder)).not.toContain('lock');
      expect(processesOf(folder)).toEqual([]);
    },
    // Only ends one that hangs: the second one deploys all stacks first.
    600_000,
  );
});
