/** An update of the stacks keeps what devices, data and people rely on. */
import { ACCEPTED_LOSSES } from '../../lib/delivery/accepted-losses';
import {
  type EnvironmentTemplates,
  environmentTemplates,
  type StackTemplate,
  type TemplateResource,
} from '../../lib/delivery/environment-templates';
import {
  lastReleasedTemplates,
  packTemplates,
  releasedVersions,
  unpackTemplates,
} from '../../lib/delivery/update/released-templates';
import { describeLoss, isReliedOn, type Loss, lossesOf } from '../../lib/delivery/update/stack-update';
import { version } from '../../package.json';

const released = lastReleasedTemplates();
const today = environmentTemplates('prod');

/** By environment. */
const losses = new Map(
  [...released].map(([environment, before]) => [
    environment,
    lossesOf(before, environmentTemplates(environment)),
  ]),
);
const isAccepted = (loss: Loss): boolean =>
  ACCEPTED_LOSSES.some(({ resource }) => resource.test(loss.resource));

test.each([...losses])(
  '%s: from the last release to today nothing goes that anything relies on, unless accepted with a reason',
  (_, found) => {
    expect(found.filter((loss) => !isAccepted(loss)).map(describeLoss)).toEqual([]);
  },
);

test('every accepted loss would happen', () => {
  const all = [...losses.values()].flat();
  const unused = ACCEPTED_LOSSES.filter(({ resource }) => !all.some((loss) => resource.test(loss.resource)));
  expect(unused.map(({ resource }) => String(resource))).toEqual([]);
});

test('the last release is this version, or one before it: `npx tsx bin/keep-templates.ts` keeps the templates', () => {
  const newest = releasedVersions().at(-1) ?? '';
  expect(newest.localeCompare(version, 'en', { numeric: true })).toBeLessThanOrEqual(0);
});

test('templates come back from their file as they were', () => {
  expect(unpackTemplates(packTemplates(new Map([['prod', today]])))).toEqual(new Map([['prod', today]]));
});

test('an environment of prod relies on more than its data', () => {
  const types = [...today.values()].flatMap(({ Resources }) =>
    Object.values(Resources).flatMap((resource) => (isReliedOn(resource) ? [resource.Type] : [])),
  );
  expect([...new Set(types)].sort()).toEqual(
    expect.arrayContaining([
      ...['AWS::DynamoDB::Table', 'AWS::IoT::Policy', 'AWS::IoT::RoleAlias', 'AWS::IoT::ThingGroup'],
      ...['AWS::IoT::ThingType', 'AWS::IoT::TopicRule', 'AWS::KMS::Key', 'AWS::Logs::LogGroup'],
      ...['AWS::S3::Bucket', 'AWS::SQS::Queue', 'AWS::SageMaker::ModelPackageGroup'],
      ...[
        'AWS::SageMaker::Pipeline',
        'AWS::StepFunctions::StateMachine',
        'Custom::GreengrassComponentVersion',
      ],
    ]),
  );
  expect(types).not.toContain('AWS::Lambda::Function');
});

interface Place {
  readonly stack: string;
  readonly id: string;
  readonly resource: TemplateResource;
}

/** The first resource of a type whose construct path fits. */
function find(type: string, path: RegExp = /./): Place {
  for (const [stack, { Resources }] of today) {
    for (const [id, resource] of Object.entries(Resources)) {
      if (resource.Type === type && path.test(String(resource.Metadata?.['aws:cdk:path']))) {
        return { stack, id, resource };
      }
    }
  }
  throw new Error(`there is no ${type} at ${path}`);
}

/** Today's templates with other resources in one stack; undefined takes one away. */
function planted(
  stack: string,
  resources: Readonly<Record<string, TemplateResource | undefined>>,
  from: EnvironmentTemplates = today,
): EnvironmentTemplates {
  const template = from.get(stack) as StackTemplate;
  const entries = Object.entries({ ...template.Resources, ...resources }).filter(
    (entry): entry is [string, TemplateResource] => entry[1] !== undefined,
  );
  return new Map([...from, [stack, { ...template, Resources: Object.fromEntries(entries) }]]);
}

const changed = ({ stack, id, resource }: Place, properties: object): EnvironmentTemplates =>
  planted(stack, { [id]: { ...resource, Properties: { ...resource.Properties, ...properties } } });
const removed = ({ stack, id }: Place): EnvironmentTemplates => planted(stack, { [id]: undefined });
/** The same resource under another id, as after the move of a construct or a new id of it. */
const renamed = ({ stack, id, resource }: Place): EnvironmentTemplates =>
  planted(stack, { [id]: undefined, [`Moved${id}`]: resource });
const inAnotherStack = (place: Place, stack: string): EnvironmentTemplates =>
  planted(stack, { [place.id]: place.resource }, removed(place));

const TABLE = find('AWS::DynamoDB::Table', /Registry\/Releases/);
const BUCKET = find('AWS::S3::Bucket', /Dataset/);
const GROUP = find('AWS::IoT::ThingGroup', /canary/);
const POLICY = find('AWS::IoT::Policy');
const ALIAS = find('AWS::IoT::RoleAlias');
const KEY = find('AWS::KMS::Key', /Signing/);
const PACKAGES = find('AWS::SageMaker::ModelPackageGroup');
const COMPONENT = find('Custom::GreengrassComponentVersion');
const LOGS = find('AWS::Logs::LogGroup', /Rollout/);
const QUEUE = find('AWS::SQS::Queue', /Fleet/);
const MACHINE = find('AWS::StepFunctions::StateMachine');

describe('a refactoring that would take something away is caught, with the way out', () => {
  test.each<[string, Place, EnvironmentTemplates, string]>([
    [
      'a table gets a name',
      TABLE,
      changed(TABLE, { TableName: 'releases' }),
      'would be replaced by an empty one: TableName cannot be changed in place. Way out: keep TableName: devices, people and policies know it; a new name is a new resource beside this one, which goes in a later release.',
    ],
    [
      'a table gets another key',
      TABLE,
      changed(TABLE, { KeySchema: [{ AttributeName: 'useCase', KeyType: 'HASH' }] }),
      'would be replaced by an empty one: KeySchema cannot be changed in place. Way out: keep KeySchema; to change it, add a second resource beside this one, move what it holds, and remove this one in a later release.',
    ],
    [
      'a construct moves, or its id changes',
      BUCKET,
      renamed(BUCKET),
      `would be left behind, outside of every stack, and an empty one created as Moved${BUCKET.id}: its construct has moved or got another id. Way out: give the construct its old id, call overrideLogicalId('${BUCKET.id}') on it, or move it with \`cdk refactor --unstable=refactor\` before the deployment.`,
    ],
    [
      'a construct moves to another stack',
      KEY,
      inAnotherStack(KEY, 'kaizen-prod-fleet'),
      'would be left behind, outside of every stack, and an empty one created in kaizen-prod-fleet: its construct has moved to another stack. Way out: move it with `cdk refactor --unstable=refactor` before the deployment.',
    ],
    [
      'a bucket is removed',
      BUCKET,
      removed(BUCKET),
      'would be left behind, outside of every stack: the new templates do not have it. Way out: keep it, or accept its loss with a reason in the release that announces it.',
    ],
    [
      'a thing group gets another name',
      GROUP,
      changed(GROUP, { ThingGroupName: 'kaizen-prod-first' }),
      'would be replaced by an empty one: ThingGroupName cannot be changed in place. Way out: keep ThingGroupName:',
    ],
    [
      'a thing group gets another parent',
      GROUP,
      changed(GROUP, { ParentGroupName: 'kaizen-prod-stable' }),
      'would be replaced by an empty one: ParentGroupName cannot be changed in place. Way out: keep ParentGroupName; to change it,',
    ],
    [
      'a thing group is removed',
      GROUP,
      removed(GROUP),
      'would be deleted: the new templates do not have it.',
    ],
    [
      'the policy of the devices gets another name',
      POLICY,
      changed(POLICY, { PolicyName: 'kaizen-prod-camera' }),
      'would be replaced by an empty one: PolicyName cannot be changed in place.',
    ],
    [
      'the role alias of the devices moves',
      ALIAS,
      renamed(ALIAS),
      `would be deleted, and an empty one created as Moved${ALIAS.id}: its construct has moved or got another id.`,
    ],
    [
      'the description of the model package group is corrected',
      PACKAGES,
      changed(PACKAGES, { ModelPackageGroupDescription: 'Models' }),
      'would be replaced by an empty one: ModelPackageGroupDescription cannot be changed in place.',
    ],
    [
      'the function of a custom resource moves',
      COMPONENT,
      changed(COMPONENT, { ServiceToken: { 'Fn::GetAtt': ['AnotherFunction', 'Arn'] } }),
      'the update would fail: CloudFormation does not change ServiceToken in place. Way out: keep the function of the custom resource and its construct id.',
    ],
    ['a log group gets another name', LOGS, changed(LOGS, { LogGroupName: '/rollout' }), 'LogGroupName'],
    [
      'a queue becomes a FIFO queue',
      QUEUE,
      changed(QUEUE, { FifoQueue: true }),
      'FifoQueue cannot be changed',
    ],
    [
      'the rollout becomes an express workflow',
      MACHINE,
      changed(MACHINE, { StateMachineType: 'EXPRESS' }),
      'StateMachineType',
    ],
  ])('%s', (_, place, after, sentence) => {
    const described = lossesOf(today, after).map(describeLoss);
    expect(described).toEqual([
      expect.stringContaining(`${place.stack}/${place.id} (${place.resource.Type}) `),
    ]);
    expect(described[0]).toContain(sentence);
  });

  test('a stack gets another name: everything in it that anything relies on is named', () => {
    const [stack = '', template] = [...today][0] ?? [];
    const after = new Map(
      [...today].map(([name, old]) => [name === stack ? 'kaizen-prod-storage' : name, old]),
    );
    const relied = Object.values(template?.Resources ?? {}).filter(isReliedOn);
    expect(lossesOf(today, after)).toHaveLength(relied.length);
  });
});

test('what anything relies on cannot be removed unseen: each resource of prod in turn', () => {
  for (const [stack, template] of today) {
    const before = new Map([[stack, template]]);
    for (const [id, resource] of Object.entries(template.Resources)) {
      if (!isReliedOn(resource)) continue;
      const after = planted(stack, { [id]: undefined }, before);
      expect(lossesOf(before, after).map((loss) => loss.resource)).toEqual([`${stack}/${id}`]);
    }
  }
});

describe('what takes nothing away is no loss', () => {
  test.each<[string, EnvironmentTemplates]>([
    ['nothing', today],
    ['a new bucket', planted(BUCKET.stack, { NewBucket: BUCKET.resource })],
    [
      'another description of the stable group',
      changed(find('AWS::IoT::ThingGroup', /stable/), { ThingGroupProperties: {} }),
    ],
    ['another document of the device policy', changed(POLICY, { PolicyDocument: { Statement: [] } })],
    ['a function under another id', renamed(find('AWS::Lambda::Function'))],
  ])('%s', (_, after) => {
    expect(lossesOf(today, after)).toEqual([]);
  });
});
