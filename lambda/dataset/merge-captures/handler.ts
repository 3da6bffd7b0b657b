import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { Context } from 'aws-lambda';
import { documentClient, s3 } from '../../shared/aws';
import { requireEnvironment } from '../../shared/env';
import { InvalidInputError } from '../../shared/errors';
import { log } from '../../shared/log';
import { SHARED_VARIABLES } from '../../shared/names';
import { hashObject, ifThere } from '../../shared/objects';
import { TELEMETRY_VARIABLES } from '../../telemetry/names';
import { acceptManifest } from '../accept-manifest/accept-manifest';
import { DatasetBucket } from '../dataset-bucket';
import { LabelTable } from '../label-table';
import { DATASET_VARIABLES } from '../names';
import { type MergeAnswer, type MergeCapturesPorts, mergeCaptures } from './merge-captures';

function awsPorts(useCase: string): MergeCapturesPorts {
  const bucket = new DatasetBucket(s3(), requireEnvironment(DATASET_VARIABLES.bucket));
  const telemetryBucket = requireEnvironment(TELEMETRY_VARIABLES.bucket);
  const labels = new LabelTable(documentClient(), requireEnvironment(DATASET_VARIABLES.labelTable), useCase);
  return {
    currentDataset: () => bucket.currentDataset(),
    readManifest: async (key) => (await bucket.openManifest(key)).lines,
    readLabels: () => labels.read(),
    async readSidecar(key) {
      const get = s3().send(new GetObjectCommand({ Bucket: telemetryBucket, Key: key }));
      return (await ifThere(get))?.Body?.transformToString();
    },
    hashCapture: (key) => ifThere(hashObject(s3(), { bucket: telemetryBucket, key })),
    copyCapture: (captureKey, etag, key) =>
      bucket.copyFrom({ bucket: telemetryBucket, key: captureKey }, etag, key),
    putManifest: (key, body) => bucket.put(key, body, 'application/x-ndjson'),
    accept: (key) => acceptManifest(key, bucket),
    uriOf: (key) => bucket.uriOf(key),
  };
}

/** Direct invocation `{useCase, withoutClasses?}`. */
export async function handler(
  event: { readonly useCase?: unknown; readonly withoutClasses?: unknown },
  context: Context,
): Promise<MergeAnswer> {
  log.addContext(context);
  const useCase = requireEnvironment(SHARED_VARIABLES.useCase);
  if (event.useCase !== useCase) {
    throw new InvalidInputError(`useCase: must be '${useCase}', got ${JSON.stringify(event.useCase)}`);
  }
  const { withoutClasses = [] } = event;
  if (!Array.isArray(withoutClasses) || !withoutClasses.every((name) => typeof name === 'string')) {
    throw new InvalidInputError(
      `withoutClasses: must be a list of names, got ${JSON.stringify(withoutClasses)}`,
    );
  }
  const answer = await mergeCaptures(awsPorts(useCase), withoutClasses);
  for (const skipped of answer.skipped) log.warn('capture skipped', { ...skipped });
  log.info('captures merged', { added: answer.addedItems, newClasses: answer.newClasses });
  return answer;
}
