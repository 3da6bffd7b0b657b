import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coverage-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** An istanbul report of one file whose statements, one a line, and branches of one `if` ran so often. */
function report(path: string, statements: number[], branches: number[]): object {
  const at = (line: number) => ({ start: { line, column: 0 }, end: { line, column: 9 } });
  return {
    [join(folder, path)]: {
      path: join(folder, path),
      statementMap: Object.fromEntries(statements.map((_, index) => [index, at(index + 1)])),
      s: Object.fromEntries(statements.entries()),
      fnMap: {},
      f: {},
      branchMap: { 0: { type: 'if', loc: at(1), line: 1, locations: branches.map(() => at(1)) } },
      b: { 0: branches },
    },
  };
}

function write(name: string, content: object): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

/** As scripts/test.mjs prints it: an ECMAScript module, which Jest does not load. */
function table(jest: string[], python: string): string {
  const module = JSON.stringify(join(ROOT, 'scripts', 'coverage.mjs'));
  const [root, files, ofPython] = [folder, jest, python].map((value) => JSON.stringify(value));
  const program = `import { coverageTable } from ${module}; process.stdout.write(coverageTable(${root}, ${files}, ${ofPython}));`;
  return execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' });
}

test('sums by folder what several runs and both languages went through', () => {
  const unit = write('unit.json', {
    ...report('lib/a.ts', [1, 0, 0, 0], [1, 0]),
    ...report('packages/local-aws/a.ts', [1], [1, 1]),
  });
  const infrastructure = write('infrastructure.json', report('lib/a.ts', [0, 2, 0, 0], [0, 3]));
  const python = write('python.json', {
    files: {
      'training/kaizen_training/gate.py': {
        summary: { covered_lines: 9, num_statements: 12, covered_branches: 1, num_branches: 4 },
      },
    },
  });
  expect(table([unit, infrastructure], python).split('\n').slice(1)).toEqual([
    'lib                  lines  50.0 % of     4   branches 100.0 % of     2',
    'packages/local-aws   lines 100.0 % of     1   branches 100.0 % of     2',
    'training             lines  75.0 % of    12   branches  25.0 % of     4',
    '',
  ]);
});

test('says nothing when nothing was measured', () => {
  expect(table([join(folder, 'absent.json')], join(folder, 'absent-too.json'))).toBe('');
});
