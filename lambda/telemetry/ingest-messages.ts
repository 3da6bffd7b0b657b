import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Metrics } from '@aws-lambda-powertools/metrics';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { requireEnvironment } from '../shared/env';
import { InvalidInputError } from '../shared/errors';
import { log } from '../shared/log';
import { MetricUnit, newMetrics, publishMetrics } from '../shared/metrics';
import { ENVIRONMENT_VARIABLES } from '../shared/names';
import { TELEMETRY_METRICS } from './names';

/**
 * Takes each message of an SQS batch by itself: one that fails goes back to the queue, and at last to its dead-letter
 * queue, without the others.
 * @param what what a message is, for the log
 */
export async function ingestMessages(
  event: SQSEvent,
  context: Context,
  what: string,
  ingest: (body: string, metrics: Metrics) => Promise<void>,
): Promise<SQSBatchResponse> {
  const metrics = newMetrics({ useCase: requireEnvironment(ENVIRONMENT_VARIABLES.useCase) });
  const ingestRecord = async ({ body, messageId }: SQSRecord): Promise<void> => {
    try {
      await ingest(body, metrics);
    } catch (error) {
      if (error instanceof InvalidInputError) {
        metrics.addMetric(TELEMETRY_METRICS.messagesRefused, MetricUnit.Count, 1);
        log.warn(`${what} refused`, { messageId, reason: error.message });
      } else {
        log.error(`${what} not ingested`, { messageId, error: error as Error });
      }
      throw error;
    }
  };
  try {
    return await processPartialResponse(event, ingestRecord, new BatchProcessor(EventType.SQS), {
      context,
      throwOnFullBatchFailure: false,
    });
  } finally {
    publishMetrics(metrics);
  }
}
