/** The cloud of a device's life: the application's constructs on the local AWS, and its functions' own handlers, called here. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { CreateStackCommand, waitUntilStackCreateComplete } from '@aws-sdk/client-cloudformation';
import { GetObjectCommand, PutObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { type LocalAws, startLocalAws } from '@kaizen-edge/local-aws';
import { describeEnvironment, type KaizenEnvironment } from '../../../cli/shared/environment';
import type { InferenceResult, ResultsBatch } from '../../../contracts';
import { s3Uri } from '../../../contracts/s3-address';
import { type DemoClients, makeClients } from '../../../demo/clients';
import { buildInferenceArtifact } from '../../../edge-components/inference/build';
import { inferenceRecipe } from '../../../edge-components/inference/recipe';
import { buildDeliverRelease } from '../../../edge-components/model/build';
import { inferenceComponentName, RECIPE_TAG } from '../../../lambda/device/names';
import { COMPONENT_PREFIX, deliverReleaseKey, REGISTRY_VARIABLES } from '../../../lambda/registry/names';
import { createOrAdopt } from '../../../lambda/rollout/component-version';
import { ROLLOUT_VARIABLES } from '../../../lambda/rollout/names';
import { log } from '../../../lambda/shared/log';
import { SHARED_VARIABLES, stackName } from '../../../lambda/shared/names';
import { handler as ingestResults } from '../../../lambda/telemetry/ingest-results/handler';
import { handler as ingestStatus } from '../../../lambda/telemetry/ingest-status/handler';
import { RESULT_PREFIX, TELEMETRY_VARIABLES } from '../../../lambda/telemetry/names';
import { mergeSketches } from '../../../lambda/telemetry/sketch';
import { SketchTable } from '../../../lambda/telemetry/sketch-table';
import { defaultConfiguration } from '../../../lib/device/inference-component';
import { LOCAL_AWS_SETTINGS } from '../../../scripts/local-aws';
import { BUILT_ARTIFACTS } from '../../edge-components/device-harness';
import { CONFIG, lifeTemplate } from './life-stack';
import { QueueReader } from './queue-reader';

const STACK = stackName(CONFIG, 'fleet');
const INFERENCE_VERSION = '1.0.0';

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

export class LifeCloud {
  readonly folder = mkdtempSync(join(tmpdir(), 'kaizen-life-'));
  readonly inference = inferenceComponentName(CONFIG);
  /** The script of model components, where `kaizen device configure` finds it. */
  readonly deliveryScript = join(BUILT_ARTIFACTS, 'deliver-release.cjs');
  /** The authorities of the local AWS's endpoints. */
  readonly rootCa = join(this.folder, 'root-ca.pem');
  aws!: LocalAws;
  clients!: DemoClients;
  environment!: KaizenEnvironment;
  /** Frame ids of the results that have reached the cloud's door, by device. */
  private readonly received = new Map<string, Set<string>>();
  private readers: QueueReader[] = [];

  async start(): Promise<void> {
    const onCrash = (message: string) => {
      throw new Error(message);
    };
    this.aws = await startLocalAws({
      ...LOCAL_AWS_SETTINGS,
      workDirectory: join(this.folder, 'aws'),
      onCrash,
    });
    this.clients = makeClients(this.aws);
    const { iot, gateway } = this.aws;
    writeFileSync(this.rootCa, [iot.caPath, gateway.caPath].map((path) => readFileSync(path)).join(''));
    await this.createStack();
    await this.publishInferenceComponent();
    this.setVariables();
    const queue = (output: string) => this.environment.output(output);
    const { sqs } = this.clients;
    this.readers = [
      new QueueReader(sqs, queue('ResultsQueueUrl'), ingestResults, (body) => this.hear(body)),
      new QueueReader(sqs, queue('StatusQueueUrl'), ingestStatus),
    ];
  }

  async stop(): Promise<void> {
    try {
      await Promise.all(this.readers.map((reader) => reader.stop()));
    } finally {
      await this.aws?.stop();
      rmSync(this.folder, { recursive: true, force: true });
    }
  }

  /** Resolves when the functions have taken all that had been sent. */
  async settled(): Promise<void> {
    await Promise.all(this.readers.map((reader) => reader.emptied()));
  }

  async putObject(Key: string, Body: string | Buffer): Promise<void> {
    const Bucket = this.environment.output('ModelBucketName');
    await this.clients.s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  }

  hasHeardOf(deviceId: string, frameId: string): boolean {
    return this.received.get(deviceId)?.has(frameId) ?? false;
  }

  /** What is archived of a device, one for each line. */
  async archived(deviceId: string): Promise<InferenceResult[]> {
    const { s3 } = this.clients;
    const Bucket = this.environment.output('TelemetryBucketName');
    const results: InferenceResult[] = [];
    for await (const { Contents = [] } of paginateListObjectsV2(
      { client: s3 },
      { Bucket, Prefix: RESULT_PREFIX },
    )) {
      for (const { Key } of Contents) {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
        const lines = gunzipSync((await Body?.transformToByteArray()) ?? '')
          .toString()
          .trim()
          .split('\n');
        results.push(...lines.map((line) => JSON.parse(line)));
      }
    }
    return results.filter((result) => (result as { deviceId?: string }).deviceId === deviceId);
  }

  /** What the sketches have counted of a device's releases. */
  async counts(
    deviceId: string,
    releaseIds: readonly string[],
  ): Promise<{ results: number; dropped: number }> {
    const table = new SketchTable(this.clients.dynamoDb, this.environment.output('SketchTableName'));
    const sketches = await Promise.all(
      releaseIds.map((releaseId) => table.read(CONFIG.useCase, releaseId, new Date(0).toISOString())),
    );
    const merged = mergeSketches(sketches.flat().filter((sketch) => sketch.deviceId === deviceId));
    return { results: merged?.results ?? 0, dropped: merged?.dropped ?? 0 };
  }

  /** The device settings of the environment, as the stacks put them into the recipe. */
  get deviceConfiguration(): ReturnType<typeof defaultConfiguration> {
    return defaultConfiguration(CONFIG, this.environment.output('TelemetryBucketName'));
  }

  private get deliveryKey(): string {
    return deliverReleaseKey(sha256(readFileSync(this.deliveryScript)));
  }

  private hear(body: string): void {
    const { deviceId, records } = JSON.parse(body) as ResultsBatch;
    const known = this.received.get(deviceId) ?? new Set();
    for (const { frameId } of records) known.add(frameId);
    this.received.set(deviceId, known);
  }

  private async createStack(): Promise<void> {
    const { cloudFormation: client } = this.clients;
    const Capabilities = ['CAPABILITY_NAMED_IAM' as const];
    await client.send(
      new CreateStackCommand({ StackName: STACK, TemplateBody: lifeTemplate(), Capabilities }),
    );
    const patience = { client, maxWaitTime: 120, minDelay: 1, maxDelay: 1 };
    await waitUntilStackCreateComplete(patience, { StackName: STACK });
    this.environment = await describeEnvironment(this.clients, CONFIG.environmentName);
  }

  private async publishInferenceComponent(): Promise<void> {
    await buildDeliverRelease(BUILT_ARTIFACTS);
    await this.putObject(this.deliveryKey, readFileSync(this.deliveryScript));
    const { architectures } = await buildInferenceArtifact(BUILT_ARTIFACTS);
    const artifact = architectures['linux-x64'];
    if (!artifact) throw new Error('the artifact of linux-x64 cannot be built here');
    // Devices may read what lies below this prefix, as the templates say.
    const key = `${COMPONENT_PREFIX}${artifact.sha256}/${artifact.file}`;
    await this.putObject(key, readFileSync(join(BUILT_ARTIFACTS, artifact.file)));
    const recipe = JSON.stringify(
      inferenceRecipe({
        componentName: this.inference,
        version: INFERENCE_VERSION,
        artifactUris: { 'linux-x64': s3Uri(this.environment.output('ModelBucketName'), key) },
        configuration: this.deviceConfiguration,
      }),
    );
    const origin = { tag: RECIPE_TAG, sha256: sha256(recipe) };
    await createOrAdopt(this.clients.greengrass, recipe, origin, this.environment.output('SigningKeyArn'));
  }

  /** What the functions find in their environment, as lib/ gives it to them. */
  private setVariables(): void {
    const { environment } = this;
    const bucket = environment.output('ModelBucketName');
    const script = s3Uri(bucket, this.deliveryKey);
    log.setLogLevel('SILENT');
    Object.assign(process.env, {
      ...this.aws.environment,
      POWERTOOLS_METRICS_DISABLED: 'true',
      [SHARED_VARIABLES.environment]: CONFIG.environmentName,
      [SHARED_VARIABLES.useCase]: CONFIG.useCase,
      [TELEMETRY_VARIABLES.bucket]: environment.output('TelemetryBucketName'),
      [TELEMETRY_VARIABLES.sketchTable]: environment.output('SketchTableName'),
      [TELEMETRY_VARIABLES.inventoryTable]: environment.output('InventoryTableName'),
      [REGISTRY_VARIABLES.releaseTable]: environment.output('ReleaseTableName'),
      [REGISTRY_VARIABLES.modelBucket]: bucket,
      [REGISTRY_VARIABLES.signingKeyArn]: environment.output('SigningKeyArn'),
      [ROLLOUT_VARIABLES.inferenceComponentName]: this.inference,
      [ROLLOUT_VARIABLES.inferenceComponentVersion]: INFERENCE_VERSION,
      [ROLLOUT_VARIABLES.deliverReleaseUri]: script,
      [ROLLOUT_VARIABLES.deliverReleaseSourceUri]: script,
    });
  }
}
