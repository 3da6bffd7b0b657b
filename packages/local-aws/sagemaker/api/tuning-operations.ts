import { invalid, refuse } from '../errors';
import { metricProblems } from '../jobs/job-metrics';
import { type JsonObject, objectOf } from '../json';
import {
  describeTuningJob,
  summarizeTrial,
  summarizeTuningJob,
  trialsByResult,
  tuningProblems,
} from '../tuning/describe-tuning';
import type { TuningJob } from '../tuning/tuning-job';
import type { TuningService } from '../tuning/tuning-service';
import { checkTrainingJobDefinition } from './job-operations';
import type { Operations } from './operation';
import { listJobs, listPage } from './paging';
import { checkRequest, integer, list, mapOfText, object, oneOf, PAGING, TAGS, text } from './request-schema';
import type { Tags } from './tags';

const PAGE = 10;
/** Shorter than other jobs' names: the names of the training jobs begin with it. */
const NAME = text(32, '^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}$');
const RANGE_NAME = text(256);
const NUMBER = text(256, '^[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?$');
/** The API has ReverseLogarithmic too; Optuna has not. */
const SCALING = oneOf('Auto', 'Linear', 'Logarithmic');
const numericRange = (bound: ReturnType<typeof text>) =>
  object({ Name: RANGE_NAME, MinValue: bound, MaxValue: bound, ScalingType: SCALING }, [
    'Name',
    'MinValue',
    'MaxValue',
  ]);

const TUNING = object(
  {
    HyperParameterTuningJobName: NAME,
    HyperParameterTuningJobConfig: object(
      {
        // The API has Hyperband and Grid too.
        Strategy: oneOf('Bayesian', 'Random'),
        HyperParameterTuningJobObjective: object(
          { Type: oneOf('Maximize', 'Minimize'), MetricName: text(255) },
          ['Type', 'MetricName'],
        ),
        ResourceLimits: object(
          { MaxNumberOfTrainingJobs: integer(1, 750), MaxParallelTrainingJobs: integer(1, 100) },
          ['MaxNumberOfTrainingJobs', 'MaxParallelTrainingJobs'],
        ),
        ParameterRanges: object({
          ContinuousParameterRanges: list(numericRange(NUMBER), 30),
          IntegerParameterRanges: list(numericRange(text(256, '^[+-]?\\d+$')), 30),
          CategoricalParameterRanges: list(
            object({ Name: RANGE_NAME, Values: list(text(256), 30, 1) }, ['Name', 'Values']),
            30,
          ),
        }),
        TrainingJobEarlyStoppingType: oneOf('Off', 'Auto'),
        RandomSeed: integer(0, 2 ** 32 - 1),
      },
      ['Strategy', 'HyperParameterTuningJobObjective', 'ResourceLimits', 'ParameterRanges'],
    ),
    TrainingJobDefinition: object({ StaticHyperParameters: mapOfText(100, 256, 2500) }),
    Tags: TAGS,
  },
  // The API also takes several TrainingJobDefinitions, and WarmStartConfig.
  ['HyperParameterTuningJobName', 'HyperParameterTuningJobConfig', 'TrainingJobDefinition'],
);

/** @throws SageMakerError ValidationException */
export function checkTuningRequest(request: JsonObject): void {
  checkRequest(TUNING, request);
  for (const field of ['TrainingJobDefinitions', 'WarmStartConfig', 'Autotune']) {
    if (request[field] !== undefined) throw invalid(`${field}: the local SageMaker does not have it`);
  }
  const definition = objectOf(request.TrainingJobDefinition);
  checkTrainingJobDefinition(definition);
  refuse([...metricProblems(definition.AlgorithmSpecification), ...tuningProblems(request)]);
}

/** As CreateHyperParameterTuningJob does, for the operation and for pipeline steps alike. @throws SageMakerError */
export function createTuningJob(tuning: TuningService, tags: Tags, request: JsonObject): TuningJob {
  checkTuningRequest(request);
  const job = tuning.create(request);
  tags.add(job.arn, request.Tags);
  return job;
}

export function tuningOperations(tuning: TuningService, tags: Tags): Operations {
  const byName = object({ HyperParameterTuningJobName: NAME }, ['HyperParameterTuningJobName']);
  const find = (request: JsonObject): TuningJob => {
    const job = tuning.find(String(request.HyperParameterTuningJobName));
    if (!job) {
      throw invalid(
        `Amazon SageMaker can't find a tuning job with the name ${request.HyperParameterTuningJobName}`,
      );
    }
    return job;
  };
  const STATUSES = oneOf('InProgress', 'Completed', 'Failed', 'Stopping', 'Stopped');
  return {
    CreateHyperParameterTuningJob: {
      request: TUNING,
      handle: (request) => ({ HyperParameterTuningJobArn: createTuningJob(tuning, tags, request).arn }),
    },
    DescribeHyperParameterTuningJob: {
      request: byName,
      handle: (request) => describeTuningJob(find(request)),
    },
    StopHyperParameterTuningJob: {
      request: byName,
      handle: (request) => {
        tuning.stop(find(request));
        return {};
      },
    },
    ListHyperParameterTuningJobs: {
      request: object({ ...PAGING, StatusEquals: STATUSES, SortBy: oneOf('Name', 'CreationTime', 'Status') }),
      handle: (request) => {
        const { items, nextToken } = listJobs(tuning.list(), request);
        return { HyperParameterTuningJobSummaries: items.map(summarizeTuningJob), NextToken: nextToken };
      },
    },
    ListTrainingJobsForHyperParameterTuningJob: {
      request: object(
        {
          ...PAGING,
          HyperParameterTuningJobName: NAME,
          StatusEquals: STATUSES,
          SortBy: oneOf('Name', 'CreationTime', 'Status', 'FinalObjectiveMetricValue'),
        },
        ['HyperParameterTuningJobName'],
      ),
      handle: (request) => {
        const job = find(request);
        const byValue = request.SortBy === 'FinalObjectiveMetricValue';
        const wanted = (byValue ? trialsByResult(job) : job.trials).filter(
          (trial) => request.StatusEquals === undefined || trial.job.status === request.StatusEquals,
        );
        const { items, nextToken } = listPage(
          wanted,
          byValue ? { ...request, SortOrder: 'Ascending' } : request,
          {
            // By value the order is there already: best first.
            createdAt: byValue ? () => job.creationTime : (trial) => trial.job.creationTime,
            nameOf: (trial) => trial.job.name,
            descending: false,
            pageSize: PAGE,
          },
        );
        return {
          TrainingJobSummaries: items.map((trial) => summarizeTrial(trial, job)),
          NextToken: nextToken,
        };
      },
    },
  };
}
