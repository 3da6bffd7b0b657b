/**
 * The events of source `aws.sagemaker`, in the shapes of the developer guide's page "Events that Amazon SageMaker
 * AI sends to Amazon EventBridge". Pure.
 */
import { describeJob, describePackage } from './descriptions';
import type { Job } from './jobs/job';
import { isObject, type Json, type JsonObject, objectOf } from './json';
import type { ModelPackage } from './model-registry';
import type { Execution, ExecutionStatus, StepRecord } from './pipeline/execution';
import type { StepStatus } from './pipeline/plan';
import { describeTuningJob } from './tuning/describe-tuning';
import type { TuningJob } from './tuning/tuning-job';

export interface SageMakerEvent {
  readonly detailType: string;
  readonly resources: readonly string[];
  readonly time: Date;
  readonly detail: JsonObject;
}

/** Jobs tell their times in epoch milliseconds, pipelines and packages in ISO 8601. */
const TIME_FIELD = /Time$/;

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

function inMilliseconds(value: Json): Json {
  if (Array.isArray(value)) return value.map(inMilliseconds);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([field, inner]) => [
      field,
      TIME_FIELD.test(field) && typeof inner === 'number' ? Math.round(inner * 1000) : inMilliseconds(inner),
    ]),
  );
}

export function jobEvent(job: Job): SageMakerEvent {
  return {
    detailType: `SageMaker ${job.kind} Job State Change`,
    resources: [job.arn],
    time: job.lastModifiedTime,
    detail: objectOf(inMilliseconds(describeJob(job))),
  };
}

export function tuningJobEvent(job: TuningJob): SageMakerEvent {
  return {
    detailType: 'SageMaker HyperParameter Tuning Job State Change',
    resources: [job.arn],
    time: job.lastModifiedTime,
    detail: objectOf(inMilliseconds(describeTuningJob(job))),
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
