/** `npm run try` over real images, whole, refused and interrupted. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { virtualEnvironmentPython } from '../../scripts/repository';
import type { TryReportData } from '../../try/report/report-data';
import {
  ANSWER,
  EXIT_INTERRUPTED,
  interruptProgram,
  processesOf,
  ROOT,
  runProgramOf,
} from './interrupted-program';

const TRY = join(ROOT, 'try', 'main.ts');
const DIGITS = join(ROOT, 'bench', 'python', 'image_folders.py');
/** A short training, held to little: what is shown here is the way, not the model. */
const SHORT = [
  '--epochs',
  '5',
  '--minimum-accuracy',
  '0.2',
  '--escape-limit',
  '1',
  '--false-reject-limit',
  '1',
];
/** Only ends one that hangs. */
const LONGEST = 900_000;

describe('[B27] npm run try', () => {
  let folder: string;
  let digits: string;
  let output: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kaizen-test-'));
    digits = join(folder, 'digits');
    execFileSync(virtualEnvironmentPython(), [DIGITS, 'digits', digits]);
  });
  beforeEach(() => {
    output = mkdtempSync(join(folder, 'out-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test(
    'takes a folder of real images to a report, and leaves nothing running',
    async () => {
      const args = [TRY, digits, '--group-duplicates', '--pass-classes', '0', ...SHORT, '--output', output];
      const { code, printed } = await runProgramOf(folder, args);
      expect(printed).toContain('Report: ');
      expect(code).toBe(0);
      const data = JSON.parse(readFileSync(join(output, 'report.json'), 'utf8')) as TryReportData;
      const held = data.dataset.classes.reduce((sum, { test }) => sum + test, 0);
      expect(data.dataset.items).toBe(1797);
      expect(data.inspection).toMatchObject({ shown: held, notShown: 0, unanswered: 0, right: { of: held } });
      expect(data.inspection?.devices.map(({ nucleus }) => nucleus)).toEqual([
        'classic',
        'lite',
        'classic',
        'lite',
      ]);
      expect(data.inspection?.devices.every(({ images }) => images > 0)).toBe(true);
      expect(readFileSync(join(output, 'report.html'), 'utf8')).toContain(
        `${held} images that the training had not seen`,
      );
      expect(readdirSync(output)).not.toContain('lock');
      expect(processesOf(output)).toEqual([]);
    },
    LONGEST,
  );

  test(
    'refuses what kaizen dataset import refuses, in its words, and starts nothing',
    async () => {
      const { code, printed } = await runProgramOf(folder, [
        TRY,
        digits,
        '--pass-classes',
        '0',
        '--output',
        output,
      ]);
      expect(code).toBe(2);
      expect(printed).toMatch(/near duplicates in train and test: .*use --group-duplicates/);
      expect(existsSync(join(output, 'run', 'aws'))).toBe(false);
    },
    LONGEST,
  );

  test(
    'asks for the classes that may pass, where names tell nothing',
    async () => {
      const args = [TRY, digits, '--group-duplicates', '--output', output];
      const { code, printed } = await runProgramOf(folder, args);
      expect(code).toBe(2);
      expect(printed).toContain('say which may pass, --pass-classes 0');
    },
    LONGEST,
  );

  test(
    'ends on Ctrl-C and leaves no process behind and an earlier report as it was',
    async () => {
      writeFileSync(join(output, 'report.html'), 'the earlier report');
      const args = [TRY, digits, '--group-duplicates', '--pass-classes', '0', ...SHORT, '--output', output];
      const at = { moment: 'Train ...', work: /entry_point\.py/ };
      const { code, printed } = await interruptProgram(output, args, at);
      expect(printed).toContain(ANSWER);
      expect(code).toBe(EXIT_INTERRUPTED);
      expect(readFileSync(join(output, 'report.html'), 'utf8')).toBe('the earlier report');
      expect(readdirSync(output)).not.toContain('lock');
      expect(processesOf(output)).toEqual([]);
    },
    LONGEST,
  );
});
