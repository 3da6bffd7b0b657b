/**
 * What a frame would cost if the cloud decided: uploaded to S3, one function called. Without inference there and
 * without any network distance, so it is a lower bound of the real thing.
 */
import { performance } from 'node:perf_hooks';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { DemoContext } from './context';

export const ROUND_TRIP_WHAT =
  'frame uploaded to S3 and one Lambda call on this same machine: no inference, no network distance, so a lower bound';
const ROUNDS = 30;

/** @returns milliseconds per frame */
export async function measureRoundTrips(context: DemoContext, frames: readonly Buffer[]): Promise<number[]> {
  const { clients, environment } = context;
  const Bucket = environment.output('TelemetryBucketName');
  const FunctionName = environment.output('IngestResultsFunctionName');
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const Body = frames[round % frames.length] as Buffer;
    const started = performance.now();
    await clients.s3.send(new PutObjectCommand({ Bucket, Key: `round-trip/${round}.jpg`, Body }));
    // An empty batch: the function answers at once and changes nothing.
    const answer = await clients.lambda.send(
      new InvokeCommand({ FunctionName, Payload: Buffer.from(JSON.stringify({ Records: [] })) }),
    );
    if (answer.FunctionError) throw new Error(`${FunctionName} failed: ${answer.FunctionError}`);
    times.push(performance.now() - started);
  }
  return times;
}
