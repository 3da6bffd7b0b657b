/** An environment in which every command of `kaizen` finds what it looks for: AWS in memory, and the files of examples. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clients } from '../../cli/shared/clients';
import { inferenceComponentName } from '../../lambda/device/names';
import { lastReleasedTemplates } from '../../lib/delivery/update/released-templates';
import { aRelease } from '../lambda/shared/builders';
import { jpegOf } from './dataset/pictures';
import {
  aGateReport,
  awsError,
  DEPLOYED_OUTPUTS,
  FakeBucket,
  FakeClient,
  FakeIot,
  FakeTables,
  fakeKms,
  OUTPUTS,
} from './fakes';

const ROOT = join(__dirname, '..', '..');
const EXECUTION = 'arn:aws:sagemaker:eu-west-1:111111111111:pipeline/p/execution/abc123';
const MANIFEST = `manifests/accepted/${'a'.repeat(64)}.jsonl`;
const QUARANTINED = 'surface-7';
const DAY = Date.parse('2026-03-01T00:00:00Z');

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Requests that `handlers` does not know go to the other fake. */
function joined(other: FakeClient, handlers: ConstructorParameters<typeof FakeClient>[0]): FakeClient {
  const own = new FakeClient(handlers);
  const send = async (command: Parameters<FakeClient['send']>[0]) => {
    const name = command.constructor.name.replace(/Command$/, '');
    return Object.hasOwn(handlers, name) ? own.send(command) : other.send(command);
  };
  return Object.assign(new FakeClient({}), { send });
}

function outputsOf(environment: string): Record<string, string> {
  const deployed = {
    ...OUTPUTS,
    SigningKeyArn: 'arn:aws:kms:eu-west-1:111111111111:key/1',
    SketchTableName: 'sketches',
    EncryptionKeyArn: 'arn:aws:kms:eu-west-1:111111111111:key/2',
    RolloutStateMachineArn: 'arn:aws:states:eu-west-1:111111111111:stateMachine:kaizen-local-rollout',
    SweepRolloutsFunctionName: 'sweep-rollouts',
    ...DEPLOYED_OUTPUTS,
  };
  return Object.fromEntries(
    Object.entries(deployed).map(([id, value]) => [id, value.replaceAll('local', environment)]),
  );
}

/** Of the last release's dev. @param stack `kaizen-<environment>-data` */
function releasedTemplate(stack: string): object {
  const [noun] = /[a-z]+$/.exec(stack) ?? [''];
  const found = [...(lastReleasedTemplates().get('dev') ?? [])].find(([name]) => name.endsWith(noun));
  return found?.[1] ?? {};
}

function cloudFormation(environment: string): FakeClient {
  const Outputs = Object.entries(outputsOf(environment)).map(([OutputKey, OutputValue]) => ({
    ...{ OutputKey, OutputValue },
  }));
  return new FakeClient({
    DescribeStacks: ({ StackName }) => {
      if (!/-(data|training|fleet|operations)$/.test(StackName)) {
        throw awsError('ValidationError', `Stack with id ${StackName} does not exist`);
      }
      return { Stacks: [{ Outputs, StackStatus: 'UPDATE_COMPLETE' }] };
    },
    ListStackResources: () => ({ StackResourceSummaries: [] }),
    GetTemplate: ({ StackName }) => ({ TemplateBody: JSON.stringify(releasedTemplate(StackName)) }),
    DetectStackDrift: ({ StackName }) => {
      if (StackName.endsWith('-verification')) throw awsError('ValidationError', 'it does not exist');
      return { StackDriftDetectionId: StackName };
    },
    DescribeStackDriftDetectionStatus: () => ({ DetectionStatus: 'DETECTION_COMPLETE' }),
    DescribeStackResourceDrifts: () => ({ StackResourceDrifts: [] }),
  });
}

function sageMaker(): FakeClient {
  const steps = [
    {
      StepName: 'Register',
      StepStatus: 'Succeeded',
      StartTime: new Date(0),
      EndTime: new Date(1_000),
      Metadata: { RegisterModel: { Arn: 'arn:model-package/3' } },
    },
  ];
  return new FakeClient({
    ListModelPackages: () => ({
      ModelPackageSummaryList: [3, 2, 1].map((version) => ({
        ModelPackageVersion: version,
        ModelPackageArn: `arn:package/${version}`,
        ModelApprovalStatus: 'PendingManualApproval',
        CreationTime: new Date(DAY),
      })),
    }),
    UpdateModelPackage: () => ({}),
    DescribeModelPackage: () => ({
      ModelPackageVersion: 3,
      ModelApprovalStatus: 'Approved',
      InferenceSpecification: { Containers: [{ ModelDataUrl: 's3://models/model.tar.gz' }] },
      CustomerMetadataProperties: { exportUri: 's3://models/pipelines/abc123/export/' },
    }),
    DescribeModelPackageGroup: () => ({ ModelPackageGroupStatus: 'Completed' }),
    DescribePipeline: () => ({
      PipelineStatus: 'Active',
      PipelineDefinition: JSON.stringify({ Parameters: [{ Name: 'Hyperparameter_dropout' }] }),
    }),
    ListPipelineExecutions: () => ({}),
    StartPipelineExecution: () => ({ PipelineExecutionArn: EXECUTION }),
    DescribePipelineExecution: () => ({ PipelineExecutionStatus: 'Succeeded' }),
    ListPipelineExecutionSteps: () => ({ PipelineExecutionSteps: steps }),
  });
}

const GATE = aGateReport('the model keeps all limits');

/** A capture with its image, an exported model, a dataset in force, images to import, and a gate that accepts. */
async function bucket(): Promise<FakeBucket> {
  const s3 = new FakeBucket((self, key) => {
    if (!key.startsWith('manifests/incoming/')) return;
    self.putJson('manifests/current.json', { items: 2, classes: ['ng', 'ok'], key: 'accepted', source: key });
  });
  const image = await jpegOf(1);
  s3.objects.set('captures/surface/line-1/c1.jpg', image);
  s3.putJson('captures/surface/line-1/c1.json', {
    ...{ schemaVersion: 1, captureId: 'c1', deviceId: 'line-1', useCase: 'surface', frameId: 'f1' },
    ...{
      releaseId: 'surface-2',
      capturedAt: '2026-03-01T10:00:00.000Z',
      predictedClass: 'good',
      confidence: 0.6,
    },
    ...{ reasons: ['control'], inclusionProbability: 0.1, sha256: sha256(image), bytes: image.length },
  });
  s3.putJson('manifests/current.json', { key: MANIFEST });
  s3.objects.set('pipelines/abc123/export/report.html', Buffer.from('<!doctype html>'));
  s3.putJson('pipelines/abc123/export/gate.json', GATE);
  for (const [path, bytes] of await picturesOfParts()) s3.objects.set(path, bytes);
  return s3;
}

const REFUSED = {
  ...{ releaseDigest: 'a'.repeat(64), releaseId: QUARANTINED, code: 'ENDED_ITS_PROCESS', quarantined: true },
  ...{ reason: 'SIGSEGV', at: '2026-02-01T00:00:00.000Z' },
};

function tables(): FakeTables {
  const policy = {
    codes: { good: 2, scratch: 1 },
    classes: { good: 'pass', scratch: 'reject' },
    novel: 'review',
    operatingRange: {
      bounds: { good: { lowest: 0.5, highest: 0.99 } },
      costs: { escape: 100, falseReject: 1, review: 0.5 },
    },
  };
  return new FakeTables({
    releases: [
      { useCase: 'surface', item: 'champion', counter: 2, modelUri: 's3://models/champion.tar.gz' },
      {
        ...{
          useCase: 'surface',
          item: 'release#000002',
          status: 'IN_SERVICE',
          modelUri: 's3://models/m.tar.gz',
        },
        release: JSON.stringify(aRelease({ dispositionPolicy: policy as never })),
      },
      { useCase: 'surface', item: 'wave#canary', counter: 2 },
      { useCase: 'surface', item: 'class-codes', codes: { good: 2, scratch: 1 } },
    ],
    inventory: [
      {
        ...{ useCase: 'surface', deviceId: 'line-1', healthy: true, receivedAt: DAY, framesProcessed: 10 },
        ...{ outboxRecords: 0, conditions: [], refusedReleases: [REFUSED] },
      },
    ],
    episodes: [{ useCase: 'surface', episodeId: 'e1', status: 'OPEN', openedAt: '2026-03-01T00:00:00.000Z' }],
  });
}

function iot(environment: string): FakeClient {
  const registry = new FakeIot();
  registry.things.set('line-1', {
    type: `kaizen-${environment}-core-device`,
    principals: new Set(),
    groups: new Set([`kaizen-${environment}-canary`]),
  });
  return joined(registry, {
    DescribeThingGroup: ({ thingGroupName }) => ({ thingGroupArn: `arn:group/${thingGroupName}` }),
    ListThings: () => ({ things: [{ thingName: 'line-1', thingArn: 'arn:thing/line-1' }] }),
    ListTargetsForPolicy: () => ({ targets: [] }),
  });
}

function greengrass(environment: string): FakeClient {
  const inference = inferenceComponentName({ environmentName: environment, useCase: 'surface' } as never);
  return new FakeClient({
    ListDeployments: () => ({ deployments: [{ deploymentId: 'd-1', targetArn: 'arn:other' }] }),
    GetDeployment: () => ({
      ...{ deploymentId: 'd-1', deploymentStatus: 'ACTIVE' },
      components: { [inference]: { componentVersion: '1.2.3' } },
    }),
    CreateDeployment: () => ({ deploymentId: 'd-2' }),
    ListComponents: () => ({ components: [] }),
    DescribeComponent: () => ({ status: { componentState: 'DEPLOYABLE' } }),
    DeleteCoreDevice: () => ({}),
  });
}

/** Everything that is deployed of one environment, anew. */
export async function smallCloud(environment: string): Promise<Record<keyof Clients, FakeClient>> {
  return {
    cloudFormation: cloudFormation(environment),
    cloudWatch: new FakeClient({ DescribeAlarms: () => ({ MetricAlarms: [] }) }),
    dynamoDb: tables(),
    s3: joined(await bucket(), { ListObjectVersions: () => ({}) }),
    sqs: new FakeClient({
      GetQueueAttributes: () => ({ Attributes: { QueueArn: 'arn:queue', ApproximateNumberOfMessages: '7' } }),
      StartMessageMoveTask: () => ({ TaskHandle: 't' }),
    }),
    kms: fakeKms(),
    lambda: new FakeClient({
      Invoke: () => ({ StatusCode: 200, Payload: Buffer.from('{"kind":"SKIP"}') }),
      GetFunctionConfiguration: () => ({ State: 'Active', LastUpdateStatus: 'Successful' }),
      GetFunctionConcurrency: () => ({}),
    }),
    iot: iot(environment),
    sageMaker: sageMaker(),
    greengrass: greengrass(environment),
    stepFunctions: new FakeClient({
      ListExecutions: () => ({ executions: [] }),
      DescribeStateMachine: () => ({ status: 'ACTIVE' }),
    }),
    sts: new FakeClient({ GetCallerIdentity: () => ({ Arn: 'arn:aws:iam::111122223333:user/ann' }) }),
    logs: new FakeClient({ DescribeLogGroups: () => ({ logGroups: [] }) }),
  };
}

/** 24 parts of two classes, from two sides each. */
const PARTS = Array.from({ length: 24 }, (_, part) =>
  ['left', 'top'].map(
    (side) => `parts/${part < 12 ? 'OK' : 'NG'}/p${String(part).padStart(2, '0')}_${side}.jpg`,
  ),
).flat();

/** Made once: every command gets a cloud of its own, with the same pictures. */
let pictures: Promise<(readonly [path: string, bytes: Buffer])[]> | undefined;

function picturesOfParts(): NonNullable<typeof pictures> {
  pictures ??= Promise.all(PARTS.map(async (path, index) => [path, await jpegOf(1_000 + index)] as const));
  return pictures;
}

/** Writes what the examples of the help name, as their reader would have it. */
export async function exampleFiles(folder: string, environments: readonly string[]): Promise<void> {
  const write = (path: string, content: string | Buffer) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  for (const [path, bytes] of await picturesOfParts()) write(path, bytes);
  const rows = PARTS.map((path) => `${path},${path.split('/')[1]?.toLowerCase()},${path.slice(9, 12)}`);
  write('labels.csv', ['path,label,groupId', ...rows].join('\n'));
  const images = PARTS.map((path, id) => ({ id, file_name: `${id}.jpg`, path }));
  for (const { file_name: name, path } of images) write(`images/${name}`, readFileSync(join(folder, path)));
  write('annotations/instances.json', JSON.stringify({ images, ...annotationsOf(images.length) }));
  write('line.json', readFileSync(join(ROOT, 'contracts', 'examples', 'configuration-document.json')));
  writeAssemblies(write, environments);
}

/** Every second image has a scratch. */
function annotationsOf(count: number) {
  const numbers = Array.from({ length: count }, (_, id) => id).filter((id) => id % 4 < 2);
  return {
    annotations: numbers.map((image) => ({ id: image, image_id: image, category_id: 1, bbox: [0, 0, 1, 1] })),
    categories: [{ id: 1, name: 'scratch' }],
  };
}

/** cdk.out with the templates of the last release, which are those of dev. */
function writeAssemblies(
  write: (path: string, content: string) => void,
  environments: readonly string[],
): void {
  const templates = lastReleasedTemplates().get('dev') ?? new Map();
  const artifacts = Object.fromEntries(
    [...templates.keys()].map((name) => [
      name,
      {
        type: 'aws:cloudformation:stack',
        environment: 'aws://111111111111/eu-central-1',
        properties: { templateFile: `${name}.json` },
      },
    ]),
  );
  for (const environment of environments) {
    const stage = `cdk.out/assembly-${environment}`;
    write(`${stage}/manifest.json`, JSON.stringify({ artifacts }));
    for (const [name, template] of templates) write(`${stage}/${name}.json`, JSON.stringify(template));
  }
}
