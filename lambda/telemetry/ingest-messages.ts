import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { requireEnvironment } from '../shared/env';
import { InvalidInputError } from '../shared/errors';
import { log } from '../shared/log';
import { type Measurement, measured, writeMetrics } from '../shared/metrics';
import { SHARED_VARIABLES } from '../shared/names';
import { TELEMETRY_METRICS } from './names';

/** What one message adds to the counts. */
export type Counts = Partial<Record<keyof typeof TELEMETRY_METRICS, number>>;

/**
 * Takes each message of an SQS batch by itself: one that fails goes back to the queue, and at last to its dead-letter
 * queue, without the others.
 * @param what what a message is, for the log
 */
export async function ingestMessages(
  event: SQSEvent,
  context: Context,
  what: string,
  ingest: (body: string) => Promise<Counts>,
): Promise<SQSBatchResponse> {
  const useCase = requireEnvironment(SHARED_VARIABLES.useCase);
  const measurements: Measurement[] = [];
  const count = (counts: Counts) => {
    for (const [name, value] of Object.entries(counts)) {
      measurements.push(measured(TELEMETRY_METRICS[name as keyof Counts], value, { useCase }));
    }
  };
  const ingestRecord = async ({ body, messageId }: SQSRecord): Promise<void> => {
    try {
      count(await ingest(body));
    } catch (error) {
      if (error instanceof InvalidInputError) {
        count({ messagesRefused: 1 });
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
    writeMetrics(measurements);
  }
}
