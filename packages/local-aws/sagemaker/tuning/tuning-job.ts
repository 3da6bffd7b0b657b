/** One hyperparameter tuning job and its trials, as the service remembers them. */
import type { Job } from '../jobs/job';
import { type JsonObject, objectOf } from '../json';
import { type Objective, ranked } from './rank';

export type TuningJobStatus = 'InProgress' | 'Completed' | 'Failed' | 'Stopping' | 'Stopped';

/** One training job of the search. */
export interface Trial {
  readonly index: number;
  readonly job: Job;
  /** Hyperparameter -> the value that was tried, as text. */
  readonly tuned: Readonly<Record<string, string>>;
  /** Stopped because it had fallen behind. */
  stoppedEarly: boolean;
}

export interface TuningJob {
  readonly name: string;
  readonly arn: string;
  /** The Create request. */
  readonly request: JsonObject;
  readonly objective: Objective;
  readonly creationTime: Date;
  readonly trials: Trial[];
  status: TuningJobStatus;
  lastModifiedTime: Date;
  endTime?: Date;
  failureReason?: string;
  readonly abort: AbortController;
  ended: Promise<void>;
}

export const configOf = (job: TuningJob): JsonObject => objectOf(job.request.HyperParameterTuningJobConfig);

/** @param request a checked CreateHyperParameterTuningJob */
export function objectiveOf(request: JsonObject): Objective {
  const config = objectOf(request.HyperParameterTuningJobConfig);
  const { MetricName, Type } = objectOf(config.HyperParameterTuningJobObjective);
  return { metric: String(MetricName), goal: Type === 'Minimize' ? 'Minimize' : 'Maximize' };
}

/** Values of the objective that the trial has reported so far. */
export const valuesOf = (trial: Trial, { metric }: Objective): number[] =>
  trial.job.metrics.of(metric).map(({ value }) => value);

/** The last value that the trial reported is its result. */
export const resultOf = (trial: Trial, objective: Objective): number | undefined =>
  valuesOf(trial, objective).at(-1);

export const hasResult = (trial: Trial, objective: Objective): boolean =>
  trial.job.status === 'Completed' && resultOf(trial, objective) !== undefined;

/** Completed trials with a result, best first. */
export function bestTrials(job: TuningJob): Trial[] {
  const complete = job.trials.filter((trial) => hasResult(trial, job.objective));
  return ranked(complete, (trial) => resultOf(trial, job.objective), job.objective);
}
