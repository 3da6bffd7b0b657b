/** Greengrass V2 with the real SDK client, real MQTT and real certificates. */
import { createHash } from 'node:crypto';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import {
  CancelDeploymentCommand,
  CreateComponentVersionCommand,
  CreateDeploymentCommand,
  DeleteDeploymentCommand,
  DescribeComponentCommand,
  type EffectiveDeployment,
  GetComponentCommand,
  GetComponentVersionArtifactCommand,
  GetCoreDeviceCommand,
  GetDeploymentCommand,
  GreengrassV2Client,
  ListComponentVersionsCommand,
  ListCoreDevicesCommand,
  ListDeploymentsCommand,
  ListEffectiveDeploymentsCommand,
  ListInstalledComponentsCommand,
  ListTagsForResourceCommand,
} from '@aws-sdk/client-greengrassv2';
import { IAMClient } from '@aws-sdk/client-iam';
import {
  AddThingToThingGroupCommand,
  CreatePolicyCommand,
  CreateThingGroupCommand,
  IoTClient,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type DeviceGateway, startDeviceGateway } from '../../device-gateway/start-device-gateway';
import { startGreengrass } from '../../greengrass/start-greengrass';
import type { Ministack } from '../../launcher/ministack';
import type { RunningService } from '../../shared/running-service';
import { startTestMinistack } from '../greengrass/running-ministack';
import {
  callGateway,
  type DeviceCertificate,
  eventually,
  provisionDevice,
  SimulatedDevice,
} from '../greengrass/simulated-device';
import { createServiceRole } from '../service-role';

const REGION = 'us-east-1';
const ACCOUNT = '000000000000';
const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };
const ROLE_ARN = `arn:aws:iam::${ACCOUNT}:role/token-exchange`;
/** One trusts the credentials provider under conditions that AWS does not promise to meet, one trusts another service. */
const UNTRUSTING_ROLES = ['conditional', 'of-functions'] as const;
const ALIAS_ARN = `arn:aws:iot:${REGION}:${ACCOUNT}:rolealias/tokens`;
const BUCKET = 'greengrass-test';
const POLICY = 'device';
const COMPONENT = 'com.example.Probe';
const ARTIFACT = Buffer.from('a component artifact');

let aws: Ministack;
let greengrass: RunningService;
let gateway: DeviceGateway;
let client: GreengrassV2Client;
let iot: IoTClient;
let s3: S3Client;
const certificates = new Map<string, DeviceCertificate>();
const devices: SimulatedDevice[] = [];
const problems: string[] = [];

function settings() {
  return { endpoint: aws.url, region: REGION, credentials: CREDENTIALS };
}

function certificate(thingName: string): DeviceCertificate {
  const found = certificates.get(thingName);
  if (!found) throw new Error(`${thingName} was not provisioned`);
  return found;
}

async function connect(thingName: string): Promise<SimulatedDevice> {
  const device = await SimulatedDevice.connect(thingName, certificate(thingName), aws.iot);
  devices.push(device);
  return device;
}

async function makeGroup(name: string, ...things: string[]): Promise<string> {
  const { thingGroupArn } = await iot.send(new CreateThingGroupCommand({ thingGroupName: name }));
  for (const thingName of things)
    await iot.send(new AddThingToThingGroupCommand({ thingGroupName: name, thingName }));
  return thingGroupArn as string;
}

function recipe(version: string, artifact = `s3://${BUCKET}/artifacts/probe.bin`): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      RecipeFormatVersion: '2020-01-25',
      ComponentName: COMPONENT,
      ComponentVersion: version,
      Manifests: [
        {
          Platform: { os: 'linux', runtime: '*' },
          Lifecycle: { startup: { Script: 'true', Timeout: 5 } },
          Artifacts: [{ Uri: artifact }],
        },
      ],
    }),
  );
}

async function makeVersion(version: string): Promise<string> {
  const made = await client.send(new CreateComponentVersionCommand({ inlineRecipe: recipe(version) }));
  return made.arn as string;
}

async function deploy(targetArn: string, version: string, merge?: object): Promise<string> {
  const configurationUpdate = merge && { merge: JSON.stringify(merge) };
  const answer = await client.send(
    new CreateDeploymentCommand({
      targetArn,
      deploymentName: `probe ${version}`,
      components: { [COMPONENT]: { componentVersion: version, configurationUpdate } },
    }),
  );
  return answer.deploymentId as string;
}

async function effective(thingName: string, deploymentId: string): Promise<EffectiveDeployment | undefined> {
  const { effectiveDeployments } = await client.send(
    new ListEffectiveDeploymentsCommand({ coreDeviceThingName: thingName }),
  );
  return effectiveDeployments?.find((one) => one.deploymentId === deploymentId);
}

function inStatus(thingName: string, deploymentId: string, status: string): Promise<EffectiveDeployment> {
  return eventually(async () => {
    const found = await effective(thingName, deploymentId);
    return found?.coreDeviceExecutionStatus === status ? found : undefined;
  });
}

async function createRoles(): Promise<void> {
  const iam = new IAMClient(settings());
  const service = 'credentials.iot.amazonaws.com';
  await createServiceRole(iam, {
    name: 'token-exchange',
    service,
    allow: [['s3:PutObject', `arn:aws:s3:::${BUCKET}/captures/\${credentials-iot:ThingName}/*`]],
  });
  await createServiceRole(iam, {
    name: 'conditional',
    service,
    condition: {
      StringEquals: { 'aws:SourceAccount': ACCOUNT },
      ArnLike: { 'aws:SourceArn': `${ALIAS_ARN}*` },
    },
  });
  await createServiceRole(iam, { name: 'of-functions', service: 'lambda.amazonaws.com' });
  iam.destroy();
}

async function createDevicePolicy(): Promise<void> {
  const own = `$aws/things/\${iot:Connection.Thing.ThingName}`;
  const topic = (name: string) => `arn:aws:iot:${REGION}:${ACCOUNT}:topic/${name}`;
  const Statement = [
    {
      Effect: 'Allow',
      Action: 'iot:Connect',
      Resource: `arn:aws:iot:${REGION}:${ACCOUNT}:client/\${iot:Connection.Thing.ThingName}`,
      Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } },
    },
    {
      Effect: 'Allow',
      Action: ['iot:Publish', 'iot:Receive'],
      Resource: [topic(`${own}/jobs/*`), topic(`${own}/greengrassv2/health/json`)],
    },
    {
      Effect: 'Allow',
      Action: 'iot:Subscribe',
      Resource: `arn:aws:iot:${REGION}:${ACCOUNT}:topicfilter/${own}/jobs/*`,
    },
    {
      Effect: 'Allow',
      Action: 'iot:AssumeRoleWithCertificate',
      Resource: [ALIAS_ARN, ...UNTRUSTING_ROLES.map((role) => `${ALIAS_ARN}-${role}`)],
    },
    { Effect: 'Allow', Action: 'greengrass:ResolveComponentCandidates', Resource: '*' },
    {
      Effect: 'Allow',
      Action: 'greengrass:ListThingGroupsForCoreDevice',
      Resource: `arn:aws:iot:${REGION}:${ACCOUNT}:thing/*`,
    },
  ];
  const policyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await iot.send(new CreatePolicyCommand({ policyName: POLICY, policyDocument }));
}

beforeAll(async () => {
  aws = await startTestMinistack();
  iot = new IoTClient(settings());
  s3 = new S3Client({ ...settings(), forcePathStyle: true });
  greengrass = await startGreengrass({
    awsEndpointUrl: aws.url,
    region: REGION,
    accountId: ACCOUNT,
    credentials: CREDENTIALS,
    iotEndpoint: aws.iot,
    onProblem: (message) => problems.push(message),
  });
  gateway = await startDeviceGateway({
    awsEndpointUrl: aws.url,
    greengrassUrl: greengrass.url,
    region: REGION,
    accountId: ACCOUNT,
    credentials: CREDENTIALS,
    iotCaPem: aws.iot.caPem,
    roleAliases: async () =>
      new Map([
        ['tokens', { roleArn: ROLE_ARN, credentialDurationSeconds: 900 }],
        ...UNTRUSTING_ROLES.map(
          (role) =>
            [
              `tokens-${role}`,
              { roleArn: `arn:aws:iam::${ACCOUNT}:role/${role}`, credentialDurationSeconds: 900 },
            ] as const,
        ),
      ]),
  });
  client = new GreengrassV2Client({ endpoint: greengrass.url, region: REGION, credentials: CREDENTIALS });
  await createRoles();
  await createDevicePolicy();
  for (const thingName of ['press-1', 'press-2', 'press-3'])
    certificates.set(thingName, await provisionDevice(iot, thingName, POLICY));
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'artifacts/probe.bin', Body: ARTIFACT }));
});

afterAll(async () => {
  await Promise.all(devices.map((device) => device.disconnect()));
  client?.destroy();
  s3?.destroy();
  await gateway?.stop();
  await greengrass?.stop();
  iot?.destroy();
  await aws?.stop();
});

describe('component versions', () => {
  test('keep the digest of every artifact and never change', async () => {
    const arn = await makeVersion('1.0.0');
    const { recipe: stored } = await client.send(
      new GetComponentCommand({ arn, recipeOutputFormat: 'JSON' }),
    );
    const [artifact] = JSON.parse(Buffer.from(stored as Uint8Array).toString()).Manifests[0].Artifacts;
    expect(artifact.Digest).toBe(createHash('sha256').update(ARTIFACT).digest('base64'));
    expect(artifact.Algorithm).toBe('SHA-256');

    const again = client.send(new CreateComponentVersionCommand({ inlineRecipe: recipe('1.0.0') }));
    await expect(again).rejects.toMatchObject({ name: 'ConflictException', resourceId: arn });
    const described = await client.send(new DescribeComponentCommand({ arn }));
    expect(described.status?.componentState).toBe('DEPLOYABLE');
  });

  test('with a missing artifact are refused in the words of AWS', async () => {
    const missing = client.send(
      new CreateComponentVersionCommand({ inlineRecipe: recipe('1.0.9', `s3://${BUCKET}/absent`) }),
    );
    await expect(missing).rejects.toMatchObject({
      name: 'ValidationException',
      message: `Invalid Input: Encountered following errors in Artifacts: {s3://${BUCKET}/absent = Specified artifact resource cannot be accessed}`,
    });
  });

  test('a request repeated with its client token gets its first answer', async () => {
    const command = () =>
      new CreateComponentVersionCommand({ inlineRecipe: recipe('1.0.1'), clientToken: 'once' });
    const first = await client.send(command());
    expect((await client.send(command())).arn).toBe(first.arn);
  });

  test('list newest first, and their artifacts can be fetched by a link', async () => {
    await makeVersion('1.0.10');
    const arn = `arn:aws:greengrass:${REGION}:${ACCOUNT}:components:${COMPONENT}`;
    const { componentVersions } = await client.send(new ListComponentVersionsCommand({ arn }));
    expect(componentVersions?.map((one) => one.componentVersion)).toEqual(['1.0.10', '1.0.1', '1.0.0']);

    const { preSignedUrl } = await client.send(
      new GetComponentVersionArtifactCommand({
        arn: `${arn}:versions:1.0.0`,
        artifactName: `${BUCKET}/artifacts/probe.bin`,
      }),
    );
    const fetched = await fetch(preSignedUrl as string);
    expect(Buffer.from(await fetched.arrayBuffer())).toEqual(ARTIFACT);
  });
});

describe('deployments to a thing group', () => {
  let group: string;
  let first: string;
  let second: string;
  let device: SimulatedDevice;

  beforeAll(async () => {
    await makeVersion('2.0.0');
    await makeVersion('2.0.1');
    group = await makeGroup('presses', 'press-1');
    device = await connect('press-1');
  });

  test('reach the device as the job document of the nucleus', async () => {
    first = await deploy(group, '2.0.0', { rate: 5 });
    const { jobDocument } = await device.jobOf(first);
    expect(jobDocument).toMatchObject({
      deploymentId: first,
      configurationArn: `arn:aws:greengrass:${REGION}:${ACCOUNT}:configuration:thinggroup/presses:1`,
      components: { [COMPONENT]: { version: '2.0.0', configurationUpdate: { merge: { rate: 5 } } } },
      failureHandlingPolicy: 'ROLLBACK',
      componentUpdatePolicy: { timeout: 60, action: 'NOTIFY_COMPONENTS' },
    });
    expect(await inStatus('press-1', first, 'QUEUED')).toMatchObject({ targetArn: group });
  });

  test('succeed when the device says so: status, components and the event agree', async () => {
    const events = await subscribeToEvents('succeeded');
    const { jobId, jobDocument } = await device.jobOf(first);
    await device.updateJob(jobId, 'IN_PROGRESS');
    await inStatus('press-1', first, 'IN_PROGRESS');
    await device.updateJob(jobId, 'SUCCEEDED', { 'detailed-deployment-status': 'SUCCESSFUL' });
    await device.report({
      overallDeviceStatus: 'HEALTHY',
      trigger: 'THING_GROUP_DEPLOYMENT',
      components: [
        {
          componentName: COMPONENT,
          version: '2.0.0',
          status: 'RUNNING',
          isRoot: true,
          fleetConfigArns: [jobDocument.configurationArn],
        },
      ],
    });

    expect(await inStatus('press-1', first, 'SUCCEEDED')).toMatchObject({ reason: 'SUCCESSFUL' });
    const installed = await eventually(async () => {
      const answer = await client
        .send(new ListInstalledComponentsCommand({ coreDeviceThingName: 'press-1' }))
        .catch(() => undefined);
      return answer?.installedComponents?.[0];
    });
    expect(installed).toMatchObject({
      componentName: COMPONENT,
      componentVersion: '2.0.0',
      lifecycleState: 'RUNNING',
      isRoot: true,
      lastInstallationSource: first,
    });
    expect(await events('Greengrass V2 Effective Deployment Status Change')).toMatchObject({
      resources: [`arn:aws:greengrass:${REGION}:${ACCOUNT}:coreDevices:press-1`],
      detail: { deploymentId: first, coreDeviceExecutionStatus: 'SUCCEEDED', reason: 'SUCCESSFUL' },
    });
    expect(await events('Greengrass V2 Installed Component Status Change')).toMatchObject({
      detail: { components: [{ componentName: COMPONENT, lifecycleState: 'RUNNING' }] },
    });
  });

  test('are replaced as a whole by the next revision', async () => {
    second = await deploy(group, '2.0.1');
    const [earlier, later] = await Promise.all(
      [first, second].map((deploymentId) => client.send(new GetDeploymentCommand({ deploymentId }))),
    );
    expect(earlier).toMatchObject({
      revisionId: '1',
      deploymentStatus: 'INACTIVE',
      isLatestForTarget: false,
    });
    expect(later).toMatchObject({ revisionId: '2', deploymentStatus: 'ACTIVE', isLatestForTarget: true });

    const latest = await client.send(new ListDeploymentsCommand({ targetArn: group }));
    expect(latest.deployments?.map((one) => one.deploymentId)).toEqual([second]);
    const all = await client.send(new ListDeploymentsCommand({ targetArn: group, historyFilter: 'ALL' }));
    expect(all.deployments?.map((one) => one.deploymentId)).toEqual([second, first]);
  });

  test('fail with the cause that the device gives, and its broken component shows', async () => {
    const { jobId, jobDocument } = await device.jobOf(second);
    await device.updateJob(jobId, 'FAILED', {
      'detailed-deployment-status': 'FAILED_ROLLBACK_COMPLETE',
      'deployment-failure-cause': `Service ${COMPONENT} in broken state after deployment`,
      'deployment-error-stack': '["DEPLOYMENT_FAILURE","COMPONENT_UPDATE_ERROR","COMPONENT_BROKEN"]',
      'deployment-error-types': '["USER_COMPONENT_ERROR"]',
    });
    await device.report({
      overallDeviceStatus: 'UNHEALTHY',
      trigger: 'BROKEN_COMPONENT',
      components: [
        {
          componentName: COMPONENT,
          version: '2.0.1',
          status: 'BROKEN',
          isRoot: true,
          componentStatusDetails: { statusCodes: ['STARTUP_ERROR'], statusReason: 'exit code 1' },
          fleetConfigArns: [jobDocument.configurationArn],
        },
      ],
    });
    expect(await inStatus('press-1', second, 'FAILED')).toMatchObject({
      reason: `FAILED_ROLLBACK_COMPLETE: Service ${COMPONENT} in broken state after deployment`,
      statusDetails: {
        errorStack: ['DEPLOYMENT_FAILURE', 'COMPONENT_UPDATE_ERROR', 'COMPONENT_BROKEN'],
        errorTypes: ['USER_COMPONENT_ERROR'],
      },
    });
    const coreDevice = await eventually(async () => {
      const found = await client.send(new GetCoreDeviceCommand({ coreDeviceThingName: 'press-1' }));
      return found.status === 'UNHEALTHY' ? found : undefined;
    });
    expect(coreDevice).toMatchObject({ coreVersion: '2.18.2', platform: 'linux', architecture: 'amd64' });
    const members = await client.send(new ListCoreDevicesCommand({ thingGroupArn: group }));
    expect(members.coreDevices?.map((one) => one.coreDeviceThingName)).toEqual(['press-1']);
  });

  test('reach a thing that joins the group later', async () => {
    const late = await connect('press-2');
    await iot.send(new AddThingToThingGroupCommand({ thingGroupName: 'presses', thingName: 'press-2' }));
    const { jobDocument } = await late.jobOf(second);
    expect(jobDocument.components).toHaveProperty([COMPONENT], { version: '2.0.1' });
  });

  test('a revision that replaces an unfinished one takes it away from the device', async () => {
    const third = await deploy(group, '2.0.0');
    await inStatus('press-2', second, 'CANCELED');
    await inStatus('press-2', third, 'QUEUED');
  });
});

describe('deployments to a thing', () => {
  const target = `arn:aws:iot:${REGION}:${ACCOUNT}:thing/press-3`;

  test('end as COMPLETED and can then be deleted', async () => {
    await makeVersion('3.0.0');
    const device = await connect('press-3');
    const deploymentId = await deploy(target, '3.0.0');
    const { jobId } = await device.jobOf(deploymentId);
    await expect(client.send(new DeleteDeploymentCommand({ deploymentId }))).rejects.toMatchObject({
      name: 'ConflictException',
    });
    await device.updateJob(jobId, 'SUCCEEDED', { 'detailed-deployment-status': 'SUCCESSFUL' });
    await inStatus('press-3', deploymentId, 'COMPLETED');
    const found = await client.send(new GetDeploymentCommand({ deploymentId }));
    expect(found.deploymentStatus).toBe('COMPLETED');
    await client.send(new DeleteDeploymentCommand({ deploymentId }));
    await expect(client.send(new GetDeploymentCommand({ deploymentId }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      resourceType: 'DEPLOYMENT',
      resourceId: deploymentId,
    });
  });

  test('that are canceled leave the queue of the device', async () => {
    const deploymentId = await deploy(target, '3.0.0');
    await inStatus('press-3', deploymentId, 'QUEUED');
    await client.send(new CancelDeploymentCommand({ deploymentId }));
    await inStatus('press-3', deploymentId, 'CANCELED');
    const found = await client.send(new GetDeploymentCommand({ deploymentId }));
    expect(found).toMatchObject({ deploymentStatus: 'CANCELED', revisionId: '2' });
  });

  test('of unknown components or to unknown things are refused and leave nothing behind', async () => {
    await expect(deploy(target, '9.9.9')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(deploy(`${target}-absent`, '3.0.0')).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    const { deployments } = await client.send(new ListDeploymentsCommand({ targetArn: `${target}-absent` }));
    expect(deployments).toEqual([]);
  });

  test('keep their tags', async () => {
    const { deploymentId } = await client.send(
      new CreateDeploymentCommand({ targetArn: target, components: {}, tags: { line: 'A' } }),
    );
    const resourceArn = `arn:aws:greengrass:${REGION}:${ACCOUNT}:deployments:${deploymentId}`;
    const { tags } = await client.send(new ListTagsForResourceCommand({ resourceArn }));
    expect(tags).toEqual({ line: 'A' });
  });
});

describe('the credentials provider', () => {
  const path = '/role-aliases/tokens/credentials';
  const asThing = (thingName: string) => ({ headers: { 'x-amzn-iot-thingname': thingName } });

  test('gives credentials that put under the own prefix only', async () => {
    const { status, body } = await callGateway(gateway, certificate('press-1'), path, asThing('press-1'));
    expect(status).toBe(200);
    const { credentials } = body as { credentials: Record<string, string> };
    expect(Object.keys(credentials).sort()).toEqual([
      'accessKeyId',
      'expiration',
      'secretAccessKey',
      'sessionToken',
    ]);
    // Components' SDKs refuse any other form.
    expect(credentials.expiration).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const device = new S3Client({
      ...settings(),
      forcePathStyle: true,
      credentials: {
        accessKeyId: credentials.accessKeyId as string,
        secretAccessKey: credentials.secretAccessKey as string,
        sessionToken: credentials.sessionToken as string,
      },
    });
    const put = (thing: string) =>
      device.send(new PutObjectCommand({ Bucket: BUCKET, Key: `captures/${thing}/1.jpg`, Body: 'x' }));
    await expect(put('press-1')).resolves.toBeDefined();
    await expect(put('press-2')).rejects.toMatchObject({ name: 'AccessDenied' });
    device.destroy();
  });

  test('refuses a certificate that speaks for another thing', async () => {
    const answer = await callGateway(gateway, certificate('press-1'), path, asThing('press-2'));
    expect(answer).toMatchObject({ status: 403, body: { message: expect.stringContaining('press-2') } });
  });

  test('refuses an alias that no policy allows', async () => {
    const answer = await callGateway(
      gateway,
      certificate('press-1'),
      '/role-aliases/admin/credentials',
      asThing('press-1'),
    );
    expect(answer.status).toBe(403);
  });

  test.each(UNTRUSTING_ROLES)(
    'refuses the role %s, whose trust is not one that AWS documents',
    async (role) => {
      const answer = await callGateway(
        gateway,
        certificate('press-1'),
        `/role-aliases/tokens-${role}/credentials`,
        asThing('press-1'),
      );
      expect(answer).toMatchObject({
        status: 403,
        body: { message: expect.stringContaining(`role/${role} does not trust`) },
      });
    },
  );

  test('refuses clients without a certificate at the handshake', async () => {
    await expect(callGateway(gateway, undefined, path, asThing('press-1'))).rejects.toThrow();
  });

  test('refuses a certificate as soon as it is deactivated', async () => {
    const certificateId = certificate('press-3').id;
    await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
    const refused = await callGateway(gateway, certificate('press-3'), path, asThing('press-3'));
    expect(refused).toMatchObject({ status: 403, body: { message: 'The certificate is not active' } });
    await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'ACTIVE' }));
  });
});

describe('the data plane for devices', () => {
  const resolve = (versionRequirements: Record<string, string>) =>
    callGateway(gateway, certificate('press-1'), '/greengrass/v2/resolveComponentCandidates', {
      method: 'POST',
      body: {
        platform: { attributes: { os: 'linux', architecture: 'amd64' } },
        componentCandidates: [{ componentName: COMPONENT, versionRequirements }],
      },
    });

  test('resolves components with their recipes', async () => {
    const { status, body } = await resolve({ root: '^2.0.0' });
    expect(status).toBe(200);
    const [found] = (body as { resolvedComponentVersions: { componentVersion: string; recipe: string }[] })
      .resolvedComponentVersions;
    expect(found?.componentVersion).toBe('2.0.1');
    expect(JSON.parse(Buffer.from(found?.recipe as string, 'base64').toString()).ComponentName).toBe(
      COMPONENT,
    );
  });

  test('says which requirements nothing satisfies', async () => {
    expect(await resolve({ root: '>=8.0.0' })).toMatchObject({
      status: 404,
      errorType: 'ResourceNotFoundException',
      body: { message: expect.stringContaining('>=8.0.0') },
    });
  });

  test("lists the own thing's groups and no others'", async () => {
    const groupsOf = (thing: string) =>
      callGateway(gateway, certificate('press-1'), `/greengrass/v2/coreDevices/${thing}/thingGroups`);
    expect(await groupsOf('press-1')).toMatchObject({
      status: 200,
      body: { thingGroups: [{ thingGroupName: 'presses' }] },
    });
    expect((await groupsOf('press-2')).status).toBe(403);
  });
});

test('no event was refused', () => {
  expect(problems.filter((one) => one.startsWith('event'))).toEqual([]);
});

test('a health message that is no fleet status is reported and changes nothing', async () => {
  const device = devices.find(({ thingName }) => thingName === 'press-1') as SimulatedDevice;
  await device.report({ overallDeviceStatus: 'FINE' as 'HEALTHY', trigger: 'CADENCE', components: [] });
  const problem = await eventually(async () => problems.find((one) => one.includes('overallDeviceStatus')));
  expect(problem).toContain('press-1');
  const { status } = await client.send(new GetCoreDeviceCommand({ coreDeviceThingName: 'press-1' }));
  expect(status).toBe('UNHEALTHY');
});

interface BusEvent {
  readonly 'detail-type': string;
  readonly resources: string[];
  readonly detail: Record<string, unknown>;
}

/** A queue behind a rule for all Greengrass events; answers the first one of a type. */
async function subscribeToEvents(name: string): Promise<(detailType: string) => Promise<BusEvent>> {
  const sqs = new SQSClient(settings());
  const events = new EventBridgeClient(settings());
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: '*',
      },
    ],
  });
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: { Policy } }));
  await events.send(new PutRuleCommand({ Name: name, EventPattern: '{"source":["aws.greengrass"]}' }));
  const Arn = `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
  await events.send(new PutTargetsCommand({ Rule: name, Targets: [{ Id: '1', Arn }] }));
  const received: BusEvent[] = [];
  return (detailType) =>
    eventually(async () => {
      const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      for (const { Body } of Messages ?? []) received.push(JSON.parse(Body as string) as BusEvent);
      return received.find((event) => event['detail-type'] === detailType);
    });
}
