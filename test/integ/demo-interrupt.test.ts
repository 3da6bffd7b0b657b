import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ANSWER, EXIT_INTERRUPTED, interruptProgram, processesOf, ROOT } from './interrupted-program';

describe('Ctrl-C during the demo', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kaizen-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test.each([
    ['Rendering the parts', /kaizen_training\.surfaces/],
    ['Train ...', /entry_point\.py/],
  ])(
    'at "%s" leaves no process behind and an earlier report as it was',
    async (moment, work) => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'report.html'), 'the earlier report');
      const demo = [join(ROOT, 'demo', 'main.ts'), '--small', '--output', folder];
      const { code, printed } = await interruptProgram(folder, demo, { moment, work });
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
