/**
 * What every command owes to whoever operates with it: a help with an example that works, one JSON document, errors that a
 * program reads, exit codes. A command that is new is walked by itself; what it asks of AWS has to be in small-cloud.ts.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { commandReference } from '../../cli/command-reference';
import { buildProgram } from '../../cli/program';
import { runProgram } from '../../cli/run-program';
import type { Clients } from '../../cli/shared/clients';
import { type CommandPage, leavesOf, pageOf } from '../../cli/shared/command-page';
import type { ProgramPorts } from '../../cli/shared/commands';
import { parseContractJson } from '../../contracts';
import { asClients, awsError, FakeClient } from './fakes';
import { exampleFiles, smallCloud } from './small-cloud';

jest.mock('../../cli/training/check-script', () => jest.requireActual('./command-doubles').checkScriptDouble);
jest.mock(
  '../../cli/device/device-programs',
  () => jest.requireActual('./command-doubles').deviceProgramsDouble,
);
jest.mock('../../cli/device/configure-devices', () => ({
  ...jest.requireActual('../../cli/device/configure-devices'),
  ...jest.requireActual('./command-doubles').configureDevicesDouble,
}));

// What starts a program behind a wall has tests of its own; here it says the document that its command promises.
jest.mock('../../cli/shared/repository-program', () => ({
  startProgram: async (_file: string, _args: readonly string[], takeOutput?: (text: string) => void) => {
    takeOutput?.(
      JSON.stringify({ camera: {}, seconds: 5, isLive: true, figures: {}, complaints: [], policy: {} }),
    );
    return 0;
  },
}));

const ROOT = join(__dirname, '..', '..');
const ENVIRONMENTS = ['local', 'dev', 'prod', 'plant'];

/** Examples that may end with 1: what they say depends on this machine, or on more than the small cloud has. */
const MAY_FIND_FAULTS = ['device check', 'lineage', 'verify'];

/** What these say to a person is said by the program that they start. */
const START_A_PROGRAM = ['camera try', 'device simulate'];

function program(): Command {
  const never = (): never => {
    throw new Error('nothing is run');
  };
  return buildProgram({
    ...{ clients: never, write: never, writeError: never, now: never, sleep: never, userName: never },
  });
}
const leaves = leavesOf(program());

/** Words as a shell would make them, of quotes that are double. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

async function run(words: readonly string[], clients: ProgramPorts['clients']) {
  const [output, errors]: [string[], string[]] = [[], []];
  const exitCode = await runProgram(words, {
    clients,
    write: (text) => output.push(text),
    writeError: (text) => errors.push(text),
    now: () => new Date('2026-03-02T00:00:00Z'),
    sleep: async () => undefined,
    userName: () => 'ann',
  });
  return { exitCode, output: output.join('\n'), errors: errors.join('\n') };
}

const noClients = (): never => {
  throw new Error('no credentials here');
};

/** What a document has that the page does not name, and what it lacks. */
function fieldGaps(name: string, document: unknown, { json: { isList, fields } }: CommandPage): string[] {
  if (Array.isArray(document) !== (isList ?? false)) return [`${name}: is ${isList ? 'no list' : 'a list'}`];
  const named = new Set(Object.keys(fields).map((field) => field.replace(/\?$/, '')));
  return (Array.isArray(document) ? document : [document]).flatMap((entry: object) => [
    ...Object.keys(entry).flatMap((field) =>
      named.has(field) || named.has('...') ? [] : [`${name}: the page does not name ${field}`],
    ),
    ...Object.keys(fields).flatMap((field) =>
      /\?$|^\.\.\.$/.test(field) || Object.hasOwn(entry, field) ? [] : [`${name}: lacks ${field}`],
    ),
  ]);
}

const home = process.cwd();
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kaizen-commands-'));
  await exampleFiles(folder, ENVIRONMENTS);
  process.chdir(folder);
});
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

/** The small cloud of the environment that a line names, and the files that an earlier command would have left. */
async function prepared(words: readonly string[]): Promise<() => Clients> {
  const at = words.indexOf('--env');
  const cloud = await smallCloud(at < 0 ? 'local' : (words[at + 1] ?? ''));
  for (const made of ['to-label', 'line-1']) rmSync(made, { recursive: true, force: true });
  if (words[0] === 'label') {
    mkdirSync('to-label');
    writeFileSync('to-label/labels.csv', 'captureId,class,deviceId\nc1,scratch,line-1\nc2,,line-1\n');
  }
  if (words[0] === 'device' && words[1] === 'check') {
    const provision = wordsOf('device provision line-1 --group canary --out ./line-1');
    await run(provision, () => asClients(cloud));
  }
  return () => asClients(cloud);
}

describe.each(leaves)('[B27] F29: kaizen %s', (name, command) => {
  const page = pageOf(command);
  const path = name.split(' ');

  test('has a page: withPage(command, { examples, json }) of cli/shared/command-page.ts', () => {
    expect(page?.examples.length).toBeGreaterThan(0);
    expect(Object.keys(page?.json.fields ?? {}).length).toBeGreaterThan(0);
    for (const { line } of page?.examples ?? []) expect(wordsOf(line).slice(0, path.length)).toEqual(path);
  });

  test('has a help with its examples, its document and its exit codes, without credentials', async () => {
    const { exitCode, output, errors } = await run([...path, '--help'], noClients);
    expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: '' });
    for (const { line } of page?.examples ?? []) expect(output).toContain(`kaizen ${line}`);
    expect(output).toMatch(/^ {2}--json /m);
    expect(output).toContain('--json prints');
    expect(output).toMatch(/^Exit codes: 0 .*; 1 .*; 2 /m);
  });

  test('does what its examples say, and with --json gives one document with the fields of its page', async () => {
    if (page === undefined) throw new Error(`kaizen ${name} has no page`);
    const allowed = MAY_FIND_FAULTS.includes(name) ? [0, 1] : [0];
    for (const { line } of page.examples) {
      const words = wordsOf(line);
      const person = await run(words, await prepared(words));
      if (!allowed.includes(person.exitCode))
        throw new Error(`kaizen ${line} ends with ${person.exitCode}: ${person.errors}`);
      if (!START_A_PROGRAM.includes(name)) expect(person.output).not.toBe('');
      expect(() => JSON.parse(person.output)).toThrow();
      const machine = await run([...words, '--json'], await prepared(words));
      expect({ line, ...machine }).toMatchObject({ exitCode: person.exitCode });
      expect(fieldGaps(name, JSON.parse(machine.output), page)).toEqual([]);
      for (const error of machine.errors.split('\n').filter(Boolean)) JSON.parse(error);
    }
  });

  test('with --json says in one line of JSON what is wrong with its arguments', async () => {
    const { exitCode, output, errors } = await run([...path, '--no-such-option', '--json'], noClients);
    expect({ exitCode, output }).toEqual({ exitCode: 2, output: '' });
    const { error } = parseContractJson('command-error', errors, 'the error output');
    expect(error).toEqual({
      exitCode: 2,
      message: expect.stringMatching(/no-such-option|missing required|required option/),
    });
  });

  test('where AWS refuses ends with 1, one sentence, and what to do', async () => {
    const refused = new Proxy(
      {},
      {
        get: (_, request) =>
          request === 'then'
            ? undefined
            : () => {
                throw awsError('AccessDenied', 'you are not authorized to perform: some:Action');
              },
        has: () => true,
        getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
      },
    );
    const fake = new FakeClient(refused as never);
    let asked = false;
    const clients = () => {
      asked = true;
      return asClients(Object.fromEntries(Object.keys(asClients({})).map((one) => [one, fake])));
    };
    const words = wordsOf(page?.examples.at(-1)?.line ?? name);
    const { exitCode, output, errors } = await run([...words, '--json'], clients);
    if (!asked) return expect(NEEDS_NO_ACCOUNT).toContain(name);
    expect(exitCode).toBe(1);
    if (output !== '') JSON.parse(output);
    const { error } = parseContractJson('command-error', errors.split('\n').at(-1) ?? '', 'the last line');
    expect(error.advice).toContain('a policy of yours must allow some:Action');
  });
});

/** Whose last example asks nothing of AWS. */
const NEEDS_NO_ACCOUNT = ['script check', 'device check', 'cost', ...START_A_PROGRAM];

test('[B27] F29: docs/commands.md is what the commands say of themselves', () => {
  const written = readFileSync(join(ROOT, 'docs', 'commands.md'), 'utf8');
  const current = commandReference(program());
  if (written !== current) {
    throw new Error(
      'docs/commands.md is out of date: npx tsx bin/write-command-reference.ts, and read the change',
    );
  }
});

test('[B27] F29: npx kaizen is this tree, and writes nothing of its own to the output', () => {
  const { bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const { status, stdout, stderr } = spawnSync(join(ROOT, bin.kaizen), ['status', '--json'], {
    encoding: 'utf8',
    cwd: folder,
    env: { PATH: process.env.PATH, AWS_CONFIG_FILE: 'none', AWS_SHARED_CREDENTIALS_FILE: 'none' },
  });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(parseContractJson('command-error', stderr, 'the error output').error).toMatchObject({
    message: 'Region is missing',
    advice: expect.stringContaining('set AWS_REGION'),
  });
});

test('a command without a page cannot come into the reference', () => {
  const withStranger = program();
  withStranger.command('frobnicate').description('has been forgotten');
  expect(() => commandReference(withStranger)).toThrow('kaizen frobnicate has no page');
});

test('a field that the page does not name is found, and one that is missing', () => {
  const page: CommandPage = { examples: [], json: { fields: { here: '', absent: '', 'perhaps?': '' } } };
  expect(fieldGaps('x', { here: 1, more: 2 }, page)).toEqual([
    'x: the page does not name more',
    'x: lacks absent',
  ]);
  expect(fieldGaps('x', [], page)).toEqual(['x: is a list']);
});
