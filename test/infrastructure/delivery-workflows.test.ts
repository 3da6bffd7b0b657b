/** The workflows of the delivery by GitHub Actions say what the apps and their roles are called. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { delivery } from '../../config/delivery';
import { githubReviewEnvironment, githubRoleName, verifierRoleName } from '../../lib/delivery/names';
import { INSTALL } from '../../lib/delivery/pipeline/delivery-commands';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}
interface Job {
  readonly needs?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly with?: { readonly environment: string };
  readonly environment?: string;
  readonly permissions: Readonly<Record<string, string>>;
  readonly steps?: readonly Step[];
}
interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: object;
  readonly jobs: Readonly<Record<string, Job>>;
}

const read = (name: string): Workflow =>
  parse(readFileSync(join(__dirname, '..', '..', '.github', 'workflows', `${name}.yml`), 'utf8'));
const deliver = read('deliver');
const environment = read('deliver-environment');
const drift = read('drift');

const stepsOf = (job?: Job): readonly Step[] => job?.steps ?? [];
const scriptOf = (job?: Job): string =>
  stepsOf(job)
    .flatMap(({ run }) => run ?? [])
    .join('\n');
/** Role that a job shows its token to, with the environment's name in its place. */
const roleOf = (job: Job | undefined, name: string): string | undefined =>
  stepsOf(job)
    .find(({ uses }) => uses?.startsWith('aws-actions/configure-aws-credentials@'))
    ?.with?.['role-to-assume']?.replace(/\$\{\{ (inputs|matrix)\.environment \}\}/g, name)
    .split('/')
    .at(-1);

const SCOPE = { environmentName: 'prod' };

test('[D2] one environment after the other, in the order of the configuration, and tests before all', () => {
  const { test: first, ...others } = deliver.jobs;
  expect(scriptOf(first)).toContain('npm test');
  const jobs = Object.entries(others);
  expect(jobs.map(([, job]) => job.with?.environment)).toEqual(delivery.environments.map(({ name }) => name));
  expect(jobs.map(([, { needs }]) => needs)).toEqual(['test', ...jobs.slice(0, -1).map(([name]) => name)]);
});

test('[D2] only pushes to the branch start it, and only where somebody has turned it on', () => {
  expect(deliver.on).toEqual({ push: { branches: [delivery.branch] } });
  expect(Object.keys(environment.on)).toEqual(['workflow_call']);
  expect(Object.keys(drift.on)).toEqual(['schedule']);
  for (const job of [deliver.jobs.test, drift.jobs.compare]) {
    expect(job?.if).toBe("vars.DELIVERY == 'github-actions'");
  }
});

test('[D2] a job waits for approval after the page, and each has the role of its environment', () => {
  const { review, deploy } = environment.jobs;
  expect(deploy?.needs).toBe('review');
  const named = (job?: Job) => job?.environment?.replace(/\$\{\{ inputs\.environment \}\}/, 'prod');
  expect(named(review)).toBe(githubReviewEnvironment(SCOPE));
  expect(named(deploy)).toBe('prod');
  expect(roleOf(review, 'prod')).toBe(githubRoleName(SCOPE, 'review'));
  expect(roleOf(deploy, 'prod')).toBe(githubRoleName(SCOPE, 'deploy'));
  expect(roleOf(drift.jobs.compare, 'prod')).toBe(githubRoleName(SCOPE, 'review'));
  expect(JSON.stringify(deploy).replace(/\$\{\{ inputs\.environment \}\}/g, 'prod')).toContain(
    verifierRoleName(SCOPE),
  );
});

test('[D2] the commands are those of the pipeline', () => {
  const { review, deploy } = environment.jobs;
  expect(scriptOf(review)).toContain("npx cdk synth -q --app 'npx tsx bin/github.ts'");
  expect(scriptOf(review)).toContain('npx tsx bin/review-update.ts --env');
  expect(scriptOf(deploy)).toContain('npx tsx bin/kaizen.ts verify --env');
  expect(scriptOf(drift.jobs.compare)).toContain(INSTALL);
  expect(scriptOf(drift.jobs.compare)).toContain('npx tsx bin/kaizen.ts drift --env');
});

test('[D2] jobs have the least rights, actions are pinned, and nothing of GitHub is written into a script', () => {
  for (const { permissions, jobs } of [deliver, environment, drift]) {
    expect(permissions).toEqual({});
    for (const job of Object.values(jobs)) {
      expect(['{"contents":"read"}', '{"contents":"read","id-token":"write"}']).toContain(
        JSON.stringify(job.permissions),
      );
      for (const { uses, run = '' } of stepsOf(job)) {
        if (uses !== undefined) expect(uses).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
        // An expression in a script is code for whoever can choose its value.
        expect(run).not.toContain('${{');
      }
    }
  }
});
