/** What Describe and List answer. Times are epoch seconds, as AWS JSON 1.1 writes them. */

import { hasEnded, type Job } from './jobs/job';
import type { JsonObject } from './json';
import type { ModelPackage, ModelPackageGroup } from './model-registry';
import type { Execution, StepRecord } from './pipeline/execution';
import type { Pipeline } from './pipeline-service';

export const seconds = (time: Date | undefined): number | undefined => time && time.getTime() / 1000;

function durationSeconds(job: Job): number | undefined {
  if (!job.startTime || !job.endTime) return undefined;
  return Math.round((job.endTime.getTime() - job.startTime.getTime()) / 1000);
}

export function describeJob(job: Job): JsonObject {
  const { Tags: _tags, ...request } = job.request;
  const shared = {
    ...request,
    FailureReason: job.failureReason,
    CreationTime: seconds(job.creationTime),
    LastModifiedTime: seconds(job.lastModifiedTime),
  };
  if (job.kind === 'Processing') {
    return {
      ...shared,
      ProcessingJobArn: job.arn,
      ProcessingJobStatus: job.status,
      ExitMessage: job.exitMessage,
      ProcessingStartTime: seconds(job.startTime),
      ProcessingEndTime: seconds(job.endTime),
    };
  }
  const duration = durationSeconds(job);
  return {
    ...shared,
    TrainingJobArn: job.arn,
    TrainingJobStatus: job.status,
    SecondaryStatus: job.secondaryStatus,
    SecondaryStatusTransitions: job.transitions.map(({ status, startTime, endTime }) => ({
      Status: status,
      StartTime: seconds(startTime),
      EndTime: seconds(endTime),
    })),
    FinalMetricDataList: job.metrics.final,
    TrainingStartTime: seconds(job.startTime),
    TrainingEndTime: seconds(job.endTime),
    ...(job.modelArtifacts !== undefined && { ModelArtifacts: { S3ModelArtifacts: job.modelArtifacts } }),
    ...(hasEnded(job) && { TrainingTimeInSeconds: duration, BillableTimeInSeconds: duration }),
  };
}

export function summarizeJob(job: Job): JsonObject {
  return {
    [`${job.kind}JobName`]: job.name,
    [`${job.kind}JobArn`]: job.arn,
    [`${job.kind}JobStatus`]: job.status,
    [`${job.kind}EndTime`]: seconds(job.endTime),
    CreationTime: seconds(job.creationTime),
    LastModifiedTime: seconds(job.lastModifiedTime),
    ...(job.kind === 'Training'
      ? { SecondaryStatus: job.secondaryStatus }
      : { FailureReason: job.failureReason, ExitMessage: job.exitMessage }),
  };
}

export function describePipeline(pipeline: Pipeline): JsonObject {
  return {
    ...summarizePipeline(pipeline),
    PipelineDefinition: pipeline.definitionText,
    PipelineStatus: 'Active',
    LastRunTime: seconds(pipeline.lastRunTime),
    ParallelismConfiguration: pipeline.parallelism,
  };
}

export function summarizePipeline(pipeline: Pipeline): JsonObject {
  return {
    PipelineArn: pipeline.arn,
    PipelineName: pipeline.name,
    PipelineDisplayName: pipeline.displayName,
    PipelineDescription: pipeline.description,
    RoleArn: pipeline.roleArn,
    CreationTime: seconds(pipeline.creationTime),
    LastModifiedTime: seconds(pipeline.lastModifiedTime),
    LastExecutionTime: seconds(pipeline.lastRunTime),
  };
}

export function describeExecution(execution: Execution): JsonObject {
  return {
    PipelineArn: execution.pipelineArn,
    PipelineExecutionArn: execution.arn,
    PipelineExecutionDisplayName: execution.displayName,
    PipelineExecutionDescription: execution.description,
    PipelineExecutionStatus: execution.status,
    FailureReason: execution.failureReason,
    CreationTime: seconds(execution.creationTime),
    LastModifiedTime: seconds(execution.lastModifiedTime),
    ParallelismConfiguration: { MaxParallelExecutionSteps: execution.maximumParallelSteps },
  };
}

export function summarizeExecution(execution: Execution): JsonObject {
  return {
    PipelineExecutionArn: execution.arn,
    StartTime: seconds(execution.creationTime),
    PipelineExecutionStatus: execution.status,
    PipelineExecutionDescription: execution.description,
    PipelineExecutionDisplayName: execution.displayName,
    PipelineExecutionFailureReason: execution.failureReason,
  };
}

export function describeStep(record: StepRecord): JsonObject {
  return {
    StepName: record.step.Name,
    StepDisplayName: record.step.DisplayName,
    StepDescription: record.step.Description,
    StartTime: seconds(record.startTime),
    EndTime: seconds(record.endTime),
    StepStatus: record.status,
    FailureReason: record.failureReason,
    AttemptCount: record.attempts,
    Metadata: record.metadata,
    ...(record.cachedFrom !== undefined && {
      CacheHitResult: { SourcePipelineExecutionArn: record.cachedFrom },
    }),
  };
}

export function describeGroup(group: ModelPackageGroup): JsonObject {
  return {
    ModelPackageGroupName: group.name,
    ModelPackageGroupArn: group.arn,
    ModelPackageGroupDescription: group.description,
    CreationTime: seconds(group.creationTime),
    ModelPackageGroupStatus: 'Completed',
  };
}

export function describePackage(modelPackage: ModelPackage): JsonObject {
  const { Tags: _tags, ClientToken: _token, ...request } = modelPackage.request;
  return {
    ...request,
    ModelPackageGroupName: modelPackage.group,
    ModelPackageVersion: modelPackage.version,
    ModelPackageArn: modelPackage.arn,
    ModelPackageStatus: 'Completed',
    ModelPackageStatusDetails: { ValidationStatuses: [], ImageScanStatuses: [] },
    CreationTime: seconds(modelPackage.creationTime),
    LastModifiedTime: seconds(modelPackage.lastModifiedTime),
  };
}

export function summarizePackage(modelPackage: ModelPackage): JsonObject {
  return {
    ModelPackageGroupName: modelPackage.group,
    ModelPackageVersion: modelPackage.version,
    ModelPackageArn: modelPackage.arn,
    ModelPackageDescription: modelPackage.request.ModelPackageDescription,
    CreationTime: seconds(modelPackage.creationTime),
    ModelPackageStatus: 'Completed',
    ModelApprovalStatus: modelPackage.request.ModelApprovalStatus,
  };
}
