import { budgetTopic } from '../../../../lib/rules/edge-ml/budget-topic';
import { findings } from './findings';

const BUDGETS = { Service: 'budgets.amazonaws.com' };
const allow = (Action: string | string[], Principal: unknown = BUDGETS) => ({
  Effect: 'Allow',
  Action,
  Principal,
  Resource: '*',
});

const BUDGET = {
  Type: 'AWS::Budgets::Budget',
  Properties: {
    NotificationsWithSubscribers: [
      { Notification: {}, Subscribers: [{ SubscriptionType: 'SNS', Address: { Ref: 'Topic' } }] },
    ],
  },
};
const ACTION = {
  Type: 'AWS::Budgets::BudgetsAction',
  Properties: { Subscribers: [{ Type: 'SNS', Address: { Ref: 'Topic' } }] },
};
const BY_MAIL = {
  Type: 'AWS::Budgets::BudgetsAction',
  Properties: { Subscribers: [{ Type: 'EMAIL', Address: 'plant@example.com' }] },
};
const TOPIC = { Type: 'AWS::SNS::Topic', Properties: {} };
const ENCRYPTED = {
  Type: 'AWS::SNS::Topic',
  Properties: { KmsMasterKeyId: { 'Fn::GetAtt': ['Key', 'Arn'] } },
};
const POLICY = {
  Type: 'AWS::SNS::TopicPolicy',
  Properties: { Topics: [{ Ref: 'Topic' }], PolicyDocument: { Statement: [allow('sns:Publish')] } },
};
const key = (...Statement: readonly object[]) => ({
  Type: 'AWS::KMS::Key',
  Properties: { KeyPolicy: { Statement } },
});

test.each([
  ['Budgets may', { Budget: BUDGET, Action: ACTION, Topic: TOPIC, Policy: POLICY }],
  [
    'Budgets may use the key too',
    {
      Budget: BUDGET,
      Topic: ENCRYPTED,
      Policy: POLICY,
      Key: key(allow(['kms:Decrypt', 'kms:GenerateDataKey*'])),
    },
  ],
  ['nobody is told by a topic', { Action: BY_MAIL, Budget: { Type: 'AWS::Budgets::Budget' } }],
])('[B12] complies: %s', (_, resources) => {
  expect(findings(budgetTopic, resources)).toEqual([]);
});

test.each([
  [
    'a topic without a policy',
    { Budget: BUDGET, Action: ACTION, Topic: TOPIC },
    ['Budget: sns:Publish', 'Action: sns:Publish'],
  ],
  [
    'a key that only CloudWatch may use',
    {
      Budget: BUDGET,
      Topic: ENCRYPTED,
      Policy: POLICY,
      Key: key(allow(['kms:Decrypt', 'kms:GenerateDataKey*'], { Service: 'cloudwatch.amazonaws.com' })),
    },
    ['Budget: kms:Decrypt', 'Budget: kms:GenerateDataKey'],
  ],
])('[B12] violates: %s', (_, resources, expected) => {
  expect(findings(budgetTopic, resources)).toEqual(expected);
});
