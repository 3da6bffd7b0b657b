import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  GreengrassV2Client,
  ListComponentVersionsCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-greengrassv2';
import { CopyObjectCommand, GetObjectCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DescribeModelPackageCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { DynamoDBDocumentClient, GetCommand, PutCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { sdkStreamMixin } from '@smithy/core/serde';
import type { Context } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { handler } from '../../../lambda/registry/build-release/handler';
import { ModelBucket } from '../../../lambda/registry/model-bucket';
import { highestPublishedCounter } from '../../../lambda/registry/published-counters';
import type { StoredRelease } from '../../../lambda/registry/release-items';
import { ReleaseTable } from '../../../lambda/registry/release-table';
import { releaseArchitectures } from '../../../lambda/registry/settings';
import { aRelease, USE_CASE } from '../shared/builders';

const context = {} as Context;
/** As the SDK throws it: its exception classes know an error of theirs by `$fault`, `$metadata` and name. */
const named = (name: string, extra: object = {}) =>
  Object.assign(new Error(name), { name, $fault: 'client', $metadata: {}, ...extra });

describe('the handler', () => {
  const sagemaker = mockClient(SageMakerClient);
  const group = 'kaizen-local--surface';
  const event = (detail: object) => ({ detail }) as Parameters<typeof handler>[0];
  beforeEach(() => {
    sagemaker.reset();
    Object.assign(process.env, {
      KAIZEN_ENVIRONMENT: 'local',
      KAIZEN_USE_CASE: USE_CASE,
      MODEL_BUCKET: 'models',
      SIGNING_KEY_ARN: 'arn:aws:kms:key',
      RELEASE_TABLE: 'releases',
      MODEL_PACKAGE_GROUP: group,
      DISPOSITION_POLICY: '{"classes":{"good":"pass"},"otherwise":"reject","novel":"review"}',
    });
  });

  test('asks the registry whether the package is approved now', async () => {
    sagemaker.on(DescribeModelPackageCommand).resolves({
      ModelPackageArn: 'arn',
      ModelPackageVersion: 3,
      ModelApprovalStatus: 'Rejected',
    });
    const approved = {
      ModelPackageArn: 'arn',
      ModelPackageGroupName: group,
      ModelApprovalStatus: 'Approved',
    };
    await expect(handler(event(approved), context)).rejects.toThrow("must be Approved, got 'Rejected'");
  });

  test.each([
    ['of another group', { ModelPackageArn: 'arn', ModelPackageGroupName: 'other' }],
    ['without a package', { ModelPackageGroupName: group }],
  ])('refuses an event %s', async (_, detail) => {
    await expect(handler(event(detail), context)).rejects.toThrow(`must name a package of group '${group}'`);
    expect(sagemaker.calls()).toHaveLength(0);
  });
});

describe('[C9] the highest counter of which there is a version', () => {
  const greengrass = mockClient(GreengrassV2Client);
  const highest = () => highestPublishedCounter(new GreengrassV2Client({}), 'arn:component');
  beforeEach(() => greengrass.reset());

  test('is found on whatever page', async () => {
    const versions = (...numbers: number[]) =>
      numbers.map((number) => ({ componentVersion: `1.0.${number}` }));
    greengrass
      .on(ListComponentVersionsCommand, { arn: 'arn:component' })
      .resolves({ componentVersions: versions(3, 1), nextToken: 'more' })
      .on(ListComponentVersionsCommand, { arn: 'arn:component', nextToken: 'more' })
      .resolves({ componentVersions: versions(10, 9) });
    await expect(highest()).resolves.toBe(10);
  });

  test('is none of a component that there is not', async () => {
    greengrass
      .on(ListComponentVersionsCommand)
      .rejects(
        new ResourceNotFoundException({ $metadata: {}, message: '', resourceId: '', resourceType: '' }),
      );
    await expect(highest()).resolves.toBe(0);
  });

  test('is not guessed where Greengrass does not answer', async () => {
    greengrass.on(ListComponentVersionsCommand).rejects(named('ThrottlingException'));
    await expect(highest()).rejects.toThrow('ThrottlingException');
  });
});

describe('the model bucket', () => {
  const s3 = mockClient(S3Client);
  const bucket = new ModelBucket(new S3Client({}), 'models');
  const source = { bucket: 'models', key: 'pipelines/a b/export/model.onnx' };
  beforeEach(() => s3.reset());

  test('hashes what streams in', async () => {
    const Body = sdkStreamMixin(Readable.from([Buffer.from('wei'), Buffer.from('ghts')]));
    s3.on(GetObjectCommand).resolves({ Body, ETag: '"e"' });
    await expect(bucket.hash(source)).resolves.toEqual({
      sha256: createHash('sha256').update('weights').digest('hex'),
      bytes: 7,
      etag: '"e"',
    });
  });

  test('copies only what was hashed, to where nothing is', async () => {
    s3.on(HeadObjectCommand).rejects(named('NotFound'));
    await bucket.keep(source, '"e"', 'releases/blobs/x/model.onnx');
    expect(s3.commandCalls(CopyObjectCommand)[0]?.args[0].input).toEqual({
      Bucket: 'models',
      Key: 'releases/blobs/x/model.onnx',
      CopySource: 'models/pipelines/a%20b/export/model.onnx',
      CopySourceIfMatch: '"e"',
    });
  });

  test('leaves alone what is there', async () => {
    s3.on(HeadObjectCommand).resolves({});
    await bucket.keep(source, '"e"', 'releases/blobs/x/model.onnx');
    expect(s3.commandCalls(CopyObjectCommand)).toHaveLength(0);
  });

  test('a refusal to look is no absence', async () => {
    s3.on(HeadObjectCommand).rejects(named('Forbidden'));
    await expect(bucket.keep(source, '"e"', 'k')).rejects.toThrow('Forbidden');
  });
});

describe('the release table', () => {
  const dynamo = mockClient(DynamoDBDocumentClient);
  const table = new ReleaseTable(dynamo as unknown as DynamoDBDocumentClient, 'releases', USE_CASE);
  beforeEach(() => dynamo.reset());

  test('claim and counter are written together', async () => {
    dynamo.on(GetCommand).resolves({});
    dynamo.on(GetCommand, { Key: { useCase: USE_CASE, item: 'counter' } }).resolves({ Item: { value: 4 } });
    dynamo.on(TransactWriteCommand).resolves({});
    await expect(table.claimCounter('package#000001', 'now')).resolves.toEqual({
      counter: 5,
      claimedAt: 'now',
    });
    const [call] = dynamo.commandCalls(TransactWriteCommand);
    const items = call?.args[0].input.TransactItems?.map(({ Put }) => Put?.Item?.item);
    expect(items).toEqual(['package#000001', 'counter']);
  });

  test('a claim that loses the race takes what the winner has written', async () => {
    dynamo
      .on(GetCommand, { Key: { useCase: USE_CASE, item: 'package#000001' } })
      .resolvesOnce({})
      .resolves({ Item: { counter: 7, claimedAt: 'then' } });
    dynamo.on(GetCommand, { Key: { useCase: USE_CASE, item: 'counter' } }).resolves({ Item: { value: 6 } });
    dynamo.on(TransactWriteCommand).rejects(named('TransactionCanceledException'));
    await expect(table.claimCounter('package#000001', 'now')).resolves.toEqual({
      counter: 7,
      claimedAt: 'then',
    });
  });

  test('case 34: a throttled table is an error, not a lost race', async () => {
    dynamo.on(GetCommand).resolves({});
    dynamo.on(TransactWriteCommand).rejects(named('ThrottlingException'));
    await expect(table.claimCounter('package#000001', 'now')).rejects.toThrow('ThrottlingException');
  });

  test('who adds second gets the first', async () => {
    const release = aRelease();
    dynamo.on(PutCommand).rejects(named('ConditionalCheckFailedException'));
    dynamo.on(GetCommand).resolves({ Item: { release: JSON.stringify(release), envelopeKey: 'first' } });
    const stored = { release, envelopeKey: 'second' } as StoredRelease;
    await expect(table.add(stored)).resolves.toMatchObject({ envelopeKey: 'first', release });
  });
});

test('an unknown architecture is refused by name', () => {
  process.env.RELEASE_ARCHITECTURES = 'linux-x64,vax';
  expect(releaseArchitectures).toThrow("got 'vax'");
  delete process.env.RELEASE_ARCHITECTURES;
  expect(releaseArchitectures()).toEqual(['linux-x64', 'linux-arm64']);
});
