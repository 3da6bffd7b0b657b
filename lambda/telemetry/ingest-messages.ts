import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { requireEnvironment } from '../shared/env';
import { InvalidInputError } from '../shared/errors';
import { log } from '../shared/log';
import { measured, writeMetrics } from '../shared/metrics';
import { SHARED_VARIABLES } from '../shared/names';
import { TELEMETRY_METRICS } from './names';

/** What one message adds to the counts. */
export type Counts = Partial<Record<keyof typeof TELEMETRY_METRICS, number>>;

/**
 * Takes the messages of an SQS batch together, and each by itself: one that fails goes back to the queue, and at last to
 * its dead-letter queue, without the others.
 * @param what what a message is, for the log
 * @param ingest answers for each body, in their order, what it adds to the counts, or why it failed
 */
export async function ingestMessages(
  event: SQSEvent,
  context: Context,
  what: string,
  ingest: (bodies: readonly string[]) => Promise<readonly PromiseSettledResult<Counts>[]>,
): Promise<SQSBatchResponse> {
  const useCase = requireEnvironment(SHARED_VARIABLES.useCase);
  const outcomes = await ingest(event.Records.map(({ body }) => body));
  const byMessage = new Map(event.Records.map(({ messageId }, index) => [messageId, outcomes[index]]));
  const totals = new Map<keyof Counts, number>();
  const count = (counts: Counts) => {
    for (const [name, value] of Object.entries(counts) as [keyof Counts, number][]) {
      totals.set(name, (totals.get(name) ?? 0) + value);
    }
  };
  const settle = async ({ messageId }: SQSRecord): Promise<void> => {
    const outcome = byMessage.get(messageId);
    if (outcome?.status === 'fulfilled') return count(outcome.value);
    const error = outcome?.reason;
    if (error instanceof InvalidInputError) {
      count({ messagesRefused: 1 });
      log.warn(`${what} refused`, { messageId, reason: error.message });
    } else {
      log.error(`${what} not ingested`, { messageId, error: error as Error });
    }
    throw error;
  };
  try {
    return await processPartialResponse(event, settle, new BatchProcessor(EventType.SQS), {
      context,
      throwOnFullBatchFailure: false,
    });
  } finally {
    writeMetrics([...totals].map(([name, value]) => measured(TELEMETRY_METRICS[name], value, { useCase })));
  }
}
