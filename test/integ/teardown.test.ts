/** An environment on the local AWS is filled, destroyed, and deployed again. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CreateComponentVersionCommand, CreateDeploymentCommand } from '@aws-sdk/client-greengrassv2';
import {
  AttachPolicyCommand,
  CreateKeysAndCertificateCommand,
  DescribeThingGroupCommand,
} from '@aws-sdk/client-iot';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateModelPackageCommand, StartPipelineExecutionCommand } from '@aws-sdk/client-sagemaker';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { type LocalAws, startLocalAws } from '@kaizen-edge/local-aws';
import { askEndpoints } from '../../cli/device/check/endpoints';
import { configureDevices } from '../../cli/device/configure-devices';
import { DeviceFolder, type ThingFile } from '../../cli/device/device-folder';
import { provisionDevice } from '../../cli/device/provision-device';
import { describeEnvironment, type KaizenEnvironment } from '../../cli/shared/environment';
import { destroyEnvironment } from '../../cli/teardown/destroy-environment';
import type { Choices } from '../../cli/teardown/holdings';
import { type DemoClients, makeClients } from '../../demo/clients';
import { bootstrapLocalAws, deployToLocalAws } from '../../demo/deploy';
import { blobKey, modelComponentName, releaseItemKey } from '../../lambda/registry/names';
import { captureImageKey } from '../../lambda/telemetry/names';
import { buildCheckDevice } from '../../scripts/build-check-device';
import { LOCAL_AWS_SETTINGS } from '../../scripts/local-aws';
import { aLabel } from '../lambda/shared/builders';

jest.setTimeout(300_000);

const THING = 'line-1';
const CONFIGURATION = join(__dirname, '../../contracts/examples/configuration-document.json');
const CHOICES: Choices = {
  devices: 'delete',
  dataset: 'keep',
  models: 'export',
  telemetry: 'delete',
  components: 'delete',
  logs: 'delete',
};

let folder: string;
let aws: LocalAws;
let clients: DemoClients;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kaizen-teardown-'));
  const onCrash = (message: string) => {
    throw new Error(message);
  };
  aws = await startLocalAws({ ...LOCAL_AWS_SETTINGS, workDirectory: join(folder, 'aws'), onCrash });
  clients = makeClients(aws);
});

afterAll(async () => {
  await aws?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function deploy(): Promise<KaizenEnvironment> {
  const { signal } = new AbortController();
  const options = { aws, directory: folder, onLine: () => {}, signal };
  await bootstrapLocalAws(options);
  return deployToLocalAws(options);
}

/** `<kind> <name>` of everything, except for what the CDK bootstrap makes. */
async function everything(): Promise<string[]> {
  const script = join(__dirname, 'list_resources.py');
  const { stdout } = await promisify(execFile)(LOCAL_AWS_SETTINGS.python, [script], {
    env: { PATH: process.env.PATH, ...aws.environment },
  });
  return Object.entries(JSON.parse(stdout) as Record<string, string[]>)
    .flatMap(([kind, names]) => names.map((name) => `${kind} ${name}`))
    .filter((name) => !/cdk-hnb659fds|CDKToolkit|CdkBootstrap/.test(name));
}

async function putObject(Bucket: string, Key: string, Body = Key): Promise<void> {
  await clients.s3.send(new PutObjectCommand({ Bucket, Key, Body }));
}

async function createModelPackage(environment: KaizenEnvironment): Promise<void> {
  const bucket = environment.output('ModelBucketName');
  await putObject(bucket, 'model.tar.gz');
  await clients.sageMaker.send(
    new CreateModelPackageCommand({
      ModelPackageGroupName: environment.output('ModelPackageGroupName'),
      InferenceSpecification: {
        Containers: [{ Image: 'an-image', ModelDataUrl: `s3://${bucket}/model.tar.gz` }],
        SupportedContentTypes: ['image/png'],
        SupportedResponseMIMETypes: ['application/json'],
      },
    }),
  );
}

/** A deployment that no device has begun, of a component that outlives every stack. */
async function deployModel(environment: KaizenEnvironment): Promise<void> {
  const name = modelComponentName({ environmentName: environment.name, useCase: environment.useCase });
  const recipe = {
    RecipeFormatVersion: '2020-01-25',
    ComponentName: name,
    ComponentVersion: '1.0.1',
    Manifests: [{ Lifecycle: {} }],
  };
  await clients.greengrass.send(
    new CreateComponentVersionCommand({ inlineRecipe: Buffer.from(JSON.stringify(recipe)) }),
  );
  const group = await clients.iot.send(
    new DescribeThingGroupCommand({ thingGroupName: environment.output('CanaryGroupName') }),
  );
  await clients.greengrass.send(
    new CreateDeploymentCommand({
      targetArn: group.thingGroupArn,
      components: { [name]: { componentVersion: '1.0.1' } },
    }),
  );
}

/** What the first run of a provisioning leaves that was cut off between its calls. */
async function leaveCertificate(environment: KaizenEnvironment): Promise<void> {
  const { certificateArn } = await clients.iot.send(
    new CreateKeysAndCertificateCommand({ setAsActive: true }),
  );
  await clients.iot.send(
    new AttachPolicyCommand({ policyName: environment.output('DevicePolicyName'), target: certificateArn }),
  );
}

/** A device's files, for the endpoints of the local AWS. */
async function provision(environment: KaizenEnvironment): Promise<void> {
  const rootCa = join(folder, 'root-ca.pem');
  writeFileSync(rootCa, [aws.iot.caPath, aws.gateway.caPath].map((path) => readFileSync(path)).join(''));
  const files = join(folder, THING);
  const checkProgram = await buildCheckDevice(folder);
  const options = { thingName: THING, wave: 'canary', folder: files, rootCa, checkProgram } as const;
  await provisionDevice(clients, environment, options);
}

/** What is wrong with each of the device's endpoints, asked as the device asks them. */
async function endpointProblems(): Promise<Record<string, string | undefined>> {
  const files = new DeviceFolder(join(folder, THING));
  const facts = await askEndpoints(files.path, (await files.thing()) as ThingFile);
  return Object.fromEntries(facts.map(({ purpose, problem }) => [purpose, problem]));
}

/** Something of everything that a used environment holds. */
async function use(environment: KaizenEnvironment): Promise<void> {
  const { useCase } = environment;
  const modelBucket = environment.output('ModelBucketName');
  const blob = blobKey('0'.repeat(64), 'model.onnx');
  await provision(environment);
  await leaveCertificate(environment);
  await deployModel(environment);
  await configureDevices(clients, environment, { file: CONFIGURATION, wave: 'canary' });
  await createModelPackage(environment);
  // Two versions, and another object that only looks deleted.
  await putObject(modelBucket, blob, 'first');
  await putObject(modelBucket, blob, 'second');
  await putObject(modelBucket, `${blob}.old`);
  await clients.s3.send(new DeleteObjectCommand({ Bucket: modelBucket, Key: `${blob}.old` }));
  await putObject(environment.output('DatasetBucketName'), 'kept.jpg');
  await putObject(
    environment.output('TelemetryBucketName'),
    captureImageKey(useCase, { deviceId: THING, captureId: 'c-1' }),
  );
  const put = (table: string, Item: object) =>
    clients.dynamoDb.send(new PutCommand({ TableName: environment.output(table), Item: { ...Item } }));
  await put('ReleaseTableName', { useCase, item: releaseItemKey(1), status: 'READY' });
  await put('LabelTableName', aLabel({ captureId: 'c-1' }));
  await clients.sageMaker.send(
    new StartPipelineExecutionCommand({
      PipelineName: environment.output('PipelineName'),
      PipelineParameters: [{ Name: 'DatasetManifestUri', Value: `s3://${modelBucket}/no-such.jsonl` }],
    }),
  );
}

/** The command, by those clients; what it printed. */
async function destroy(choices: Choices, by = clients, execute = true): Promise<string> {
  const lines: string[] = [];
  const environment = await describeEnvironment(clients, 'local');
  const options = { choices, exportFolder: join(folder, 'export'), dryRun: !execute };
  await destroyEnvironment(by, environment, options, (text) => lines.push(text));
  return lines.join('\n');
}

/** Clients whose connection is lost when the first bucket is to be emptied. */
function dyingClients(): DemoClients {
  const s3 = Object.create(clients.s3) as DemoClients['s3'];
  s3.send = ((command: object) =>
    command.constructor.name === 'DeleteObjectsCommand'
      ? Promise.reject(new Error('connection lost'))
      : clients.s3.send(command as never)) as DemoClients['s3']['send'];
  return { ...clients, s3 };
}

test('[B10] destroy leaves what was chosen and nothing else, also when it dies half-way; then it deploys again', async () => {
  const before = await everything();
  const environment = await deploy();
  await use(environment);
  const deployed = await everything();
  expect(await endpointProblems()).toEqual({
    MQTT: undefined,
    credentials: undefined,
    Greengrass: undefined,
  });

  await expect(destroy({ ...CHOICES, devices: undefined })).rejects.toThrow(`--devices delete (${THING})`);
  await expect(destroy(CHOICES, clients, false)).resolves.toContain(`decommission device ${THING}`);
  expect(await everything()).toEqual(deployed);

  await expect(destroy(CHOICES, dyingClients())).rejects.toThrow('connection lost');
  const left = (await everything()).filter((name) => !before.includes(name));
  expect(left.filter((name) => name.startsWith('stack'))).toEqual(['stack kaizen-local-data']);
  await destroy(CHOICES);
  const [, keyId] = environment.output('EncryptionKeyArn').split('/');
  const chosen = [
    `bucket ${environment.output('DatasetBucketName')}`,
    `key ${keyId}`,
    `table ${environment.output('LabelTableName')}`,
  ];
  expect((await everything()).filter((name) => !before.includes(name)).sort()).toEqual(chosen);
  const exported = readdirSync(join(folder, 'export'));
  expect(exported.sort()).toEqual(['ModelBucketName', 'ReleaseTableName.jsonl', 'model-packages']);
  expect(
    readFileSync(join(folder, 'export', 'ModelBucketName', blobKey('0'.repeat(64), 'model.onnx')), 'utf8'),
  ).toBe('second');
  await expect(destroy(CHOICES)).resolves.toBe('Nothing is left of environment local');
  expect(await endpointProblems()).toMatchObject({
    credentials: expect.stringMatching(/^HTTP 403: the certificate has no right/),
    Greengrass: expect.stringMatching(/^HTTP 403: the certificate has no right/),
  });

  const again = await deploy();
  expect(again.output('DatasetBucketName')).not.toBe(environment.output('DatasetBucketName'));
});
