import { objectPrefixes } from '../../../../lib/rules/edge-ml/object-prefixes';
import { findings } from './findings';

const rule = objectPrefixes([
  { bucket: /^Telemetry/, prefix: 'results/' },
  { bucket: /^Telemetry/, prefix: 'rejected/' },
  { bucket: /^Telemetry/, prefix: 'questions/', isOptional: true },
]);
const BUCKET = { Type: 'AWS::S3::Bucket', Properties: {} };
const objects = (key: string) => ({
  'Fn::Join': ['', [{ 'Fn::GetAtt': ['TelemetryBucket', 'Arn'] }, `/${key}`]],
});
const document = (Action: string, ...keys: readonly string[]) => ({
  Statement: [{ Effect: 'Allow', Action, Resource: keys.map(objects) }],
});
const policy = (Action: string, ...keys: readonly string[]) => ({
  Type: 'AWS::IAM::Policy',
  Properties: { PolicyDocument: document(Action, ...keys) },
});

test('complies: each prefix to who writes it, by a policy or in a role', () => {
  const Role = {
    Type: 'AWS::IAM::Role',
    Properties: { Policies: [{ PolicyDocument: document('s3:PutObject', 'rejected/*') }] },
  };
  const Policy = policy('s3:PutObject', 'results/*');
  const Reader = policy('s3:GetObject*', '*');
  expect(findings(rule, { TelemetryBucket: BUCKET, Role, Policy, Reader })).toEqual([]);
});

test('complies: what is written only where a setting says so, with and without a grant', () => {
  const always = ['results/*', 'rejected/*'];
  for (const keys of [always, [...always, 'questions/line-1/*']]) {
    expect(findings(rule, { TelemetryBucket: BUCKET, Policy: policy('s3:PutObject', ...keys) })).toEqual([]);
  }
});

test('[C6] violates: the code writes where nobody may', () => {
  const Policy = policy('s3:PutObject', 'results/*');
  expect(findings(rule, { TelemetryBucket: BUCKET, Policy })).toEqual(['TelemetryBucket: Denied::rejected/']);
});

test('violates: a right that nothing needs', () => {
  const Policy = policy('s3:Put*', 'results/*', 'rejected/*', 'labels/*');
  expect(findings(rule, { TelemetryBucket: BUCKET, Policy })).toEqual([
    'Policy: Beyond::<TelemetryBucket>/labels/*',
  ]);
});

test('violates: the whole bucket', () => {
  expect(findings(rule, { TelemetryBucket: BUCKET, Policy: policy('s3:PutObject', '*') })).toEqual([
    'Policy: Beyond::<TelemetryBucket>/*',
    'TelemetryBucket: Denied::results/',
    'TelemetryBucket: Denied::rejected/',
  ]);
});
