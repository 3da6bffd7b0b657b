import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { documentClient } from '../../shared/aws';
import { requireEnvironment } from '../../shared/env';
import { InvalidInputError, isErrorNamed } from '../../shared/errors';
import { log } from '../../shared/log';
import { MetricUnit, newMetrics, publishMetrics } from '../../shared/metrics';
import { ENVIRONMENT_VARIABLES as VARIABLES } from '../../shared/names';
import { TELEMETRY_METRICS } from '../names';
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
        if (isErrorNamed(error, 'ConditionalCheckFailedException')) return 'older';
        throw error;
      }
    },
  };
}

/** SQS: one device status per message; partial batch response. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  log.addContext(context);
  const ports = awsPorts();
  const metrics = newMetrics({ useCase: requireEnvironment(VARIABLES.useCase) });
  const ingest = async (record: SQSRecord): Promise<void> => {
    try {
      await ingestStatus(record.body, ports);
    } catch (error) {
      if (error instanceof InvalidInputError) {
        metrics.addMetric(TELEMETRY_METRICS.messagesRefused, MetricUnit.Count, 1);
        log.warn('status refused', { messageId: record.messageId, reason: error.message });
      } else {
        log.error('status not ingested', { messageId: record.messageId, error: error as Error });
      }
      throw error;
    }
  };
  try {
    return await processPartialResponse(event, ingest, new BatchProcessor(EventType.SQS), {
      context,
      throwOnFullBatchFailure: false,
    });
  } finally {
    publishMetrics(metrics);
  }
}
