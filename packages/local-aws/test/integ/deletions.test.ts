/** What CloudFormation may not delete in AWS, it may not delete here. */
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackResourcesCommand,
  UpdateStackCommand,
  waitUntilStackCreateComplete,
  waitUntilStackDeleteComplete,
  waitUntilStackUpdateComplete,
} from '@aws-sdk/client-cloudformation';
import {
  CreateThingTypeCommand,
  DeleteThingTypeCommand,
  DeprecateThingTypeCommand,
  DescribeThingTypeCommand,
  IoTClient,
} from '@aws-sdk/client-iot';
import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { Ministack } from '../../launcher/ministack';
import { startTestMinistack } from '../greengrass/running-ministack';

const Bucket = 'deletions-bucket';
const WAIT = { maxWaitTime: 30, minDelay: 1, maxDelay: 1 } as const;

const template = (isTableProtected: boolean) => ({
  Resources: {
    Bucket: {
      Type: 'AWS::S3::Bucket',
      Properties: { BucketName: Bucket, VersioningConfiguration: { Status: 'Enabled' } },
    },
    Table: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        DeletionProtectionEnabled: isTableProtected,
      },
    },
    ThingType: { Type: 'AWS::IoT::ThingType', Properties: { ThingTypeName: 'deletions' } },
  },
});

let aws: Ministack;
let cloudFormation: CloudFormationClient;
let s3: S3Client;
let iot: IoTClient;

beforeAll(async () => {
  aws = await startTestMinistack();
  const settings = {
    endpoint: aws.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  cloudFormation = new CloudFormationClient(settings);
  s3 = new S3Client({ ...settings, forcePathStyle: true });
  iot = new IoTClient(settings);
});
afterAll(() => aws?.stop());

/** Deletes a stack. @returns `<logical id>: <reason>` of what is left of it */
async function deletionOf(StackName: string): Promise<string[]> {
  await cloudFormation.send(new DeleteStackCommand({ StackName }));
  try {
    await waitUntilStackDeleteComplete({ client: cloudFormation, ...WAIT }, { StackName });
    return [];
  } catch {
    const { StackResources = [] } = await cloudFormation.send(
      new DescribeStackResourcesCommand({ StackName }),
    );
    return StackResources.filter(({ ResourceStatus }) => ResourceStatus === 'DELETE_FAILED')
      .map(({ LogicalResourceId, ResourceStatusReason }) => `${LogicalResourceId}: ${ResourceStatusReason}`)
      .sort();
  }
}

async function create(StackName: string, body: object): Promise<void> {
  await cloudFormation.send(new CreateStackCommand({ StackName, TemplateBody: JSON.stringify(body) }));
  await waitUntilStackCreateComplete({ client: cloudFormation, ...WAIT }, { StackName });
}

async function removeVersions(): Promise<void> {
  const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  for (const { Key, VersionId } of [...Versions, ...DeleteMarkers]) {
    await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
  }
}

test('[B10] a bucket that holds versions and a protected table fail the deletion of their stack', async () => {
  await create('refused', template(true));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'a' }));
  // A delete marker hides the object and leaves its version.
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
  const table =
    'Table: Table is protected against deletion. To delete the table, disable deletion protection.';
  await expect(deletionOf('refused')).resolves.toEqual([
    'Bucket: The bucket you tried to delete is not empty',
    table,
  ]);
  await removeVersions();
  await expect(deletionOf('refused')).resolves.toEqual([table]);
});

test('[B10] what is empty and no longer protected goes', async () => {
  await create('allowed', template(true));
  const allowed = { StackName: 'allowed' };
  await cloudFormation.send(
    new UpdateStackCommand({ ...allowed, TemplateBody: JSON.stringify(template(false)) }),
  );
  await waitUntilStackUpdateComplete({ client: cloudFormation, ...WAIT }, allowed);
  await expect(deletionOf('allowed')).resolves.toEqual([]);
});

test('[B10] a thing type outlives its deprecation by five minutes', async () => {
  const thingTypeName = 'kept';
  await iot.send(new CreateThingTypeCommand({ thingTypeName }));
  await iot.send(new DeprecateThingTypeCommand({ thingTypeName }));
  await expect(iot.send(new DeleteThingTypeCommand({ thingTypeName }))).rejects.toThrow(
    /wait for 5 minutes after deprecation/,
  );
  await expect(iot.send(new DescribeThingTypeCommand({ thingTypeName }))).resolves.toMatchObject({
    thingTypeMetadata: { deprecated: true },
  });
});
