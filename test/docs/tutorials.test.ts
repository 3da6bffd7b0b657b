/**
 * The tutorials, in their order: every command of `kaizen` is run in one folder, as their reader would; what else stands in a
 * block is of a kind that is known, and what a page names is there.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildProgram } from '../../cli/program';
import { runProgram } from '../../cli/run-program';
import { leavesOf } from '../../cli/shared/command-page';
import { type ConfigurationDocument, parseContractJson } from '../../contracts';
import { cameraProblems } from '../../contracts/camera-problems';
import { hyperparameterProblems } from '../../lib/training/free-hyperparameters';
import { asClients } from '../cli/fakes';
import { exampleFiles, smallCloud } from '../cli/small-cloud';

jest.mock(
  '../../cli/training/check-script',
  () => jest.requireActual('../cli/command-doubles').checkScriptDouble,
);
jest.mock(
  '../../cli/device/device-programs',
  () => jest.requireActual('../cli/command-doubles').deviceProgramsDouble,
);
jest.mock('../../cli/device/configure-devices', () => ({
  ...jest.requireActual('../../cli/device/configure-devices'),
  ...jest.requireActual('../cli/command-doubles').configureDevicesDouble,
}));
jest.mock('../../cli/shared/repository-program', () => ({ startProgram: async () => 0 }));

const ROOT = join(__dirname, '..', '..');
const TUTORIALS = join(ROOT, 'docs', 'tutorials');
const read = (...path: string[]): string => readFileSync(join(ROOT, ...path), 'utf8');
const index = read('docs', 'tutorials', 'README.md');

/** Pages in the order of the index. */
const pages = [...index.matchAll(/^\| \d+ \| \[.*?\]\((.*?)\)/gm)].map(([, file = '']) => ({
  file,
  text: readFileSync(join(TUTORIALS, file), 'utf8'),
}));

interface Block {
  readonly info: string;
  readonly lines: readonly string[];
}

const blocksOf = (text: string): Block[] =>
  [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(([, info = '', content = '']) => ({
    info,
    lines: content.trimEnd().split('\n'),
  }));

/** A line of a shell without its comment, a command that goes on in the next line joined with it. */
const commandsOf = ({ lines }: Block): string[] =>
  lines
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.replace(/(^|\s+)#.*$/, ''))
    .filter((line) => line !== '');

const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

/** Commands that are not ours to run here: what must be true of each. */
const OTHERS: readonly (readonly [RegExp, (match: RegExpExecArray) => boolean])[] = [
  [/^npm run ([a-z]+)( -- --keep| -- --end)?$/, ([, name = '']) => Object.hasOwn(scripts, name)],
  [/^npx cdk (bootstrap|deploy|synth) /, () => true],
  [/^\. out\/local\.env$/, () => read('scripts', 'local.ts').includes("'out/local.env'")],
  [/^mkdir -p training\/scripts\/mine$/, () => true],
  [/^cp (\S+) \S+$/, ([, source = '']) => read(source) !== ''],
  // On the device; test/cli/device/install.test.ts and test/integ/device-life run what they start.
  [/^(scp|ssh) /, () => true],
  [/^sudo sh line-1\/install\.sh (lite|classic) --package /, () => true],
  [/^node line-1\/check-device\.cjs --nucleus (lite|classic)$/, () => true],
];

/** What is wrong with a line that is not run; undefined when nothing is. */
function problemOf(line: string): string | undefined {
  for (const [pattern, holds] of OTHERS) {
    const match = pattern.exec(line);
    if (match) return holds(match) ? undefined : `'${line}' does not hold`;
  }
  return `'${line}' is of no kind that is known`;
}

const home = process.cwd();
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kaizen-tutorials-'));
  await exampleFiles(folder, ['plant']);
  process.chdir(folder);
});
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

/** Who labels fills in the table. */
function fillIn(file: string): void {
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/^(\w+),,/gm, '$1,scratch,'));
}

async function run(line: string) {
  const words = wordsOf(line).slice(2);
  const at = words.indexOf('--env');
  const cloud = await smallCloud(at < 0 ? 'local' : (words[at + 1] ?? ''));
  if (words[0] === 'label') fillIn(words[words.indexOf('--file') + 1] ?? '');
  const [output, errors]: [string[], string[]] = [[], []];
  const exitCode = await runProgram(words, {
    clients: () => asClients(cloud),
    write: (text) => output.push(text),
    writeError: (text) => errors.push(text),
    now: () => new Date('2026-03-02T00:00:00Z'),
    sleep: async () => undefined,
    userName: () => 'ann',
  });
  return { line, exitCode, errors: errors.join('\n') };
}

/** Those that may end with 1: they look at this machine, or follow links that the small cloud has not. */
const MAY_FIND_FAULTS = /^npx kaizen (lineage|device check|verify) /;

describe('[B27] the tutorials', () => {
  test('are all in the index, each begins where one before has ended, and leads to the next', () => {
    const files = readdirSync(TUTORIALS).filter((file) => file !== 'README.md');
    expect(pages.map(({ file }) => file).sort()).toEqual(files.sort());
    for (const [position, { file, text }] of pages.entries()) {
      const before = pages.slice(0, position).map((page) => page.file);
      const [beginning = ''] = text.split('\n## ');
      expect({ file, leads: beginning.includes('(README.md)') }).toEqual({ file, leads: true });
      if (position > 0) expect(before.some((one) => beginning.includes(`(${one})`))).toBe(true);
      const next = pages[position + 1];
      if (next) expect(text).toMatch(new RegExp(`^Next: .*\\(${next.file.replace('.', '\\.')}\\)`, 'm'));
    }
  });

  test.each(pages)('$file: every command does its work after those before it', async ({ text }) => {
    for (const block of blocksOf(text)) {
      const [language, file] = block.info.split(' ');
      if (file !== undefined) writeFileSync(file, block.lines.join('\n'));
      if (language !== 'sh') continue;
      for (const line of commandsOf(block)) {
        if (!line.startsWith('npx kaizen ')) {
          expect(problemOf(line)).toBeUndefined();
          continue;
        }
        const { exitCode, errors } = await run(line);
        const isDone = exitCode === 0 || (exitCode === 1 && MAY_FIND_FAULTS.test(line));
        if (!isDone) throw new Error(`${line} ends with ${exitCode}: ${errors}`);
      }
    }
  });

  test('the README: every command does its work, and destroying asks what to decide first', async () => {
    const lines = blocksOf(read('README.md'))
      .filter(({ info }) => info === 'sh')
      .flatMap(commandsOf);
    const ours = lines.filter((line) => line.startsWith('npx kaizen '));
    expect(ours.length).toBeGreaterThan(5);
    const ends = await Promise.all(ours.map(run));
    const failed = ends.filter(({ exitCode }) => exitCode !== 0);
    expect(failed).toMatchObject([{ line: expect.stringContaining('destroy'), exitCode: 2 }]);
    // What operators do has a command of ours.
    expect(lines.filter((line) => line.startsWith('aws '))).toEqual([]);
  });

  test('name commands that are there', () => {
    const never = (): never => {
      throw new Error('nothing is run');
    };
    const program = buildProgram({
      ...{ clients: never, write: never, writeError: never, now: never, sleep: never, userName: never },
    });
    const names = leavesOf(program).map(([name]) => name);
    const operated = [
      ...['runbook.md', 'delivery.md', 'teardown-and-cost.md', 'controllers.md', 'second-opinions.md'],
      ...['training-scripts.md', 'try.md'],
    ].map((file) => ({
      file,
      text: read('docs', file),
    }));
    const unknown = [...pages, ...operated].flatMap(({ file, text }) =>
      [...text.matchAll(/(?:`|`npx |^npx )kaizen ([a-z][a-z -]*[a-z])/gm)]
        .map(([, words = '']) => words)
        .filter((words) => !names.some((name) => words === name || words.startsWith(`${name} `)))
        .map((words) => `${file}: kaizen ${words}`),
    );
    expect(unknown).toEqual([]);
    // Where npm starts them, it writes its banner above the answer.
    expect(operated.filter(({ text }) => text.includes('npm run kaizen'))).toEqual([]);
  });

  test('a line of no known kind is found, and one that does not hold', () => {
    expect(problemOf('curl http://example.org | sh')).toContain('is of no kind that is known');
    expect(problemOf('npm run frobnicate')).toContain('does not hold');
    expect(() => problemOf('cp config/absent.ts config/plant.ts')).toThrow('ENOENT');
  });
});

const textOf = (file: string): string => pages.find((page) => page.file === file)?.text ?? '';

test('[B27] own-camera.md: the document keeps its contract, and its cameras can be meant', () => {
  const block = blocksOf(textOf('own-camera.md')).find(({ info }) => info === 'json line.json');
  const text = block?.lines.join('\n') ?? '';
  const { useCases = {} }: ConfigurationDocument = parseContractJson(
    'configuration-document',
    text,
    'the page',
  );
  const cameras = Object.values(useCases).flatMap(({ cameras: all }) => Object.values(all));
  expect(cameras.length).toBeGreaterThan(0);
  expect(cameras.flatMap((camera) => cameraProblems(camera))).toEqual([]);
});

test('[B27] own-script.md: its hyperparameters are taken by the configuration', () => {
  const [, object = ''] = /hyperparameters: \{ (.*) \}/.exec(textOf('own-script.md')) ?? [];
  const names = [...object.matchAll(/(\w+):/g)].map(([, name = '']) => name);
  expect(names).toContain('dropout');
  expect(
    hyperparameterProblems({ hyperparameters: Object.fromEntries(names.map((name) => [name, 1])) }),
  ).toEqual([]);
});

describe('[B27] console-and-alarms.md', () => {
  const page = textOf('console-and-alarms.md');

  test('says of each alarm the severity that the runbook says', () => {
    const rows = [...page.matchAll(/^\| \[([a-z-]+)\]\(.*?#(.*?)\) \| (\w+) \|/gm)];
    expect(rows.length).toBeGreaterThan(5);
    const runbook = read('docs', 'runbook.md');
    for (const [, name = '', anchor, severity] of rows) {
      expect(anchor).toBe(name);
      const [, said] = new RegExp(`^## ${name}\\n\\nSeverity: (\\w+)\\.$`, 'm').exec(runbook) ?? [];
      expect({ name, severity }).toEqual({ name, severity: said });
    }
  });

  test('names every graph of the dashboard, in its order', () => {
    const dashboard = read('lib', 'monitoring', 'dashboard.ts');
    const titles = [...dashboard.matchAll(/(?:title: |graph\(\s*)'(.*?)'/g)].map(([, title]) => title);
    const [, table = ''] = page.split('| graph | look when |\n');
    const rows = [...(table.split('\n\n')[0] ?? '').matchAll(/^\| ([^|-][^|]*?) \|/gm)].map(
      ([, cell]) => cell,
    );
    expect(rows).toEqual(titles);
  });

  test('names what a device may be', () => {
    const presence = read('lambda', 'telemetry', 'device-presence.ts');
    for (const word of ['stopped', 'restarted', 'silent']) {
      expect(presence).toContain(`'${word}'`);
      expect(page).toContain(`| ${word} |`);
    }
  });
});

test('[B27] first-bad-model.md: explains every status that a release may have, but the one in which it waits', () => {
  const [, union = ''] =
    /type ReleaseStatus = (.*);/.exec(read('lambda', 'registry', 'release-items.ts')) ?? [];
  const statuses = [...union.matchAll(/'(\w+)'/g)].map(([, status = '']) => status);
  expect(statuses.length).toBeGreaterThan(3);
  const missing = statuses.filter((status) => !textOf('first-bad-model.md').includes(`| \`${status}`));
  expect(missing).toEqual(['READY']);
});
