import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { counterOf, REGISTRY_VARIABLES } from '../../registry/names';
import { ReleaseTable } from '../../registry/release-table';
import { documentClient, s3 } from '../../shared/aws';
import { numberFromEnvironment, requireEnvironment } from '../../shared/env';
import { log } from '../../shared/log';
import { ingestMessages } from '../ingest-messages';
import { TELEMETRY_VARIABLES } from '../names';
import { SketchTable } from '../sketch-table';
import { type IngestResultsPorts, ingestResults } from './ingest-results';

/** A release never changes, so its classes are kept for the life of the process. */
const knownClasses = new Map<string, ReadonlySet<string>>();

function awsPorts(): IngestResultsPorts {
  const bucket = requireEnvironment(TELEMETRY_VARIABLES.bucket);
  const sketches = new SketchTable(documentClient(), requireEnvironment(TELEMETRY_VARIABLES.sketchTable));
  const releaseTable = requireEnvironment(REGISTRY_VARIABLES.releaseTable);
  return {
    async classesOf(useCase, releaseId) {
      const known = knownClasses.get(releaseId);
      const counter = counterOf(useCase, releaseId);
      if (known || counter === undefined) return known;
      const stored = await new ReleaseTable(documentClient(), releaseTable, useCase).find(counter);
      if (!stored) return undefined;
      const classes = new Set(stored.release.classes);
      knownClasses.set(releaseId, classes);
      return classes;
    },
    async storeLines(key, lines) {
      await s3().send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`,
          ContentType: 'application/x-ndjson',
        }),
      );
    },
    addOnce: (batch, receivedAt, parts) => sketches.addOnce(batch, receivedAt, parts),
  };
}

/** SQS: one results batch per message. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  log.addContext(context);
  const ports = awsPorts();
  const windowSeconds = numberFromEnvironment(TELEMETRY_VARIABLES.sketchWindowSeconds, {
    default: 3600,
    minimum: 1,
    maximum: 86_400,
  });
  return ingestMessages(event, context, 'results batch', async (body) => {
    const outcome = await ingestResults(body, windowSeconds, ports);
    if (outcome.repeated) return { batchesRepeated: 1 };
    return {
      recordsAccepted: outcome.accepted,
      recordsRejected: outcome.rejected,
      recordsDroppedOnDevice: outcome.droppedOnDevice,
    };
  });
}
