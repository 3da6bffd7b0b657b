/**
 * An environment in which the real handlers run as deployed: with the variables and the role of the synthesized
 * templates. Its buckets and tables are in memory, and refuse what the role does not allow.
 */
import { createHash, generateKeyPairSync } from 'node:crypto';
import { Readable } from 'node:stream';
import { BudgetsClient, DescribeBudgetCommand } from '@aws-sdk/client-budgets';
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import {
  CreateComponentVersionCommand,
  CreateDeploymentCommand,
  DescribeComponentCommand,
  GreengrassV2Client,
  ListComponentVersionsCommand,
  ListDeploymentsCommand,
} from '@aws-sdk/client-greengrassv2';
import { GetPublicKeyCommand, KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import {
  BatchGetCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { sdkStreamMixin } from '@smithy/core/serde';
import type { Context } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { captureLog, metricsOfLine, type WrittenMetric } from '../lambda/shared/metric-lines';
import { applyUpdate } from '../lambda/telemetry/memory-table';
import { DeployedFunction } from './deployed-function';
import type { RequestContext } from './iam-simulator';
import { ResolvedValues } from './resolved-values';
import type { SynthesizedApp } from './synthesized-app';

export type Item = Readonly<Record<string, unknown>>;

const CONTEXT = {
  functionName: 'deployed',
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:1:function:deployed',
  getRemainingTimeInMillis: () => 60_000,
} as unknown as Context;

const failure = (name: string, message: string): Error => Object.assign(new Error(message), { name });
const etagOf = (body: Buffer): string => `"${createHash('md5').update(body).digest('hex')}"`;

interface Assignments {
  readonly UpdateExpression: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues: Item;
}

/** What `SET a = :a, b = :b` gives an item; transactions update in no other way. */
function assignmentsOf(update: Assignments): Item {
  const {
    UpdateExpression,
    ExpressionAttributeNames: names = {},
    ExpressionAttributeValues: values,
  } = update;
  const clauses = UpdateExpression.replace(/^SET /, '').split(', ');
  return Object.fromEntries(
    clauses.map((clause) => {
      const [name = '', value = ''] = clause.split(' = ');
      return [names[name] ?? name, values[value]];
    }),
  );
}

export class DeployedEnvironment {
  /** `<bucket>/<key>` -> content. */
  readonly objects = new Map<string, Buffer>();
  /** What the handlers wrote to their logs. */
  readonly log: string[] = [];
  /** What handlers put on the default bus. */
  readonly events: PutEventsRequestEntry[] = [];
  /** What a role did not allow: `<handler>: <action> on <resource>`. */
  readonly refused: string[] = [];
  /** What handlers asked of buckets and tables, as in `refused`. */
  readonly asked = new Set<string>();
  readonly sageMaker = mockClient(SageMakerClient);
  readonly functions = mockClient(LambdaClient);
  private readonly items = new Map<string, Item[]>();
  private running: DeployedFunction | undefined;

  constructor(private readonly app: SynthesizedApp) {
    this.answerS3();
    this.answerDynamoDb();
    this.answerOthers();
  }

  get metrics(): WrittenMetric[] {
    return this.log.flatMap(metricsOfLine);
  }

  /** Value of a variable of a function, such as the name of its bucket. */
  variable(handler: string, name: string): string {
    const value = new DeployedFunction(this.app, handler).environment[name];
    if (value === undefined) throw new Error(`lambda/${handler} has no variable ${name}`);
    return value;
  }

  putItem(table: string, item: Item): void {
    const items = this.items.get(table) ?? [];
    this.items.set(table, [...items.filter((other) => !this.hasSameKey(table, other, item)), item]);
  }

  /** Invokes the handler in lambda/<handler> with the variables that are deployed, and no others. */
  async run(handler: string, event: unknown): Promise<unknown> {
    const before = process.env;
    this.running = new DeployedFunction(this.app, handler);
    process.env = {
      ...this.running.environment,
      AWS_REGION: this.app.config.region,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
    const written = captureLog();
    jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      const { handler: invoke } = await import(`../../lambda/${handler}/handler`);
      return await invoke(event, CONTEXT);
    } finally {
      jest.restoreAllMocks();
      this.log.push(...written);
      this.running = undefined;
      process.env = before;
    }
  }

  /** @throws AccessDenied as AWS does, and keeps what was refused */
  private async authorize(action: string, resource: string, context: RequestContext = {}): Promise<void> {
    const request = `${this.running?.handler}: ${action} on ${resource}`;
    this.asked.add(request);
    if (await this.running?.allows(action, resource, context)) return;
    this.refused.push(request);
    throw failure('AccessDenied', request);
  }

  private async authorizeObject(action: string, bucket = '', key = ''): Promise<string> {
    await this.authorize(action, `arn:aws:s3:::${bucket}/${key}`);
    return `${bucket}/${key}`;
  }

  /** Whoever may not list a bucket is not even told that an object is missing. */
  private async object(
    path: string,
    missing: Error = new NoSuchKey({ $metadata: {}, message: path }),
  ): Promise<Buffer> {
    const found = this.objects.get(path);
    if (found) return found;
    const slash = path.indexOf('/');
    await this.authorize('s3:ListBucket', `arn:aws:s3:::${path.slice(0, slash)}`, {
      's3:prefix': path.slice(slash + 1),
    });
    throw missing;
  }

  private answerS3(): void {
    const s3 = mockClient(S3Client);
    s3.on(GetObjectCommand).callsFake(async ({ Bucket, Key }) => {
      const body = await this.object(await this.authorizeObject('s3:GetObject', Bucket, Key));
      return { Body: sdkStreamMixin(Readable.from([body])), ETag: etagOf(body), LastModified: new Date() };
    });
    s3.on(HeadObjectCommand).callsFake(async ({ Bucket, Key }) => {
      const path = await this.authorizeObject('s3:GetObject', Bucket, Key);
      // HEAD has no body to say NoSuchKey in.
      await this.object(path, new NotFound({ $metadata: {}, message: path }));
      return {};
    });
    s3.on(PutObjectCommand).callsFake(async ({ Bucket, Key, Body }) => {
      this.objects.set(await this.authorizeObject('s3:PutObject', Bucket, Key), Buffer.from(Body));
      return {};
    });
    s3.on(CopyObjectCommand).callsFake(async ({ Bucket, Key, CopySource, CopySourceIfMatch }) => {
      const source = decodeURIComponent(CopySource);
      const slash = source.indexOf('/');
      const body = await this.object(
        await this.authorizeObject('s3:GetObject', source.slice(0, slash), source.slice(slash + 1)),
      );
      if (CopySourceIfMatch !== etagOf(body)) throw failure('PreconditionFailed', source);
      this.objects.set(await this.authorizeObject('s3:PutObject', Bucket, Key), body);
      return {};
    });
  }

  private async authorizeTable(action: string, table = ''): Promise<string> {
    const { region, account } = this.app.config;
    await this.authorize(`dynamodb:${action}`, `arn:aws:dynamodb:${region}:${account}:table/${table}`);
    return table;
  }

  /** Keys, whole partitions and `attribute_not_exists` are understood; other expressions hold. */
  private answerDynamoDb(): void {
    const tables = mockClient(DynamoDBDocumentClient);
    tables.on(GetCommand).callsFake(async ({ TableName, Key }) => ({
      Item: this.find(await this.authorizeTable('GetItem', TableName), Key),
    }));
    tables.on(BatchGetCommand).callsFake(async ({ RequestItems }) => {
      const [[table, { Keys }]] = Object.entries<{ Keys: Item[] }>(RequestItems) as [
        [string, { Keys: Item[] }],
      ];
      await this.authorizeTable('BatchGetItem', table);
      return { Responses: { [table]: Keys.flatMap((key) => this.find(table, key) ?? []) } };
    });
    tables.on(QueryCommand).callsFake(async ({ TableName, ExpressionAttributeValues: values }) => {
      const partition = values[':useCase'] ?? values[':partition'];
      const items = this.items.get(await this.authorizeTable('Query', TableName)) ?? [];
      return { Items: items.filter((item) => (item.partition ?? item.useCase) === partition) };
    });
    tables.on(ScanCommand).callsFake(async ({ TableName }) => ({
      Items: this.items.get(await this.authorizeTable('Scan', TableName)) ?? [],
    }));
    tables.on(PutCommand).callsFake(async ({ TableName, Item }) => {
      this.putItem(await this.authorizeTable('PutItem', TableName), Item);
      return {};
    });
    tables.on(UpdateCommand).callsFake(async (call) => {
      const { TableName, Key, UpdateExpression, ExpressionAttributeValues: values } = call;
      const found = this.find(await this.authorizeTable('UpdateItem', TableName), Key);
      if (!UpdateExpression.includes(' ADD ')) {
        return { Attributes: { ...found, parameters: values[':parameters'] } };
      }
      const sketch = applyUpdate(
        { ...Key, ...found },
        UpdateExpression,
        call.ExpressionAttributeNames,
        values,
      );
      this.putItem(TableName, sketch);
      return {};
    });
    tables.on(TransactWriteCommand).callsFake(async ({ TransactItems }) => {
      for (const { Put, Update, Delete } of TransactItems) {
        if (Put) await this.authorizeTable('PutItem', Put.TableName);
        if (Update) await this.authorizeTable('UpdateItem', Update.TableName);
        if (Delete) await this.authorizeTable('DeleteItem', Delete.TableName);
      }
      return this.transact(TransactItems);
    });
  }

  private transact(
    parts: readonly {
      Put?: { TableName: string; Item: Item; ConditionExpression?: string };
      Update?: {
        TableName: string;
        Key: Item;
      } & Assignments;
    }[],
  ): object {
    const failed = parts.map(
      ({ Put }) =>
        Put?.ConditionExpression?.startsWith('attribute_not_exists') === true &&
        this.find(Put.TableName, Put.Item) !== undefined,
    );
    if (failed.includes(true)) {
      throw new TransactionCanceledException({
        $metadata: {},
        message: 'cancelled',
        CancellationReasons: failed.map((has) => ({ Code: has ? 'ConditionalCheckFailed' : 'None' })),
      });
    }
    for (const { Put, Update } of parts) {
      if (Put) this.putItem(Put.TableName, Put.Item);
      if (!Update) continue;
      const { TableName, Key } = Update;
      this.putItem(TableName, { ...Key, ...this.find(TableName, Key), ...assignmentsOf(Update) });
    }
    return {};
  }

  private keysOf(table: string): string[] {
    const values = new ResolvedValues(this.app);
    const found = this.app
      .resources('AWS::DynamoDB::Table')
      .find(({ stack, logicalId }) => values.nameOf(stack, logicalId) === table);
    if (!found) throw new Error(`there is no table ${table}`);
    return found.Properties.KeySchema.map(({ AttributeName }: { AttributeName: string }) => AttributeName);
  }

  private hasSameKey(table: string, one: Item, other: Item): boolean {
    return this.keysOf(table).every((name) => one[name] === other[name]);
  }

  private find(table: string, key: Item): Item | undefined {
    return this.items.get(table)?.find((item) => this.hasSameKey(table, item, key));
  }

  private get bus(): string {
    const { region, account } = this.app.config;
    return `arn:aws:events:${region}:${account}:event-bus/default`;
  }

  private answerOthers(): void {
    mockClient(BudgetsClient)
      .on(DescribeBudgetCommand)
      .callsFake(async ({ AccountId, BudgetName }) => {
        await this.authorize('budgets:ViewBudget', `arn:aws:budgets::${AccountId}:budget/${BudgetName}`);
        const usd = (Amount: string) => ({ Amount, Unit: 'USD' });
        return { Budget: { BudgetLimit: usd('100.0'), CalculatedSpend: { ActualSpend: usd('12.3') } } };
      });
    mockClient(EventBridgeClient)
      .on(PutEventsCommand)
      .callsFake(async ({ Entries }) => {
        for (const entry of Entries) {
          await this.authorize('events:PutEvents', this.bus, { 'events:source': [entry.Source] });
          this.events.push(entry);
        }
        return { FailedEntryCount: 0 };
      });
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const kms = mockClient(KMSClient);
    kms
      .on(GetPublicKeyCommand)
      .resolves({ PublicKey: publicKey.export({ type: 'spki', format: 'der' }), KeySpec: 'ECC_NIST_P256' });
    kms.on(SignCommand).resolves({ Signature: Buffer.from('signature') });
    const greengrass = mockClient(GreengrassV2Client);
    greengrass.on(ListComponentVersionsCommand).resolves({ componentVersions: [] });
    greengrass.on(CreateComponentVersionCommand).resolves({});
    greengrass.on(ListDeploymentsCommand).resolves({ deployments: [] });
    greengrass.on(CreateDeploymentCommand).resolves({ deploymentId: 'deployment-1' });
    greengrass.on(DescribeComponentCommand).resolves({ status: { componentState: 'DEPLOYABLE' } });
  }
}
