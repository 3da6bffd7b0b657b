/** Creates, runs, stops and remembers jobs. */
import { setMaxListeners } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Arns } from '../arn';
import { invalid, messageOf, SageMakerError } from '../errors';
import type { JsonObject } from '../json';
import { objectOf } from '../json';
import type { Clock, JobKind, JobOutcome } from '../pipeline/executor';
import {
  hasEnded,
  type Job,
  type JobStatus,
  StopRequested,
  TimeLimitExceeded,
  WaitLimitExceeded,
} from './job';
import { JobLog } from './job-log';
import { JobMetrics } from './job-metrics';
import { runProcessingJob } from './processing-job';
import { type JobEnvironment, numberIn } from './run-hosts';
import { Slots } from './slots';
import { longestWaitSeconds } from './spot';
import { runTrainingJob } from './training-job';

const FAILURE_REASON_LENGTH = 1024;
const DEFAULT_MAX_RUNTIME_SECONDS = 86_400;

export interface JobRunnerOptions {
  readonly arns: Arns;
  readonly stateDirectory: string;
  /** What a job runs in, with the credentials of its role. */
  readonly environmentOf: (job: Job) => JobEnvironment;
  readonly maximumParallelJobs: number;
  /** Tells the time, and when a job's limits are over. */
  readonly clock: Clock;
  readonly onChange: (job: Job) => void;
  readonly onLine: (job: Job, host: string, line: string) => void;
  /** A line had the value of one of the job's metrics. */
  readonly onMetric: (job: Job) => void;
}

export class JobRunner {
  private readonly jobs = new Map<string, Job>();
  private readonly slots: Slots;

  constructor(private readonly options: JobRunnerOptions) {
    this.slots = new Slots(options.maximumParallelJobs);
  }

  /** @throws SageMakerError ResourceInUse when the name is taken */
  create(kind: JobKind, name: string, request: JsonObject): Job {
    const arn = this.options.arns.job(kind, name);
    if (this.jobs.has(arn)) {
      throw new SageMakerError(
        'ResourceInUse',
        `${kind} job names must be unique within an AWS account and region, and a ${kind.toLowerCase()} job with this name already exists (${arn})`,
      );
    }
    const now = this.options.clock.now();
    // A training job may have the name of a processing job.
    const directory = join(this.options.stateDirectory, 'jobs', `${kind}-${name}`);
    const job: Job = {
      kind,
      name,
      arn,
      request,
      directory,
      log: new JobLog(join(this.options.stateDirectory, 'logs', `${name}.log`), (host, line) => {
        this.options.onLine(job, host, line);
        if (job.metrics.observe(line, this.options.clock.now())) this.options.onMetric(job);
      }),
      metrics: new JobMetrics(request.AlgorithmSpecification),
      creationTime: now,
      status: 'InProgress',
      secondaryStatus: 'Starting',
      transitions: [{ status: 'Starting', startTime: now }],
      lastModifiedTime: now,
      abort: new AbortController(),
      ended: Promise.resolve(),
    };
    // Every transfer and every host listens to it.
    setMaxListeners(0, job.abort.signal);
    this.jobs.set(arn, job);
    this.options.onChange(job);
    job.ended = this.run(job);
    return job;
  }

  find(kind: JobKind, name: string): Job | undefined {
    return this.jobs.get(this.options.arns.job(kind, name));
  }

  list(kind: JobKind): Job[] {
    return [...this.jobs.values()].filter((job) => job.kind === kind);
  }

  stop(job: Job): void {
    if (hasEnded(job) || job.abort.signal.aborted) return;
    this.set(job, 'Stopping', 'Stopping');
    job.abort.abort(new StopRequested('stopped by request'));
  }

  /**
   * Takes the spot capacity of a running job, as AWS may at any time.
   * @throws SageMakerError when the job has none, or is not running on it at the moment
   */
  interrupt(job: Job): void {
    if (!job.interrupt || job.secondaryStatus !== 'Training') {
      throw invalid(
        `${job.name} cannot be interrupted: it must be a spot job in training, is ${job.secondaryStatus}` +
          `${job.interrupt ? '' : ', without spot capacity'}`,
      );
    }
    job.interrupt();
  }

  async outcome(job: Job): Promise<JobOutcome> {
    await job.ended;
    return { status: job.status as JobOutcome['status'], failureReason: job.failureReason };
  }

  /** Stops every job; resolves when no process is left. */
  async stopAll(): Promise<void> {
    for (const job of this.jobs.values()) this.stop(job);
    await Promise.all([...this.jobs.values()].map((job) => job.ended));
  }

  private async run(job: Job): Promise<void> {
    let release: (() => void) | undefined;
    const environment = this.options.environmentOf(job);
    const atRest = new AbortController();
    const wait = longestWaitSeconds(job.request);
    // Waiting for a turn is waiting for capacity.
    if (wait) this.limit(job, wait, new WaitLimitExceeded(wait), atRest.signal);
    try {
      release = await this.slots.take(job.abort.signal);
      job.startTime = this.options.clock.now();
      const seconds = numberIn(
        objectOf(job.request.StoppingCondition),
        'MaxRuntimeInSeconds',
        DEFAULT_MAX_RUNTIME_SECONDS,
      );
      this.limit(job, seconds, new TimeLimitExceeded(seconds), atRest.signal);
      if (job.kind === 'Processing') await runProcessingJob(job, environment);
      else await runTrainingJob(job, environment, (status) => this.enter(job, status));
      this.end(job, 'Completed', 'Completed');
    } catch (error) {
      this.endWith(job, error);
    } finally {
      atRest.abort();
      environment.close();
      await this.cleanUp(job);
      release?.();
    }
  }

  private limit(job: Job, seconds: number, reason: Error, atRest: AbortSignal): void {
    void this.options.clock.sleep(seconds * 1000, atRest).then(() => {
      if (!atRest.aborted) job.abort.abort(reason);
    });
  }

  private endWith(job: Job, error: unknown): void {
    const reason = job.abort.signal.reason as unknown;
    if (reason instanceof TimeLimitExceeded) {
      job.failureReason = `ClientError: ${reason.message}`;
      this.end(job, 'Stopped', 'MaxRuntimeExceeded');
    } else if (reason instanceof WaitLimitExceeded) {
      job.failureReason = `ClientError: ${reason.message}`;
      this.end(job, 'Stopped', 'MaxWaitTimeExceeded');
    } else if (reason instanceof StopRequested) {
      this.end(job, 'Stopped', 'Stopped');
    } else {
      job.failureReason = failureReason(error);
      this.end(job, 'Failed', 'Failed');
    }
  }

  private enter(job: Job, secondaryStatus: string): void {
    if (job.abort.signal.aborted) return;
    this.set(job, job.status, secondaryStatus);
  }

  private end(job: Job, status: JobStatus, secondaryStatus: string): void {
    job.endTime = this.options.clock.now();
    this.set(job, status, secondaryStatus);
  }

  private set(job: Job, status: JobStatus, secondaryStatus: string): void {
    const now = this.options.clock.now();
    const last = job.transitions.at(-1);
    if (last?.status !== secondaryStatus) {
      if (last) last.endTime = now;
      job.transitions.push({ status: secondaryStatus, startTime: now });
    }
    job.status = status;
    job.secondaryStatus = secondaryStatus;
    job.lastModifiedTime = now;
    this.options.onChange(job);
  }

  /** A container's disk goes with it; the log and the end of the story stay. */
  private async cleanUp(job: Job): Promise<void> {
    job.log.close();
    await rm(job.directory, { recursive: true, force: true });
    const { name, status, failureReason, exitMessage, modelArtifacts } = job;
    const story = { name, status, failureReason, exitMessage, modelArtifacts };
    await writeFile(
      join(this.options.stateDirectory, 'logs', `${name}.json`),
      `${JSON.stringify(story, null, 2)}\n`,
    ).catch(() => undefined);
  }
}

/** Reasons begin with whose fault it is; what has no such beginning is ours. */
function failureReason(error: unknown): string {
  const message = messageOf(error);
  const named = /^(AlgorithmError|ClientError|InternalServerError|CapacityError)/.test(message);
  return (named ? message : `InternalServerError: ${message}`).slice(0, FAILURE_REASON_LENGTH);
}
