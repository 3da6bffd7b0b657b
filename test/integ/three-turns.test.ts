/** The loop turned three times: the first training, another light, and a class that nobody had seen. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReportData } from '../../demo/report/report-data';
import { processesOf, ROOT, runProgramOf } from './interrupted-program';

/** Only ends one that hangs: a run takes a quarter of an hour on two processors. */
const LONGEST = 2_400_000;

describe('[S9] npm run demo -- --three-turns', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kaizen-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test(
    'answers a light and then a new class, each by a release of its own that does no harm, and moves no code',
    async () => {
      const demo = [join(ROOT, 'demo', 'main.ts'), '--small', '--three-turns', '--output', folder];
      const { code, printed } = await runProgramOf(folder, demo);
      // It ends with 0 only where each release helped, and let no more defective parts pass than the plant allows.
      expect({ code, end: printed.slice(-2_000) }).toMatchObject({ code: 0 });
      const { turns, codes } = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as ReportData;
      expect(turns.map(({ change }) => change)).toEqual(['light drift', 'crack']);
      expect(turns.every(({ toEpisode, toCure }) => Number(toCure) > Number(toEpisode))).toBe(true);
      expect(codes.map(({ className, since }) => [className, since])).toEqual([
        ...['dent', 'good', 'scratch', 'stain'].map((known) => [known, 'surface-inspection-1']),
        ['crack', 'surface-inspection-3'],
      ]);
      expect(codes.map(({ code: number }) => number)).toEqual([1, 2, 3, 4, 5]);
      expect(processesOf(folder)).toEqual([]);
    },
    LONGEST,
  );
});
