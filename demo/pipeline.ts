/** Starting and following executions of the training pipeline, by the SDK as anybody would. */

import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import {
  DescribePipelineExecutionCommand,
  ListModelPackagesCommand,
  type PipelineExecutionStep,
  paginateListPipelineExecutionSteps,
  paginateListPipelineExecutions,
  StartPipelineExecutionCommand,
} from '@aws-sdk/client-sagemaker';
import { type EvaluationReport, type ExportedModel, parseContractJson } from '../contracts';
import { s3Uri } from '../contracts/s3-address';
import { executionPrefix, PIPELINE_PARAMETERS } from '../lambda/training/names';
import { type DemoContext, type LoopContext, note } from './context';
import { waitFor } from './waiting';

export interface PipelineExecution {
  readonly arn: string;
  /** Version of the model package that it registered. */
  readonly modelPackageVersion: number;
  /** s3://.../export/ */
  readonly exportUri: string;
  readonly evaluation: EvaluationReport;
  readonly exported: ExportedModel;
}

/** Only ends what hangs: two networks are trained, beside devices and on a machine that may be shared. */
const PIPELINE_TIMEOUT_SECONDS = 1800;

/** The first turn is started by hand; the later ones start themselves. @returns the execution's ARN */
export async function startPipeline(context: DemoContext, manifestUri: string): Promise<string> {
  const { clients, environment, settings } = context;
  const parameters = {
    [PIPELINE_PARAMETERS.datasetManifestUri]: manifestUri,
    [PIPELINE_PARAMETERS.epochs]: settings.epochs,
    [PIPELINE_PARAMETERS.widthMultiplier]: settings.widthMultiplier,
    [PIPELINE_PARAMETERS.minimumAccuracy]: settings.minimumAccuracy,
  };
  const answer = await clients.sageMaker.send(
    new StartPipelineExecutionCommand({
      PipelineName: environment.output('PipelineName'),
      PipelineParameters: Object.entries(parameters).map(([Name, value]) => ({ Name, Value: String(value) })),
    }),
  );
  return answer.PipelineExecutionArn as string;
}

/** ARNs of all executions, newest first. */
export async function executionArns({ clients, environment }: DemoContext): Promise<string[]> {
  const arns: string[] = [];
  const ofPipeline = { PipelineName: environment.output('PipelineName') };
  for await (const page of paginateListPipelineExecutions({ client: clients.sageMaker }, ofPipeline)) {
    for (const { PipelineExecutionArn = '' } of page.PipelineExecutionSummaries ?? []) {
      arns.push(PipelineExecutionArn);
    }
  }
  return arns;
}

/**
 * Waits until an execution has ended, then reads what it registered.
 * @throws Error with the failed steps' reasons
 */
export async function followExecution(context: LoopContext, arn: string): Promise<PipelineExecution> {
  const { clients, signal } = context;
  const status = await waitFor(
    {
      what: `pipeline execution ${arn}`,
      timeoutSeconds: PIPELINE_TIMEOUT_SECONDS,
      signal,
      pollMilliseconds: 1000,
    },
    async () => {
      const execution = await clients.sageMaker.send(
        new DescribePipelineExecutionCommand({ PipelineExecutionArn: arn }),
      );
      const found = execution.PipelineExecutionStatus;
      return found === 'Executing' || found === 'Stopping' ? undefined : found;
    },
  );
  if (status !== 'Succeeded')
    throw new Error(`the training pipeline ended ${status}: ${await reasonsOf(context, arn)}`);
  const execution = await readOutcome(context, arn);
  const { evaluation, exported, modelPackageVersion } = execution;
  note(
    context,
    'training',
    `model package ${modelPackageVersion} registered: accuracy ${percent(evaluation.accuracy)} on ${evaluation.testItems} untouched test images ` +
      `(linear model on pixels: ${percent(evaluation.linearBaselineAccuracy)}); int8 ${percent(exported.parity.int8Accuracy)}`,
  );
  return execution;
}

async function reasonsOf({ clients }: LoopContext, arn: string): Promise<string> {
  const failed: PipelineExecutionStep[] = [];
  const ofExecution = { PipelineExecutionArn: arn };
  for await (const page of paginateListPipelineExecutionSteps({ client: clients.sageMaker }, ofExecution)) {
    failed.push(...(page.PipelineExecutionSteps ?? []).filter(({ StepStatus }) => StepStatus === 'Failed'));
  }
  return failed.map(({ StepName, FailureReason }) => `${StepName}: ${FailureReason}`).join('; ');
}

/** Reads what a successful execution has registered. */
export async function readOutcome(context: LoopContext, arn: string): Promise<PipelineExecution> {
  const { clients, environment } = context;
  const { ModelPackageSummaryList = [] } = await clients.sageMaker.send(
    new ListModelPackagesCommand({
      ModelPackageGroupName: environment.output('ModelPackageGroupName'),
      SortBy: 'CreationTime',
      SortOrder: 'Descending',
    }),
  );
  const prefix = executionPrefix(String(arn.split('/').pop()));
  const bucket = environment.output('ModelBucketName');
  const evaluation = await readText(context, bucket, prefix, 'evaluation.json');
  const exported = await readText(context, bucket, prefix, 'export.json');
  return {
    arn,
    modelPackageVersion: ModelPackageSummaryList[0]?.ModelPackageVersion as number,
    exportUri: s3Uri(bucket, `${prefix}export/`),
    evaluation: parseContractJson('evaluation-report', evaluation, 'evaluation.json'),
    exported: parseContractJson('exported-model', exported, 'export.json'),
  };
}

async function readText(context: LoopContext, bucket: string, prefix: string, file: string): Promise<string> {
  const text = await findText(context, bucket, prefix, file);
  if (text === undefined) throw new Error(`${s3Uri(bucket, prefix)} has no ${file}`);
  return text;
}

async function findText(
  { clients }: Pick<LoopContext, 'clients'>,
  bucket: string,
  prefix: string,
  file: string,
): Promise<string | undefined> {
  const listed = await clients.s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
  const key = listed.Contents?.map(({ Key }) => Key).find((name) => name?.endsWith(`/${file}`));
  if (!key) return undefined;
  const object = await clients.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return (await object.Body?.transformToString()) ?? '';
}

/** What an execution has measured, whether or not the gate let its model through; undefined where it came to no measuring. */
export async function readEvaluation(
  context: Pick<LoopContext, 'clients' | 'environment'>,
  arn: string,
): Promise<EvaluationReport | undefined> {
  const prefix = executionPrefix(String(arn.split('/').pop()));
  const bucket = context.environment.output('ModelBucketName');
  const text = await findText(context, bucket, prefix, 'evaluation.json');
  return text === undefined ? undefined : parseContractJson('evaluation-report', text, 'evaluation.json');
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
