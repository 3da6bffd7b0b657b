import { iotPolicyMisconfigured } from '../../../../lib/rules/edge-ml/iot-policy-misconfigured';
import { findings } from './findings';

const ARN = 'arn:aws:iot:eu-central-1:111111111111:';

const policy = (...denied: readonly (readonly [string, string])[]) => ({
  Policy: {
    Type: 'AWS::IoT::Policy',
    Properties: {
      PolicyDocument: {
        Statement: [
          { Effect: 'Allow', Action: 'iot:Subscribe', Resource: `${ARN}topicfilter/plant/*` },
          ...denied.map(([Action, resource]) => ({ Effect: 'Deny', Action, Resource: `${ARN}${resource}` })),
        ],
      },
    },
  },
});

test.each([
  ['nothing is denied', policy()],
  [
    'receiving is denied as well',
    policy(['iot:Subscribe', 'topicfilter/plant/office/*'], ['iot:Receive', 'topic/plant/office/*']),
  ],
  ['what is denied lies elsewhere', policy(['iot:Subscribe', 'topicfilter/house/*'])],
])('complies: %s', (_, resources) => {
  expect(findings(iotPolicyMisconfigured, resources)).toEqual([]);
});

test('violates: a wildcard of MQTT in a policy', () => {
  const resources = policy(['iot:Receive', 'topic/plant/office/#']);
  expect(findings(iotPolicyMisconfigured, resources)).toEqual([
    `Policy: MQTT wildcard::${ARN}topic/plant/office/#`,
  ]);
});

test('violates: a denied subscription inside a wider one', () => {
  const resources = policy(['iot:Subscribe', 'topicfilter/plant/office/*']);
  expect(findings(iotPolicyMisconfigured, resources)).toEqual([
    `Policy: Evaded::${ARN}topicfilter/plant/office/*`,
  ]);
});
