import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { delivery } from '../../../config/delivery';
import { dev } from '../../../config/dev';
import { local } from '../../../config/local';
import { prod } from '../../../config/prod';
import { ContractError } from '../../../contracts';
import { loadDelivery, parseDelivery } from '../../../lib/delivery/delivery-config';
import { bootstrapTrusts } from '../../../lib/delivery/trusted-roles';
import { environmentNames } from '../../../lib/shared/app-config';

const ENVIRONMENTS = new Map([dev, prod, local].map((config) => [config.environmentName, config]));

function problemsOf(value: unknown): readonly string[] {
  try {
    parseDelivery(value, ENVIRONMENTS, 'config/delivery.ts');
    return [];
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    return error.problems;
  }
}

const [first, second] = delivery.environments;

test('[D2] the configuration is valid, and brings its environments', () => {
  const { stages, repository } = loadDelivery();
  expect(repository).toBe(delivery.repository);
  expect(stages.map(({ config, approval }) => [config.environmentName, approval])).toEqual([
    ['dev', 'none'],
    ['prod', 'manual'],
  ]);
});

test('[D2] it is no environment', () => {
  expect(environmentNames()).not.toContain('delivery');
});

test.each<[string, object, string]>([
  [
    'an environment that is not configured',
    { environments: [first, { ...second, name: 'plant-9' }] },
    'environments.1.name: must be one of dev, prod, local, got "plant-9"',
  ],
  [
    'an environment of nobody but whoever has its credentials',
    { environments: [{ ...first, name: 'local' }] },
    'environments.0.name: must be an environment whose synthesizer is \'default\', got "cli-credentials"',
  ],
  [
    'an environment with data that nobody approves',
    { environments: [first, { ...second, approval: 'none' }] },
    'environments.1.approval: must be manual: prod keeps its data (removal: retain), got "none"',
  ],
  [
    'an environment twice',
    { environments: [first, first] },
    'environments: must have each name once, got ["dev","dev"]',
  ],
  [
    'a connection of another account',
    { pipeline: { ...delivery.pipeline, account: '444444444444' } },
    `pipeline.connectionArn: must lie in pipeline.account (444444444444), got "${delivery.pipeline.connectionArn}"`,
  ],
  [
    'a connection of another region',
    { pipeline: { ...delivery.pipeline, region: 'eu-west-1' } },
    `pipeline.connectionArn: must lie in pipeline.region (eu-west-1), got "${delivery.pipeline.connectionArn}"`,
  ],
  ['a repository without an owner', { repository: 'kaizen-edge' }, 'repository: must match pattern'],
  ['a branch with a wildcard', { branch: 'release/*' }, 'branch: must match pattern'],
  ['a subscriber that is neither', { subscriptions: ['pager'] }, 'subscriptions.0: must match pattern'],
])('[D2] %s is refused', (_, change, problem) => {
  expect(problemsOf({ ...delivery, ...change })).toEqual([expect.stringContaining(problem)]);
});

test('[D2] every problem is said at once', () => {
  const wrong = {
    ...delivery,
    environments: [
      { ...first, name: 'plant-9' },
      { ...second, approval: 'none' },
    ],
  };
  expect(problemsOf(wrong)).toHaveLength(2);
});

test('[D2] a broken environment is refused with the delivery', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kaizen-delivery-'));
  try {
    const write = (name: string, value: object) =>
      writeFileSync(join(folder, `${name}.ts`), `export const settings = ${JSON.stringify(value)};`);
    write('delivery', { ...delivery, environments: [first] });
    write('dev', { ...dev, region: 'mars' });
    expect(() => loadDelivery(folder)).toThrow('config/dev.ts does not fit the contract');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('[D2] whom the environments have to trust, with the command that makes them', () => {
  const trusts = bootstrapTrusts(loadDelivery());
  expect(trusts).toHaveLength(6);
  expect(trusts.at(-1)).toEqual({
    environment: 'prod',
    arn: 'arn:aws:iam::222222222222:role/cdk-hnb659fds-lookup-role-222222222222-us-east-1',
    madeBy:
      'npx cdk bootstrap aws://222222222222/us-east-1 --trust 333333333333 --trust-for-lookup 333333333333 --cloudformation-execution-policies <policy arn>',
  });
});
