/** What Describe and List answer about tuning jobs. */
import { seconds } from '../descriptions';
import { isObject, type JsonObject, listOf, objectOf } from '../json';
import { ranked } from './rank';
import { bestTrials, configOf, hasResult, resultOf, type Trial, type TuningJob } from './tuning-job';

/** Most training jobs that a pipeline's Tuning step keeps for references: SageMaker Python SDK, get_top_model_s3_uri. */
const SUMMARIES_OF_STEP = 50;

function objectiveStatus(trial: Trial, job: TuningJob): 'Succeeded' | 'Pending' | 'Failed' {
  if (
    hasResult(trial, job.objective) ||
    (trial.stoppedEarly && resultOf(trial, job.objective) !== undefined)
  ) {
    return 'Succeeded';
  }
  return trial.job.endTime ? 'Failed' : 'Pending';
}

/** `HyperParameterTrainingJobSummary`. */
export function summarizeTrial(trial: Trial, tuningJob: TuningJob): JsonObject {
  const { job, tuned } = trial;
  const value = resultOf(trial, tuningJob.objective);
  const { metric, goal } = tuningJob.objective;
  return {
    TrainingJobName: job.name,
    TrainingJobArn: job.arn,
    CreationTime: seconds(job.creationTime),
    TrainingStartTime: seconds(job.startTime),
    TrainingEndTime: seconds(job.endTime),
    TrainingJobStatus: job.status,
    TunedHyperParameters: { ...tuned },
    FailureReason: job.failureReason,
    ObjectiveStatus: objectiveStatus(trial, tuningJob),
    ...(value !== undefined && {
      FinalHyperParameterTuningJobObjectiveMetric: { MetricName: metric, Type: goal, Value: value },
    }),
  };
}

/** All trials, best first, those without a result last. */
export const trialsByResult = (job: TuningJob): Trial[] =>
  ranked(job.trials, (trial) => resultOf(trial, job.objective), job.objective);

function counters(job: TuningJob): JsonObject {
  const count = (...statuses: string[]) =>
    job.trials.filter((trial) => statuses.includes(trial.job.status)).length;
  const objectives = job.trials.map((trial) => objectiveStatus(trial, job));
  const counted = (wanted: string) => objectives.filter((status) => status === wanted).length;
  return {
    TrainingJobStatusCounters: {
      Completed: count('Completed'),
      InProgress: count('InProgress', 'Stopping'),
      RetryableError: 0,
      NonRetryableError: count('Failed'),
      Stopped: count('Stopped'),
    },
    ObjectiveStatusCounters: {
      Succeeded: counted('Succeeded'),
      Pending: counted('Pending'),
      Failed: counted('Failed'),
    },
  };
}

export function describeTuningJob(job: TuningJob): JsonObject {
  const { Tags: _tags, ...request } = job.request;
  const [best] = bestTrials(job);
  return {
    ...request,
    HyperParameterTuningJobArn: job.arn,
    HyperParameterTuningJobStatus: job.status,
    CreationTime: seconds(job.creationTime),
    HyperParameterTuningEndTime: seconds(job.endTime),
    LastModifiedTime: seconds(job.lastModifiedTime),
    FailureReason: job.failureReason,
    ...counters(job),
    ...(best && { BestTrainingJob: summarizeTrial(best, job) }),
  };
}

/** What a pipeline can refer to: DescribeHyperParameterTuningJob and the summaries of the best training jobs. */
export function describeForStep(job: TuningJob): JsonObject {
  const summaries = bestTrials(job).slice(0, SUMMARIES_OF_STEP);
  return {
    ...describeTuningJob(job),
    TrainingJobSummaries: summaries.map((trial) => summarizeTrial(trial, job)),
  };
}

export function summarizeTuningJob(job: TuningJob): JsonObject {
  return {
    HyperParameterTuningJobName: job.name,
    HyperParameterTuningJobArn: job.arn,
    HyperParameterTuningJobStatus: job.status,
    Strategy: configOf(job).Strategy,
    CreationTime: seconds(job.creationTime),
    HyperParameterTuningEndTime: seconds(job.endTime),
    LastModifiedTime: seconds(job.lastModifiedTime),
    ResourceLimits: configOf(job).ResourceLimits,
    ...counters(job),
  };
}

/** What a schema cannot say about a CreateHyperParameterTuningJob. */
export function tuningProblems(request: JsonObject): string[] {
  const config = objectOf(request.HyperParameterTuningJobConfig);
  const limits = objectOf(config.ResourceLimits);
  const ranges = objectOf(config.ParameterRanges);
  const definition = objectOf(request.TrainingJobDefinition);
  const { MetricName } = objectOf(config.HyperParameterTuningJobObjective);
  const metrics = listOf(objectOf(definition.AlgorithmSpecification).MetricDefinitions).filter(isObject);
  const problems: string[] = [];
  if (Number(limits.MaxParallelTrainingJobs) > Number(limits.MaxNumberOfTrainingJobs)) {
    problems.push('MaxParallelTrainingJobs: must not be above MaxNumberOfTrainingJobs');
  }
  if (!metrics.some(({ Name }) => Name === MetricName)) {
    problems.push(
      `HyperParameterTuningJobObjective.MetricName: '${MetricName}' is not among MetricDefinitions`,
    );
  }
  const all = Object.values(ranges)
    .flatMap((list) => listOf(list))
    .filter(isObject);
  if (all.length === 0) problems.push('ParameterRanges: at least one hyperparameter must have a range');
  const fixed = objectOf(definition.StaticHyperParameters);
  const seen = new Set<string>();
  for (const { Name, MinValue, MaxValue, ScalingType } of all) {
    const name = String(Name);
    if (seen.has(name)) problems.push(`ParameterRanges: '${name}' has two ranges`);
    seen.add(name);
    if (Object.hasOwn(fixed, name)) problems.push(`StaticHyperParameters: '${name}' has a range too`);
    if (MinValue === undefined) continue;
    if (!(Number(MinValue) < Number(MaxValue))) {
      problems.push(
        `ParameterRanges '${name}': MinValue must be below MaxValue, got ${MinValue} and ${MaxValue}`,
      );
    }
    if (ScalingType === 'Logarithmic' && Number(MinValue) <= 0) {
      problems.push(
        `ParameterRanges '${name}': MinValue must be above 0 on a logarithmic scale, got ${MinValue}`,
      );
    }
  }
  return problems;
}
