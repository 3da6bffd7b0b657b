/**
 * What the cloud has received, joined with the line's truth. Reads the telemetry bucket, as anybody with access
 * to it could; the devices and the functions know nothing of the truth.
 */
import { gunzipSync } from 'node:zlib';
import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import type { InferenceResult } from '../contracts';
import { DEFAULT_CONCURRENCY, mapConcurrently } from '../lambda/shared/concurrency';
import { RESULT_PREFIX } from '../lambda/telemetry/names';
import type { InspectionLine, ShownFrame } from './inspection-line/inspection-line';
import { messageBytes } from './sent-bytes';

export interface Observation {
  readonly record: InferenceResult & { readonly deviceId: string };
  readonly truth: ShownFrame;
}

/** A line of a result file: the record, and where it came from. */
type ResultLine = Observation['record'] & { readonly batchId: string; readonly receivedAt: string };

export class Observations {
  private readonly seenKeys = new Set<string>();
  private readonly byRecord = new Map<string, Observation>();
  private duplicates = 0;
  private bytes = 0;
  private sent = 0;

  constructor(
    private readonly s3: S3Client,
    private readonly bucket: string,
    private readonly line: InspectionLine,
  ) {}

  /** All results received so far, in the order in which the frames were shown. */
  get all(): Observation[] {
    return [...this.byRecord.values()].sort((left, right) => left.truth.shownAt - right.truth.shownAt);
  }

  /** Result lines whose record had already been received: at-least-once delivery at work. */
  get duplicateRecords(): number {
    return this.duplicates;
  }

  /**
   * Of the lines that were read, before compression. They carry what the devices sent and three fields more: an upper bound
   * of what crossed the network.
   */
  get lineBytes(): number {
    return this.bytes;
  }

  /** Of the messages that brought the results, as the devices sent them: compressed, a batch each. */
  get sentBytes(): number {
    return this.sent;
  }

  /** Reads the result files that are new. */
  async refresh(): Promise<void> {
    const fresh: string[] = [];
    const results = { Bucket: this.bucket, Prefix: RESULT_PREFIX };
    for await (const { Contents = [] } of paginateListObjectsV2({ client: this.s3 }, results)) {
      for (const { Key } of Contents) if (Key && !this.seenKeys.has(Key)) fresh.push(Key);
    }
    await mapConcurrently(fresh, DEFAULT_CONCURRENCY, (key) => this.read(key));
  }

  private async read(key: string): Promise<void> {
    const object = await this.s3.send(new GetObjectCommand({ Bucket: this.bucket, Key: key }));
    const text = gunzipSync((await object.Body?.transformToByteArray()) ?? '').toString();
    this.seenKeys.add(key);
    this.bytes += Buffer.byteLength(text);
    const lines = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as ResultLine);
    this.sent += messageBytes(lines);
    for (const line of lines) this.keep(key, line);
  }

  private keep(key: string, { batchId: _, receivedAt: __, ...record }: ResultLine): void {
    const truth = this.line.truthOf(record.frameId);
    if (!truth)
      throw new Error(`${key} has a result for frame ${record.frameId}, which the line never showed`);
    const id = `${record.deviceId}/${record.recordId}`;
    if (this.byRecord.has(id)) this.duplicates += 1;
    else this.byRecord.set(id, { record, truth });
  }
}

/** A decision is right when the reported class is the true one; uncertain and invalid frames are no decision. */
export function isRight({ record, truth }: Observation): boolean {
  return record.predictedClass === truth.label;
}

/** Share of frames whose predicted class is the true one, 0..1; NaN when there are none. */
export function accuracyOf(observations: readonly Observation[]): number {
  const readable = observations.filter(({ record }) => record.status !== 'invalid');
  return readable.filter(isRight).length / readable.length;
}
