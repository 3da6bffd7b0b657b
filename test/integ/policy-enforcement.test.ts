/**
 * Faults that were once in our policies, put back one by one. Each call is made with a role of the synthesized templates
 * against the local AWS, which refuses what AWS would, with a sentence that names the action and the resource.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import {
  CreateDeploymentCommand,
  GreengrassV2Client,
  ListEffectiveDeploymentsCommand,
} from '@aws-sdk/client-greengrassv2';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateKeysAndCertificateCommand,
  CreatePolicyCommand,
  CreateThingCommand,
  CreateThingGroupCommand,
  IoTClient,
} from '@aws-sdk/client-iot';
import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateModelPackageGroupCommand,
  CreateProcessingJobCommand,
  DescribeProcessingJobCommand,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import {
  LOCAL_ACCOUNT_ID,
  LOCAL_CREDENTIALS,
  LOCAL_REGION,
  type LocalAws,
  startLocalAws,
} from '@kaizen-edge/local-aws';
import { waitFor } from '../../demo/waiting';
import { waveGroupName } from '../../lambda/device/names';
import { modelPackageGroupName } from '../../lambda/registry/names';
import {
  confirmationTopic,
  REJECTED_RECORD_PREFIX,
  RESULT_PREFIX,
  TELEMETRY_VARIABLES,
} from '../../lambda/telemetry/names';
import { LOCAL_AWS_SETTINGS } from '../../scripts/local-aws';
import { DeployedFunction } from '../infrastructure/deployed-function';
import {
  type Fault,
  planted,
  withoutConditions,
  withoutStatements,
  withResource,
} from '../infrastructure/planted-faults';
import { devicesOf, type ResolvedStatement, rolesOf } from '../infrastructure/role-policies';
import { synthesizedApp } from '../infrastructure/synthesized-app';

const DEVICE = 'press-1';
const app = synthesizedApp('local');
const arn = (service: string, rest: string) =>
  `arn:aws:${service}:${LOCAL_REGION}:${LOCAL_ACCOUNT_ID}:${rest}`;
const group = waveGroupName(app.config, 'canary');
const models = modelPackageGroupName(app.config);
const telemetryBucket = new DeployedFunction(app, 'telemetry/ingest-results').environment[
  TELEMETRY_VARIABLES.bucket
] as string;

const work = mkdtempSync(join(tmpdir(), 'policy-enforcement-'));
const ended = new AbortController();
const clients: Array<{ destroy(): void }> = [];
let aws: LocalAws;

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

interface Settings {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Keys;
}

function client<Client extends { destroy(): void }>(
  Kind: new (settings: Settings & { forcePathStyle: boolean; maxAttempts: number }) => Client,
  credentials: Keys = LOCAL_CREDENTIALS,
): Client {
  const variable = { SageMakerClient: 'SAGEMAKER', GreengrassV2Client: 'GREENGRASSV2' }[Kind.name];
  const own = variable && aws.environment[`AWS_ENDPOINT_URL_${variable}`];
  const made = new Kind({
    endpoint: own ?? aws.endpointUrl,
    region: LOCAL_REGION,
    credentials,
    forcePathStyle: true,
    maxAttempts: 1,
  });
  clients.push(made);
  return made;
}

const document = (Statement: object | readonly object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement });

/** What the templates give the role whose path ends so. */
function statementsOf(end: string): readonly ResolvedStatement[] {
  const [found, ...others] = [...rolesOf(app), ...devicesOf(app)].filter(({ path }) => path.endsWith(end));
  if (!found || others.length > 0) throw new Error(`not one role ends with ${end}`);
  return found.statements;
}

let roles = 0;

/** A role with these statements, which SageMaker and the functions' service may assume. */
async function createRole(statements: readonly ResolvedStatement[]): Promise<string> {
  const RoleName = `role-${++roles}`;
  const iam = client(IAMClient);
  const Principal = { Service: ['lambda.amazonaws.com', 'sagemaker.amazonaws.com'] };
  await iam.send(
    new CreateRoleCommand({
      RoleName,
      AssumeRolePolicyDocument: document({ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }),
    }),
  );
  await iam.send(
    new PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument: document(statements) }),
  );
  return RoleName;
}

async function sessionOf(RoleName: string): Promise<Keys> {
  const RoleArn = `arn:aws:iam::${LOCAL_ACCOUNT_ID}:role/${RoleName}`;
  const { Credentials } = await client(STSClient).send(
    new AssumeRoleCommand({ RoleArn, RoleSessionName: 'function' }),
  );
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}

beforeAll(async () => {
  aws = await startLocalAws({
    ...LOCAL_AWS_SETTINGS,
    workDirectory: join(work, 'aws'),
    onCrash: (message) => {
      throw new Error(message);
    },
  });
  await client(S3Client).send(new CreateBucketCommand({ Bucket: telemetryBucket }));
  await client(IoTClient).send(new CreateThingGroupCommand({ thingGroupName: group }));
  await client(IoTClient).send(new CreateThingCommand({ thingName: DEVICE }));
  await client(SageMakerClient).send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: models }));
}, 120_000);

afterAll(async () => {
  ended.abort();
  for (const one of clients) one.destroy();
  await aws?.stop();
  rmSync(work, { recursive: true, force: true });
});

/** A call that a role makes in every rollout, or of every batch. */
type Leg = (session: Keys) => Promise<unknown>;

const deploy: Leg = (session) =>
  client(GreengrassV2Client, session).send(
    new CreateDeploymentCommand({ targetArn: arn('iot', `thinggroup/${group}`), components: {} }),
  );

/** The device has never reported: whoever may ask is told that. */
const listEffectiveDeployments: Leg = (session) =>
  client(GreengrassV2Client, session)
    .send(new ListEffectiveDeploymentsCommand({ coreDeviceThingName: DEVICE }))
    .catch((error: Error) => {
      if (error.name !== 'ResourceNotFoundException') throw error;
    });

const putRejected: Leg = (session) =>
  client(S3Client, session).send(
    new PutObjectCommand({
      Bucket: telemetryBucket,
      Key: `${REJECTED_RECORD_PREFIX}batch.jsonl`,
      Body: '{}',
    }),
  );

const CONFIRMATIONS = confirmationTopic(app.config, DEVICE);

const confirm: Leg = (session) =>
  client(IoTDataPlaneClient, session).send(
    new PublishCommand({ topic: CONFIRMATIONS, qos: 1, payload: Buffer.from('{}') }),
  );

const sentence = (action: string, resource: string) =>
  new RegExp(
    `^User: arn:aws:sts::${LOCAL_ACCOUNT_ID}:assumed-role/role-\\d+/function is not authorized to perform: ${action} on resource: ${resource.replaceAll('*', '\\*')} because no identity-based policy allows the ${action} action$`,
  );

const CREATE_DEPLOYMENT = 'greengrass:CreateDeployment';
const DEPLOYMENTS = arn('greengrass', 'deployments:*');

test.each<[string, string, Fault, Leg, string, string]>([
  ...['DeployWave', 'RollBackWave'].flatMap((step): [string, string, Fault, Leg, string, string][] => [
    [
      `C1: ${step} may deploy by the ARN of deployments`,
      `${step}/Role`,
      withResource(CREATE_DEPLOYMENT, [DEPLOYMENTS]),
      deploy,
      CREATE_DEPLOYMENT,
      '*',
    ],
    [
      `C2: ${step} may deploy, and not touch shadows`,
      `${step}/Role`,
      withoutStatements(/^WriteDeploymentShadows$/),
      deploy,
      'iot:UpdateThingShadow',
      arn('iot', 'thing/*'),
    ],
  ]),
  [
    'C2: CheckWave may list effective deployments, and not what they are made of',
    'CheckWave/Role',
    withoutStatements(/^Read(Deployment|JobExecution)/),
    listEffectiveDeployments,
    'iot:DescribeJob',
    arn('iot', 'job/*'),
  ],
  [
    'C6: IngestResults may put results, and not what it sets aside',
    'IngestResults/Role',
    withResource('s3:PutObject', [`arn:aws:s3:::${telemetryBucket}/${RESULT_PREFIX}*`]),
    putRejected,
    's3:PutObject',
    `"arn:aws:s3:::${telemetryBucket}/${REJECTED_RECORD_PREFIX}batch.jsonl"`,
  ],
])('%s', async (_what, role, fault, leg, action, resource) => {
  const statements = statementsOf(role);
  await leg(await sessionOf(await createRole(statements)));
  const faulty = await sessionOf(await createRole(planted(statements, fault)));
  await expect(leg(faulty)).rejects.toThrow(sentence(action, resource));
});

test('L5: IngestResults may tell devices what is counted, on their topics of this environment alone', async () => {
  const statements = statementsOf('IngestResults/Role');
  await confirm(await sessionOf(await createRole(statements)));
  const elsewhere = withResource('iot:Publish', [arn('iot', 'topic/kaizen/*/other/*')]);
  const faulty = await sessionOf(await createRole(planted(statements, elsewhere)));
  // The data plane of AWS IoT says no more.
  await expect(confirm(faulty)).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
});

interface Answer {
  readonly status: number | undefined;
  readonly body: { readonly message?: string };
}

/** A device whose certificate has the policy of these statements asks the data plane. */
async function asDevice(
  statements: readonly ResolvedStatement[],
  method: 'GET' | 'POST',
  path: string,
): Promise<Answer> {
  const iot = client(IoTClient);
  const policyName = `device-${++roles}`;
  await iot.send(new CreatePolicyCommand({ policyName, policyDocument: document(statements) }));
  const {
    certificateArn = '',
    certificatePem,
    keyPair,
  } = await iot.send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
  await iot.send(new AttachThingPrincipalCommand({ thingName: DEVICE, principal: certificateArn }));
  await iot.send(new AttachPolicyCommand({ policyName, target: certificateArn }));
  const body = JSON.stringify({ componentCandidates: [{ componentName: 'aws.greengrass.Nucleus' }] });
  return new Promise((resolve, reject) => {
    const asking = request(`${aws.gateway.url}${path}`, {
      method,
      ca: readFileSync(aws.gateway.caPath),
      cert: certificatePem,
      key: keyPair?.PrivateKey,
      headers: method === 'POST' ? { 'content-type': 'application/json' } : {},
    });
    asking.on('error', reject);
    asking.on('response', (answer) => {
      json(answer).then((found) => resolve({ status: answer.statusCode, body: found as object }), reject);
    });
    asking.end(method === 'POST' ? body : undefined);
  });
}

test.each([
  [
    'resolve components',
    'ResolveComponentCandidates',
    'components:*',
    'POST',
    '/greengrass/v2/resolveComponentCandidates',
    '*',
  ],
  [
    'list its groups',
    'ListThingGroupsForCoreDevice',
    'coreDevices:*',
    'GET',
    `/greengrass/v2/coreDevices/${DEVICE}/thingGroups`,
    arn('iot', `thing/${DEVICE}`),
  ],
] as const)(
  'C3: a device may %s by an ARN that AWS does not know',
  async (_what, verb, wrong, method, path, resource) => {
    const action = `greengrass:${verb}`;
    const statements = statementsOf('DevicePolicy/Policy');
    expect((await asDevice(statements, method, path)).status).not.toBe(403);
    const faulty = planted(statements, withResource(action, [arn('greengrass', wrong)]));
    expect(await asDevice(faulty, method, path)).toEqual({
      status: 403,
      body: { message: `No policy allows ${action} on ${resource}` },
    });
  },
);

/** With the credentials and endpoints that any training script has. */
const APPROVES_ITSELF = `
import botocore.session
botocore.session.get_session().create_client("sagemaker").create_model_package(
    ModelPackageGroupName="${models}", ModelApprovalStatus="Approved",
    InferenceSpecification={"Containers": [{"Image": "pytorch"}], "SupportedContentTypes": [], "SupportedResponseMIMETypes": []})
`;

/** A job with the role runs a script of the user's. @returns undefined, or why it failed */
async function runScript(statements: readonly ResolvedStatement[]): Promise<string | undefined> {
  const RoleName = await createRole(statements);
  const sagemaker = client(SageMakerClient);
  await sagemaker.send(
    new CreateProcessingJobCommand({
      ProcessingJobName: RoleName,
      RoleArn: `arn:aws:iam::${LOCAL_ACCOUNT_ID}:role/${RoleName}`,
      AppSpecification: {
        ImageUri: 'pytorch',
        ContainerEntrypoint: ['python3', '-c', 'import os; exec(os.environ["SCRIPT"])'],
      },
      Environment: { SCRIPT: APPROVES_ITSELF },
      ProcessingResources: {
        ClusterConfig: { InstanceCount: 1, InstanceType: 'ml.m5.large', VolumeSizeInGB: 1 },
      },
    }),
  );
  const patience = { what: RoleName, timeoutSeconds: 60, pollMilliseconds: 100, signal: ended.signal };
  const job = await waitFor(patience, async () => {
    const found = await sagemaker.send(new DescribeProcessingJobCommand({ ProcessingJobName: RoleName }));
    return found.ProcessingJobStatus === 'InProgress' ? undefined : found;
  });
  return job.ProcessingJobStatus === 'Completed' ? undefined : job.FailureReason;
}

test('C7, case 38: a training script that approves its own model is refused, unless the role has no condition', async () => {
  const statements = statementsOf('/Pipeline/Access/Role');
  const action = 'sagemaker:CreateModelPackage';
  expect(await runScript(statements)).toContain(
    `is not authorized to perform: ${action} on resource: ${arn('sagemaker', `model-package/${models}/1`)} because no identity-based policy allows the ${action} action`,
  );
  expect(await runScript(planted(statements, withoutConditions('RegisterModels')))).toBeUndefined();
}, 120_000);
