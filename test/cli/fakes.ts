/** AWS in memory, as far as the commands use it. A command that a fake does not know is an error. */

import { createHash, generateKeyPairSync } from 'node:crypto';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GreengrassV2Client } from '@aws-sdk/client-greengrassv2';
import { IoTClient } from '@aws-sdk/client-iot';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { STSClient } from '@aws-sdk/client-sts';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { runProgram } from '../../cli/run-program';
import type { Clients } from '../../cli/shared/clients';
import { KaizenEnvironment } from '../../cli/shared/environment';
import type { GateReport } from '../../contracts';

interface Command {
  readonly constructor: { readonly name: string };
  readonly input: object;
}
/** Every field that a handler reads, of all commands together. */
interface Input
  extends Readonly<
    Record<
      | 'Body'
      | 'Key'
      | 'IfNoneMatch'
      | 'Range'
      | 'Prefix'
      | 'ContinuationToken'
      | 'StackName'
      | 'TableName'
      | 'QueueUrl'
      | 'MessageBody'
      | 'ReceiptHandle'
      | 'ModelPackageGroupName'
      | 'NextToken'
      | 'nextToken'
      | 'marker'
      | 'thingName'
      | 'thingTypeName'
      | 'thingGroupName'
      | 'certificateId'
      | 'newStatus'
      | 'policyName'
      | 'target'
      | 'principal'
      | 'endpointType'
      | 'executionArn'
      | 'cause'
      | 'FunctionName',
      string
    >
  > {
  readonly MaxNumberOfMessages: number;
  readonly ReservedConcurrentExecutions: number;
  readonly Item: Record<string, unknown>;
  readonly ExpressionAttributeValues: Record<string, unknown>;
  readonly ExclusiveStartKey?: { readonly position: string };
}
type Handler = (input: Input) => unknown;

/** One page, and the token of the next. Two at a time: whoever does not follow the pages misses most of it. */
function pageOf<Item>(items: readonly Item[], token = '0'): { items: Item[]; next: string | undefined } {
  const end = Number(token) + 2;
  return { items: items.slice(Number(token), end), next: end < items.length ? String(end) : undefined };
}

/** A client whose commands are the methods of `handlers`; keeps what was called. */
export class FakeClient {
  readonly calls: { name: string; input: Record<string, unknown> }[] = [];
  /** Name of a command, and how often it fails before it works. */
  readonly failures = new Map<string, Error[]>();

  constructor(private readonly handlers: Readonly<Record<string, Handler>>) {}

  readonly send = async (command: Command): Promise<unknown> => {
    const name = command.constructor.name.replace(/Command$/, '');
    // Copied: the SDK's paginators write the next token into the input that they have sent.
    this.calls.push({ name, input: { ...command.input } });
    const failure = this.failures.get(name)?.shift();
    if (failure) throw failure;
    const handler = this.handlers[name];
    if (!handler) throw new Error(`the fake does not know ${name}`);
    return handler(command.input as Input);
  };

  names(): string[] {
    return this.calls.map(({ name }) => name);
  }
}

/** As the SDK throws it: its exception classes know an error of theirs by `$fault`, `$metadata` and name. */
export function awsError(name: string, message = name): Error {
  return Object.assign(new Error(message), { name, $fault: 'client', $metadata: {} });
}

/** The SDK's paginators take its own clients only, so each fake answers in the place of a real one. */
export function asClients(fakes: { readonly [Name in keyof Clients]?: FakeClient }): Clients {
  const clients: Clients = {
    cloudFormation: new CloudFormationClient({}),
    cloudWatch: new CloudWatchClient({}),
    dynamoDb: DynamoDBDocumentClient.from(new DynamoDBClient({})),
    s3: new S3Client({}),
    sqs: new SQSClient({}),
    kms: new KMSClient({}),
    lambda: new LambdaClient({}),
    iot: new IoTClient({}),
    sageMaker: new SageMakerClient({}),
    greengrass: new GreengrassV2Client({}),
    stepFunctions: new SFNClient({}),
    logs: new CloudWatchLogsClient({}),
    sts: new STSClient({}),
  };
  for (const [name, client] of Object.entries(clients)) {
    const fake = fakes[name as keyof Clients] ?? new FakeClient({});
    Object.assign(client, { send: fake.send });
  }
  return clients;
}

export const OUTPUTS = {
  ModelPackageGroupName: 'kaizen-local--surface',
  DatasetBucketName: 'datasets',
  ModelBucketName: 'models',
  PipelineName: 'kaizen-local--surface-training',
  CloudWidthMultiplier: '0.5',
  TelemetryBucketName: 'telemetry',
  ReleaseTableName: 'releases',
  LabelTableName: 'labels',
  EpisodeTableName: 'episodes',
  InventoryTableName: 'inventory',
  SigningKeyArn: 'arn:key',
  CanaryGroupName: 'kaizen-local-canary',
  StableGroupName: 'kaizen-local-stable',
  DevicePolicyName: 'kaizen-local-device',
  ThingTypeName: 'kaizen-local-core-device',
  RoleAliasName: 'kaizen-local-token-exchange',
  ResultsQueueUrl: 'http://queue/results',
  ResultsDeadLetterQueueUrl: 'http://queue/results-dead',
} as const;

/** What is deployed besides: the component, and functions by their names. */
export const DEPLOYED_OUTPUTS = {
  InferenceComponentName: 'com.kaizenedge.local.Inference',
  InferenceComponentVersion: '1.2.3',
  AcceptManifestFunctionName: 'accept-manifest',
  BuildReleaseFunctionName: 'build-release',
  MergeCapturesFunctionName: 'merge-captures',
  IngestResultsFunctionName: 'ingest-results',
  EvaluateDriftFunctionName: 'evaluate-drift',
  StartRetrainingFunctionName: 'start-retraining',
};

export const environment = new KaizenEnvironment('local', new Map(Object.entries(OUTPUTS)));

/** CloudFormation with the outputs above in the data stack, and no other stack. */
export function fakeCloudFormation(outputs: Readonly<Record<string, string>> = OUTPUTS): FakeClient {
  return new FakeClient({
    DescribeStacks: ({ StackName }) => {
      if (StackName !== 'kaizen-local-data') {
        throw awsError('ValidationError', `Stack with id ${String(StackName)} does not exist`);
      }
      const pairs = Object.entries(outputs);
      return { Stacks: [{ Outputs: pairs.map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })) }] };
    },
  });
}

/** A bucket; `onPut` sees every key that is written. */
export class FakeBucket extends FakeClient {
  readonly objects: Map<string, Buffer>;

  constructor(onPut: (bucket: FakeBucket, key: string) => void = () => {}) {
    const objects = new Map<string, Buffer>();
    super({
      PutObject: ({ Key, Body, IfNoneMatch }) => {
        if (IfNoneMatch === '*' && objects.has(Key)) throw awsError('PreconditionFailed');
        objects.set(Key, Buffer.from(Body));
        onPut(this, Key);
        return {};
      },
      GetObject: ({ Key, Range }) => {
        const whole = objects.get(Key);
        if (!whole) throw awsError('NoSuchKey');
        const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(Range ?? '') ?? [];
        if (from !== undefined && Number(from) >= whole.length) throw awsError('InvalidRange');
        const body = to === undefined ? whole : whole.subarray(Number(from), Number(to) + 1);
        return {
          Body: {
            transformToString: async () => body.toString('utf8'),
            transformToByteArray: async () => new Uint8Array(body),
          },
        };
      },
      ListObjectsV2: ({ Prefix, ContinuationToken }) => {
        const keys = [...objects.keys()].filter((key) => key.startsWith(Prefix)).sort();
        const { items, next } = pageOf(keys, ContinuationToken);
        return {
          Contents: items.map((Key) => ({ Key, LastModified: new Date('2026-02-01T00:00:00Z') })),
          NextContinuationToken: next,
        };
      },
    });
    this.objects = objects;
  }

  putJson(key: string, value: object): void {
    this.objects.set(key, Buffer.from(JSON.stringify(value)));
  }
}

/** Tables by name; an item's key is made of the attributes that `keys` names. */
export class FakeTables extends FakeClient {
  readonly items: Record<string, Record<string, unknown>[]>;

  constructor(items: Record<string, Record<string, unknown>[]> = {}) {
    const rows = (table: string) => {
      items[table] ??= [];
      return items[table];
    };
    const page = (found: Record<string, unknown>[], start: Input['ExclusiveStartKey']) => {
      const { items: Items, next } = pageOf(found, start?.position);
      return { Items, LastEvaluatedKey: next && { position: next } };
    };
    super({
      Query: ({ TableName, ExpressionAttributeValues, ExclusiveStartKey }) => {
        const wanted = ExpressionAttributeValues[':useCase'];
        return page(
          rows(TableName).filter(({ useCase }) => useCase === wanted),
          ExclusiveStartKey,
        );
      },
      Scan: ({ TableName, ExclusiveStartKey }) => page(rows(TableName), ExclusiveStartKey),
      Get: ({ TableName, Key }) => ({
        Item: rows(TableName).find((item) =>
          Object.entries(Key as unknown as object).every(([name, value]) => item[name] === value),
        ),
      }),
      Put: ({ TableName, Item }) => {
        // The sort key of labels, and that of the release table.
        const isSame = (row: Record<string, unknown>): boolean =>
          row.captureId === Item.captureId && row.item === Item.item;
        const kept = rows(TableName).filter((row) => !isSame(row));
        items[TableName] = [...kept, Item];
        return {};
      },
      Delete: ({ TableName, Key }) => {
        const { deviceId } = Key as unknown as { deviceId: string };
        items[TableName] = rows(TableName).filter((item) => item.deviceId !== deviceId);
        return {};
      },
    });
    this.items = items;
  }
}

export const signingKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const signingKeyDer = signingKey.publicKey.export({ format: 'der', type: 'spki' });
export const signingKeyId = createHash('sha256').update(signingKeyDer).digest('hex');

export function fakeKms(publicKey: Buffer = signingKeyDer): FakeClient {
  return new FakeClient({ GetPublicKey: () => ({ PublicKey: publicKey }) });
}

interface Certificate {
  status: string;
  readonly policies: Set<string>;
}

/** The registry of AWS IoT, with the refusals that the commands must respect. */
export class FakeIot extends FakeClient {
  readonly things = new Map<string, { type?: string; principals: Set<string>; groups: Set<string> }>();
  readonly certificates = new Map<string, Certificate>();
  readonly endpoints = new Map([
    ['iot:Data-ATS', 'a1b2c3-ats.iot.eu-west-1.amazonaws.com'],
    ['iot:CredentialProvider', 'c4d5e6.credentials.iot.eu-west-1.amazonaws.com'],
  ]);

  constructor() {
    const thingArn = (name: string) => `arn:aws:iot:eu-west-1:123456789012:thing/${name}`;
    const idOf = (arn: string) => arn.split('/').pop() ?? '';
    const thing = (name: string) => {
      const found = this.things.get(name);
      if (!found) throw awsError('ResourceNotFoundException');
      return found;
    };
    const certificate = (id: string) => {
      const found = this.certificates.get(id);
      if (!found) throw awsError('ResourceNotFoundException');
      return found;
    };
    super({
      CreateThing: ({ thingName, thingTypeName }) => {
        const known = this.things.get(thingName);
        if (known && known.type !== thingTypeName) throw awsError('ResourceAlreadyExistsException');
        if (!known)
          this.things.set(thingName, { type: thingTypeName, principals: new Set(), groups: new Set() });
        return { thingArn: thingArn(thingName) };
      },
      DescribeThing: ({ thingName }) => ({
        thingTypeName: thing(thingName).type,
        thingArn: thingArn(thingName),
      }),
      DescribeEndpoint: ({ endpointType }) => {
        const endpointAddress = this.endpoints.get(endpointType);
        // The type of old, without -ATS, answers with a host whose authority is trusted no more.
        if (endpointAddress === undefined) throw awsError('InvalidRequestException');
        return { endpointAddress };
      },
      CreateKeysAndCertificate: () => {
        const certificateId = `cert-${this.certificates.size + 1}`;
        this.certificates.set(certificateId, { status: 'ACTIVE', policies: new Set() });
        return {
          certificateId,
          certificateArn: `arn:cert/${certificateId}`,
          certificatePem: `-----BEGIN CERTIFICATE-----\n${certificateId}\n`,
          keyPair: { PrivateKey: `-----BEGIN RSA PRIVATE KEY-----\nsecret of ${certificateId}\n` },
        };
      },
      DescribeCertificate: ({ certificateId }) => ({
        certificateDescription: { status: certificate(certificateId).status },
      }),
      UpdateCertificate: ({ certificateId, newStatus }) => {
        certificate(certificateId).status = newStatus;
        return {};
      },
      DeleteCertificate: ({ certificateId }) => {
        if (certificate(certificateId).status === 'ACTIVE') throw awsError('CertificateStateException');
        const attached = [...this.things.values()].some(({ principals }) =>
          principals.has(`arn:cert/${String(certificateId)}`),
        );
        if (attached) throw awsError('DeleteConflictException');
        this.certificates.delete(certificateId);
        return {};
      },
      AttachPolicy: ({ policyName, target }) => {
        certificate(idOf(target)).policies.add(policyName);
        return {};
      },
      DetachPolicy: ({ policyName, target }) => {
        certificate(idOf(target)).policies.delete(policyName);
        return {};
      },
      ListAttachedPolicies: ({ target, marker }) => {
        const { items, next } = pageOf([...certificate(idOf(target)).policies], marker);
        return { policies: items.map((policyName) => ({ policyName })), nextMarker: next };
      },
      AttachThingPrincipal: ({ thingName, principal }) => {
        thing(thingName).principals.add(principal);
        return {};
      },
      DetachThingPrincipal: ({ thingName, principal }) => {
        thing(thingName).principals.delete(principal);
        return {};
      },
      ListThingPrincipals: ({ thingName, nextToken }) => {
        const { items, next } = pageOf([...thing(thingName).principals], nextToken);
        return { principals: items, nextToken: next };
      },
      ListThingGroupsForThing: ({ thingName, nextToken }) => {
        const { items, next } = pageOf([...thing(thingName).groups], nextToken);
        return {
          thingGroups: items.map((groupName) => ({ groupName, groupArn: `arn:group/${groupName}` })),
          nextToken: next,
        };
      },
      AddThingToThingGroup: ({ thingName, thingGroupName }) => {
        const { groups } = thing(thingName);
        if (groups.size > 0 && !groups.has(thingGroupName)) throw awsError('InvalidRequestException');
        groups.add(thingGroupName);
        return {};
      },
      RemoveThingFromThingGroup: ({ thingName, thingGroupName }) => {
        thing(thingName).groups.delete(thingGroupName);
        return {};
      },
      DeleteThing: ({ thingName }) => {
        if (this.things.get(thingName)?.principals.size) throw awsError('InvalidRequestException');
        this.things.delete(thingName);
        return {};
      },
    });
  }
}

/** Runs one command as `bin/kaizen` does. */
export async function runKaizen(
  line: string | string[],
  clients: Partial<Record<keyof Clients, FakeClient>> = {},
) {
  const [output, errors]: [string[], string[]] = [[], []];
  const exitCode = await runProgram(typeof line === 'string' ? line.split(' ').filter(Boolean) : line, {
    clients: () => asClients({ cloudFormation: fakeCloudFormation(), ...clients }),
    write: (text) => output.push(text),
    writeError: (text) => errors.push(text),
    now: () => new Date('2026-03-02T00:00:00Z'),
    sleep: async () => undefined,
    userName: () => 'ann',
  });
  return { exitCode, output: output.join('\n'), errors: errors.join('\n') };
}

/** Of a model that is good enough. @param message the gate's sentence */
export const aGateReport = (message: string): GateReport => ({
  schemaVersion: 1,
  useCase: 'surface',
  passed: true,
  failures: 0,
  message,
  accuracy: 0.96,
  checks: [
    {
      name: 'accuracy',
      subject: '',
      value: 0.96,
      limit: 0.8,
      passed: true,
      sentence: 'accuracy 0.96 >= 0.8',
    },
  ],
  datasetManifestSha256: 'a'.repeat(64),
  exportSha256: 'b'.repeat(64),
});
