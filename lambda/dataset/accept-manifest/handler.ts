import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { s3 } from '../../shared/aws';
import { requireEnvironment } from '../../shared/env';
import { log } from '../../shared/log';
import { DatasetBucket } from '../dataset-bucket';
import { DATASET_VARIABLES } from '../names';
import { acceptManifest } from './accept-manifest';
import { manifestKeys } from './manifest-keys';

/** SQS: S3 notifications about incoming manifests; partial batch response. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  log.addContext(context);
  const bucket = new DatasetBucket(s3(), requireEnvironment(DATASET_VARIABLES.bucket));
  const readManifests = async (record: SQSRecord): Promise<void> => {
    for (const key of manifestKeys(record.body, bucket.name)) {
      const answer = await acceptManifest(key, bucket);
      const dataset = 'dataset' in answer ? answer.dataset : undefined;
      const problems = answer.outcome === 'REJECTED' ? answer.problems.length : 0;
      log.info('manifest read', { key, outcome: answer.outcome, items: dataset?.items, problems });
    }
  };
  const logFailure = async (record: SQSRecord): Promise<void> => {
    try {
      await readManifests(record);
    } catch (error) {
      log.error('manifest not read', { messageId: record.messageId, error: error as Error });
      throw error;
    }
  };
  return processPartialResponse(event, logFailure, new BatchProcessor(EventType.SQS), {
    context,
    throwOnFullBatchFailure: false,
  });
}
