/** The table of walls in docs/architecture.md, shown to be what the linter enforces. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const PACKAGE = 'packages/local-aws';
const ENTRY = '@kaizen-edge/local-aws';
const RESTRICTED = 'lint/style/noRestrictedImports';

/** Rows of the table: room -> the rooms that it may import. */
function walls(): Map<string, string[]> {
  const [, section = ''] = readFileSync(join(ROOT, 'docs', 'architecture.md'), 'utf8').split(
    '\n## The house\n',
  );
  const [house = ''] = section.split('\n## ');
  const rows = house.matchAll(/^\| `([^`]+)` \| ([^|]*) \|/gm);
  return new Map(
    [...rows].map(([, room = '', cell = '']) => [
      room,
      [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    ]),
  );
}

const WALLS = walls();
const ROOMS = [...WALLS.keys()];

/** An import of `room` that is allowed to whoever may import the room at all. */
const DOORS: Readonly<Record<string, string>> = {
  contracts: 'contracts',
  lambda: 'lambda/training/names',
  'edge-components': 'edge-components/inference/recipe',
};

interface Planted {
  readonly file: string;
  readonly text: string;
}

const importing = (file: string, target: string): Planted => ({
  file,
  text: `export * from '${target.startsWith('@') || target.startsWith('aws') ? target : relative(dirname(file), target)}';\n`,
});

const fileIn = (room: string, name = 'planted'): string =>
  `${room === 'lambda' || room === 'lib' ? `${room}/training` : room}/${name}.ts`;

/** Lints the files in a project of their own, with this project's rules, and answers file -> categories. */
function lint(planted: readonly Planted[]): Map<string, string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'walls-'));
  try {
    for (const name of ['biome.json', 'biome.walls.json']) cpSync(join(ROOT, name), join(folder, name));
    for (const { file, text } of planted) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    const biome = join(ROOT, 'node_modules', '.bin', 'biome');
    const { stdout, stderr } = spawnSync(
      biome,
      [
        'lint',
        '--reporter=json',
        '--max-diagnostics=none',
        '--only=noRestrictedImports',
        '--only=noImportCycles',
        '.',
      ],
      { cwd: folder, encoding: 'utf8' },
    );
    if (!stdout.includes('"diagnostics"')) throw new Error(`biome did not answer: ${stderr}`);
    const { diagnostics } = JSON.parse(stdout) as {
      diagnostics: { category: string; location: { path: string } }[];
    };
    const found = new Map<string, string[]>(planted.map(({ file }) => [file, []]));
    for (const { category, location } of diagnostics) found.get(location.path)?.push(category);
    return found;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const refused = (planted: readonly Planted[]): string[] =>
  [...lint(planted)].filter(([, categories]) => categories.includes(RESTRICTED)).map(([file]) => file);

test('the table has every folder with code', () => {
  const holdsCode = (folder: string): boolean =>
    readdirSync(join(ROOT, folder), { withFileTypes: true }).some((entry) =>
      entry.isDirectory()
        ? entry.name !== 'node_modules' && holdsCode(join(folder, entry.name))
        : /\.(ts|mjs)$/.test(entry.name),
    );
  const folders = readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^(\..*|node_modules|dist|out|cdk\.out)$/.test(entry.name))
    .map(({ name }) => name)
    .filter(holdsCode);
  expect(ROOMS.map((room) => room.split('/')[0]).sort()).toEqual(folders.sort());
});

test('every room may import what its row names and no other room', () => {
  const planted = ROOMS.flatMap((from) =>
    ROOMS.filter((to) => to !== from).map((to) =>
      importing(
        fileIn(from, `imports-${to.replace('/', '-')}`),
        to === PACKAGE ? ENTRY : (DOORS[to] ?? fileIn(to)),
      ),
    ),
  );
  const expected = ROOMS.flatMap((from) =>
    ROOMS.filter((to) => to !== from && !WALLS.get(from)?.includes(to))
      // The package has folders of these names; that its imports stay inside is the next test's.
      .filter((to) => from !== PACKAGE || !['scripts', 'test'].includes(to))
      .map((to) => fileIn(from, `imports-${to.replace('/', '-')}`)),
  );
  expect(refused(planted).sort()).toEqual(expected.sort());
});

const FINER: [string, string, string][] = [
  ['lib takes only names of lambda', 'lib/registry/a.ts', 'lambda/registry/release-table'],
  ['lib takes no function of lambda', 'lib/registry/a.ts', 'lambda/registry/build-release/handler'],
  [
    'lib does not know what is in the component',
    'lib/device/a.ts',
    'edge-components/inference/src/environment',
  ],
  ['the CDK stays out of lambda', 'lambda/registry/a.ts', 'aws-cdk-lib/aws-s3'],
  ['the CDK stays out of cli', 'cli/a.ts', 'aws-cdk-lib'],
  ['the CDK stays out of the local AWS', `${PACKAGE}/a.ts`, 'aws-cdk-lib'],
  ['cli takes no function of lambda', 'cli/a.ts', 'lambda/registry/build-release/build-release'],
  ['demo takes no function of lambda', 'demo/a.ts', 'lambda/registry/build-release/build-release'],
  ['dataset takes nothing of monitoring', 'lambda/dataset/a.ts', 'lambda/monitoring/names'],
  [
    'telemetry takes nothing of monitoring',
    'lambda/telemetry/ingest-results/a.ts',
    'lambda/monitoring/names',
  ],
  ['telemetry takes nothing of monitoring, at synth', 'lib/telemetry/a.ts', 'lib/monitoring/episode-table'],
  ['dataset takes nothing of monitoring, at synth', 'lib/dataset/a.ts', 'lib/monitoring/episode-table'],
  ['try takes no function of lambda', 'try/a.ts', 'lambda/registry/build-release/build-release'],
  ['try takes the local AWS by its entry', 'try/a.ts', `${ENTRY}/launcher/ministack`],
  ['demo takes the local AWS by its entry', 'demo/a.ts', `${ENTRY}/launcher/ministack`],
  ['demo takes the local AWS by its name', 'demo/a.ts', `${PACKAGE}/index`],
  ['test takes the local AWS by its name', 'test/a.ts', `${PACKAGE}/index`],
  ['bench takes the local AWS by its entry', 'bench/a.ts', `${ENTRY}/shared/free-port`],
  ['scripts take the local AWS by its name', 'scripts/a.mjs', `${PACKAGE}/index`],
];

test.each(FINER)('%s', (_, file, target) => {
  expect(refused([importing(file, target)])).toEqual([file]);
});

test('a room may import itself', () => {
  const inside = ROOMS.map((room) => importing(fileIn(room), fileIn(room, 'neighbour')));
  expect(refused(inside)).toEqual([]);
});

test('a cycle is refused, of types too', () => {
  const found = lint([
    { file: 'cli/a.ts', text: "import type { B } from './b';\nexport type A = B | 1;\n" },
    { file: 'cli/b.ts', text: "import type { A } from './a';\nexport type B = A | 2;\n" },
    { file: 'cli/c.ts', text: "export * from './a';\n" },
  ]);
  expect(Object.fromEntries(found)).toEqual({
    'cli/a.ts': ['lint/suspicious/noImportCycles'],
    'cli/b.ts': ['lint/suspicious/noImportCycles'],
    'cli/c.ts': [],
  });
});

test('no import of the local AWS leaves its folder', () => {
  const sources = (readdirSync(join(ROOT, PACKAGE), { recursive: true }) as string[]).filter(
    (file) => /\.(ts|mjs)$/.test(file) && !/(^|\/)(node_modules|dist)\//.test(file),
  );
  const leaving = sources.flatMap((file) =>
    [...readFileSync(join(ROOT, PACKAGE, file), 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)]
      .map(([, target = '']) => join(dirname(file), target))
      .filter((target) => target.startsWith('..'))
      .map((target) => `${file} imports ${target}`),
  );
  expect(sources.length).toBeGreaterThan(0);
  expect(leaving).toEqual([]);
});
