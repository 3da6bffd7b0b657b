/** The local SageMaker: pipelines, jobs as subprocesses, model registry, events. */
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { type Iam, MinistackIam } from '../iam/iam';
import type { RunningService } from '../shared/running-service';
import { SageMakerAccess } from './api/access';
import { serve } from './api/http-server';
import { createJob, jobOperations } from './api/job-operations';
import { pipelineOperations } from './api/pipeline-operations';
import { createPackage, registryOperations } from './api/registry-operations';
import { Tags, tagOperations } from './api/tags';
import { createTuningJob, tuningOperations } from './api/tuning-operations';
import { Arns } from './arn';
import { Authorization } from './authorization';
import { describeJob, describePackage } from './descriptions';
import { EventPublisher } from './event-publisher';
import { executionEvent, jobEvent, modelPackageEvent, stepEvent, tuningJobEvent } from './events';
import { ExecutionMetrics } from './execution-metrics';
import { type Interpreter, pythonOf } from './interpreter';
import type { Job } from './jobs/job';
import { JobCredentials, s3ClientOf } from './jobs/job-credentials';
import { JobRunner } from './jobs/job-runner';
import type { JobEnvironment } from './jobs/run-hosts';
import { S3Store } from './jobs/s3-store';
import type { JsonObject } from './json';
import { ModelRegistry } from './model-registry';
import { isRunning } from './pipeline/execution';
import type { Clock, ExecutorObserver, JobOutcome, StepJobKind, StepServices } from './pipeline/executor';
import { PipelineService } from './pipeline-service';
import { ServiceRoles } from './service-roles';
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
  /** Root's, with which the service puts events and looks for what requests name. */
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
  /** @default ministack's, at `awsEndpointUrl` */
  readonly iam?: Iam;
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
  const onProblem = (line: string) => onProgress?.({ kind: 'log', job: 'sagemaker', host: 'service', line });
  const publisher = new EventPublisher(events, onProblem);
  const cloudWatch = new CloudWatchClient(client);
  const metrics = new ExecutionMetrics(cloudWatch, onProblem);
  const arns = new Arns(region, accountId);
  const tags = new Tags();
  const iam = options.iam ?? new MinistackIam(awsEndpointUrl);
  const roles = new ServiceRoles(iam);
  const jobCredentials = await JobCredentials.start();
  let url = '';
  const jobs = new JobRunner({
    arns,
    stateDirectory: options.stateDirectory,
    maximumParallelJobs: options.maximumParallelJobs ?? 1,
    clock,
    onChange: (job) => publisher.publish(jobEvent(job)),
    onLine: (job, host, line) => onProgress?.({ kind: 'log', job: job.name, host, line }),
    onMetric: (job) => tuning.metricReported(job),
    environmentOf: (job) => jobEnvironment(options, job, roles, jobCredentials, url),
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
  const authorization = new Authorization(
    iam,
    new SageMakerAccess(arns, (group) => registry.nextVersion(group)),
    roles,
  );
  const pipelines = new PipelineService({
    arns,
    clock,
    services: stepServices({ jobs, tuning, registry, tags, authorization, readJson: readAs(options, roles) }),
    observer: observer(publisher, metrics, clock, onProgress),
  });
  const server = await serve(
    {
      ...pipelineOperations({ pipelines, tags, readText: (uri) => s3.readText(uri) }),
      ...jobOperations(jobs, tags),
      ...tuningOperations(tuning, tags),
      ...registryOperations(registry, tags),
      ...tagOperations(tags),
    },
    (caller, operation, request) => authorization.ofRequest(caller, operation, request),
    options.port ?? 0,
  ).catch(async (error: Error) => {
    await jobCredentials.stop();
    throw error;
  });
  url = server.url;
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      await Promise.all([pipelines.stopAll(), tuning.stopAll(), jobs.stopAll()]);
      await jobCredentials.stop();
      await Promise.all([publisher.drain(), metrics.drain()]);
      s3Client.destroy();
      events.destroy();
      cloudWatch.destroy();
    },
  };
}

/** @param url where this service answers the job's own calls */
function jobEnvironment(
  options: SageMakerOptions,
  job: Job,
  roles: ServiceRoles,
  jobCredentials: JobCredentials,
  url: string,
): JobEnvironment {
  const { region, awsEndpointUrl: endpoint } = options;
  const credentials = roles.credentials(String(job.request.RoleArn), job.arn);
  const client = s3ClientOf({ endpoint, region }, credentials);
  const { environment, revoke } = jobCredentials.give(credentials);
  return {
    s3: new S3Store(client),
    awsEnvironment: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ENDPOINT_URL_SAGEMAKER: url,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      // There is no instance behind the job that could be asked for credentials.
      AWS_EC2_METADATA_DISABLED: 'true',
      ...environment,
    },
    pythonOf: (image) => pythonOf(options.interpreters, image),
    graceMilliseconds: options.stopGraceMilliseconds ?? DEFAULT_STOP_GRACE_MILLISECONDS,
    close: () => {
      revoke();
      client.destroy();
    },
  };
}

/** Reads property files as the execution that asks for them. */
function readAs(options: SageMakerOptions, roles: ServiceRoles): StepServices['readJson'] {
  const { region, awsEndpointUrl: endpoint } = options;
  return async (uri, { roleArn, pipelineArn }) => {
    const client = s3ClientOf({ endpoint, region }, roles.credentials(roleArn, pipelineArn));
    return new S3Store(client).readJson(uri).finally(() => client.destroy());
  };
}

interface StepResources {
  readonly jobs: JobRunner;
  readonly tuning: TuningService;
  readonly registry: ModelRegistry;
  readonly tags: Tags;
  readonly authorization: Authorization;
  readonly readJson: StepServices['readJson'];
}

/** What a step does with its job, whatever kind of job it is. */
interface JobHandle {
  readonly arn: string;
  outcome(): Promise<JobOutcome>;
  describe(): JsonObject;
  stop(): void;
}

function stepServices({
  jobs,
  tuning,
  registry,
  tags,
  authorization,
  readJson,
}: StepResources): StepServices {
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
    createJob: async (kind, name, request, caller) => {
      const named = { ...request, [`${kind}JobName`]: name };
      await authorization.ofStep(caller, `Create${kind}Job`, named);
      const created =
        kind === 'HyperParameterTuning'
          ? ofTuning(createTuningJob(tuning, tags, named))
          : ofJob(createJob(jobs, tags, kind, named));
      handles.set(`${kind}/${name}`, created);
      return created.arn;
    },
    jobEnded: async (kind, name, caller) => {
      await authorization.ofStep(caller, `Describe${kind}Job`, { [`${kind}JobName`]: name });
      return handle(kind, name).outcome();
    },
    describeJob: (kind, name) => handle(kind, name).describe(),
    stopJob: (kind, name) => handle(kind, name).stop(),
    registerModel: async (request, caller) => {
      await authorization.ofStep(caller, 'CreateModelPackage', request);
      return describePackage(await createPackage(registry, tags, request));
    },
    readJson,
  };
}

function observer(
  publisher: EventPublisher,
  metrics: ExecutionMetrics,
  clock: Clock,
  onProgress: SageMakerOptions['onProgress'],
): ExecutorObserver {
  return {
    executionChanged: (execution, previous) => {
      publisher.publish(executionEvent(execution, previous, !isRunning(execution)));
      metrics.count(execution);
    },
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
