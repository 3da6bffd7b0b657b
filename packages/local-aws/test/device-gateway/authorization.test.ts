import { authorizeCredentials } from '../../device-gateway/credentials-provider';
import { authorizeArtifact, authorizeResolve, authorizeThingGroups } from '../../device-gateway/data-plane';
import { type DeviceIdentity, type IotRegistry, identify } from '../../device-gateway/device-identity';
import type { PolicyDocument } from '../../device-gateway/iot-policy';

const ACCOUNT = { region: 'eu-west-1', accountId: '111122223333' };
const ALIAS_ARN = 'arn:aws:iot:eu-west-1:111122223333:rolealias/tokens';
const ALIASES = new Map([['tokens', { roleArn: 'role', credentialDurationSeconds: 900 }]]);

function policy(Action: string, Resource: string): PolicyDocument {
  return { Statement: { Effect: 'Allow', Action, Resource } };
}

const ownPolicies = [
  policy('iot:AssumeRoleWithCertificate', ALIAS_ARN),
  policy('greengrass:ResolveComponentCandidates', '*'),
  policy('greengrass:GetComponentVersionArtifact', 'arn:aws:greengrass:eu-west-1:111122223333:components:*'),
  policy('greengrass:ListThingGroupsForCoreDevice', 'arn:aws:iot:eu-west-1:111122223333:thing/press-1'),
];

const device: DeviceIdentity = {
  certificateId: 'c',
  things: ['press-1'],
  ownPolicies,
  policies: ownPolicies,
};

describe('credentials', () => {
  const request = { alias: 'tokens', aliasArn: ALIAS_ARN, thingName: 'press-1' };

  test('are for the role of the alias', () => {
    expect(authorizeCredentials(device, request, ALIASES)).toEqual({
      roleArn: 'role',
      credentialDurationSeconds: 900,
    });
  });

  test.each<
    [string, Partial<DeviceIdentity>, { [Key in keyof typeof request]?: string | undefined }, string]
  >([
    ['another thing', {}, { thingName: 'press-2' }, 'not attached to press-2'],
    ['no thing', {}, { thingName: undefined }, 'x-amzn-iot-thingname'],
    ['a certificate without policy', { policies: [] }, {}, 'No policy allows'],
    ['a certificate of no thing', { things: [] }, {}, 'not attached'],
    [
      'an alias that no policy names',
      {},
      { alias: 'admin', aliasArn: `${ALIAS_ARN}/admin` },
      'No policy allows',
    ],
    ['an alias that is gone', {}, { alias: 'gone' }, 'no role alias gone'],
  ])('are refused for %s', (_what, identity, change, message) => {
    const ask = () =>
      authorizeCredentials({ ...device, ...identity }, { ...request, ...change } as typeof request, ALIASES);
    expect(ask).toThrow(
      expect.objectContaining({ httpStatus: 403, message: expect.stringContaining(message) }),
    );
  });
});

describe('the data plane', () => {
  const body = { componentCandidates: [{ componentName: 'a' }] };
  const arn = 'arn:aws:greengrass:eu-west-1:111122223333:components:a:versions:1.0.0';
  /** Has the policies by its groups, which do not count here. */
  const without: DeviceIdentity = { ...device, ownPolicies: [] };

  test('serves a device that its policies allow', () => {
    expect(() => authorizeResolve(device, body)).not.toThrow();
    expect(() => authorizeArtifact(device, arn)).not.toThrow();
    expect(() => authorizeThingGroups(ACCOUNT, device, 'press-1')).not.toThrow();
  });

  test.each<[string, () => void, string]>([
    ['resolving', () => authorizeResolve(without, body), 'ResolveComponentCandidates'],
    ['an artifact', () => authorizeArtifact(without, arn), 'GetComponentVersionArtifact'],
    ['its groups', () => authorizeThingGroups(ACCOUNT, without, 'press-1'), 'ListThingGroupsForCoreDevice'],
    ["another's groups", () => authorizeThingGroups(ACCOUNT, device, 'press-2'), 'not attached to press-2'],
    ['anything without a thing', () => authorizeArtifact({ ...device, things: [] }, arn), 'no thing'],
  ])('refuses %s', (_what, ask, message) => {
    expect(ask).toThrow(
      expect.objectContaining({ httpStatus: 403, message: expect.stringContaining(message) }),
    );
  });

  test.each<[string, (identity: DeviceIdentity) => void, string]>([
    [
      'greengrass:ResolveComponentCandidates',
      (identity) => authorizeResolve(identity, body),
      'No policy allows greengrass:ResolveComponentCandidates on *',
    ],
    [
      'greengrass:ListThingGroupsForCoreDevice',
      (identity) => authorizeThingGroups(ACCOUNT, identity, 'press-1'),
      'No policy allows greengrass:ListThingGroupsForCoreDevice on arn:aws:iot:eu-west-1:111122223333:thing/press-1',
    ],
  ])('refuses %s under a policy that names resources of Greengrass', (action, ask, message) => {
    const invented = policy(action, 'arn:aws:greengrass:eu-west-1:111122223333:*');
    expect(() => ask({ ...device, ownPolicies: [invented] })).toThrow(
      expect.objectContaining({ httpStatus: 403, message }),
    );
  });

  test('refuses a request without candidates', () => {
    expect(() => authorizeResolve(device, {})).toThrow(expect.objectContaining({ httpStatus: 400 }));
  });
});

describe('a certificate', () => {
  const registry: IotRegistry = {
    certificate: async (id) =>
      ({ good: { arn: 'arn:good', active: true }, revoked: { arn: 'arn:revoked', active: false } })[id],
    thingsOf: async () => ['press-1'],
    groupsOf: async () => [{ thingGroupName: 'presses', thingGroupArn: 'arn:presses' }],
    policiesOf: async (target) => [policy(target, '*')],
  };

  test('has its own policies and those of the groups of its things', async () => {
    const identity = await identify(registry, 'good');
    expect(identity.things).toEqual(['press-1']);
    expect(identity.ownPolicies).toEqual([policy('arn:good', '*')]);
    expect(identity.policies).toEqual([policy('arn:good', '*'), policy('arn:presses', '*')]);
  });

  test.each(['revoked', 'unknown'])('that is %s is refused', async (id) => {
    await expect(identify(registry, id)).rejects.toMatchObject({ httpStatus: 403 });
  });
});
