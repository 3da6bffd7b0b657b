/** Keeps docs/requirements.md and the links of the documentation true to the tree. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const STATUSES = ['shown', 'in part', 'planned'];
/** Made by tools or kept by git alone; the same as in .gitignore. */
const NOT_OURS = new Set(['node_modules', 'dist', 'out', 'cdk.out', '__pycache__']);
/** Abbreviations of the fault table. */
const SHORT_PATHS = {
  'inference/': 'test/edge-components/inference/',
  'core-device/': 'packages/local-aws/test/core-device/',
};

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const isHidden = (name: string): boolean => name.startsWith('.') || name.endsWith('.egg-info');

/** Paths of the files below a folder, relative to the root. */
function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    if (isHidden(entry.name) || NOT_OURS.has(entry.name)) return [];
    const path = folder === '.' ? entry.name : join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

interface Evidence {
  readonly file: string;
  /** What must stand in the file where the row's tag does not. */
  readonly phrase?: string | undefined;
}

/** Cells of the table rows whose first cell fits. */
function tableRows(text: string, firstCell: RegExp): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
    .filter(([first = '']) => firstCell.test(first));
}

function evidenceIn(cell: string): Evidence[] {
  return [...cell.matchAll(/`([^`]+)`(?: "([^"]+)")?/g)].map(([, file = '', phrase]) => ({ file, phrase }));
}

function expanded(file: string): string {
  const [short, long] = Object.entries(SHORT_PATHS).find(([prefix]) => file.startsWith(prefix)) ?? ['', ''];
  return long + file.slice(short.length);
}

/** `case 3` and `case 6, 9` in the names of tests; a switch has no quote before its case. */
function casesIn(text: string): Set<string> {
  const found = text
    .split('\n')
    .flatMap((line) => [...line.matchAll(/['"`[].*?\bcase (\d+(?:, \d+)*)|\[case (\d+(?:, \d+)*)/g)]);
  return new Set(found.flatMap(([, plain, bracketed]) => (plain ?? bracketed ?? '').split(', ')));
}

const rowTagsIn = (text: string): Set<string> =>
  new Set([...text.matchAll(/\[([SDB]\d+)\]/g)].map(([, tag = '']) => tag));

const document = read('docs/requirements.md');
const rows = tableRows(document, /^[SDB]\d+$/).map(([id = '', , status = '', shownBy = '']) => ({
  id,
  status,
  evidence: evidenceIn(shownBy),
}));
const faults = tableRows(document, /^\d+$/).map(([number = '', , tests = '']) => ({
  number,
  files: evidenceIn(tests).map(({ file }) => expanded(file)),
}));
const untested = [...document.matchAll(/^- (\d+): /gm)].map(([, number = '']) => number);
const tests = [...filesBelow('test'), ...filesBelow('training/tests')].filter((path) =>
  /\.test\.ts$|\/test_\w+\.py$/.test(path),
);

describe('the rows', () => {
  test('are all there, once, with a status', () => {
    const numbered = (letter: string, count: number) =>
      Array.from({ length: count }, (_, index) => `${letter}${index + 1}`);
    expect(rows.map(({ id }) => id)).toEqual([
      ...numbered('S', 16),
      ...numbered('D', 4),
      ...numbered('B', 27),
    ]);
    for (const { status } of rows) expect(STATUSES).toContain(status);
  });

  test.each(rows)('$id ($status) names tests that show it, and none when it is planned', (row) => {
    const { id, status, evidence } = row;
    expect(evidence.length > 0).toBe(status !== 'planned');
    for (const { file, phrase } of evidence) {
      if (!existsSync(join(ROOT, file))) throw new Error(`${id}: ${file} does not exist`);
      expect({ file, text: read(file) }).toEqual({
        file,
        text: expect.stringContaining(phrase ?? `[${id}]`),
      });
    }
  });

  test('list every tag that a test carries', () => {
    const shown = new Set(rows.filter(({ status }) => status !== 'planned').map(({ id }) => id));
    const missing = tests.flatMap((file) =>
      [...rowTagsIn(read(file))].filter((tag) => !shown.has(tag)).map((tag) => `${tag} in ${file}`),
    );
    expect(missing).toEqual([]);
  });
});

describe('the fault cases', () => {
  test.each(faults)('$number is in the tests named', ({ number, files }) => {
    expect(files).not.toEqual([]);
    expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
    expect(files.filter((file) => !casesIn(read(file)).has(number))).toEqual([]);
  });

  test('list every case that a test carries, and no such case as untested', () => {
    const listed = new Set(faults.map(({ number }) => number));
    const carried = new Set(tests.flatMap((file) => [...casesIn(read(file))]));
    expect([...carried].filter((number) => !listed.has(number))).toEqual([]);
    expect(untested.filter((number) => carried.has(number))).toEqual([]);
  });
});

const guides = filesBelow('.').filter((path) => path.endsWith('.md'));

test.each(guides)('%s links to files that exist and names no path of one machine', (guide) => {
  const text = read(guide);
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  const broken = targets
    .filter((target) => !/^(https?:|mailto:|#)/.test(target))
    .map((target) => join(dirname(guide), target.replace(/#.*$/, '')))
    .filter((target) => !existsSync(join(ROOT, target)));
  expect(broken).toEqual([]);
  expect(
    text.match(/(?<![\w.<>{}-])\/(?!var\/lib\/greengrass)(?:home|Users|root|work|tmp|mnt|var|private)\//g),
  ).toBeNull();
});

describe('[D4] what the project is made of', () => {
  test("every folder is in the README's table, and the table names no other", () => {
    const named = tableRows(read('README.md'), /^`[a-z-]+\/`/).flatMap(([cell = '']) =>
      [...cell.matchAll(/`([a-z-]+)\/`/g)].map(([, folder = '']) => folder),
    );
    const present = readdirSync(ROOT, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !isHidden(entry.name) && !NOT_OURS.has(entry.name))
      .map(({ name }) => name)
      // Git keeps no empty folder.
      .filter((folder) => filesBelow(folder).length > 0);
    expect(named.sort()).toEqual(present.sort());
  });

  const packages = ['.', ...readdirSync(join(ROOT, 'packages')).map((name) => join('packages', name))];

  test.each(packages)(
    'every direct dependency of %s is imported, run, or asked for by one that is',
    (folder) => {
      interface Package {
        readonly dependencies?: Record<string, string>;
        readonly devDependencies?: Record<string, string>;
        readonly peerDependencies?: Record<string, string>;
        readonly bin?: string | Record<string, string>;
        readonly scripts?: Record<string, string>;
      }
      const own = JSON.parse(read(join(folder, 'package.json'))) as Package;
      const names = Object.keys({ ...own.dependencies, ...own.devDependencies });
      const described = (name: string) =>
        JSON.parse(read(join('node_modules', name, 'package.json'))) as Package;
      const isOfAnother = (path: string) =>
        packages.some((other) => other !== '.' && other !== folder && path.startsWith(`${other}/`));
      const sources = filesBelow(folder)
        .filter((path) => !isOfAnother(path))
        .filter((path) => /\.(ts|mjs|cjs)$|(^|\/)(tsconfig|cdk|biome)\.json$/.test(path))
        .filter((path) => path !== relative(ROOT, __filename))
        .map(read)
        .join('\n');
      const isNamed = (name: string) => new RegExp(`['"\`]${name}(?:/[^'"\`]*)?['"\`]`).test(sources);
      const scripts = Object.values(own.scripts ?? {}).flatMap((script) => script.split(' && '));
      const isRun = (command: string) =>
        isNamed(command) ||
        sources.includes(`npx ${command} `) ||
        scripts.some((script) => script.startsWith(`${command} `));
      const commandsOf = (name: string): string[] => {
        const { bin } = described(name);
        return typeof bin === 'string' ? [name] : Object.keys(bin ?? {});
      };
      const isUsed = (name: string): boolean =>
        isNamed(name.replace(/^@types\//, '')) || commandsOf(name).some(isRun);
      const used = names.filter(isUsed);
      const asked = new Set(used.flatMap((name) => Object.keys(described(name).peerDependencies ?? {})));
      const unused = names.filter((name) => !used.includes(name) && !asked.has(name));
      expect(unused).toEqual([]);
    },
  );
});
