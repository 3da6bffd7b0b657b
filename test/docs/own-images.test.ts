/** The tutorial docs/tutorials/own-images.md does what it says: its commands are run, its outputs compared. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runProgram } from '../../cli/run-program';
import { jpegOf } from '../cli/dataset/pictures';
import { asClients, FakeBucket, fakeCloudFormation } from '../cli/fakes';

const TUTORIAL = join(__dirname, '..', '..', 'docs', 'tutorials', 'own-images.md');
const COMMAND = 'npx kaizen ';
const VIEWS = ['left', 'top'];

/** Fenced blocks of the page with the language that is said of them. */
const blocks = [...readFileSync(TUTORIAL, 'utf8').matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(
  ([, language = '', text = '']) => ({ language, text }),
);
const commands = blocks
  .filter(({ language }) => language === 'sh')
  .flatMap(({ text }) => text.trim().split('\n'))
  .filter((line) => line.startsWith(COMMAND))
  .map((line) => line.slice(COMMAND.length).split(' '));
/** What a block shows that stands behind a command: its lines, without the tree of the folder at the top. */
const outputs = blocks.slice(1).filter(({ language }) => language === '');

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kaizen-tutorial-'));
  for (let part = 1; part <= 24; part++) {
    for (const [view, name] of VIEWS.entries()) {
      const path = join(
        folder,
        'parts',
        part <= 16 ? 'OK' : 'NG',
        `p${String(part).padStart(2, '0')}_${name}.jpg`,
      );
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, await jpegOf(1_000 + 2 * part + view));
    }
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The gate, which accepts what comes. */
const gate = () =>
  new FakeBucket((bucket, key) => {
    if (!key.startsWith('manifests/incoming/')) return;
    const items =
      bucket.objects
        .get(key)
        ?.toString()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)) ?? [];
    const classes = [...new Set(items.map(({ label }) => label))].sort();
    bucket.putJson('manifests/current.json', { items: items.length, classes, key: 'accepted', source: key });
  });

async function run(parameters: readonly string[]) {
  const output: string[] = [];
  const here = parameters.map((word) => (word.startsWith('./') ? join(folder, word) : word));
  const exitCode = await runProgram(here, {
    clients: () => asClients({ cloudFormation: fakeCloudFormation(), s3: gate() }),
    write: (text) => output.push(text),
    writeError: (text) => output.push(text),
    now: () => new Date('2026-03-02T00:00:00Z'),
    sleep: async () => undefined,
    userName: () => 'ann',
  });
  return { exitCode, output: output.join('\n') };
}

test('[B27] every command of the tutorial does its work, and prints what the page shows', async () => {
  expect(commands).toHaveLength(5);
  const printed: string[] = [];
  for (const command of commands) {
    expect(command.slice(0, 2)).toEqual(['dataset', 'import']);
    const { exitCode, output } = await run(command);
    expect({ command, exitCode, output }).toMatchObject({ exitCode: 0 });
    printed.push(output);
  }
  expect(outputs).toHaveLength(2);
  for (const { text } of outputs)
    expect(printed.some((output) => output.includes(text.trimEnd()))).toBe(true);
  expect(printed[1]).toContain('48 items in 24 groups, the largest of 2');
  expect(printed.at(-1)).toContain('Accepted 48 items of good, scratch');
});
