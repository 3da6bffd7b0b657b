/** Who may do what in our SageMaker and Greengrass: signatures, policies, roles and their trust, by ministack's IAM. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateComponentVersionCommand,
  CreateDeploymentCommand,
  GreengrassV2Client,
  ListComponentsCommand,
  ListEffectiveDeploymentsCommand,
} from '@aws-sdk/client-greengrassv2';
import { IAMClient } from '@aws-sdk/client-iam';
import { CreateThingGroupCommand, IoTClient } from '@aws-sdk/client-iot';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateModelPackageCommand,
  CreateModelPackageGroupCommand,
  CreatePipelineCommand,
  CreateProcessingJobCommand,
  type CreateProcessingJobCommandInput,
  DescribePipelineExecutionCommand,
  DescribeProcessingJobCommand,
  ListPipelineExecutionStepsCommand,
  ListPipelinesCommand,
  SageMakerClient,
  StartPipelineExecutionCommand,
} from '@aws-sdk/client-sagemaker';
import { startGreengrass } from '../../greengrass/start-greengrass';
import { MinistackIam } from '../../iam/iam';
import type { Ministack } from '../../launcher/ministack';
import { type SageMakerProgress, startSageMaker } from '../../sagemaker/start-sagemaker';
import type { TemporaryCredentials } from '../../shared/credential-cache';
import type { RunningService } from '../../shared/running-service';
import { startTestMinistack } from '../greengrass/running-ministack';
import { eventually } from '../greengrass/simulated-device';
import { PYTHON } from '../python';
import { allow, createServiceRole } from '../service-role';

const REGION = 'us-east-1';
const ACCOUNT = '000000000000';
const ROOT = { accessKeyId: 'test', secretAccessKey: 'test' };
const BUCKET = 'artifacts';
const GROUP_ARN = `arn:aws:iot:${REGION}:${ACCOUNT}:thinggroup/canary`;
const roleArn = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const sagemakerArn = (rest: string) => `arn:aws:sagemaker:${REGION}:${ACCOUNT}:${rest}`;
const greengrassArn = (rest: string) => `arn:aws:greengrass:${REGION}:${ACCOUNT}:${rest}`;

const work = mkdtempSync(join(tmpdir(), 'authorization-test-'));
const progress: SageMakerProgress[] = [];
const services: RunningService[] = [];
const clients: Array<{ destroy(): void }> = [];
let ministack: Ministack;
let iam: IAMClient;
let session: TemporaryCredentials;
let endpoints: { sagemaker: string; greengrass: string };

function sagemakerOf(credentials: object): SageMakerClient {
  const client = new SageMakerClient({
    endpoint: endpoints.sagemaker,
    region: REGION,
    credentials: credentials as typeof ROOT,
    maxAttempts: 1,
  });
  clients.push(client);
  return client;
}

function greengrassOf(credentials: object): GreengrassV2Client {
  const client = new GreengrassV2Client({
    endpoint: endpoints.greengrass,
    region: REGION,
    credentials: credentials as typeof ROOT,
    maxAttempts: 1,
  });
  clients.push(client);
  return client;
}

const keys = ({ accessKeyId, secretAccessKey, sessionToken }: TemporaryCredentials) => ({
  accessKeyId,
  secretAccessKey,
  sessionToken,
});

/** AWS's sentence for a caller whose policies say nothing. */
const sentence = (action: string, resource: string) =>
  `User: arn:aws:sts::${ACCOUNT}:assumed-role/caller/function is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`;

const denied = (action: string, resource: string) => ({
  name: 'AccessDeniedException',
  message: sentence(action, resource),
});

beforeAll(async () => {
  ministack = await startTestMinistack();
  const shared = {
    awsEndpointUrl: ministack.url,
    region: REGION,
    accountId: ACCOUNT,
    credentials: ROOT,
  };
  const sagemaker = await startSageMaker({
    ...shared,
    stateDirectory: join(work, 'sagemaker'),
    interpreters: [{ imagePattern: /python/, pythonPath: PYTHON }],
    searchPython: PYTHON,
    onProgress: (event) => progress.push(event),
  });
  services.push(sagemaker);
  const greengrass = await startGreengrass({ ...shared, iotEndpoint: ministack.iot });
  services.push(greengrass);
  endpoints = { sagemaker: sagemaker.url, greengrass: greengrass.url };
  const client = { endpoint: ministack.url, region: REGION, credentials: ROOT };
  iam = new IAMClient(client);
  const s3 = new S3Client({ ...client, forcePathStyle: true });
  const iot = new IoTClient(client);
  clients.push(iam, s3, iot);
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'probe.bin', Body: 'probe' }));
  await iot.send(new CreateThingGroupCommand({ thingGroupName: 'canary' }));
  await sagemakerOf(ROOT).send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: 'models' }));
  await createServiceRole(iam, { name: 'caller', service: 'lambda.amazonaws.com' });
  session = await new MinistackIam(ministack.url).assumeRole({
    roleArn: roleArn('caller'),
    service: 'lambda.amazonaws.com',
    sourceArn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:function`,
    sessionName: 'function',
  });
});

afterAll(async () => {
  for (const client of clients) client.destroy();
  for (const service of services.reverse()) await service.stop();
  await ministack?.stop();
  rmSync(work, { recursive: true, force: true });
});

test.each([
  ['its role', roleArn('of-principal-a'), true],
  ['the session itself', `arn:aws:sts::${ACCOUNT}:assumed-role/of-principal-b/function`, false],
])('aws:PrincipalArn of a session is not another than its role: %s', async (_, principal, isAllowed) => {
  const name = isAllowed ? 'of-principal-a' : 'of-principal-b';
  await createServiceRole(iam, {
    name,
    service: 'lambda.amazonaws.com',
    allow: [['sagemaker:ListPipelines', '*', { ArnEquals: { 'aws:PrincipalArn': principal } }]],
  });
  const own = await new MinistackIam(ministack.url).assumeRole({
    roleArn: roleArn(name),
    service: 'lambda.amazonaws.com',
    sourceArn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:function`,
    sessionName: 'function',
  });
  const listed = sagemakerOf(keys(own)).send(new ListPipelinesCommand({}));
  await (isAllowed
    ? expect(listed).resolves.toMatchObject({ PipelineSummaries: [] })
    : expect(listed).rejects.toMatchObject({ name: 'AccessDeniedException' }));
});

describe('a request is refused', () => {
  test('without a signature', async () => {
    const target = { 'x-amz-target': 'SageMaker.ListPipelines' };
    const json = await fetch(endpoints.sagemaker, { method: 'POST', headers: target, body: '{}' });
    expect(json.status).toBe(400);
    expect(await json.json()).toMatchObject({ __type: 'MissingAuthenticationTokenException' });
    const rest = await fetch(`${endpoints.greengrass}/greengrass/v2/components`);
    expect(rest.status).toBe(403);
    expect(rest.headers.get('x-amzn-errortype')).toBe('MissingAuthenticationTokenException');
  });

  test.each([
    [
      'with a key that nobody has',
      () => ({ accessKeyId: 'AKIAUNKNOWN', secretAccessKey: 'x' }),
      'UnrecognizedClientException',
    ],
    [
      'of a session without its token',
      () => ({ ...keys(session), sessionToken: undefined }),
      'UnrecognizedClientException',
    ],
    [
      'with another token',
      () => ({ ...keys(session), sessionToken: 'other' }),
      'UnrecognizedClientException',
    ],
    [
      'signed with another secret',
      () => ({ ...keys(session), secretAccessKey: 'other' }),
      'InvalidSignatureException',
    ],
  ])('%s', async (_what, credentials, name) => {
    await expect(sagemakerOf(credentials()).send(new ListPipelinesCommand({}))).rejects.toMatchObject({
      name,
    });
    await expect(greengrassOf(credentials()).send(new ListComponentsCommand({}))).rejects.toMatchObject({
      name,
    });
  });

  test('of a session that has ended', async () => {
    const answer = await fetch(`${ministack.url}/_local-aws/assume-role`, {
      method: 'POST',
      body: JSON.stringify({
        roleArn: roleArn('caller'),
        service: 'lambda.amazonaws.com',
        sourceArn: 'arn:aws:lambda:x',
        sessionName: 'function',
        durationSeconds: -1,
      }),
    });
    const ended = keys((await answer.json()) as TemporaryCredentials);
    await expect(sagemakerOf(ended).send(new ListPipelinesCommand({}))).rejects.toMatchObject({
      name: 'ExpiredTokenException',
    });
  });

  test('that its policies do not allow, in one sentence with action and resource', async () => {
    await expect(sagemakerOf(keys(session)).send(new ListPipelinesCommand({}))).rejects.toMatchObject(
      denied('sagemaker:ListPipelines', '*'),
    );
    await expect(greengrassOf(keys(session)).send(new ListComponentsCommand({}))).rejects.toMatchObject({
      ...denied('greengrass:ListComponents', '*'),
      $metadata: { httpStatusCode: 403 },
    });
  });
});

describe('SageMaker', () => {
  const register = (ModelApprovalStatus: 'Approved' | 'PendingManualApproval') =>
    sagemakerOf(keys(session)).send(
      new CreateModelPackageCommand({
        ModelPackageGroupName: 'models',
        ModelApprovalStatus,
        InferenceSpecification: { Containers: [{ Image: 'python' }] },
      }),
    );

  test('takes the approval of a model package as a condition', async () => {
    const resource = sagemakerArn('model-package/models/*');
    await allow(iam, 'caller', [['sagemaker:CreateModelPackage', resource]]);
    await register('PendingManualApproval');
    await allow(iam, 'caller', [
      [
        'sagemaker:CreateModelPackage',
        resource,
        { StringEquals: { 'sagemaker:ModelApprovalStatus': 'PendingManualApproval' } },
      ],
    ]);
    await register('PendingManualApproval');
    await expect(register('Approved')).rejects.toMatchObject(
      denied('sagemaker:CreateModelPackage', sagemakerArn('model-package/models/3')),
    );
  });

  const ASKS_FOR_CREDENTIALS = `
import json, urllib.request
assert not [name for name in os.environ if "ACCESS_KEY" in name]
headers = {"Authorization": os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]}
request = urllib.request.Request(os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"], headers=headers)
print("session", sorted(json.load(urllib.request.urlopen(request))))
open(os.environ["SAGEMAKER_BASE_DIR"] + "/processing/out/done", "w").write("done")
`;
  const job = (name: string, role: string, more: object = {}): CreateProcessingJobCommandInput => ({
    ProcessingJobName: name,
    RoleArn: roleArn(role),
    AppSpecification: {
      ImageUri: 'python',
      ContainerEntrypoint: ['python3', '-c', 'import os; exec(os.environ["SCRIPT"])'],
    },
    Environment: { SCRIPT: ASKS_FOR_CREDENTIALS },
    ProcessingOutputConfig: {
      Outputs: [
        {
          OutputName: 'out',
          S3Output: {
            S3Uri: `s3://${BUCKET}/out`,
            LocalPath: '/opt/ml/processing/out',
            S3UploadMode: 'EndOfJob',
          },
        },
      ],
    },
    ProcessingResources: {
      ClusterConfig: { InstanceCount: 1, InstanceType: 'ml.m5.large', VolumeSizeInGB: 1 },
    },
    ...more,
  });
  const start = (input: CreateProcessingJobCommandInput) =>
    sagemakerOf(keys(session)).send(new CreateProcessingJobCommand(input));
  const ended = (ProcessingJobName: string) =>
    eventually(async () => {
      const found = await sagemakerOf(ROOT).send(new DescribeProcessingJobCommand({ ProcessingJobName }));
      return found.ProcessingJobStatus === 'InProgress' ? undefined : found;
    });

  test('asks for the right to pass a role and to tag what is created', async () => {
    const jobs = sagemakerArn('processing-job/*');
    await createServiceRole(iam, { name: 'job', service: 'sagemaker.amazonaws.com' });
    await allow(iam, 'caller', [['sagemaker:CreateProcessingJob', jobs]]);
    await expect(start(job('first', 'job'))).rejects.toMatchObject(denied('iam:PassRole', roleArn('job')));
    const passing = [
      'iam:PassRole',
      roleArn('job'),
      { StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' } },
    ] as const;
    await allow(iam, 'caller', [['sagemaker:CreateProcessingJob', jobs], passing]);
    await expect(start(job('first', 'job', { Tags: [{ Key: 'a', Value: 'b' }] }))).rejects.toMatchObject(
      denied('sagemaker:AddTags', sagemakerArn('processing-job/first')),
    );
  });

  test.each([
    ['another service', 'lambda.amazonaws.com', {}],
    [
      'SageMaker on behalf of others',
      'sagemaker.amazonaws.com',
      { ArnLike: { 'aws:SourceArn': 'arn:aws:sagemaker:*:111122223333:*' } },
    ],
  ])('cannot assume a role that trusts %s', async (what, service, condition) => {
    const name = `untrusting-${what.length}`;
    await createServiceRole(iam, { name, service, condition });
    await allow(iam, 'caller', [
      ['sagemaker:CreateProcessingJob', sagemakerArn('processing-job/*')],
      ['iam:PassRole', roleArn(name)],
    ]);
    await expect(start(job('untrusted', name))).rejects.toMatchObject({
      name: 'ValidationException',
      message: `Could not assume role ${roleArn(name)}. Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to assume the role.`,
    });
  });

  test("a job has its role's credentials and rights, and no others", async () => {
    const may = [
      ['sagemaker:CreateProcessingJob', sagemakerArn('processing-job/*')],
      ['iam:PassRole', roleArn('job')],
    ] as const;
    await allow(iam, 'caller', may);
    await start(job('without', 'job'));
    const without = await ended('without');
    expect(without.ProcessingJobStatus).toBe('Failed');
    expect(without.FailureReason).toMatch(
      `ClientError: Data upload failed: s3://${BUCKET}/out/done: AccessDenied: User: arn:aws:sts::${ACCOUNT}:assumed-role/job/SageMaker is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::${BUCKET}/out/done" because no identity-based policy allows the s3:PutObject action`,
    );
    await allow(iam, 'job', [['s3:PutObject', `arn:aws:s3:::${BUCKET}/out/*`]]);
    await start(job('with', 'job'));
    expect(await ended('with')).toMatchObject({ ProcessingJobStatus: 'Completed' });
    const lines = progress.flatMap((event) => (event.kind === 'log' ? [event.line] : []));
    expect(lines).toContain("session ['AccessKeyId', 'Expiration', 'SecretAccessKey', 'Token']");
  });
});

describe('a pipeline', () => {
  const register = (ModelApprovalStatus: string) => ({
    Version: '2020-12-01',
    Steps: [
      {
        Name: 'Register',
        Type: 'RegisterModel',
        Arguments: {
          ModelPackageGroupName: 'models',
          ModelApprovalStatus,
          InferenceSpecification: { Containers: [{ Image: 'python' }] },
        },
      },
    ],
  });
  /** @returns why its step failed, if it did */
  async function run(name: string, definition: object): Promise<string | undefined> {
    const sagemaker = sagemakerOf(ROOT);
    await sagemaker.send(
      new CreatePipelineCommand({
        PipelineName: name,
        RoleArn: roleArn('pipeline'),
        PipelineDefinition: JSON.stringify(definition),
      }),
    );
    const { PipelineExecutionArn } = await sagemaker.send(
      new StartPipelineExecutionCommand({ PipelineName: name }),
    );
    await eventually(async () => {
      const found = await sagemaker.send(new DescribePipelineExecutionCommand({ PipelineExecutionArn }));
      return found.PipelineExecutionStatus === 'Executing' ? undefined : true;
    });
    const { PipelineExecutionSteps } = await sagemaker.send(
      new ListPipelineExecutionStepsCommand({ PipelineExecutionArn }),
    );
    return PipelineExecutionSteps?.[0]?.FailureReason;
  }

  test('acts as its role, and fails with what that may not', async () => {
    const action = 'sagemaker:CreateModelPackage';
    const resource = sagemakerArn('model-package/models/*');
    const waiting = { StringEquals: { 'sagemaker:ModelApprovalStatus': 'PendingManualApproval' } };
    expect(await run('roleless', register('PendingManualApproval'))).toMatch('Could not assume role');
    await createServiceRole(iam, {
      name: 'pipeline',
      service: 'sagemaker.amazonaws.com',
      allow: [[action, resource, waiting]],
    });
    expect(await run('waiting', register('PendingManualApproval'))).toBeUndefined();
    expect(await run('approving', register('Approved'))).toMatch(
      new RegExp(
        `^ClientError: Failed to invoke ${action}. Error Details: User: arn:aws:sts::${ACCOUNT}:assumed-role/pipeline/SageMaker is not authorized to perform: ${action} on resource: ${sagemakerArn('model-package/models/')}\\d+ because no identity-based policy allows the ${action} action$`,
      ),
    );
  });
});

describe('Greengrass', () => {
  const shadows = [
    'iot:GetThingShadow',
    'iot:UpdateThingShadow',
    'iot:DeleteThingShadow',
    'iot:DescribeThing',
  ];
  const iotArn = (rest: string) => `arn:aws:iot:${REGION}:${ACCOUNT}:${rest}`;
  const jobs = ['iot:CreateJob', 'iot:DescribeJob', 'iot:CancelJob', 'iot:UpdateJob'];
  const needed = [
    [shadows, iotArn('thing/*')],
    [jobs, [iotArn('job/*'), GROUP_ARN]],
    ['iot:DescribeThingGroup', GROUP_ARN],
  ] as const;
  const deploy = () =>
    greengrassOf(keys(session)).send(new CreateDeploymentCommand({ targetArn: GROUP_ARN, components: {} }));

  test('a deployment is no resource, and takes the rights in AWS IoT that it is made with', async () => {
    await allow(iam, 'caller', [['greengrass:CreateDeployment', greengrassArn('deployments:*')], ...needed]);
    await expect(deploy()).rejects.toMatchObject(denied('greengrass:CreateDeployment', '*'));
    await allow(iam, 'caller', [['greengrass:CreateDeployment', '*'], ...needed.slice(1)]);
    await expect(deploy()).rejects.toMatchObject(denied('iot:DescribeThing', iotArn('thing/*')));
    await allow(iam, 'caller', [['greengrass:CreateDeployment', '*'], ...needed]);
    await deploy();
  });

  test('so do the effective deployments of a device', async () => {
    await allow(iam, 'caller', [['greengrass:ListEffectiveDeployments', greengrassArn('coreDevices:*')]]);
    await expect(
      greengrassOf(keys(session)).send(new ListEffectiveDeploymentsCommand({ coreDeviceThingName: 'press' })),
    ).rejects.toMatchObject(denied('iot:DescribeJob', iotArn('job/*')));
  });

  test('artifacts are read with the rights of the caller', async () => {
    const inlineRecipe = Buffer.from(
      JSON.stringify({
        RecipeFormatVersion: '2020-01-25',
        ComponentName: 'com.example.Probe',
        ComponentVersion: '1.0.0',
        Manifests: [{ Artifacts: [{ Uri: `s3://${BUCKET}/probe.bin` }] }],
      }),
    );
    const create = () =>
      greengrassOf(keys(session)).send(new CreateComponentVersionCommand({ inlineRecipe }));
    const component = greengrassArn('components:com.example.Probe');
    await allow(iam, 'caller', [['greengrass:CreateComponentVersion', greengrassArn('components:other')]]);
    await expect(create()).rejects.toMatchObject(denied('greengrass:CreateComponentVersion', component));
    await allow(iam, 'caller', [['greengrass:CreateComponentVersion', component]]);
    await expect(create()).rejects.toThrow('probe.bin = Specified artifact resource cannot be accessed');
    await allow(iam, 'caller', [
      ['greengrass:CreateComponentVersion', component],
      ['s3:GetObject', `arn:aws:s3:::${BUCKET}/*`],
    ]);
    await create();
  });
});
