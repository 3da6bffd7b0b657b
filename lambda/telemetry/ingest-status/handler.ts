import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { documentClient } from '../../shared/aws';
import { requireEnvironment } from '../../shared/env';
import { log } from '../../shared/log';
import { ENVIRONMENT_VARIABLES as VARIABLES } from '../../shared/names';
import { ingestMessages } from '../ingest-messages';
import { type IngestStatusPorts, ingestStatus } from './ingest-status';

function awsPorts(): IngestStatusPorts {
  const tableName = requireEnvironment(VARIABLES.inventoryTable);
  return {
    async putIfNewer(item) {
      try {
        await documentClient().send(
          new PutCommand({
            TableName: tableName,
            Item: item,
            ConditionExpression: 'attribute_not_exists(deviceId) OR receivedAt <= :receivedAt',
            ExpressionAttributeValues: { ':receivedAt': item.receivedAt },
          }),
        );
        return 'stored';
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return 'older';
        throw error;
      }
    },
  };
}

/** SQS: one device status per message. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  log.addContext(context);
  const ports = awsPorts();
  return ingestMessages(event, context, 'device status', async (body) => {
    await ingestStatus(body, ports);
  });
}
