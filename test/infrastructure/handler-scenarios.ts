/** What happens in a field, told to the real handlers one after the other: good and bad input to each. */
import { InvokeCommand } from '@aws-sdk/client-lambda';
import {
  DescribeModelPackageCommand,
  ListPipelineExecutionsCommand,
  StartPipelineExecutionCommand,
} from '@aws-sdk/client-sagemaker';
import type { DeviceStatus } from '../../contracts';
import { DATASET_VARIABLES, imageKey, incomingKey } from '../../lambda/dataset/names';
import { MONITORING_VARIABLES, OPEN_EPISODE_ITEM } from '../../lambda/monitoring/names';
import {
  CHAMPION_ITEM,
  COUNTER_ITEM,
  REGISTRY_VARIABLES,
  releaseIdOf,
  releaseItemKey,
  waveItemKey,
} from '../../lambda/registry/names';
import { ROLLOUT_VARIABLES } from '../../lambda/rollout/names';
import type { RolloutState } from '../../lambda/rollout/rollout-state';
import { captureImageKey, captureSidecarKey, TELEMETRY_VARIABLES } from '../../lambda/telemetry/names';
import { executionPrefix } from '../../lambda/training/names';
import { anExport, fileOf } from '../lambda/registry/builders';
import { aState, aStored } from '../lambda/rollout/builders';
import { aBatch, aLabel, aMessage, aRelease, aResult, DEVICE, histogramOf } from '../lambda/shared/builders';
import { DeployedEnvironment } from './deployed-environment';
import type { SynthesizedApp } from './synthesized-app';

const [INGEST_RESULTS, INGEST_STATUS] = ['telemetry/ingest-results', 'telemetry/ingest-status'];
const [ACCEPT, MERGE] = ['dataset/accept-manifest', 'dataset/merge-captures'];
const [BUILD, EVALUATE, RETRAIN] = [
  'registry/build-release',
  'monitoring/evaluate-drift',
  'retraining/start-retraining',
];

/** The handlers that take part. */
export const PLAYED = [
  ACCEPT,
  MERGE,
  BUILD,
  'rollout/plan-rollout',
  'rollout/roll-back-wave',
  INGEST_RESULTS,
  INGEST_STATUS,
  EVALUATE,
  RETRAIN,
] as const;

const queued = (...bodies: string[]) => ({
  Records: bodies.map((body, index) => ({ messageId: `m${index}`, body, attributes: {} })),
});

/** Ids of the messages that come back. */
export const comesBack = (answer: unknown): string[] =>
  (answer as { batchItemFailures: { itemIdentifier: string }[] }).batchItemFailures.map(
    ({ itemIdentifier }) => itemIdentifier,
  );

/** One environment, with a release in service and labelled captures of it. */
export class Field {
  readonly cloud: DeployedEnvironment;
  private readonly useCase: string;

  constructor(app: SynthesizedApp) {
    this.cloud = new DeployedEnvironment(app);
    this.useCase = app.config.useCase;
    this.putReleases();
    this.putEpisode();
  }

  /** One good record, one that breaks the contract. */
  private batch(batchId: string): string {
    const { useCase } = this;
    const releaseId = releaseIdOf(useCase, 2);
    const shadow = { releaseId: releaseIdOf(useCase, 1), predictedClass: 'good', confidence: 0.9 };
    const records = [
      aResult({ releaseId, shadow, embedding: { count: 2500, sum: [0], squares: 2500 } }),
      { ...aResult(), confidence: 7 },
    ];
    return aMessage(aBatch({ useCase, batchId, droppedRecords: 3, records }), { topicUseCase: useCase });
  }

  /** A batch, what is no batch, and the first batch once more. */
  ingestResults(): Promise<unknown> {
    return this.cloud.run(INGEST_RESULTS, queued(this.batch('one'), '{"poison', this.batch('one')));
  }

  ingestStatus(): Promise<unknown> {
    const status: DeviceStatus = {
      schemaVersion: 1,
      deviceId: DEVICE,
      useCase: this.useCase,
      sentAt: '2026-03-01T10:20:00.000Z',
      componentVersion: '1.0.0',
      healthy: true,
      conditions: [],
      outboxRecords: 0,
      framesProcessed: 10,
      framesDropped: 0,
      captureBytesToday: 0,
      highestCounter: 2,
    };
    const message = (change: object) => aMessage({ ...status, ...change }, { topicUseCase: this.useCase });
    return this.cloud.run(INGEST_STATUS, queued(message({}), message({ healthy: 'yes' })));
  }

  /** Twice: with the labels of the release in service, and when they are of the one before. */
  async evaluateDrift(): Promise<void> {
    await this.cloud.run(EVALUATE, {});
    this.putLabels(releaseIdOf(this.useCase, 1));
    await this.cloud.run(EVALUATE, {});
  }

  /** Twice: within the budget, and with every execution of the month spent. */
  async startRetraining(): Promise<void> {
    const { sageMaker, functions } = this.cloud;
    const answer = Buffer.from(JSON.stringify({ manifestUri: 's3://datasets/manifest.jsonl' }));
    functions.on(InvokeCommand).resolves({ Payload: answer as never });
    sageMaker.on(StartPipelineExecutionCommand).resolves({ PipelineExecutionArn: 'arn:execution/1' });
    sageMaker.on(ListPipelineExecutionsCommand).resolves({ PipelineExecutionSummaries: [] });
    await this.cloud.run(RETRAIN, {});
    const spent = Array.from({ length: 1000 }, (_, index) => ({
      PipelineExecutionArn: `arn:execution/${index}`,
      PipelineExecutionStatus: 'Succeeded' as const,
      StartTime: new Date(),
    }));
    sageMaker.on(ListPipelineExecutionsCommand).resolves({ PipelineExecutionSummaries: spent });
    await this.cloud.run(RETRAIN, {});
  }

  /** A manifest that is right, and one that is not. */
  acceptManifests(): Promise<unknown> {
    const bucket = this.cloud.variable(ACCEPT, DATASET_VARIABLES.bucket);
    const lines = ['good', 'scratch'].map((label) => {
      const picture = fileOf('', `picture of ${label}`);
      this.cloud.objects.set(`${bucket}/${imageKey(picture.sha256)}`, Buffer.from(`picture of ${label}`));
      return JSON.stringify({
        id: label,
        groupId: label,
        key: imageKey(picture.sha256),
        sha256: picture.sha256,
        label,
        origin: 'rendered',
        capturedAt: '2026-02-01T00:00:00.000Z',
      });
    });
    const notice = (key: string) =>
      JSON.stringify({ Records: [{ s3: { bucket: { name: bucket }, object: { key } } }] });
    const keys = { [incomingKey('right')]: lines.join('\n'), [incomingKey('wrong')]: '{' };
    for (const [key, text] of Object.entries(keys)) {
      this.cloud.objects.set(`${bucket}/${key}`, Buffer.from(text));
    }
    return this.cloud.run(ACCEPT, queued(...Object.keys(keys).map(notice)));
  }

  /** After the gate: one labelled capture is news to the dataset. */
  mergeCaptures(): Promise<unknown> {
    const { useCase } = this;
    const bucket = this.cloud.variable(MERGE, TELEMETRY_VARIABLES.bucket);
    const location = { deviceId: DEVICE, captureId: 'capture-1' };
    const { sha256, bytes } = fileOf('', 'a capture');
    const label = this.label({ sha256 });
    const { label: _, labelledAt: __, labelledBy: ___, imageKey: ____, ...kept } = label;
    const sidecar = { ...kept, schemaVersion: 1, frameId: 'frame-1', bytes };
    this.cloud.objects.set(`${bucket}/${captureImageKey(useCase, location)}`, Buffer.from('a capture'));
    this.cloud.objects.set(
      `${bucket}/${captureSidecarKey(useCase, location)}`,
      Buffer.from(JSON.stringify(sidecar)),
    );
    this.cloud.putItem(this.cloud.variable(MERGE, DATASET_VARIABLES.labelTable), { ...label });
    return this.cloud.run(MERGE, { useCase });
  }

  /** @param overwritten whether export.json is another one than was registered and approved */
  buildRelease({ overwritten = false } = {}): Promise<unknown> {
    const bucket = this.cloud.variable(BUILD, REGISTRY_VARIABLES.modelBucket);
    const prefix = `${executionPrefix('run-1')}export/`;
    const exported = JSON.stringify(anExport({ useCase: this.useCase }));
    const files = {
      'export.json': overwritten ? `${exported}\n` : exported,
      'model-int8.onnx': 'weights',
      'golden-1.png': 'picture',
    };
    for (const [name, text] of Object.entries(files)) {
      this.cloud.objects.set(`${bucket}/${prefix}${name}`, Buffer.from(text));
    }
    const arn = 'arn:aws:sagemaker:eu-central-1:111111111111:model-package/group/9';
    this.cloud.sageMaker.on(DescribeModelPackageCommand).resolves({
      ModelPackageArn: arn,
      ModelPackageVersion: 9,
      ModelApprovalStatus: 'Approved',
      CustomerMetadataProperties: {
        useCase: this.useCase,
        exportUri: `s3://${bucket}/${prefix}`,
        exportSha256: fileOf('export.json', exported).sha256,
      },
      InferenceSpecification: { Containers: [{ Image: 'i', ModelDataUrl: `s3://${bucket}/model.tar.gz` }] },
    } as never);
    const ModelPackageGroupName = this.cloud.variable(BUILD, REGISTRY_VARIABLES.modelPackageGroup);
    return this.cloud.run(BUILD, { detail: { ModelPackageArn: arn, ModelPackageGroupName } });
  }

  private state(counter: number, overrides: Partial<RolloutState> = {}): RolloutState {
    return aState(counter, {
      useCase: this.useCase,
      releaseId: releaseIdOf(this.useCase, counter),
      ...overrides,
    });
  }

  /** Publishes release 3, with the startup script that the deployment has uploaded. */
  planRollout(): Promise<unknown> {
    const source = this.cloud.variable('rollout/plan-rollout', ROLLOUT_VARIABLES.deliverReleaseSourceUri);
    this.cloud.objects.set(source.replace('s3://', ''), Buffer.from('script'));
    return this.cloud.run('rollout/plan-rollout', this.state(3));
  }

  private putReleases(): void {
    const table = this.cloud.variable(RETRAIN, REGISTRY_VARIABLES.releaseTable);
    const { useCase } = this;
    const counts = (feature: Parameters<typeof histogramOf>[0], value: number) =>
      histogramOf(
        feature,
        Array.from({ length: 50 }, () => value),
      );
    const baseline = {
      confidence: counts('confidence', 0.9),
      brightness: counts('brightness', 120),
      contrast: counts('contrast', 30),
      sharpness: counts('sharpness', 8),
      classCounts: { good: 50 },
      accuracy: 0.97,
    };
    this.cloud.putItem(table, { useCase, item: COUNTER_ITEM, value: 3 });
    for (const counter of [1, 2, 3]) {
      const releaseId = releaseIdOf(useCase, counter);
      const release = aRelease({
        useCase,
        counter,
        releaseId,
        embedding: {
          outputName: 'embedding',
          size: 1,
          reference: { good: { images: 50, mean: [0] } },
        },
        baseline,
        dispositionPolicy: {
          codes: { good: 1, scratch: 2 },
          classes: { good: 'pass', scratch: 'reject' },
          novel: 'review',
        },
        expiresAt: '2999-01-01T00:00:00.000Z',
      });
      const stored = { ...aStored(counter), status: counter === 3 ? 'READY' : 'IN_SERVICE' };
      this.cloud.putItem(table, {
        ...stored,
        useCase,
        item: releaseItemKey(counter),
        release: JSON.stringify(release),
      });
    }
    this.cloud.putItem(table, { useCase, item: COUNTER_ITEM, value: 3 });
    const { exportUri, modelUri } = aStored(2);
    this.cloud.putItem(table, { useCase, item: CHAMPION_ITEM, counter: 2, exportUri, modelUri });
  }

  private label(overrides: Partial<ReturnType<typeof aLabel>> = {}) {
    const { useCase } = this;
    const releaseId = releaseIdOf(useCase, 2);
    const imageKey = captureImageKey(useCase, { deviceId: DEVICE, captureId: 'capture-1' });
    return aLabel({ useCase, releaseId, imageKey, capturedAt: new Date().toISOString(), ...overrides });
  }

  /** The episode that retraining answers; as many labels as it may ask for. */
  private putEpisode(): void {
    const { useCase } = this;
    const releaseId = releaseIdOf(useCase, 2);
    const episodeId = `${releaseId}-episode-1`;
    const episodes = this.cloud.variable(RETRAIN, MONITORING_VARIABLES.episodeTable);
    const openedAt = '2026-03-01T00:00:00.000Z';
    this.cloud.putItem(episodes, { useCase, episodeId, releaseId, openedAt, status: 'OPEN' });
    this.cloud.putItem(episodes, { useCase, episodeId: OPEN_EPISODE_ITEM, currentEpisodeId: episodeId });
    this.putLabels(releaseId);
  }

  private putLabels(releaseId: string): void {
    const table = this.cloud.variable(RETRAIN, DATASET_VARIABLES.labelTable);
    for (let index = 0; index < 200; index++) {
      const label = index % 2 === 0 ? 'good' : 'scratch';
      const captureId = `labelled-${index}`;
      this.cloud.putItem(table, { ...this.label({ captureId, label, releaseId }) });
    }
  }

  /** Takes release 3 back from the canary wave, which has it. */
  rollBackWave(): Promise<unknown> {
    const table = this.cloud.variable(RETRAIN, REGISTRY_VARIABLES.releaseTable);
    this.cloud.putItem(table, { useCase: this.useCase, item: waveItemKey('canary'), counter: 3 });
    const waves = JSON.parse(this.cloud.variable('rollout/plan-rollout', ROLLOUT_VARIABLES.waves));
    const plan = { outcome: 'START', componentName: 'c', componentVersion: '1.0.3', waves } as const;
    return this.cloud.run('rollout/roll-back-wave', this.state(3, { plan }));
  }

  /** Everything above, in the order of the loop. */
  async play(): Promise<DeployedEnvironment> {
    await this.acceptManifests();
    await this.mergeCaptures();
    await this.buildRelease();
    await this.planRollout();
    await this.rollBackWave();
    await this.ingestResults();
    await this.ingestStatus();
    await this.evaluateDrift();
    await this.startRetraining();
    return this.cloud;
  }
}
