import { iotPolicyPermissive } from '../../../../lib/rules/edge-ml/iot-policy-permissive';
import { findings } from './findings';

const OWN = `\${iot:Connection.Thing.ThingName}`;
const ARN = 'arn:aws:iot:eu-central-1:111111111111:';

const policy = (Action: string | string[], Resource: unknown, Effect = 'Allow') => ({
  Policy: {
    Type: 'AWS::IoT::Policy',
    Properties: { PolicyDocument: { Statement: [{ Effect, Action, Resource }] } },
  },
});

test.each([
  ['its own client', policy('iot:Connect', `${ARN}client/${OWN}`)],
  ['what lies below its own name', policy(['iot:Publish', 'iot:Receive'], `${ARN}topic/plant/${OWN}/*`)],
  ['one topic of all', policy('iot:Publish', `${ARN}topic/clock`)],
  ['an operation that knows no resource', policy('greengrass:ResolveComponentCandidates', '*')],
  ['everything, denied', policy('iot:*', '*', 'Deny')],
])('complies: %s', (_, resources) => {
  expect(findings(iotPolicyPermissive, resources)).toEqual([]);
});

test.each([
  ['every client', policy('iot:Connect', '*'), 'Policy: Resource::*'],
  [
    'topics of other devices',
    policy('iot:Publish', { 'Fn::Join': ['', [`${ARN}topic/plant/`, { Ref: 'Line' }, '/*']] }),
    `Policy: Resource::${ARN}topic/plant/<Line>/*`,
  ],
  [
    'a wildcard before the own name',
    policy('iot:Subscribe', `${ARN}topicfilter/*/${OWN}`),
    `Policy: Resource::${ARN}topicfilter/*/${OWN}`,
  ],
  ['every shadow', policy('iot:UpdateThingShadow', `${ARN}thing/*`), `Policy: Resource::${ARN}thing/*`],
  ['every action', policy('iot:*', `${ARN}client/${OWN}`), 'Policy: Action::iot:*'],
])('violates: %s', (_, resources, finding) => {
  expect(findings(iotPolicyPermissive, resources)).toEqual([finding]);
});
