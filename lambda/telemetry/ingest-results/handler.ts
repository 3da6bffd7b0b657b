import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { counterOf, REGISTRY_VARIABLES } from '../../registry/names';
import { ReleaseTable } from '../../registry/release-table';
import { documentClient, iotData, s3 } from '../../shared/aws';
import { deployedEnvironment, numberFromEnvironment, requireEnvironment } from '../../shared/env';
import { log } from '../../shared/log';
import { type Counts, ingestMessages } from '../ingest-messages';
import { confirmationTopic, TELEMETRY_VARIABLES } from '../names';
import { SketchTable } from '../sketch-table';
import { type IngestResultsOutcome, type IngestResultsPorts, ingestResults } from './ingest-results';

const compressed = promisify(gzip);

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
      const names = await new ReleaseTable(documentClient(), releaseTable, useCase).classes(counter);
      if (!names) return undefined;
      const classes = new Set(names);
      knownClasses.set(releaseId, classes);
      return classes;
    },
    async storeLines(key, lines) {
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
      await s3().send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: await compressed(text),
          ContentType: 'application/gzip',
        }),
      );
    },
    counted: (sketch) => sketches.counted(sketch),
    addOnce: (shares, known) => sketches.addOnce(shares, known),
    noteOnce: (deviceId, batchId, receivedAt) => sketches.noteOnce(deviceId, batchId, receivedAt),
    async confirm(confirmation) {
      const { deviceId, useCase } = confirmation;
      try {
        await iotData().send(
          new PublishCommand({
            topic: confirmationTopic({ ...deployedEnvironment(), useCase }, deviceId),
            qos: 1,
            payload: Buffer.from(JSON.stringify(confirmation)),
          }),
        );
      } catch (error) {
        log.warn('not confirmed', { deviceId, error: error as Error });
      }
    },
    onLinesLeft: (key, error) => log.warn('lines will be stored twice', { key, error }),
  };
}

function countsOf({ accepted, rejected, repeated, droppedOnDevice }: IngestResultsOutcome): Counts {
  return repeated
    ? { batchesRepeated: 1 }
    : { recordsAccepted: accepted, recordsRejected: rejected, recordsDroppedOnDevice: droppedOnDevice };
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
  const options = { windowSeconds, invocationId: context.awsRequestId };
  return ingestMessages(event, context, 'results batch', async (bodies) => {
    const outcomes = await ingestResults(bodies, options, ports);
    return outcomes.map((outcome) =>
      outcome.status === 'fulfilled' ? { ...outcome, value: countsOf(outcome.value) } : outcome,
    );
  });
}
