import { App, Stack } from 'aws-cdk-lib';
import { DevicePolicy } from '../../lib/device/device-policy';
import { isAllowed } from './iot-policy-evaluator';
import { identityStatements, listOf, type Statement } from './policy-statements';
import { ENVIRONMENTS, synthesizedApp } from './synthesized-app';

/** Of the data plane of Greengrass; docs.aws.amazon.com/greengrass/v2/developerguide/device-auth.html */
const ACTIONS_WITHOUT_RESOURCE = [
  'greengrass:ResolveComponentCandidates',
  'greengrass:GetDeploymentConfiguration',
];

describe.each(ENVIRONMENTS)('%s: what a device may do', (environment) => {
  const app = () => synthesizedApp(environment);
  const iot = (rest: string) => `arn:aws:iot:us-east-1:${app().config.account}:${rest}`;
  const statements = (): Statement[] => {
    const [policy, ...others] = app().resources('AWS::IoT::Policy');
    expect(others).toEqual([]);
    return policy?.Properties.PolicyDocument.Statement;
  };
  const may = (action: string, resource: string, thingName: string | undefined = 'line-1-camera') =>
    isAllowed(statements(), action, iot(resource), { thingName });
  const results = (thing: string) =>
    `topic/$aws/rules/kaizen_${environment}_results/surface-inspection/${thing}/results`;

  test.each([
    ['connect as itself', 'iot:Connect', 'client/line-1-camera'],
    ['connect a second time', 'iot:Connect', 'client/line-1-camera#2'],
    ['answer its jobs', 'iot:Publish', 'topic/$aws/things/line-1-camera/jobs/j1/update'],
    ['listen to its jobs', 'iot:Subscribe', 'topicfilter/$aws/things/line-1-camera/jobs/notify-next'],
    [
      'listen to confirmations',
      'iot:Subscribe',
      'topicfilter/kaizen/line-1-camera/plant/surface/confirmations',
    ],
    ['receive confirmations', 'iot:Receive', 'topic/kaizen/line-1-camera/plant/surface/confirmations'],
    ['receive its jobs', 'iot:Receive', 'topic/$aws/things/line-1-camera/jobs/notify-next'],
    ['say how it is', 'iot:Publish', 'topic/$aws/things/line-1-camera/greengrassv2/health/json'],
    ['say how it was', 'iot:Publish', 'topic/$aws/things/line-1-camera/greengrass/health/json'],
  ])('it may %s', (_what, action, resource) => {
    expect(may(action, resource)).toBe(true);
  });

  test('it may publish its own results and status', () => {
    expect(may('iot:Publish', results('line-1-camera'))).toBe(true);
    expect(may('iot:Publish', results('line-1-camera').replaceAll('results', 'status'))).toBe(true);
  });

  test.each([
    ['connect as another', 'iot:Connect', 'client/line-2-camera'],
    ['connect under a longer name', 'iot:Connect', 'client/line-1-camera-2'],
    ['connect a second time as another', 'iot:Connect', 'client/line-1-camera-2#2'],
    ['answer the jobs of another', 'iot:Publish', 'topic/$aws/things/line-2-camera/jobs/j1/update'],
    [
      'listen to the jobs of another',
      'iot:Subscribe',
      'topicfilter/$aws/things/line-2-camera/jobs/notify-next',
    ],
    ['listen to confirmations of all', 'iot:Subscribe', 'topicfilter/kaizen/+/plant/surface/confirmations'],
    ['confirm to another', 'iot:Publish', 'topic/kaizen/line-2/plant/surface/confirmations'],
    ['receive confirmations of another', 'iot:Receive', 'topic/kaizen/line-2/plant/surface/confirmations'],
    ['listen to the jobs of all', 'iot:Subscribe', 'topicfilter/$aws/things/+/jobs/notify-next'],
    ['listen to everything', 'iot:Subscribe', 'topicfilter/#'],
    ['change its classic shadow', 'iot:Publish', 'topic/$aws/things/line-1-camera/shadow/update'],
    ['publish elsewhere', 'iot:Publish', 'topic/anything'],
    ['use another role alias', 'iot:AssumeRoleWithCertificate', 'rolealias/admin'],
  ])('case 35: it may not %s', (_what, action, resource) => {
    expect(may(action, resource)).toBe(false);
  });

  test('case 35: it may not publish as another thing, nor for another use case or environment', () => {
    expect(may('iot:Publish', results('line-2-camera'))).toBe(false);
    expect(may('iot:Publish', results('line-1-camera').replace('surface-inspection', 'other'))).toBe(false);
    expect(may('iot:Publish', results('line-1-camera').replace('_results', '_admin'))).toBe(false);
  });

  test('case 35: a certificate without a thing may do nothing over MQTT', () => {
    const nobody = {};
    for (const action of ['iot:Connect', 'iot:Publish', 'iot:Subscribe', 'iot:Receive']) {
      for (const resource of ['client/', 'client/line-1-camera', results('line-1-camera'), 'topicfilter/#']) {
        expect(isAllowed(statements(), action, iot(resource), nobody)).toBe(false);
      }
    }
  });

  test('case 35: the policy has no wildcard action and no statement about every resource, except where AWS knows no resource', () => {
    for (const statement of statements()) {
      expect(listOf(statement.Action).filter((action) => action.includes('*'))).toEqual([]);
    }
    const everything = statements().filter(({ Resource }) => listOf(Resource).includes('*'));
    expect(everything.flatMap(({ Action }) => listOf(Action))).toEqual(ACTIONS_WITHOUT_RESOURCE);
  });

  test('AWS IoT takes the policy: it has at most 2,048 characters', () => {
    const [policy] = app().resources('AWS::IoT::Policy');
    expect(JSON.stringify(policy?.Properties.PolicyDocument).length).toBeLessThanOrEqual(2_048);
  });

  test('it may ask the data plane of Greengrass on the resources that AWS documents', () => {
    const asks = (action: string, resource: string) =>
      isAllowed(statements(), `greengrass:${action}`, resource, {});
    const components = `arn:aws:greengrass:us-east-1:${app().config.account}:components:com.kaizenedge.local.Inference`;
    expect(asks('ResolveComponentCandidates', '*')).toBe(true);
    expect(asks('GetDeploymentConfiguration', '*')).toBe(true);
    expect(asks('ListThingGroupsForCoreDevice', iot('thing/line-1-camera'))).toBe(true);
    expect(asks('GetComponentVersionArtifact', `${components}:versions:1.0.0`)).toBe(true);
    expect(asks('GetComponentVersionArtifact', iot('thing/line-1-camera'))).toBe(false);
    expect(asks('ListThingGroupsForCoreDevice', `${components}:versions:1.0.0`)).toBe(false);
  });

  test('case 35: its credentials write below its own captures only, and read releases and components only', () => {
    const granted = identityStatements(app())
      .filter(({ where }) => where.includes('TokenExchange'))
      .map(({ statement }) => statement);
    const withAction = (action: string) =>
      granted
        .filter((statement) => listOf(statement.Action).includes(action))
        .flatMap((statement) => listOf(statement.Resource))
        .map((resource) => JSON.stringify(resource));
    const puts = withAction('s3:PutObject');
    expect(puts).toHaveLength(1);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable
    expect(puts[0]).toContain('/captures/surface-inspection/${credentials-iot:ThingName}/*');
    const gets = withAction('s3:GetObject');
    expect(
      gets.filter(
        (resource) =>
          !/\/(releases\/blobs|releases\/envelopes|components|kaizen-\w+-fleet)\/\*/.test(resource),
      ),
    ).toEqual([]);
    expect(new Set(granted.flatMap(({ Action }) => listOf(Action)))).toEqual(
      new Set(['s3:PutObject', 's3:GetObject', 's3:GetBucketLocation', 'kms:Decrypt', 'kms:GenerateDataKey']),
    );
  });
});

test('names that would make the policy longer than AWS IoT takes are refused at synthesis', () => {
  const { config } = synthesizedApp('dev');
  const stack = new Stack(new App(), 'Stack');
  const make = () =>
    new DevicePolicy(stack, 'DevicePolicy', {
      config: { ...config, useCase: 'u'.repeat(200) },
      roleAliasArn: 'arn:aws:iot:us-east-1:111111111111:rolealias/kaizen-dev-token-exchange',
    });
  expect(make).toThrow(
    /^useCase 'u+' and environmentName 'dev' are too long: the device policy has \d+ characters/,
  );
});
