/**
 * In which partitions of the sketch table a release's windows lie. Pure.
 *
 * DynamoDB writes 1,000 units a second to one partition key. Devices with a message every two seconds, at a unit or two
 * each, meet that from about 2,500 of them on, however much the table has; spread over sixteen keys, 40,000 do.
 */
import { createHash } from 'node:crypto';

/** A digest's first hexadecimal digit spreads devices over so many. */
export const SKETCH_PARTITIONS = 16;

/** Where all windows of a release lay before; what was counted there stays, and is read with the others. */
export const oldSketchPartition = (useCase: string, releaseId: string): string => `${useCase}#${releaseId}`;

/** Where a device's windows lie. */
export function sketchPartition(useCase: string, releaseId: string, deviceId: string): string {
  const [digit] = createHash('sha256').update(deviceId).digest('hex');
  return `${oldSketchPartition(useCase, releaseId)}#${digit}`;
}

/** All of a release. */
export const sketchPartitions = (useCase: string, releaseId: string): string[] => {
  const old = oldSketchPartition(useCase, releaseId);
  return [old, ...Array.from({ length: SKETCH_PARTITIONS }, (_, index) => `${old}#${index.toString(16)}`)];
};
