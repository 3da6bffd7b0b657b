/**
 * Environments as they are deployed, delivered, changed, broken, destroyed and deployed again, two of them in one account and
 * region: the real stacks, the unmodified CDK CLI and what the delivery pipeline would do, the functions in the local AWS.
 * Models are made by hand.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UpdateTerminationProtectionCommand } from '@aws-sdk/client-cloudformation';
import { ListComponentsCommand, ListComponentVersionsCommand } from '@aws-sdk/client-greengrassv2';
import {
  AddThingToThingGroupCommand,
  CreateThingCommand,
  CreateThingGroupCommand,
  DeleteThingCommand,
  DeleteThingGroupCommand,
  ListThingsInThingGroupCommand,
  RemoveThingFromThingGroupCommand,
} from '@aws-sdk/client-iot';
import { UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { DeleteObjectsCommand, ListObjectVersionsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  CreateModelPackageCommand,
  DeleteModelPackageCommand,
  ListModelPackagesCommand,
} from '@aws-sdk/client-sagemaker';
import { ListExecutionsCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { LOCAL_ACCOUNT_ID, LOCAL_REGION, type LocalAws, startLocalAws } from '@kaizen-edge/local-aws';
import { App } from 'aws-cdk-lib';
import cdkJson from '../../cdk.json';
import { detectDrift, formatDrift } from '../../cli/delivery/detect-drift';
import { approveModelPackage } from '../../cli/registry/decide-model-package';
import { describeEnvironment, type KaizenEnvironment } from '../../cli/shared/environment';
import { local } from '../../config/local';
import type { AppConfig } from '../../contracts';
import { s3Uri } from '../../contracts/s3-address';
import { type DemoClients, makeClients } from '../../demo/clients';
import { deployedEnvironment, runCdk } from '../../demo/deploy';
import { waitFor } from '../../demo/waiting';
import { REGISTRY_VARIABLES, releaseIdOf } from '../../lambda/registry/names';
import type { ReleaseStatus } from '../../lambda/registry/release-items';
import { type ReleaseState, RolloutTable } from '../../lambda/rollout/rollout-table';
import { RESULT_PREFIX } from '../../lambda/telemetry/names';
import { executionPrefix } from '../../lambda/training/names';
import { DeliveryPipelineStack } from '../../lib/delivery/pipeline/delivery-pipeline-stack';
import { EdgeMlopsStage } from '../../lib/edge-mlops-stage';
import { buildAll } from '../../scripts/build-handlers';
import { LOCAL_AWS_SETTINGS } from '../../scripts/local-aws';
import { anExport, sha256Of } from '../lambda/registry/builders';
import { aBatch, aLabel, aMessage, aResult } from '../lambda/shared/builders';
import { DeliveryExecution } from './delivery-execution';

// Only ends what hangs: a deployment of four stacks is half a minute on an idle machine.
jest.setTimeout(600_000);

const PLANT = { ...local, environmentName: 'plant' };
const PLANT_7 = { ...local, environmentName: 'plant-7' };
/** As in production: what has state outlives its stack, which refuses to be deleted. */
const KEPT: AppConfig = { ...local, environmentName: 'kept', removal: 'retain' };

const COMPARED_SOON = { pollMilliseconds: 200, timeoutMilliseconds: 60_000 };

const { signal } = new AbortController();
let folder: string;
let aws: LocalAws;
let clients: DemoClients;
let syntheses = 0;

const cdk = (...args: string[]) => runCdk({ aws, directory: folder, onLine: () => undefined, signal }, args);

/** @returns folder of the cloud assembly */
function synthesize(config: AppConfig): string {
  syntheses += 1;
  const app = new App({ outdir: join(folder, `cdk.out-${syntheses}`), context: cdkJson.context });
  new EdgeMlopsStage(app, config);
  return app.synth().directory;
}

/** @param stack of the environment, with those that it reads from. @default - all */
async function deploy(
  config: AppConfig,
  { stack = '*', assembly = synthesize(config) }: { stack?: string; assembly?: string } = {},
): Promise<KaizenEnvironment> {
  const outputs = join(folder, `outputs-${config.environmentName}.json`);
  await cdk(
    ...['deploy', `${config.environmentName}/${stack}`, `--app=${assembly}`, `--outputs-file=${outputs}`],
    ...['--require-approval=never', '--concurrency=4'],
  );
  return deployedEnvironment(config.environmentName, outputs);
}

/** By the roles of the bootstrap stack, as nobody's own credentials could. */
const delivered = (config: AppConfig): AppConfig => ({ ...config, synthesizer: 'default' });

/**
 * What `cdk synth` writes of the pipeline's app: PLANT is deployed first, and PLANT_7 after an approval.
 * @param settings of both environments that the commit changes
 * @returns folder of the cloud assembly
 */
function synthesizePipeline(settings: Partial<AppConfig> = {}): string {
  syntheses += 1;
  const context = { ...cdkJson.context, 'aws:cdk:enable-path-metadata': true };
  const app = new App({ outdir: join(folder, `cdk.out-${syntheses}`), context });
  const connection = `${LOCAL_REGION}:${LOCAL_ACCOUNT_ID}:connection/00000000-0000-4000-8000-000000000000`;
  const stage = (config: AppConfig, approval: 'none' | 'manual') => ({
    config: delivered({ ...config, ...settings }),
    approval,
    healthyDevices: 0,
  });
  new DeliveryPipelineStack(app, {
    repository: 'owner/name',
    branch: 'main',
    subscriptions: [],
    stages: [stage(PLANT, 'none'), stage(PLANT_7, 'manual')],
    pipeline: {
      account: LOCAL_ACCOUNT_ID,
      region: LOCAL_REGION,
      connectionArn: `arn:aws:codeconnections:${connection}`,
      driftCheckHours: 24,
    },
  });
  return app.synth().directory;
}

/** As whoever has misspelled the name of a table: the commit deploys, and its evaluation of the field cannot run. */
function damageEvaluation(stage: string): void {
  const file = join(
    stage,
    readdirSync(stage).find((name) => /^plantOperations.*\.template\.json$/.test(name)) ?? '',
  );
  const template = JSON.parse(readFileSync(file, 'utf8'));
  const [evaluation] = Object.entries<{ Type: string; Properties: AppliedFunction }>(
    template.Resources,
  ).filter(([id, { Type }]) => Type === 'AWS::Lambda::Function' && id.startsWith('MonitoringEvaluateDrift'));
  if (evaluation === undefined) throw new Error('there is no evaluation');
  evaluation[1].Properties.Environment.Variables[REGISTRY_VARIABLES.releaseTable] = 'no-such-table';
  writeFileSync(file, JSON.stringify(template));
}

interface AppliedFunction {
  readonly Environment: { readonly Variables: Record<string, unknown> };
}

/** One execution of the pipeline that nobody has started yet. */
const execution = (assembly: string, approve: (page: string) => boolean = () => true) =>
  new DeliveryExecution({ aws, clients, folder, assembly, approve });

const rollouts = (environment: KaizenEnvironment) =>
  new RolloutTable(clients.dynamoDb, environment.output('ReleaseTableName'), environment.useCase);

/** Registers a model as the pipeline would, and approves it as a person would. */
async function approveAModel(environment: KaizenEnvironment): Promise<void> {
  const bucket = environment.output('ModelBucketName');
  const prefix = `${executionPrefix('by-hand')}export/`;
  const exported = JSON.stringify(anExport({ useCase: environment.useCase }));
  const files = {
    'export.json': exported,
    'model-int8.onnx': 'weights',
    'golden-1.png': 'picture',
    'model.tar.gz': 'archive',
  };
  for (const [name, Body] of Object.entries(files)) {
    await clients.s3.send(new PutObjectCommand({ Bucket: bucket, Key: `${prefix}${name}`, Body }));
  }
  const { ModelPackageArn } = await clients.sageMaker.send(
    new CreateModelPackageCommand({
      ModelPackageGroupName: environment.output('ModelPackageGroupName'),
      ModelApprovalStatus: 'PendingManualApproval',
      InferenceSpecification: {
        Containers: [{ Image: local.training.image, ModelDataUrl: s3Uri(bucket, `${prefix}model.tar.gz`) }],
        SupportedContentTypes: ['application/x-npy'],
        SupportedResponseMIMETypes: ['application/json'],
      },
      CustomerMetadataProperties: {
        useCase: environment.useCase,
        exportUri: s3Uri(bucket, prefix),
        exportSha256: sha256Of(Buffer.from(exported)),
      },
    }),
  );
  await approveModelPackage(clients, environment, {
    version: Number(ModelPackageArn?.split('/').at(-1)),
    reason: 'made for this test',
  });
}

/** There are no devices: whatever is right is in service as soon as it has been deployed to both groups. */
const inService = (environment: KaizenEnvironment, counter: number) =>
  seen(environment, counter, 'IN_SERVICE');

const seen = (
  environment: KaizenEnvironment,
  counter: number,
  status: ReleaseStatus,
): Promise<ReleaseState> =>
  waitFor({ what: `release ${counter} ${status}`, timeoutSeconds: 240, signal }, async () =>
    (await rollouts(environment).releaseStates()).find(
      (state) => state.counter === counter && state.status === status,
    ),
  );

/** Versions of a component, newest first. */
async function versionsOf(name: string): Promise<(string | undefined)[]> {
  const arn = `arn:aws:greengrass:${LOCAL_REGION}:${LOCAL_ACCOUNT_ID}:components:${name}`;
  const { componentVersions = [] } = await clients.greengrass.send(new ListComponentVersionsCommand({ arn }));
  return componentVersions.map(({ componentVersion }) => componentVersion);
}

async function keysOf(Bucket: string): Promise<string[]> {
  const { Versions = [] } = await clients.s3.send(new ListObjectVersionsCommand({ Bucket }));
  return Versions.map(({ Key = '' }) => Key);
}

/** What README asks of whoever destroys an environment. */
async function empty(environment: KaizenEnvironment): Promise<void> {
  for (const output of ['DatasetBucketName', 'ModelBucketName', 'TelemetryBucketName']) {
    const Bucket = environment.output(output);
    const { Versions = [], DeleteMarkers = [] } = await clients.s3.send(
      new ListObjectVersionsCommand({ Bucket }),
    );
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
    if (Objects.length > 0) await clients.s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  }
  const group = environment.output('ModelPackageGroupName');
  const { ModelPackageSummaryList = [] } = await clients.sageMaker.send(
    new ListModelPackagesCommand({ ModelPackageGroupName: group }),
  );
  for (const { ModelPackageArn } of ModelPackageSummaryList) {
    await clients.sageMaker.send(new DeleteModelPackageCommand({ ModelPackageName: ModelPackageArn }));
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kaizen-environments-'));
  await buildAll();
  aws = await startLocalAws({
    ...LOCAL_AWS_SETTINGS,
    workDirectory: join(folder, 'aws'),
    onCrash: (message) => {
      throw new Error(message);
    },
  });
  clients = makeClients(aws);
  await cdk('bootstrap', `aws://${LOCAL_ACCOUNT_ID}/${LOCAL_REGION}`);
});

afterAll(async () => {
  for (const client of Object.values(clients ?? {})) client.destroy();
  await aws?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('[D1] [C8] configuration A, B, A deploys, and devices get the version back that they know', async () => {
  const changed = { ...PLANT, device: { ...PLANT.device, statusIntervalSeconds: 60 } };
  const versions: string[] = [];
  for (const config of [PLANT, changed, PLANT]) {
    versions.push((await deploy(config, { stack: 'Fleet' })).output('InferenceComponentVersion'));
  }
  expect(versions[2]).toBe(versions[0]);
  expect(versions[1]).not.toBe(versions[0]);
  const found = await versionsOf('com.kaizenedge.plant.Inference');
  expect(found.sort()).toEqual([...new Set(versions)].sort());
});

describe('[C9] two environments side by side', () => {
  let plant: KaizenEnvironment;
  let plant7: KaizenEnvironment;

  /** Assembly of the first commit. */
  let first: string;

  beforeAll(async () => {
    first = synthesizePipeline();
    await execution(first).run();
    plant = await describeEnvironment(clients, PLANT.environmentName);
    plant7 = await describeEnvironment(clients, PLANT_7.environmentName);
  });

  test('a release of one is rolled out, and the other sees nothing', async () => {
    await approveAModel(plant7);
    await inService(plant7, 1);
    const batch = aBatch({
      useCase: plant7.useCase,
      records: [aResult({ releaseId: releaseIdOf(plant7.useCase, 1) })],
    });
    await clients.sqs.send(
      new SendMessageCommand({
        QueueUrl: plant7.output('ResultsQueueUrl'),
        MessageBody: aMessage(batch, { topicUseCase: plant7.useCase }),
      }),
    );
    const results = await waitFor({ what: 'results of plant-7', timeoutSeconds: 120, signal }, async () => {
      const keys = await keysOf(plant7.output('TelemetryBucketName'));
      return keys.length > 0 ? keys : undefined;
    });
    expect(results.every((key) => key.startsWith(RESULT_PREFIX))).toBe(true);

    const executions = (environment: KaizenEnvironment) =>
      clients.stepFunctions.send(
        new ListExecutionsCommand({ stateMachineArn: environment.output('RolloutStateMachineArn') }),
      );
    expect((await executions(plant7)).executions).not.toEqual([]);
    expect((await executions(plant)).executions).toEqual([]);
    expect(await rollouts(plant).releaseStates()).toEqual([]);
    expect(await keysOf(plant.output('TelemetryBucketName'))).toEqual([]);
    expect(await keysOf(plant.output('ModelBucketName'))).toEqual([]);
    const { components = [] } = await clients.greengrass.send(new ListComponentsCommand({}));
    expect(components.map(({ componentName }) => componentName).sort()).toEqual([
      'com.kaizenedge.plant-7.Inference',
      'com.kaizenedge.plant-7.model.SurfaceInspection',
      'com.kaizenedge.plant.Inference',
    ]);
  });

  describe('[D2] the next commits', () => {
    /** In the canary group of plant-7, and without a device behind it. */
    const thing = { thingName: 'line-2', thingGroupName: 'kaizen-plant-7-canary' };
    const label = aLabel({ captureId: 'kept' });
    const versionOf = async (name: string) =>
      (await describeEnvironment(clients, name)).output('InferenceComponentVersion');

    beforeAll(async () => {
      await clients.iot.send(new CreateThingCommand(thing));
      await clients.iot.send(new AddThingToThingGroupCommand(thing));
      await clients.dynamoDb.send(
        new PutCommand({ TableName: plant7.output('LabelTableName'), Item: label }),
      );
    });

    afterAll(async () => {
      await clients.iot.send(new RemoveThingFromThingGroupCommand(thing));
      await clients.iot.send(new DeleteThingCommand(thing));
    });

    /** Devices, releases and labels of plant-7, and where they are. */
    async function fleet(): Promise<object> {
      const environment = await describeEnvironment(clients, PLANT_7.environmentName);
      const { things } = await clients.iot.send(new ListThingsInThingGroupCommand(thing));
      const releases = await rollouts(environment).releaseStates();
      const TableName = environment.output('LabelTableName');
      const { Items } = await clients.dynamoDb.send(new ScanCommand({ TableName }));
      const outputs = ['ModelBucketName', 'ReleaseTableName', 'RoleAliasName', 'EncryptionKeyArn'];
      const places = [TableName, ...outputs.map((output) => environment.output(output))];
      return { things, releases, labels: Items, places };
    }

    test('the second execution updates running environments, and keeps devices, releases and labels', async () => {
      const before = await fleet();
      expect(before).toMatchObject({ things: ['line-2'], labels: [label] });
      const pages: string[] = [];
      const second = execution(
        synthesizePipeline({ device: { ...local.device, statusIntervalSeconds: 60 } }),
        (page) => pages.push(page) > 0,
      );
      await second.run();
      expect(second.actions.at(-1)).toBe('Verify-plant-7');
      expect(await fleet()).toEqual(before);
      expect(await versionOf('plant-7')).not.toBe(plant7.output('InferenceComponentVersion'));
      expect(await versionsOf('com.kaizenedge.plant-7.Inference')).toHaveLength(2);
      // What the person who approved has read.
      expect(pages).toEqual([expect.stringContaining('# What this deployment changes in plant-7')]);
      expect(pages[0]).toContain('- Nothing that devices, data or people rely on is taken away.');
      expect(pages[0]).toMatch(
        /plant-7\/Fleet\/Inference\/\S+ \| Custom::GreengrassComponentVersion \| changed in place/,
      );
    });

    test('a commit that breaks the first environment reaches no other one', async () => {
      const broken = synthesizePipeline();
      damageEvaluation(join(broken, 'assembly-plant'));
      const third = execution(broken);
      await expect(third.run()).rejects.toThrow(/Verify-plant failed[\s\S]*monitoring +FAILED/);
      expect(third.actions.filter((name) => name.includes('plant-7'))).toEqual([]);
    });

    test('the commit before, delivered again, takes it back: devices get the version that they know', async () => {
      const before = await fleet();
      await execution(first).run();
      expect(await fleet()).toEqual(before);
      expect(await versionOf('plant-7')).toBe(plant7.output('InferenceComponentVersion'));
    });

    test('a change by hand is seen by the comparison', async () => {
      const FunctionName = plant7.output('StartRetrainingFunctionName');
      const before = await detectDrift(clients.cloudFormation, 'plant-7', COMPARED_SOON);
      expect(before.drifts).toEqual([]);
      await clients.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Timeout: 299 }));
      const after = await detectDrift(clients.cloudFormation, 'plant-7', COMPARED_SOON);
      expect(formatDrift(after)).toContain('Timeout: expected');
    });
  });

  test('[C10] a release that waits has its turn when the rollout before it is stopped', async () => {
    // A device that never answers: whatever is rolled out waits for it.
    const thing = { thingName: 'line-1', thingGroupName: plant7.output('CanaryGroupName') };
    await clients.iot.send(new CreateThingCommand(thing));
    await clients.iot.send(new AddThingToThingGroupCommand(thing));
    const stop = async (counter: number) => {
      const { executionArn } = await seen(plant7, counter, 'ROLLING_OUT');
      await clients.stepFunctions.send(new StopExecutionCommand({ executionArn }));
    };
    await approveAModel(plant7);
    await seen(plant7, 2, 'ROLLING_OUT');
    await approveAModel(plant7);
    await seen(plant7, 3, 'READY');
    await stop(2);
    await seen(plant7, 2, 'ABORTED');
    await stop(3);
    await seen(plant7, 3, 'ABORTED');
    await clients.iot.send(new RemoveThingFromThingGroupCommand(thing));
    await clients.iot.send(new DeleteThingCommand(thing));
  });

  test('destroyed and deployed again, an environment counts on after what devices have seen', async () => {
    await empty(plant7);
    const assembly = synthesize(PLANT_7);
    await cdk('destroy', '**', '--force', `--app=${assembly}`);
    plant7 = await deploy(PLANT_7, { assembly });
    expect(await rollouts(plant7).releaseStates()).toEqual([]);
    await approveAModel(plant7);
    await inService(plant7, 4);
    expect(await rollouts(plant7).releaseStates()).toHaveLength(1);
    expect(await versionsOf('com.kaizenedge.plant-7.model.SurfaceInspection')).toEqual([
      '1.0.4',
      '1.0.3',
      '1.0.2',
      '1.0.1',
    ]);
  });
});

test('a deployment of production that fails half-way is repeated, and succeeds', async () => {
  const deployment = { stack: 'Fleet', assembly: synthesize(KEPT) };
  // Of somebody else, and in the way of the Fleet stack.
  const thingGroupName = 'kaizen-kept-stable';
  await clients.iot.send(new CreateThingGroupCommand({ thingGroupName }));
  await expect(deploy(KEPT, deployment)).rejects.toThrow(thingGroupName);
  await clients.iot.send(new DeleteThingGroupCommand({ thingGroupName }));
  // AWS deletes no stack that is protected, also one that never came to be (README).
  await expect(deploy(KEPT, deployment)).rejects.toThrow('TerminationProtection is enabled');
  await clients.cloudFormation.send(
    new UpdateTerminationProtectionCommand({
      StackName: 'kaizen-kept-fleet',
      EnableTerminationProtection: false,
    }),
  );
  const environment = await deploy(KEPT, deployment);
  const found = await versionsOf('com.kaizenedge.kept.Inference');
  expect(found).toEqual([environment.output('InferenceComponentVersion')]);
});
