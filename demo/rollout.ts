/** Approving a model package and following its rollout, by reading what anybody may read. */
import { DescribeExecutionCommand } from '@aws-sdk/client-sfn';
import { GetCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import { approveModelPackage } from '../cli/registry/decide-model-package';
import { counterOfItem, packageClaimKey, RELEASE_ITEM_PREFIX, releaseIdOf } from '../lambda/registry/names';
import type { ReleaseStatus } from '../lambda/registry/release-items';
import { type LoopContext, note } from './context';
import { readJudgements } from './judgements';
import type { PipelineExecution } from './pipeline';
import { waitFor } from './waiting';

/** What the release table says of one release. */
export interface ReleaseItem {
  readonly counter: number;
  readonly releaseId: string;
  readonly status: ReleaseStatus;
  readonly componentVersion?: string;
  readonly executionArn?: string;
  readonly reason?: string;
  readonly judgement?: unknown;
}

export interface Rollout {
  readonly releaseId: string;
  readonly counter: number;
  readonly executionArn: string;
  readonly succeeded: boolean;
  /** Output of the state machine, or the cause of its failure. */
  readonly outcome: string;
  readonly seconds: number;
}

/** Seconds on an idle machine; on a busy one the local AWS works off its queues first. */
const RELEASE_TIMEOUT_SECONDS = 240;
const ROLLOUT_TIMEOUT_SECONDS = 420;

/** The exported files behind a release, for the report's table of models. */
export function keepModel(
  context: Pick<LoopContext, 'environment' | 'models'>,
  counter: number,
  { evaluation, exported }: PipelineExecution,
): void {
  const { parity, files, variants, cloudVariant } = exported;
  const bytesOf = (file: string) => files.find(({ name }) => name === file)?.bytes ?? 0;
  context.models.push({
    releaseId: releaseIdOf(context.environment.useCase, counter),
    testAccuracy: evaluation.accuracy,
    linearBaselineAccuracy: evaluation.linearBaselineAccuracy,
    variants: [
      ...variants.map(({ name, file, precision }) => ({
        name,
        bytes: bytesOf(file),
        milliseconds:
          (precision === 'fp32' ? parity.fp32Milliseconds : parity.int8Milliseconds) ?? Number.NaN,
        accuracy: precision === 'fp32' ? parity.fp32Accuracy : parity.int8Accuracy,
      })),
      ...(cloudVariant
        ? [
            {
              name: cloudVariant.inService === false ? 'in the cloud, left out' : 'in the cloud',
              bytes: cloudVariant.file.bytes,
              milliseconds: Number.NaN,
              accuracy: cloudVariant.accuracy,
            },
          ]
        : []),
    ],
  });
}

/** All releases, oldest first. */
export async function listReleases({ clients, environment }: LoopContext): Promise<ReleaseItem[]> {
  const client = clients.dynamoDb;
  const query = {
    TableName: environment.output('ReleaseTableName'),
    KeyConditionExpression: 'useCase = :useCase AND begins_with(#item, :prefix)',
    ExpressionAttributeNames: { '#item': 'item' },
    ExpressionAttributeValues: { ':useCase': environment.useCase, ':prefix': RELEASE_ITEM_PREFIX },
    ConsistentRead: true,
  };
  const releases: ReleaseItem[] = [];
  for await (const { Items = [] } of paginateQuery({ client }, query)) {
    for (const item of Items) {
      const counter = counterOfItem(String(item.item)) as number;
      releases.push({
        ...item,
        counter,
        releaseId: releaseIdOf(environment.useCase, counter),
      } as ReleaseItem);
    }
  }
  return releases;
}

/** Approves as a person would, and waits for the signed release. @returns its counter */
export async function approve(context: LoopContext, version: number, reason: string): Promise<number> {
  const { clients, environment, signal } = context;
  await approveModelPackage(clients, environment, { version, reason });
  const item = await waitFor(
    {
      what: `the signed release of model package ${version}`,
      timeoutSeconds: RELEASE_TIMEOUT_SECONDS,
      signal,
    },
    async () => {
      const found = await clients.dynamoDb.send(
        new GetCommand({
          TableName: environment.output('ReleaseTableName'),
          Key: { useCase: environment.useCase, item: packageClaimKey(version) },
        }),
      );
      return typeof found.Item?.counter === 'number' ? found.Item : undefined;
    },
  );
  const counter = item.counter as number;
  note(
    context,
    'release',
    `model package ${version} approved ("${reason}"): release ${counter} built and signed`,
  );
  return counter;
}

/** Waits until the rollout of a release has ended, well or badly. */
export async function followRollout(context: LoopContext, counter: number): Promise<Rollout> {
  const { clients, signal } = context;
  const started = Date.now();
  const claimed = await waitFor(
    { what: `the rollout of release ${counter} to start`, timeoutSeconds: RELEASE_TIMEOUT_SECONDS, signal },
    async () => (await listReleases(context)).find((item) => item.counter === counter && item.executionArn),
  );
  const executionArn = claimed.executionArn as string;
  const ended = await waitFor(
    { what: `the rollout of release ${counter}`, timeoutSeconds: ROLLOUT_TIMEOUT_SECONDS, signal },
    async () => {
      const execution = await clients.stepFunctions.send(new DescribeExecutionCommand({ executionArn }));
      return execution.status === 'RUNNING' ? undefined : execution;
    },
  );
  const succeeded = ended.status === 'SUCCEEDED';
  const outcome = succeeded ? 'in service everywhere' : (ended.cause ?? ended.error ?? String(ended.status));
  const seconds = (Date.now() - started) / 1000;
  const waves = await readJudgements(context, executionArn);
  for (const { wave, verdict, reasons } of waves) {
    context.console.line(`  judgement of ${wave}: ${verdict}`);
    for (const reason of reasons) context.console.line(`    ${reason}`);
  }
  context.rollouts.push({
    releaseId: claimed.releaseId,
    outcome: succeeded ? 'completed' : 'rolled back',
    waves,
    seconds,
  });
  return { releaseId: claimed.releaseId, counter, executionArn, succeeded, outcome, seconds };
}
