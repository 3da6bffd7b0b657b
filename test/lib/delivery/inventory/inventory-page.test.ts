import type { TemplateResource } from '../../../../lib/delivery/environment-templates';
import { inventoryPage } from '../../../../lib/delivery/inventory/inventory-page';

type Properties = NonNullable<TemplateResource['Properties']>;

/** A resource at a path of the environment `test`. */
const at = (
  path: string,
  Type: string,
  properties: Properties = {},
  more: Partial<TemplateResource> = {},
) => ({
  Type,
  Properties: properties,
  Metadata: { 'aws:cdk:path': `test/${path}/Resource` },
  ...more,
});
const page = (Resources: Readonly<Record<string, TemplateResource>>): string =>
  inventoryPage('test', new Map([['kaizen-test-data', { Resources }]]));

const BLOCKED = {
  PublicAccessBlockConfiguration: {
    BlockPublicAcls: true,
    BlockPublicPolicy: true,
    IgnorePublicAcls: true,
    RestrictPublicBuckets: true,
  },
};
const BUCKET = at('Data/Dataset/Bucket', 'AWS::S3::Bucket', BLOCKED);
const ROLE = at('Training/CaptureMerge/MergeCaptures/Role', 'AWS::IAM::Role', {
  AssumeRolePolicyDocument: {
    Statement: [
      { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } },
    ],
  },
});

/** The page's line about one statement of a role. */
function words(statement: object): string | undefined {
  const text = page({
    Bucket: BUCKET,
    Role: ROLE,
    Policy: at('Training/CaptureMerge/MergeCaptures/Role/DefaultPolicy', 'AWS::IAM::Policy', {
      Roles: [{ Ref: 'Role' }],
      PolicyDocument: { Statement: [{ Effect: 'Allow', ...statement }] },
    }),
  });
  const [, lines = ''] =
    /#### Training\/CaptureMerge\/MergeCaptures\/Role\n\n([\s\S]*?)\n\n/.exec(text) ?? [];
  return lines.split('\n')[1];
}

const ARN = { 'Fn::GetAtt': ['Bucket', 'Arn'] };

test.each([
  [
    {
      Action: ['s3:GetObject*', 's3:DeleteObject', 's3:PutObject'],
      Resource: { 'Fn::Join': ['', [ARN, '/images/*']] },
    },
    '- may read, write, remove `images/*` in `Data/Dataset/Bucket` (s3:GetObject*, s3:DeleteObject, s3:PutObject)',
  ],
  [{ Action: 's3:ListBucket', Resource: ARN }, '- may read `Data/Dataset/Bucket` (s3:ListBucket)'],
  [{ Action: '*', Resource: '*' }, '- may do anything with anything (*)'],
  [
    { Effect: 'Deny', Action: 'kms:Sign', Resource: 'arn:aws:kms:eu-central-1:111111111111:key/1' },
    '- **must not** sign with `kms key/1` (kms:Sign)',
  ],
  [
    {
      Action: 'iam:PassRole',
      Resource: {
        'Fn::Join': [
          '',
          ['arn:', { Ref: 'AWS::Partition' }, ':iam::', { Ref: 'AWS::AccountId' }, ':role/jobs'],
        ],
      },
      Condition: {
        StringEquals: { 'iam:PassedToService': ['sagemaker.amazonaws.com', 'states.amazonaws.com'] },
      },
    },
    '- may pass `iam role/jobs` (iam:PassRole), if iam:PassedToService is `sagemaker.amazonaws.com` or `states.amazonaws.com`',
  ],
  [{ Action: 'sagemaker:Xyz', Resource: '*' }, '- may use anything (sagemaker:Xyz)'],
])('a statement in plain words: %j', (statement, line) => {
  expect(words(statement)).toBe(line);
});

test('the policy of a resource says whom it is about', () => {
  const text = page({
    Bucket: BUCKET,
    Policy: at('Data/Dataset/Bucket/Policy', 'AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: {
          Effect: 'Allow',
          Action: 's3:GetObject',
          Principal: { AWS: '*' },
          Resource: { 'Fn::Join': ['', [ARN, '/*']] },
        },
      },
    }),
    Key: at('Data/EncryptionKey', 'AWS::KMS::Key', {
      KeyPolicy: {
        Statement: [
          {
            Effect: 'Allow',
            Action: 'kms:*',
            Principal: { AWS: 'arn:aws:iam::111111111111:root' },
            Resource: '*',
          },
        ],
      },
    }),
    Permission: at('Training/CaptureMerge/MergeCaptures/Permission', 'AWS::Lambda::Permission', {
      Principal: 's3.amazonaws.com',
      FunctionName: 'merge',
    }),
  });
  expect(text).toContain('- everybody may read `*` in `Data/Dataset/Bucket` (s3:GetObject)');
  expect(text).toContain('- this account may do anything with it (kms:*)');
  expect(text).toContain('- `s3.amazonaws.com` may run `merge`, from anywhere');
});

test('what is reached from outside', () => {
  expect(page({ Bucket: BUCKET })).toContain('- No API, no function URL, no public bucket.');
  const open = page({
    Bucket: at('Data/Dataset/Bucket', 'AWS::S3::Bucket'),
    Url: at('Operations/Retraining/Url', 'AWS::Lambda::Url'),
    Policy: at('Fleet/DevicePolicy/Policy', 'AWS::IoT::Policy', {
      PolicyName: 'kaizen-test-device',
      PolicyDocument: { Statement: [] },
    }),
    Subscription: at('Operations/Alarms/Topic/Pager', 'AWS::SNS::Subscription', {
      Protocol: 'https',
      Endpoint: 'https://pager.example.com',
    }),
  });
  expect(open).toContain('- **Operations/Retraining/Url**: a function URL');
  expect(open).toContain('- **Data/Dataset/Bucket**: a bucket that may become public');
  expect(open).toContain('with a certificate that has the policy `kaizen-test-device`');
  expect(open).toContain('- outwards: https to `https://pager.example.com`');
  expect(open).not.toContain('No API');
});

test('what is kept, and what replaces it', () => {
  const kept = { DeletionPolicy: 'RetainExceptOnCreate' };
  const text = page({
    Bucket: at('Data/Dataset/Bucket', 'AWS::S3::Bucket', BLOCKED, kept),
    Group: at('Fleet/Devices/Fleet', 'AWS::IoT::ThingGroup', { ThingGroupName: 'kaizen-test-fleet' }),
    Function: at('Operations/Retraining/StartRetraining/Function', 'AWS::Lambda::Function'),
  });
  expect(text).toMatch(
    /\| Data\/Dataset\/Bucket \| S3 Bucket \| kept, unless its first creation fails \| BucketName, /,
  );
  expect(text).toContain(
    '| Fleet/Devices/Fleet | IoT ThingGroup | deleted | ParentGroupName, ThingGroupName |',
  );
  expect(text).not.toContain('StartRetraining/Function | Lambda Function | deleted');
  expect(text).toContain('| Fleet/Devices/Fleet | IoT ThingGroup | `kaizen-test-fleet` |');
});

test('an alarm: what it watches, when it rings, whom it calls', () => {
  const metric = { Metric: { Namespace: 'Plant', MetricName: 'Errors' }, Stat: 'Sum', Period: 60 };
  const text = page({
    Topic: at('Operations/Alarms/Topic', 'AWS::SNS::Topic'),
    Alarm: at('Operations/Alarms/share', 'AWS::CloudWatch::Alarm', {
      AlarmName: 'share',
      AlarmDescription: 'Too many errors. Severity: high. Runbook: docs/runbook.md#share',
      Metrics: [
        { Id: 'share', Expression: 'a / 10' },
        { Id: 'a', MetricStat: metric },
      ],
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Threshold: 0.5,
      DatapointsToAlarm: 2,
      EvaluationPeriods: 3,
      AlarmActions: [{ Ref: 'Topic' }],
    }),
  });
  expect(text).toContain(
    '| [share](../runbook.md#share) | high | Too many errors. | a / 10; a: Sum of Plant Errors in 60 s >= 0.5, 2 of 3; no data: missing | Operations/Alarms/Topic |',
  );
});

test('what the bill counts, jobs of pipelines included', () => {
  const train = {
    Name: 'Train',
    Type: 'Training',
    Arguments: {
      ResourceConfig: {
        InstanceCount: { Get: 'Parameters.Hosts' },
        InstanceType: 'ml.g5.xlarge',
        VolumeSizeInGB: 30,
      },
      StoppingCondition: { MaxRuntimeInSeconds: 5400 },
      EnableManagedSpotTraining: true,
    },
  };
  const text = page({
    Small: at('Operations/Retraining/A', 'AWS::Lambda::Function', { MemorySize: 256 }),
    Large: at('Operations/Retraining/B', 'AWS::Lambda::Function', { MemorySize: 1024 }),
    AsSmall: at('Operations/Retraining/C', 'AWS::Lambda::Function', { MemorySize: 256 }),
    Pipeline: at('Training/Pipeline/Pipeline', 'AWS::SageMaker::Pipeline', {
      PipelineDefinition: { PipelineDefinitionBody: JSON.stringify({ Steps: [train] }) },
    }),
  });
  expect(text).toContain('| functions | 3: 2 × 256 MB, 1024 MB | invocation; GB-second |');
  expect(text).toContain(
    '| job Train | `Parameters.Hosts` × ml.g5.xlarge, 30 GB, spot | hour, at most 1.5 for each execution |',
  );
});

test('a construct that no noun owns is refused, with the place to say whose it is', () => {
  expect(() => page({ Bucket: at('Data/Attic/Bucket', 'AWS::S3::Bucket') })).toThrow(
    "lib/delivery/construct-nouns.ts: no noun for the construct 'Data/Attic': add it to the table",
  );
});
