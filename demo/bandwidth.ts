/** Bytes that the devices sent, beside those of sending every frame. */
import { CAPTURE_PREFIX } from '../lambda/telemetry/names';
import type { DemoContext } from './context';
import type { Observation } from './observations';
import type { ReportData } from './report/report-data';
import { questionBytes, SIDECAR_BYTES } from './sent-bytes';
import { sizeOfObjects } from './stored-objects';

const framesBytes = (observations: readonly Observation[]): number =>
  observations.reduce((sum, { truth }) => sum + truth.bytes, 0);

const questionsBytes = (observations: readonly Observation[]): number =>
  observations
    .filter(({ record }) => record.secondOpinion !== undefined)
    .reduce((sum, { truth }) => sum + questionBytes(truth.bytes), 0);

/** @param bytesOfRecord of one record in a message, on average */
export function sentFor(observations: readonly Observation[], bytesOfRecord: number): number {
  const captured = observations.filter(({ record }) => record.captureId !== undefined);
  return (
    observations.length * bytesOfRecord +
    framesBytes(captured) +
    captured.length * SIDECAR_BYTES +
    questionsBytes(observations)
  );
}

/** @param steady what was seen while the line ran as it should */
export async function bandwidthOf(
  context: DemoContext,
  seen: readonly Observation[],
  steady: readonly Observation[],
): Promise<ReportData['bandwidth']> {
  const bucket = context.environment.output('TelemetryBucketName');
  const resultBytes = context.observations.sentBytes;
  return {
    streamedBytes: framesBytes(seen),
    resultBytes,
    captureBytes: await sizeOfObjects(context.clients.s3, bucket, CAPTURE_PREFIX),
    questionBytes: questionsBytes(seen),
    steady: {
      streamedBytes: framesBytes(steady),
      sentBytes: sentFor(steady, seen.length === 0 ? 0 : resultBytes / seen.length),
    },
  };
}
