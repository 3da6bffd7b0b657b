import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const EXIT_INTERRUPTED = 130;

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

  /** Runs the small demo and interrupts it two seconds after it has printed `moment`. */
  function interruptAt(moment: string): Promise<{ code: number | null; printed: string }> {
    return new Promise((resolve, reject) => {
      const child = spawn(
        process.execPath,
        ['--import', 'tsx', join(ROOT, 'demo', 'main.ts'), '--small', '--output', folder],
        { cwd: ROOT, env: { PATH: process.env.PATH, HOME: folder }, detached: true },
      );
      let printed = '';
      let interrupted = false;
      const take = (chunk: Buffer) => {
        printed += chunk.toString();
        if (!interrupted && printed.includes(moment)) {
          interrupted = true;
          // To the whole group and twice, as an impatient person at a terminal does it.
          const interrupt = () => {
            if (child.exitCode === null) process.kill(-(child.pid as number), 'SIGINT');
          };
          setTimeout(interrupt, 2000);
          setTimeout(interrupt, 2500);
        }
      };
      child.stdout.on('data', take);
      child.stderr.on('data', take);
      child.on('error', reject);
      child.on('exit', (code) => resolve({ code, printed }));
    });
  }

  test.each(['Rendering the parts', 'Train ...'])(
    'at "%s" leaves no process behind and an earlier report as it was',
    async (moment) => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'report.html'), 'the earlier report');
      const { code, printed } = await interruptAt(moment);
      expect(printed).toContain('stopping: everything that was started is being ended');
      expect(code).toBe(EXIT_INTERRUPTED);
      expect(readFileSync(join(folder, 'report.html'), 'utf8')).toBe('the earlier report');
      expect(readdirSync(folder)).not.toContain('lock');
      expect(processesOf(folder)).toEqual([]);
    },
    240_000,
  );
});
