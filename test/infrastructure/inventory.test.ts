/** docs/inventory is what a reviewer reads, so it must be what is deployed. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { describeCost } from '../../cli/cost/describe-cost';
import { environmentTemplates } from '../../lib/delivery/environment-templates';
import { exampleDiff } from '../../lib/delivery/inventory/inventory-example';
import { inventoryFiles, withExample } from '../../lib/delivery/inventory/inventory-files';
import { inventoryPage } from '../../lib/delivery/inventory/inventory-page';
import { ENVIRONMENTS, synthesizedApp } from './synthesized-app';

test('[D3] every page is current: run `npx tsx bin/write-inventory.ts`', () => {
  const files = inventoryFiles(describeCost);
  expect(files.size).toBe(ENVIRONMENTS.length + 1);
  const stale = [...files].filter(([path, text]) => readFileSync(path, 'utf8') !== text);
  expect(stale.map(([path]) => relative(process.cwd(), path))).toEqual([]);
});

describe.each(ENVIRONMENTS)('[D3] the page of %s', (environment) => {
  const page = inventoryPage(environment, environmentTemplates(environment));
  const app = synthesizedApp(environment);

  test('has every alarm with its place in the runbook, every role and every statement of it', () => {
    for (const { Properties } of app.resources('AWS::CloudWatch::Alarm')) {
      expect(page).toContain(`| [${Properties.AlarmName}](../runbook.md#`);
    }
    const roles = app.resources('AWS::IAM::Role');
    const [rolesOfPage = ''] = page.split('### Policies of resources');
    expect(rolesOfPage.match(/^#### \S+$/gm)).toHaveLength(roles.length);
    const statements = app
      .resources('AWS::IAM::Policy')
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
    const trusts = roles.flatMap(({ Properties }) => Properties.AssumeRolePolicyDocument.Statement);
    const [, ofRoles = ''] = /## Who may what\n([\s\S]*?)\n### Policies of resources/.exec(page) ?? [];
    expect(ofRoles.match(/^- /gm)).toHaveLength(statements.length + trusts.length);
  });

  test('leaves no action unexplained, and nothing that changes with every build', () => {
    expect(page).not.toMatch(/ may (\S+, )*use /);
    expect(page).not.toMatch(/[0-9a-f]{64}|undefined|\[object/);
  });
});

test('[D3] adding a bucket, a grant and an alarm changes these lines and no others', () => {
  const diff = exampleDiff(environmentTemplates('dev'), describeCost);
  expect(diff.split('\n').filter((line) => line.startsWith('@@'))).toEqual([
    '@@ # Inventory of dev',
    '@@ ## What is reached from outside',
    '@@ ## What is kept, and what replaces it',
    '@@ ## Alarms',
    '@@ #### Training/CaptureMerge/MergeCaptures/Role',
    '@@ ### Telemetry',
    '@@ ## What the bill counts',
    '@@ ## What the bill counts',
    // The alarm's ten cents: monitoring, and the sum.
    '@@ ## What it costs a month',
    '@@ ## What it costs a month',
  ]);
  expect(diff).toContain('\n+- may write `s3 kaizen-thumbnails/*` (s3:PutObject)\n');
  expect(diff).toContain('**no entry in the runbook**');
  expect(diff.split('\n').length).toBeLessThan(32);
});

test('[B12] what an environment costs stands on its page, and nothing for the local AWS, which nobody pays', () => {
  const pages = [...inventoryFiles(describeCost)].map(([path, text]) => [
    relative('docs/inventory', path),
    text,
  ]);
  const costs = pages
    .filter(([, text]) => text?.includes('\n## What it costs a month\n'))
    .map(([name]) => name);
  expect(costs.sort()).toEqual(['dev.md', 'prod.md']);
});

test('a page without the markers is refused', () => {
  expect(() => withExample('text', '+')).toThrow('docs/inventory/README.md: must hold');
});
