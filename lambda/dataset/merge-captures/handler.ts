import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { Context } from 'aws-lambda';
import { documentClient, s3 } from '../../shared/aws';
import { requireEnvironment } from '../../shared/env';
import { InvalidInputError } from '../../shared/errors';
import { log } from '../../shared/log';
import { ENVIRONMENT_VARIABLES as VARIABLES } from '../../shared/names';
import { hashObject, ifThere } from '../../shared/objects';
import { acceptManifest } from '../accept-manifest/accept-manifest';
import { DatasetBucket } from '../dataset-bucket';
import { readLabels } from '../label-table';
import { type MergeAnswer, type MergeCapturesPorts, mergeCaptures } from './merge-captures';

function awsPorts(useCase: string): MergeCapturesPorts {
  const bucket = new DatasetBucket(s3(), requireEnvironment(VARIABLES.datasetBucket));
  const telemetryBucket = requireEnvironment(VARIABLES.telemetryBucket);
  const labelTable = requireEnvironment(VARIABLES.labelTable);
  return {
    currentDataset: () => bucket.currentDataset(),
    readManifest: async (key) => (await bucket.openManifest(key)).lines,
    readLabels: () => readLabels(documentClient(), labelTable, useCase),
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

/** Direct invocation `{useCase}`. */
export async function handler(event: { readonly useCase?: unknown }, context: Context): Promise<MergeAnswer> {
  log.addContext(context);
  const useCase = requireEnvironment(VARIABLES.useCase);
  if (event.useCase !== useCase) {
    throw new InvalidInputError(`useCase: must be '${useCase}', got ${JSON.stringify(event.useCase)}`);
  }
  const answer = await mergeCaptures(awsPorts(useCase));
  for (const skipped of answer.skipped) log.warn('capture skipped', { ...skipped });
  log.info('captures merged', { added: answer.addedItems, newClasses: answer.newClasses });
  return answer;
}
