import { GetObjectCommand } from '@aws-sdk/client-s3';
import { DescribePipelineExecutionCommand, type PipelineExecutionStep } from '@aws-sdk/client-sagemaker';
import { type GateReport, parseContractJson } from '../../contracts';
import { EXECUTION_FOLDERS, executionPrefix } from '../../lambda/training/names';
import type { Clients } from '../shared/clients';
import type { KaizenEnvironment } from '../shared/environment';
import { executionSteps } from '../shared/execution-steps';

/** Looks of a person who waits: a step takes minutes. */
export const LOOK_MILLISECONDS = 5_000;

export interface FollowPorts {
  readonly clients: Pick<Clients, 's3' | 'sageMaker'>;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Told when a step begins and when it ends, in their order. */
  readonly onStep: (sentence: string) => void;
}

export interface TrainingOutcome {
  readonly succeeded: boolean;
  /** The gate's sentence, or why the execution failed. */
  readonly sentence: string;
  /** Of the model package that waits for approval. */
  readonly modelPackageVersion?: number | undefined;
}

/** What is new about a step since the last look; undefined when nothing is. */
function sentenceOf(step: PipelineExecutionStep, before: string | undefined): string | undefined {
  const { StepName, StepStatus, StartTime, EndTime, CacheHitResult } = step;
  if (StepStatus === before) return undefined;
  if (CacheHitResult?.SourcePipelineExecutionArn) return `${StepName}: taken from an earlier execution`;
  if (!EndTime || !StartTime) return `${StepName}: ${StepStatus?.toLowerCase()}`;
  const seconds = Math.round((EndTime.getTime() - StartTime.getTime()) / 1000);
  return `${StepName}: ${StepStatus?.toLowerCase()} after ${seconds} s`;
}

async function gateSentence(
  s3: Clients['s3'],
  environment: KaizenEnvironment,
  executionArn: string,
): Promise<string> {
  const folder = executionPrefix(String(executionArn.split('/').at(-1)));
  const key = `${folder}${EXECUTION_FOLDERS.exported}/gate.json`;
  const answer = await s3.send(
    new GetObjectCommand({ Bucket: environment.output('ModelBucketName'), Key: key }),
  );
  const report: GateReport = parseContractJson(
    'gate-report',
    (await answer.Body?.transformToString()) ?? '',
    key,
  );
  return report.message;
}

const versionOf = (steps: readonly PipelineExecutionStep[]): number | undefined => {
  const arn = steps.map(({ Metadata }) => Metadata?.RegisterModel?.Arn).find((found) => found !== undefined);
  return arn === undefined ? undefined : Number(arn.split('/').at(-1));
};

/** Waits until an execution of the pipeline has ended. */
export async function followTraining(
  { clients: { s3, sageMaker }, sleep, onStep }: FollowPorts,
  environment: KaizenEnvironment,
  executionArn: string,
): Promise<TrainingOutcome> {
  const seen = new Map<string, string | undefined>();
  for (;;) {
    // The status first: steps that are read after the end are all of them.
    const execution = await sageMaker.send(
      new DescribePipelineExecutionCommand({ PipelineExecutionArn: executionArn }),
    );
    const steps = await executionSteps(sageMaker, executionArn);
    for (const step of steps) {
      const name = String(step.StepName);
      const sentence = sentenceOf(step, seen.get(name));
      if (sentence !== undefined) onStep(sentence);
      seen.set(name, step.StepStatus);
    }
    const status = execution.PipelineExecutionStatus;
    if (status === 'Succeeded') {
      const sentence = await gateSentence(s3, environment, executionArn);
      return { succeeded: true, sentence, modelPackageVersion: versionOf(steps) };
    }
    if (status !== 'Executing' && status !== 'Stopping') {
      const reasons = steps.flatMap(({ StepName, FailureReason }) =>
        FailureReason ? [`${StepName}: ${FailureReason}`] : [],
      );
      const why = reasons.join('\n') || execution.FailureReason || 'no step says why';
      return { succeeded: false, sentence: `the training ${status?.toLowerCase()}: ${why}` };
    }
    await sleep(LOOK_MILLISECONDS);
  }
}
