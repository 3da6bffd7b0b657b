/** Creates, runs, stops and remembers hyperparameter tuning jobs. */
import { randomBytes } from 'node:crypto';
import type { Arns } from '../arn';
import { messageOf, SageMakerError } from '../errors';
import { hasEnded, type Job } from '../jobs/job';
import type { JobRunner } from '../jobs/job-runner';
import { type JsonObject, objectOf } from '../json';
import type { JobOutcome } from '../pipeline/executor';
import { hasFallenBehind } from './rank';
import type { Search, StartSearch } from './search';
import {
  configOf,
  hasResult,
  objectiveOf,
  resultOf,
  type Trial,
  type TuningJob,
  type TuningJobStatus,
  valuesOf,
} from './tuning-job';

const FAILURE_REASON_LENGTH = 1024;

export interface TuningServiceOptions {
  readonly arns: Arns;
  readonly now: () => Date;
  readonly startSearch: StartSearch;
  /** As CreateTrainingJob. @throws SageMakerError */
  readonly createTrainingJob: (request: JsonObject) => Job;
  readonly jobs: Pick<JobRunner, 'stop'>;
  readonly onChange: (job: TuningJob) => void;
}

export class TuningService {
  private readonly jobs = new Map<string, TuningJob>();

  constructor(private readonly options: TuningServiceOptions) {}

  /** @param request checked; @throws SageMakerError ResourceInUse when the name is taken */
  create(request: JsonObject): TuningJob {
    const name = String(request.HyperParameterTuningJobName);
    const arn = this.options.arns.tuningJob(name);
    if (this.jobs.has(arn)) {
      throw new SageMakerError(
        'ResourceInUse',
        `A hyperparameter tuning job with this name already exists (${arn})`,
      );
    }
    const now = this.options.now();
    const job: TuningJob = {
      name,
      arn,
      request,
      objective: objectiveOf(request),
      creationTime: now,
      trials: [],
      status: 'InProgress',
      lastModifiedTime: now,
      abort: new AbortController(),
      ended: Promise.resolve(),
    };
    this.jobs.set(arn, job);
    this.options.onChange(job);
    job.ended = this.run(job);
    return job;
  }

  find(name: string): TuningJob | undefined {
    return this.jobs.get(this.options.arns.tuningJob(name));
  }

  list = (): TuningJob[] => [...this.jobs.values()];

  /** Stops its training jobs too. */
  stop(job: TuningJob): void {
    if (job.status !== 'InProgress') return;
    this.set(job, 'Stopping');
    job.abort.abort();
    for (const trial of job.trials) this.options.jobs.stop(trial.job);
  }

  async outcome(job: TuningJob): Promise<JobOutcome> {
    await job.ended;
    return { status: job.status as JobOutcome['status'], failureReason: job.failureReason };
  }

  async stopAll(): Promise<void> {
    for (const job of this.jobs.values()) this.stop(job);
    await Promise.all(this.list().map(({ ended }) => ended));
  }

  /** A training job has reported a metric: if it is a trial that has fallen behind, it is stopped. */
  metricReported(reporting: Job): void {
    for (const job of this.jobs.values()) {
      const trial = job.trials.find((candidate) => candidate.job === reporting);
      if (trial) this.stopIfBehind(job, trial);
    }
  }

  private stopIfBehind(job: TuningJob, trial: Trial): void {
    if (configOf(job).TrainingJobEarlyStoppingType !== 'Auto' || hasEnded(trial.job)) return;
    const earlier = job.trials
      .filter((other) => hasResult(other, job.objective))
      .map((other) => valuesOf(other, job.objective));
    if (!hasFallenBehind(valuesOf(trial, job.objective), earlier, job.objective)) return;
    trial.stoppedEarly = true;
    this.options.jobs.stop(trial.job);
  }

  private async run(job: TuningJob): Promise<void> {
    const config = configOf(job);
    const limits = objectOf(config.ResourceLimits);
    let search: Search | undefined;
    try {
      search = this.options.startSearch({
        strategy: String(config.Strategy),
        goal: job.objective.goal,
        seed: Number(config.RandomSeed ?? 0),
        trials: Number(limits.MaxNumberOfTrainingJobs),
        ranges: objectOf(config.ParameterRanges),
      });
      await this.runTrials(job, search, limits);
      this.conclude(job);
    } catch (error) {
      // Whatever has been started must not run on without its tuning job.
      for (const trial of job.trials) this.options.jobs.stop(trial.job);
      await Promise.all(job.trials.map((trial) => trial.job.ended));
      job.failureReason = messageOf(error).slice(0, FAILURE_REASON_LENGTH);
      this.end(job, 'Failed');
    } finally {
      search?.close();
    }
  }

  private async runTrials(job: TuningJob, search: Search, limits: JsonObject): Promise<void> {
    const running = new Set<Promise<void>>();
    for (let index = 0; index < Number(limits.MaxNumberOfTrainingJobs); index++) {
      while (running.size >= Number(limits.MaxParallelTrainingJobs)) await Promise.race(running);
      if (job.abort.signal.aborted) break;
      const tuned = await search.ask(index);
      if (job.abort.signal.aborted) break;
      const trial = this.startTrial(job, index, tuned);
      const work = trial.job.ended.then(() => {
        running.delete(work);
        search.tell(index, trial.job.status === 'Failed' ? undefined : resultOf(trial, job.objective));
        this.touch(job);
      });
      running.add(work);
    }
    await Promise.all(running);
  }

  private startTrial(job: TuningJob, index: number, tuned: Record<string, string>): Trial {
    const { StaticHyperParameters, TuningObjective, HyperParameterRanges, DefinitionName, ...training } =
      objectOf(job.request.TrainingJobDefinition);
    const number = String(index + 1).padStart(3, '0');
    const trial: Trial = {
      index,
      tuned,
      stoppedEarly: false,
      job: this.options.createTrainingJob({
        ...training,
        TrainingJobName: `${job.name}-${number}-${randomBytes(4).toString('hex')}`,
        HyperParameters: {
          ...objectOf(StaticHyperParameters),
          ...tuned,
          _tuning_objective_metric: job.objective.metric,
        },
      }),
    };
    job.trials.push(trial);
    this.touch(job);
    return trial;
  }

  /** One trial with a result is enough; without any the job has failed, and says why the first one did. */
  private conclude(job: TuningJob): void {
    if (job.abort.signal.aborted) {
      this.end(job, 'Stopped');
    } else if (job.trials.some((trial) => hasResult(trial, job.objective))) {
      this.end(job, 'Completed');
    } else {
      job.failureReason = this.whyNone(job).slice(0, FAILURE_REASON_LENGTH);
      this.end(job, 'Failed');
    }
  }

  private whyNone(job: TuningJob): string {
    const failed = job.trials.find((trial) => trial.job.status === 'Failed');
    return failed
      ? `All training jobs failed, the first for: ${failed.job.failureReason}`
      : `No training job reported the objective metric '${job.objective.metric}': check its Regex`;
  }

  private end(job: TuningJob, status: TuningJobStatus): void {
    job.endTime = this.options.now();
    this.set(job, status);
  }

  private set(job: TuningJob, status: TuningJobStatus): void {
    job.status = status;
    this.touch(job);
  }

  private touch(job: TuningJob): void {
    job.lastModifiedTime = this.options.now();
    this.options.onChange(job);
  }
}
