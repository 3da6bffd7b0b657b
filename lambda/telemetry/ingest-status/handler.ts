import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { documentClient } from '../../shared/aws';
import { requireEnvironment } from '../../shared/env';
import { log } from '../../shared/log';
import { ingestMessages } from '../ingest-messages';
import { InventoryTable } from '../inventory-table';
import { TELEMETRY_VARIABLES } from '../names';
import { ingestStatus } from './ingest-status';

/** SQS: one device status per message. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  log.addContext(context);
  const table = new InventoryTable(documentClient(), requireEnvironment(TELEMETRY_VARIABLES.inventoryTable));
  return ingestMessages(event, context, 'device status', (bodies) =>
    Promise.allSettled(
      bodies.map(async (body) => {
        await ingestStatus(body, table);
        return {};
      }),
    ),
  );
}
