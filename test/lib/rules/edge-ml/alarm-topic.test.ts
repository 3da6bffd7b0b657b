import { alarmTopic } from '../../../../lib/rules/edge-ml/alarm-topic';
import { findings } from './findings';

const CLOUDWATCH = { Service: 'cloudwatch.amazonaws.com' };
const allow = (Action: string | string[], Principal: unknown = CLOUDWATCH) => ({
  Effect: 'Allow',
  Action,
  Principal,
  Resource: '*',
});
const DENY_PLAINTEXT = {
  Effect: 'Deny',
  Action: 'sns:Publish',
  Principal: { AWS: '*' },
  Condition: { Bool: { 'aws:SecureTransport': 'false' } },
};

const ALARM = { Type: 'AWS::CloudWatch::Alarm', Properties: { AlarmActions: [{ Ref: 'Topic' }] } };
const TOPIC = { Type: 'AWS::SNS::Topic', Properties: {} };
const ENCRYPTED = {
  Type: 'AWS::SNS::Topic',
  Properties: { KmsMasterKeyId: { 'Fn::GetAtt': ['Key', 'Arn'] } },
};
const policy = (...Statement: readonly object[]) => ({
  Type: 'AWS::SNS::TopicPolicy',
  Properties: { Topics: [{ Ref: 'Topic' }], PolicyDocument: { Statement } },
});
const key = (...Statement: readonly object[]) => ({
  Type: 'AWS::KMS::Key',
  Properties: { KeyPolicy: { Statement } },
});

test.each([
  ['a topic without a policy lets its account publish', { Alarm: ALARM, Topic: TOPIC }],
  ['CloudWatch may', { Alarm: ALARM, Topic: TOPIC, Policy: policy(DENY_PLAINTEXT, allow('sns:Publish')) }],
  ['everybody may', { Alarm: ALARM, Topic: TOPIC, Policy: policy(allow('sns:*', '*')) }],
  [
    'CloudWatch may use the key too',
    { Alarm: ALARM, Topic: ENCRYPTED, Key: key(allow(['kms:Decrypt', 'kms:GenerateDataKey*'])) },
  ],
  [
    'the topic is of another template',
    { Alarm: { ...ALARM, Properties: { AlarmActions: ['arn:aws:sns:eu-central-1:1:topic'] } } },
  ],
])('complies: %s', (_, resources) => {
  expect(findings(alarmTopic, resources)).toEqual([]);
});

test.each([
  [
    '[C4] a policy that only denies',
    { Alarm: ALARM, Topic: TOPIC, Policy: policy(DENY_PLAINTEXT) },
    ['Alarm: sns:Publish'],
  ],
  [
    'a policy for somebody else',
    { Alarm: ALARM, Topic: TOPIC, Policy: policy(allow('sns:Publish', { Service: 'events.amazonaws.com' })) },
    ['Alarm: sns:Publish'],
  ],
  [
    'a key that CloudWatch may not use',
    { Alarm: ALARM, Topic: ENCRYPTED, Key: key(allow('kms:Decrypt')) },
    ['Alarm: kms:GenerateDataKey'],
  ],
  [
    "SNS's own key",
    { Alarm: ALARM, Topic: { ...TOPIC, Properties: { KmsMasterKeyId: 'alias/aws/sns' } } },
    ['Alarm: kms:Decrypt', 'Alarm: kms:GenerateDataKey'],
  ],
])('violates: %s', (_, resources, expected) => {
  expect(findings(alarmTopic, resources)).toEqual(expected);
});
