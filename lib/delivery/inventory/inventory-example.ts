import { alarmName } from '../../../lambda/monitoring/names';
import {
  constructPath,
  type EnvironmentTemplates,
  environmentConfig,
  type TemplateResource,
} from '../environment-templates';
import { type DescribeCost, inventoryPage } from './inventory-page';
import { pageDiff } from './page-diff';

const ENVIRONMENT = 'dev';
const at = (path: string): string => `${ENVIRONMENT}/${path}`;
const placed = (
  path: string,
  Type: string,
  Properties: TemplateResource['Properties'] = {},
): TemplateResource => ({
  Type,
  Properties,
  Metadata: { 'aws:cdk:path': at(path) },
});

/** The stack of a construct, by the beginning of the construct's path. */
function stackOf(templates: EnvironmentTemplates, path: string): string {
  for (const [stack, { Resources }] of templates) {
    if (Object.values(Resources).some((resource) => constructPath(resource).startsWith(at(path))))
      return stack;
  }
  throw new Error(`there is no construct '${at(path)}'`);
}

function withResources(
  templates: EnvironmentTemplates,
  path: string,
  added: Readonly<Record<string, TemplateResource>>,
): EnvironmentTemplates {
  const stack = stackOf(templates, path);
  const template = templates.get(stack) ?? { Resources: {} };
  return new Map([...templates, [stack, { ...template, Resources: { ...template.Resources, ...added } }]]);
}

/** What a pull request for thumbnails might add: a bucket, the right to write to it, and an alarm. */
export function withThumbnails(templates: EnvironmentTemplates): EnvironmentTemplates {
  const bucket = placed('Data/Telemetry/Thumbnails/Bucket', 'AWS::S3::Bucket', {
    BucketName: 'kaizen-thumbnails',
  });
  const grant = placed('Training/CaptureMerge/MergeCaptures/Role/Thumbnails', 'AWS::IAM::Policy', {
    Roles: rolesOf(templates, 'Training/CaptureMerge/MergeCaptures/Role'),
    PolicyDocument: {
      Statement: [{ Effect: 'Allow', Action: 's3:PutObject', Resource: 'arn:aws:s3:::kaizen-thumbnails/*' }],
    },
  });
  const alarm = placed('Operations/Alarms/thumbnails-late', 'AWS::CloudWatch::Alarm', {
    AlarmName: alarmName({ environmentName: ENVIRONMENT }, 'thumbnails-late'),
    AlarmDescription: 'Captures wait for their thumbnails.',
    Namespace: 'AWS/Lambda',
    MetricName: 'Errors',
    Statistic: 'Sum',
    Period: 300,
    EvaluationPeriods: 1,
    ComparisonOperator: 'GreaterThanThreshold',
    Threshold: 0,
    TreatMissingData: 'notBreaching',
  });
  const withBucket = withResources(templates, 'Data/Telemetry', { ThumbnailsBucket: bucket });
  const withGrant = withResources(withBucket, 'Training/CaptureMerge', { ThumbnailsGrant: grant });
  return withResources(withGrant, 'Operations/Alarms', { ThumbnailsAlarm: alarm });
}

function rolesOf(templates: EnvironmentTemplates, path: string): { readonly Ref: string }[] {
  return [...templates.values()].flatMap(({ Resources }) =>
    Object.entries(Resources)
      .filter(([, resource]) => constructPath(resource) === at(path))
      .map(([logicalId]) => ({ Ref: logicalId })),
  );
}

/** The inventory's diff of a pull request that adds a bucket, a grant and an alarm. */
export function exampleDiff(templates: EnvironmentTemplates, describeCost: DescribeCost): string {
  const pageOf = (each: EnvironmentTemplates): string =>
    inventoryPage(ENVIRONMENT, each, describeCost(each, environmentConfig(ENVIRONMENT).region));
  return pageDiff(pageOf(templates), pageOf(withThumbnails(templates)));
}
