import { Readable } from 'node:stream';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { sdkStreamMixin } from '@smithy/core/serde';
import type { Context, SQSEvent } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { handler } from '../../../lambda/dataset/accept-manifest/handler';
import { manifestKeys } from '../../../lambda/dataset/accept-manifest/manifest-keys';
import { linesOf } from '../../../lambda/dataset/lines';
import { handler as merge } from '../../../lambda/dataset/merge-captures/handler';
import { FakeDatasetBucket } from './fake-dataset-bucket';

const context = { functionName: 'test', getRemainingTimeInMillis: () => 1000 } as unknown as Context;
const notification = (key: string, bucket = 'datasets') =>
  JSON.stringify({ Records: [{ s3: { bucket: { name: bucket }, object: { key } } }] });
const eventOf = (...bodies: string[]): SQSEvent =>
  ({ Records: bodies.map((body, index) => ({ messageId: `m${index}`, body })) }) as unknown as SQSEvent;

describe('S3 notifications', () => {
  test('name the keys of manifests', () => {
    expect(manifestKeys(notification('manifests/incoming/a+b%2Bc.jsonl'), 'datasets')).toEqual([
      'manifests/incoming/a b+c.jsonl',
    ]);
  });

  test('the test event names none', () => {
    expect(
      manifestKeys('{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"datasets"}', 'datasets'),
    ).toEqual([]);
  });

  test.each([
    ['text', 'hello', 'not JSON'],
    ['null', 'null', 'Records: must be a list'],
    [
      'another bucket',
      notification('manifests/incoming/a.jsonl', 'other'),
      "must name an object of 'datasets'",
    ],
    ['no key', '{"Records":[{}]}', "must name an object of 'datasets'"],
  ])('refuses %s', (_, body, message) => {
    expect(() => manifestKeys(body, 'datasets')).toThrow(message);
  });
});

describe('lines of a stream', () => {
  async function collect(...chunks: string[]): Promise<string[]> {
    const lines: string[] = [];
    for await (const line of linesOf(Readable.from(chunks.map((chunk) => Buffer.from(chunk)))))
      lines.push(line);
    return lines;
  }

  test('end with either line ending, and the last one without', async () => {
    await expect(collect('a\r\nb', 'c\n\nd')).resolves.toEqual(['a', 'bc', '', 'd']);
  });

  test('a character may lie across two chunks', async () => {
    const bytes = Buffer.from('ü\n');
    const lines: string[] = [];
    for await (const line of linesOf(Readable.from([bytes.subarray(0, 1), bytes.subarray(1)])))
      lines.push(line);
    expect(lines).toEqual(['ü']);
  });
});

describe('the handlers', () => {
  const s3 = mockClient(S3Client);
  const events = mockClient(EventBridgeClient);
  const bucket = new FakeDatasetBucket();
  beforeEach(() => {
    s3.reset();
    events.reset();
    events.on(PutEventsCommand).resolves({ FailedEntryCount: 0 });
    Object.assign(process.env, {
      DATASET_BUCKET: 'datasets',
      KAIZEN_ENVIRONMENT: 'local',
      KAIZEN_USE_CASE: 'surface',
      TELEMETRY_BUCKET: 't',
      LABEL_TABLE: 'l',
    });
    s3.on(GetObjectCommand).callsFake(({ Key }) => {
      const found = bucket.objects.get(Key);
      if (!found) throw Object.assign(new Error(Key), { name: 'NoSuchKey', $fault: 'client', $metadata: {} });
      return {
        Body: sdkStreamMixin(Readable.from([Buffer.from(found.body)])),
        ETag: '"e"',
        LastModified: found.at,
      };
    });
    s3.on(PutObjectCommand).resolves({});
  });

  test('a manifest is accepted, and the event names it', async () => {
    const key = bucket.upload('first', [bucket.anItem('one'), bucket.anItem('two', { label: 'scratch' })]);
    await expect(handler(eventOf(notification(key)), context)).resolves.toEqual({ batchItemFailures: [] });

    const written = s3.commandCalls(PutObjectCommand).map(({ args }) => args[0].input.Key);
    expect(written).toEqual([
      expect.stringMatching(/\.jsonl\.objects\.json$/),
      expect.any(String),
      'manifests/current.json',
    ]);
    const entry = events.commandCalls(PutEventsCommand)[0]?.args[0].input.Entries?.[0];
    expect(entry?.DetailType).toBe('Dataset Accepted');
    expect(JSON.parse(entry?.Detail ?? '')).toMatchObject({
      manifestUri: `s3://datasets/${written[1]}`,
      items: 2,
      classes: ['good', 'scratch'],
    });
  });

  test('a rejected one is reported, and its message is done', async () => {
    const key = bucket.upload('broken', ['{']);
    await expect(handler(eventOf(notification(key)), context)).resolves.toEqual({ batchItemFailures: [] });
    expect(events.commandCalls(PutEventsCommand)[0]?.args[0].input.Entries?.[0]?.DetailType).toBe(
      'Dataset Rejected',
    );
  });

  test('only what could not be read is delivered again', async () => {
    s3.on(GetObjectCommand, { Key: 'manifests/incoming/slow.jsonl' }).rejects(new Error('SlowDown'));
    const bodies = [notification('manifests/incoming/slow.jsonl'), '{"Event":"s3:TestEvent"}'];
    await expect(handler(eventOf(...bodies), context)).resolves.toEqual({
      batchItemFailures: [{ itemIdentifier: 'm0' }],
    });
  });

  test('a merge for another use case is refused', async () => {
    await expect(merge({ useCase: 'other' }, context)).rejects.toThrow(
      'useCase: must be \'surface\', got "other"',
    );
  });
});
