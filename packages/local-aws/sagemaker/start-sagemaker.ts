/** The local SageMaker: pipelines, jobs as subprocesses, model registry, events. */
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import type { RunningService } from '../shared/running-service';
import { serve } from './api/http-server';
import { createJob, jobOperations } from './api/job-operations';
import { pipelineOperations } from './api/pipeline-operations';
import { createPackage, registryOperations } from './api/registry-operations';
import { Tags, tagOperations } from './api/tags';
import { createTuningJob, tuningOperations } from './api/tuning-operations';
import { Arns } from './arn';
import { describeJob, describePackage } from './descriptions';
import { EventPublisher } from './event-publisher';
import { executionEvent, jobEvent, modelPackageEvent, stepEvent, tuningJobEvent } from './events';
import { type Interpreter, pythonOf } from './interpreter';
import type { Job } from './jobs/job';
import { JobRunner } from './jobs/job-runner';
import { S3Store } from './jobs/s3-store';
import type { JsonObject } from './json';
import { ModelRegistry } from './model-registry';
import { isRunning } from './pipeline/execution';
import type { Clock, ExecutorObserver, JobOutcome, StepJobKind, StepServices } from './pipeline/executor';
import { PipelineService } from './pipeline-service';
import { describeForStep } from './tuning/describe-tuning';
import { optunaSearch } from './tuning/search';
import type { TuningJob } from './tuning/tuning-job';
import { TuningService } from './tuning/tuning-service';

/** What is going on, for people. */
export type SageMakerProgress =
  | {
      readonly kind: 'step';
      readonly pipeline: string;
      readonly executionArn: string;
      readonly step: string;
      readonly stepType: string;
      readonly status: string;
      readonly failureReason?: string | undefined;
      /** Its result was taken from an earlier execution. */
      readonly cached: boolean;
    }
  | {
      readonly kind: 'log';
      /** Job name; `sagemaker` when the service itself has something to say. */
      readonly job: string;
      /** `algo-1` and so on. */
      readonly host: string;
      readonly line: string;
    };

export interface SageMakerOptions {
  /** @default 0, any free port */
  readonly port?: number;
  /** Job directories while jobs run (`jobs/`), their logs and outcomes (`logs/`). Created when missing. */
  readonly stateDirectory: string;
  /** S3 and EventBridge of the local AWS. */
  readonly awsEndpointUrl: string;
  readonly region: string;
  /** 12 digits. */
  readonly accountId: string;
  /** Used by the service and handed to its jobs. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly interpreters: readonly Interpreter[];
  /** Python that has Optuna, for tuning jobs. */
  readonly searchPython: string;
  readonly onProgress?: ((progress: SageMakerProgress) => void) | undefined;
  /** Jobs that run at a time; the others wait. @default 1 */
  readonly maximumParallelJobs?: number;
  /** From SIGTERM to SIGKILL of a stopped job. SageMaker gives 120 s. @default 5000 */
  readonly stopGraceMilliseconds?: number;
  /** @default the machine's clock */
  readonly clock?: Clock;
}

const DEFAULT_STOP_GRACE_MILLISECONDS = 5000;

/** A longer timer would be over at once: 24.8 days, where a job may have 28. */
const LONGEST_TIMER_MILLISECONDS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => new Date(),
  sleep: (milliseconds, signal) =>
    sleep(Math.min(milliseconds, LONGEST_TIMER_MILLISECONDS), undefined, { signal }).catch(() => undefined),
};

/** @throws Error when the port is taken */
export async function startSageMaker(options: SageMakerOptions): Promise<RunningService> {
  mkdirSync(options.stateDirectory, { recursive: true });
  const { region, accountId, credentials, awsEndpointUrl, onProgress } = options;
  const clock = options.clock ?? systemClock;
  const client = { endpoint: awsEndpointUrl, region, credentials };
  const s3Client = new S3Client({ ...client, forcePathStyle: true });
  const s3 = new S3Store(s3Client);
  const events = new EventBridgeClient(client);
  const publisher = new EventPublisher(events, (line) =>
    onProgress?.({ kind: 'log', job: 'sagemaker', host: 'service', line }),
  );
  const arns = new Arns(region, accountId);
  const tags = new Tags();
  const jobs = new JobRunner({
    arns,
    stateDirectory: options.stateDirectory,
    maximumParallelJobs: options.maximumParallelJobs ?? 1,
    clock,
    onChange: (job) => publisher.publish(jobEvent(job)),
    onLine: (job, host, line) => onProgress?.({ kind: 'log', job: job.name, host, line }),
    onMetric: (job) => tuning.metricReported(job),
    environment: {
      s3,
      awsEnvironment: awsEnvironment(options),
      pythonOf: (image) => pythonOf(options.interpreters, image),
      graceMilliseconds: options.stopGraceMilliseconds ?? DEFAULT_STOP_GRACE_MILLISECONDS,
    },
  });
  const tuning: TuningService = new TuningService({
    arns,
    now: clock.now,
    startSearch: optunaSearch(options.searchPython),
    createTrainingJob: (request) => createJob(jobs, tags, 'Training', request),
    jobs,
    onChange: (job) => publisher.publish(tuningJobEvent(job)),
  });
  const registry = new ModelRegistry({
    arns,
    now: clock.now,
    objectExists: (uri) => s3.exists(uri),
    onChange: (modelPackage, fields) => publisher.publish(modelPackageEvent(modelPackage, fields)),
  });
  const pipelines = new PipelineService({
    arns,
    clock,
    services: stepServices({ jobs, tuning, registry, tags, s3 }),
    observer: observer(publisher, clock, onProgress),
  });
  const server = await serve(
    {
      ...pipelineOperations({ pipelines, tags, readText: (uri) => s3.readText(uri) }),
      ...jobOperations(jobs, tags),
      ...tuningOperations(tuning, tags),
      ...registryOperations(registry, tags),
      ...tagOperations(tags),
    },
    options.port ?? 0,
  );
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      await Promise.all([pipelines.stopAll(), tuning.stopAll(), jobs.stopAll()]);
      await publisher.drain();
      s3Client.destroy();
      events.destroy();
    },
  };
}

function awsEnvironment(options: SageMakerOptions): Record<string, string> {
  const { region, credentials, awsEndpointUrl } = options;
  return {
    AWS_ENDPOINT_URL: awsEndpointUrl,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    // There is no instance behind the job that could be asked for credentials.
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

interface StepResources {
  readonly jobs: JobRunner;
  readonly tuning: TuningService;
  readonly registry: ModelRegistry;
  readonly tags: Tags;
  readonly s3: S3Store;
}

/** What a step does with its job, whatever kind of job it is. */
interface JobHandle {
  readonly arn: string;
  outcome(): Promise<JobOutcome>;
  describe(): JsonObject;
  stop(): void;
}

function stepServices({ jobs, tuning, registry, tags, s3 }: StepResources): StepServices {
  const ofJob = (job: Job): JobHandle => ({
    arn: job.arn,
    outcome: () => jobs.outcome(job),
    describe: () => describeJob(job),
    stop: () => jobs.stop(job),
  });
  const ofTuning = (job: TuningJob): JobHandle => ({
    arn: job.arn,
    outcome: () => tuning.outcome(job),
    describe: () => describeForStep(job),
    stop: () => tuning.stop(job),
  });
  const handles = new Map<string, JobHandle>();
  const handle = (kind: StepJobKind, name: string): JobHandle => {
    const found = handles.get(`${kind}/${name}`);
    if (!found) throw new Error(`InternalServerError: the ${kind} job ${name} is not known`);
    return found;
  };
  return {
    createJob: async (kind, name, request) => {
      const named = { ...request, [`${kind}JobName`]: name };
      const created =
        kind === 'HyperParameterTuning'
          ? ofTuning(createTuningJob(tuning, tags, named))
          : ofJob(createJob(jobs, tags, kind, named));
      handles.set(`${kind}/${name}`, created);
      return created.arn;
    },
    jobEnded: (kind, name) => handle(kind, name).outcome(),
    describeJob: (kind, name) => handle(kind, name).describe(),
    stopJob: (kind, name) => handle(kind, name).stop(),
    registerModel: async (request) => describePackage(await createPackage(registry, tags, request)),
    readJson: (uri) => s3.readJson(uri),
  };
}

function observer(
  publisher: EventPublisher,
  clock: Clock,
  onProgress: SageMakerOptions['onProgress'],
): ExecutorObserver {
  return {
    executionChanged: (execution, previous) =>
      publisher.publish(executionEvent(execution, previous, !isRunning(execution))),
    stepChanged: (execution, record, previous) => {
      publisher.publish(stepEvent(execution, record, previous, clock.now()));
      onProgress?.({
        kind: 'step',
        pipeline: execution.pipelineName,
        executionArn: execution.arn,
        step: record.step.Name,
        stepType: record.step.Type,
        status: record.status,
        failureReason: record.failureReason,
        cached: record.cachedFrom !== undefined,
      });
    },
  };
}
