/**
 * The events of source `aws.sagemaker`, in the shapes of the developer guide's page "Events that Amazon SageMaker
 * AI sends to Amazon EventBridge". Pure.
 */
import { describeJob, describePackage } from './descriptions';
import type { Job } from './jobs/job';
import type { JsonObject } from './json';
import { objectOf } from './json';
import type { ModelPackage } from './model-registry';
import type { Execution, ExecutionStatus, StepRecord } from './pipeline/execution';
import type { StepStatus } from './pipeline/plan';

export interface SageMakerEvent {
  readonly detailType: string;
  readonly resources: readonly string[];
  readonly time: Date;
  readonly detail: JsonObject;
}

/** Jobs tell their times in epoch milliseconds, pipelines and packages in ISO 8601. */
const MILLISECOND_FIELD = /Time$/;

export function executionEvent(
  execution: Execution,
  previous: ExecutionStatus | undefined,
  ended: boolean,
): SageMakerEvent {
  return {
    detailType: 'SageMaker Model Building Pipeline Execution Status Change',
    resources: [execution.pipelineArn, execution.arn],
    time: execution.lastModifiedTime,
    detail: {
      pipelineArn: execution.pipelineArn,
      pipelineExecutionArn: execution.arn,
      pipelineExecutionDisplayName: execution.displayName,
      pipelineExecutionDescription: execution.description,
      currentPipelineExecutionStatus: execution.status,
      previousPipelineExecutionStatus: previous,
      executionStartTime: execution.creationTime.toISOString(),
      ...(ended && { executionEndTime: execution.lastModifiedTime.toISOString() }),
    },
  };
}

/** `{TrainingJob: {Arn}}` of the API is `{trainingJob: {arn}}` in the event. */
function metadataOf(record: StepRecord): JsonObject {
  const lower = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
  return Object.fromEntries(
    Object.entries(record.metadata).map(([kind, value]) => [
      lower(kind),
      Object.fromEntries(Object.entries(objectOf(value)).map(([key, inner]) => [lower(key), inner])),
    ]),
  );
}

export function stepEvent(
  execution: Execution,
  record: StepRecord,
  previous: StepStatus | undefined,
  now: Date,
): SageMakerEvent {
  return {
    detailType: 'SageMaker Model Building Pipeline Execution Step Status Change',
    resources: [execution.pipelineArn, execution.arn],
    time: now,
    detail: {
      metadata: metadataOf(record),
      stepStartTime: record.startTime.toISOString(),
      ...(record.endTime && { stepEndTime: record.endTime.toISOString() }),
      stepName: record.step.Name,
      stepType: record.step.Type,
      previousStepStatus: previous,
      currentStepStatus: record.status,
      pipelineArn: execution.pipelineArn,
      pipelineExecutionArn: execution.arn,
      ...(record.failureReason !== undefined && { failureReason: record.failureReason }),
      ...(record.cachedFrom !== undefined && {
        cacheHitResult: { sourcePipelineExecutionArn: record.cachedFrom },
      }),
    },
  };
}

export function jobEvent(job: Job): SageMakerEvent {
  const detail = Object.entries(describeJob(job)).map(([field, value]) => [
    field,
    MILLISECOND_FIELD.test(field) && typeof value === 'number' ? Math.round(value * 1000) : value,
  ]);
  return {
    detailType: `SageMaker ${job.kind} Job State Change`,
    resources: [job.arn],
    time: job.lastModifiedTime,
    detail: Object.fromEntries(detail) as JsonObject,
  };
}

export function modelPackageEvent(
  modelPackage: ModelPackage,
  updatedFields: readonly string[],
): SageMakerEvent {
  const { ClientToken: _token, ...description } = describePackage(modelPackage);
  const { creationTime, lastModifiedTime } = modelPackage;
  return {
    detailType: 'SageMaker Model Package State Change',
    resources: [modelPackage.arn],
    time: lastModifiedTime ?? creationTime,
    detail: {
      ...description,
      CreationTime: creationTime.toISOString(),
      LastModifiedTime: (lastModifiedTime ?? creationTime).toISOString(),
      ...(updatedFields.length > 0 && { UpdatedModelPackageFields: [...updatedFields] }),
    },
  };
}
