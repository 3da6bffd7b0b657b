import type { EnvironmentTemplates, TemplateResource } from '../../../../lib/delivery/environment-templates';
import { reviewUpdate } from '../../../../lib/delivery/review/update-review';

const at = (path: string, Type: string, Properties: object = {}, more: Partial<TemplateResource> = {}) => ({
  Type,
  Properties: Properties as NonNullable<TemplateResource['Properties']>,
  Metadata: { 'aws:cdk:path': `test/${path}/Resource` },
  ...more,
});

const TABLE = at('Data/Registry/Releases', 'AWS::DynamoDB::Table', { TableName: 'releases' });
const GROUP = at('Fleet/Devices/Wave-canary', 'AWS::IoT::ThingGroup', {
  ThingGroupName: 'kaizen-test-canary',
});
const FUNCTION = at('Fleet/Rollout/CheckWave/Function', 'AWS::Lambda::Function', { Timeout: 30 });
const policy = (...actions: string[]) =>
  at('Fleet/Rollout/CheckWave/Role/DefaultPolicy', 'AWS::IAM::Policy', {
    Roles: [{ Ref: 'Role' }],
    PolicyDocument: { Statement: [{ Effect: 'Allow', Action: actions, Resource: 'arn:aws:s3:::results/*' }] },
  });
const ROLE = at('Fleet/Rollout/CheckWave/Role', 'AWS::IAM::Role', {
  AssumeRolePolicyDocument: { Statement: [] },
});

const BEFORE = { Table: TABLE, Group: GROUP, Function: FUNCTION, Role: ROLE, Policy: policy('s3:GetObject') };
const templates = (Resources: Readonly<Record<string, TemplateResource>>): EnvironmentTemplates =>
  new Map([['kaizen-test-fleet', { Resources }]]);

const review = (
  after: Readonly<Record<string, TemplateResource>>,
  before: EnvironmentTemplates = templates(BEFORE),
  acceptedLosses: Parameters<typeof reviewUpdate>[0]['acceptedLosses'] = [],
) => reviewUpdate({ environment: 'test', before, after: templates(after), acceptedLosses });

test('[D2] nothing that changes is said so, in every section', () => {
  expect(review(BEFORE)).toEqual({
    refusals: [],
    page: [
      '# What this deployment changes in test',
      '',
      '- 0 resources are added, 0 changed in place, 0 replaced, 0 taken away.',
      '- Nobody may do more or less than before.',
      '- Nothing that devices, data or people rely on is taken away.',
      '',
      '## What is taken away',
      '',
      'Nothing.',
      '',
      '## What changes in the inventory',
      '',
      'Nothing.',
      '',
      '## Resources',
      '',
      'None.',
      '',
    ].join('\n'),
  });
});

test('[D2] before the first deployment everything is new, and nothing is refused', () => {
  const { page, refusals } = review(BEFORE, new Map());
  expect(page).toContain('- Nothing is deployed yet: 5 resources are created.');
  expect(refusals).toEqual([]);
});

test('[D2] a property that changes in place is named', () => {
  const { page, refusals } = review({ ...BEFORE, Function: { ...FUNCTION, Properties: { Timeout: 60 } } });
  expect(page).toContain(
    '| kaizen-test-fleet | test/Fleet/Rollout/CheckWave/Function | AWS::Lambda::Function | changed in place: Timeout |',
  );
  expect(page).toContain('- Nobody may do more or less than before.');
  expect(refusals).toEqual([]);
});

test('[D2] so is one of a custom resource, whose updates only its function knows', () => {
  const version = (Recipe: string) =>
    at('Fleet/Inference/Version', 'Custom::GreengrassComponentVersion', { Recipe });
  const { page, refusals } = review(
    { ...BEFORE, Version: version('b') },
    templates({ ...BEFORE, Version: version('a') }),
  );
  expect(page).toContain('0 resources are added, 1 changed in place');
  expect(page).toContain('| Custom::GreengrassComponentVersion | changed in place: Recipe |');
  expect(refusals).toEqual([]);
});

test('[D2] a right that comes stands in the summary and in plain words', () => {
  const { page } = review({ ...BEFORE, Policy: policy('s3:GetObject', 's3:PutObject') });
  expect(page).toContain('- **Rights: 1 new, 1 gone**; see below, by whose they are.');
  expect(page).toContain('+- may read, write `s3 results/*` (s3:GetObject, s3:PutObject)');
});

const { Group: _, ...WITHOUT_GROUP } = BEFORE;

test('[D2] a loss is refused with its sentence and the way out', () => {
  const { page, refusals } = review(WITHOUT_GROUP);
  expect(refusals).toEqual([
    expect.stringMatching(
      /^kaizen-test-fleet\/Group \(AWS::IoT::ThingGroup\) would be deleted: .* Way out: /,
    ),
  ]);
  expect(page).toContain('- **Taken away of what devices, data or people rely on: 1**; see below.');
  expect(page).toContain('- **Refused.** kaizen-test-fleet/Group');
});

test('[D2] a loss that somebody has accepted is shown with the reason', () => {
  const accepted = [{ resource: /\/Group$/, reason: 'Waves have other names.' }];
  const { page, refusals } = review(WITHOUT_GROUP, templates(BEFORE), accepted);
  expect(refusals).toEqual([]);
  expect(page).toContain('Accepted: Waves have other names.');
});

test('[D2] a construct of an older version, which has no noun any more, stands in nobody’s way', () => {
  const attic = at('Data/Attic/Function', 'AWS::Lambda::Function');
  const { page } = review(BEFORE, templates({ ...BEFORE, Attic: attic }));
  expect(page).toContain(
    '| kaizen-test-fleet | test/Data/Attic/Function | AWS::Lambda::Function | **deleted** |',
  );
});
