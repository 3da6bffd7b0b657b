/**
 * Somebody approves a model that is valid, signed and passes its own self-test, and is wrong in the field. The
 * canary's metrics take it back; the stable group never hears of it.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  CreateModelPackageCommand,
  DescribeModelPackageCommand,
  ListModelPackagesCommand,
} from '@aws-sdk/client-sagemaker';
import { SupervisedProcess } from '@kaizen-edge/local-aws';
import { s3Uri } from '../../contracts/s3-address';
import { parseS3Uri } from '../../lambda/shared/s3-uri';
import { executionPrefix } from '../../lambda/training/names';
import { REPOSITORY_ROOT, virtualEnvironmentPython } from '../../scripts/repository';
import { type DemoContext, keepSpan, note } from '../context';
import { readInventory, waitForRelease } from '../inventory';
import type { PipelineExecution } from '../pipeline';
import { approve, followRollout, listReleases, type Rollout } from '../rollout';

const BACK_TIMEOUT_SECONDS = 90;

export async function rollOutWrongModel(context: DemoContext, good: PipelineExecution): Promise<void> {
  await context.console.phase('a wrong model is approved on purpose: the canary takes it back', async () => {
    const version = await registerWrongModel(context, good);
    const counter = await approve(context, version, 'looked fine on a laptop');
    const from = Date.now();
    context.alarms.expect('rollout-failed', from, 'the canary takes the wrong model back');
    const rollout = await followRollout(context, counter);
    keepSpan(context, 'wrong model on the canary', from, { deviceIds: context.settings.devices.canary });
    if (rollout.succeeded)
      throw new Error(`the wrong model, release ${counter}, was rolled out to every device`);
    note(context, 'rollout', `release ${counter} was taken back: ${rollout.outcome}`);
    await context.alarms.hears('rollout-failed', context.signal);
    await expectFleetBack(context, rollout);
  });
}

/** Every canary device serves the bytes of the release before, under a new and higher counter; stable never changed. */
async function expectFleetBack(context: DemoContext, rollout: Rollout): Promise<void> {
  const releases = await listReleases(context);
  const rollback = releases.at(-1);
  if (!rollback || rollback.counter <= rollout.counter) {
    throw new Error(`no rollback release follows release ${rollout.counter}`);
  }
  const { canary, stable } = context.settings.devices;
  await waitForRelease(context, canary, rollback.releaseId, BACK_TIMEOUT_SECONDS);
  await context.observations.refresh();
  const reached = context.observations.all.filter(
    ({ record }) => record.releaseId === rollout.releaseId && stable.includes(record.deviceId),
  );
  if (reached.length > 0)
    throw new Error(`stable devices have served the wrong release ${rollout.releaseId}`);
  const inventory = await readInventory(context);
  const serving = stable.map((id) => `${id} ${inventory.get(id)?.releaseId}`).join(', ');
  note(
    context,
    'release',
    `canary is back on release ${rollback.counter} (the bytes of the release before); stable: ${serving}`,
  );
}

/** The exported files of the good model with the classes of its last layer exchanged, registered beside the pipeline. */
async function registerWrongModel(context: DemoContext, good: PipelineExecution): Promise<number> {
  const source = join(context.directory, 'good-export');
  const target = join(context.directory, 'wrong-export');
  mkdirSync(source, { recursive: true });
  const { bucket, key: prefix } = parseS3Uri(good.exportUri, 'exportUri');
  await download(context, bucket, prefix, source);
  await exchangeClasses(context, source, target);
  const wrongPrefix = `${executionPrefix('by-hand')}export/`;
  for (const name of readdirSync(target)) {
    const Body = readFileSync(join(target, name));
    await context.clients.s3.send(
      new PutObjectCommand({ Bucket: bucket, Key: `${wrongPrefix}${name}`, Body }),
    );
  }
  const exportSha256 = createHash('sha256')
    .update(readFileSync(join(target, 'export.json')))
    .digest('hex');
  return registerCopy(context, { exportUri: s3Uri(bucket, wrongPrefix), exportSha256 });
}

async function download(
  { clients }: DemoContext,
  bucket: string,
  prefix: string,
  folder: string,
): Promise<void> {
  const listed = await clients.s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
  for (const { Key } of listed.Contents ?? []) {
    const object = await clients.s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
    const bytes = await object.Body?.transformToByteArray();
    writeFileSync(join(folder, (Key as string).slice(prefix.length)), bytes ?? new Uint8Array());
  }
}

async function exchangeClasses(context: DemoContext, source: string, target: string): Promise<void> {
  const child = new SupervisedProcess({
    name: 'making the wrong model',
    command: virtualEnvironmentPython(),
    arguments: [
      join(REPOSITORY_ROOT, 'demo', 'mislabelled_model.py'),
      `--input=${source}`,
      `--output=${target}`,
    ],
    workingDirectory: join(REPOSITORY_ROOT, 'training'),
    environment: { PATH: process.env.PATH, HOME: context.directory, PYTHONDONTWRITEBYTECODE: '1' },
    logFile: join(context.directory, 'wrong-model.log'),
  });
  await child.complete(context.signal);
}

/** A package like the newest one, but with other files: registered by hand, so no gate has seen it. */
async function registerCopy(
  { clients, environment }: DemoContext,
  metadata: { readonly exportUri: string; readonly exportSha256: string },
): Promise<number> {
  const group = environment.output('ModelPackageGroupName');
  const { ModelPackageSummaryList = [] } = await clients.sageMaker.send(
    new ListModelPackagesCommand({
      ModelPackageGroupName: group,
      SortBy: 'CreationTime',
      SortOrder: 'Descending',
    }),
  );
  const newest = await clients.sageMaker.send(
    new DescribeModelPackageCommand({ ModelPackageName: ModelPackageSummaryList[0]?.ModelPackageArn }),
  );
  const created = await clients.sageMaker.send(
    new CreateModelPackageCommand({
      ModelPackageGroupName: group,
      ModelPackageDescription: 'registered by hand, past the pipeline and its gate',
      InferenceSpecification: newest.InferenceSpecification,
      ModelApprovalStatus: 'PendingManualApproval',
      CustomerMetadataProperties: { ...newest.CustomerMetadataProperties, ...metadata },
    }),
  );
  return Number(created.ModelPackageArn?.split('/').pop());
}
