import { type PolicyDocument, policiesAllow } from '../../device-gateway/iot-policy';

const ACTION = 'iot:AssumeRoleWithCertificate';
const ALIAS = 'arn:aws:iot:eu-west-1:111122223333:rolealias/tokens';

function allow(Action: string | string[], Resource: string | string[], Condition?: unknown): PolicyDocument {
  return {
    Statement: [{ Effect: 'Allow', Action, Resource, ...(Condition !== undefined && { Condition }) }],
  };
}

const deny: PolicyDocument = { Statement: { Effect: 'Deny', Action: 'iot:*', Resource: '*' } };
const attached = { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } };

test.each<[string, PolicyDocument[], boolean]>([
  ['no policy', [], false],
  ['the exact action and resource', [allow(ACTION, ALIAS)], true],
  ['the action in another case', [allow(ACTION.toLowerCase(), ALIAS)], true],
  ['the resource in another case', [allow(ACTION, ALIAS.toUpperCase())], false],
  ['wildcards', [allow('iot:Assume*', 'arn:aws:iot:*:*:rolealias/token?')], true],
  ['lists', [allow(['iot:Connect', ACTION], ['a', ALIAS])], true],
  ['another alias', [allow(ACTION, `${ALIAS}-admin`)], false],
  ['a dot that is no wildcard', [allow(ACTION, ALIAS.replace(':aws', '.aws'))], false],
  ['one policy of several', [allow('iot:Connect', '*'), allow(ACTION, ALIAS)], true],
  ['allowed and denied', [allow('*', '*'), deny], false],
  ['allowed under a condition, which cannot be known here', [allow(ACTION, ALIAS, attached)], false],
  ['a thing variable, which does not resolve here', [allow(ACTION, `${ALIAS}\${iot:ClientId}`)], false],
])('%s', (_what, documents, allowed) => {
  expect(policiesAllow(documents, ACTION, ALIAS)).toBe(allowed);
});
