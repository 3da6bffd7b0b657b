/** Runs executions: decides with the pure core, acts through ports. */
import { messageOf, SageMakerError } from '../errors';
import { type Json, type JsonObject, objectOf } from '../json';
import { cacheKey, expiryMilliseconds } from './cache';
import { allHold } from './conditions';
import type { Execution, ExecutionStatus, StepRecord } from './execution';
import {
  type PropertyFileReference,
  propertyFileKey,
  propertyFilesIn,
  type ResolutionContext,
  ResolutionError,
  resolve,
} from './expressions';
import type { StepDefinition } from './model';
import { flatten, ownArguments, readySteps, type StepStatus } from './plan';
import { exceptionTypeOf, retryDelay } from './retry';

export type JobKind = 'Training' | 'Processing';
/** What steps start, by the names that the API has for it. */
export type StepJobKind = JobKind | 'HyperParameterTuning';

const TUNING_STEP_CHARACTERS = 7;
const JOB_STEP_CHARACTERS = 27;

/**
 * Job names have at most 63 characters, those of tuning jobs 32, because their training jobs' names begin with them.
 * The execution id has 12, the suffix 10.
 */
function jobName(kind: StepJobKind, executionId: string, step: string, suffix: string): string {
  const name =
    kind === 'HyperParameterTuning'
      ? `${executionId}-${step.slice(0, TUNING_STEP_CHARACTERS)}-${suffix}`
      : `pipelines-${executionId}-${step.slice(0, JOB_STEP_CHARACTERS)}-${suffix}`;
  return name.replaceAll('_', '-');
}

export interface JobOutcome {
  readonly status: 'Completed' | 'Failed' | 'Stopped';
  readonly failureReason?: string | undefined;
}

/** Who starts what a step starts: the execution, with the role of its pipeline. */
export type StepCaller = Pick<Execution, 'roleArn' | 'pipelineArn'>;

/** What steps do. Requests are refused by throwing a SageMakerError. */
export interface StepServices {
  createJob(kind: StepJobKind, name: string, request: JsonObject, caller: StepCaller): Promise<string>;
  jobEnded(kind: StepJobKind, name: string, caller: StepCaller): Promise<JobOutcome>;
  describeJob(kind: StepJobKind, name: string): JsonObject;
  stopJob(kind: StepJobKind, name: string): void;
  registerModel(request: JsonObject, caller: StepCaller): Promise<JsonObject>;
  /** @throws Error naming the object when it is missing or not JSON */
  readJson(uri: string, caller: StepCaller): Promise<Json>;
}

export interface Clock {
  now(): Date;
  /** Returns early, without an error, when the signal is aborted. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

export interface ExecutorObserver {
  executionChanged(execution: Execution, previous: ExecutionStatus | undefined): void;
  stepChanged(execution: Execution, record: StepRecord, previous: StepStatus | undefined): void;
}

export interface ExecutorPorts {
  readonly services: StepServices;
  readonly clock: Clock;
  readonly observer: ExecutorObserver;
  /** Every execution of the same pipeline, for the cache. */
  readonly executionsOf: (pipelineArn: string) => Iterable<Execution>;
  readonly randomSuffix: () => string;
}

/** The step has failed; the message is its failure reason. */
class StepFailure extends Error {
  override readonly name = 'StepFailure';
}
class StepStopped extends Error {
  override readonly name = 'StepStopped';
}

const FAILURE_REASON_LENGTH = 1024;
/** What AWS says of every failed execution; the steps have the reasons. */
const EXECUTION_FAILURE = 'Step failure: One or multiple steps failed.';

/** Jobs run with the pipeline's role when they name none; a tuning job gives it to its training jobs. */
function withRole(kind: StepJobKind, request: JsonObject, roleArn: string): JsonObject {
  if (kind !== 'HyperParameterTuning') return { ...request, RoleArn: request.RoleArn ?? roleArn };
  const definition = objectOf(request.TrainingJobDefinition);
  return { ...request, TrainingJobDefinition: { ...definition, RoleArn: definition.RoleArn ?? roleArn } };
}

/** A refused request is told as AWS tells it, with the operation. */
function reasonOf(step: StepDefinition, error: unknown): string {
  if (!(error instanceof SageMakerError)) return messageOf(error);
  const kind = step.Type === 'Tuning' ? 'HyperParameterTuning' : step.Type;
  const operation = step.Type === 'RegisterModel' ? 'CreateModelPackage' : `Create${kind}Job`;
  return `ClientError: Failed to invoke sagemaker:${operation}. Error Details: ${error.message}`;
}

export class PipelineExecutor {
  constructor(private readonly ports: ExecutorPorts) {}

  /**
   * Runs every step that can run and has not run yet. Steps that are running when another fails are let finish;
   * none is started any more.
   */
  async run(execution: Execution): Promise<void> {
    const plan = flatten(execution.definition);
    const running = new Map<string, Promise<void>>();
    const mayStart = () =>
      !execution.abort.signal.aborted &&
      running.size < execution.maximumParallelSteps &&
      ![...execution.steps.values()].some(({ status }) => status === 'Failed');
    for (;;) {
      for (const step of readySteps(plan, execution.steps)) {
        if (!mayStart()) break;
        const work = this.runStep(execution, step).finally(() => running.delete(step.Name));
        running.set(step.Name, work);
      }
      if (running.size === 0) break;
      await Promise.race(running.values());
    }
    this.finish(execution);
  }

  private finish(execution: Execution): void {
    const failed = [...execution.steps.values()].some(({ status }) => status === 'Failed');
    if (execution.abort.signal.aborted) this.setExecutionStatus(execution, 'Stopped');
    else if (failed) this.setExecutionStatus(execution, 'Failed', EXECUTION_FAILURE);
    else this.setExecutionStatus(execution, 'Succeeded');
  }

  setExecutionStatus(execution: Execution, status: ExecutionStatus, failureReason?: string): void {
    const previous = execution.status;
    execution.status = status;
    execution.failureReason = failureReason;
    execution.lastModifiedTime = this.ports.clock.now();
    this.ports.observer.executionChanged(execution, previous);
  }

  private setStepStatus(execution: Execution, record: StepRecord, status: StepStatus): void {
    const previous = record.status;
    record.status = status;
    if (['Succeeded', 'Failed', 'Stopped'].includes(status)) record.endTime = this.ports.clock.now();
    this.ports.observer.stepChanged(execution, record, previous);
  }

  private async runStep(execution: Execution, step: StepDefinition): Promise<void> {
    const record: StepRecord = {
      step,
      status: 'Starting',
      startTime: this.ports.clock.now(),
      attempts: 0,
      metadata: {},
      description: {},
    };
    execution.steps.set(step.Name, record);
    this.ports.observer.stepChanged(execution, record, undefined);
    this.setStepStatus(execution, record, 'Executing');
    try {
      await this.attemptUntilDone(execution, record);
      this.setStepStatus(execution, record, 'Succeeded');
    } catch (error) {
      const stopped = error instanceof StepStopped;
      // The end of a reason says most: the last line of a traceback.
      if (!stopped) record.failureReason = reasonOf(record.step, error).slice(-FAILURE_REASON_LENGTH);
      this.setStepStatus(execution, record, stopped ? 'Stopped' : 'Failed');
    }
  }

  private async attemptUntilDone(execution: Execution, record: StepRecord): Promise<void> {
    const retries = new Map<string, number>();
    const started = this.ports.clock.now().getTime();
    for (;;) {
      record.attempts += 1;
      try {
        return await this.act(execution, record);
      } catch (error) {
        if (error instanceof StepStopped) throw error;
        const type = exceptionTypeOf(error instanceof SageMakerError ? error.type : messageOf(error));
        const delay = retryDelay(record.step.RetryPolicies, type, {
          retries: retries.get(type ?? '') ?? 0,
          elapsedMilliseconds: this.ports.clock.now().getTime() - started,
        });
        if (delay === undefined || type === undefined) throw error;
        retries.set(type, (retries.get(type) ?? 0) + 1);
        await this.ports.clock.sleep(delay, execution.abort.signal);
        if (execution.abort.signal.aborted) throw new StepStopped();
      }
    }
  }

  private act(execution: Execution, record: StepRecord): Promise<void> {
    switch (record.step.Type) {
      case 'Condition':
        return this.decide(execution, record);
      case 'Fail':
        return this.fail(execution, record);
      case 'RegisterModel':
        return this.register(execution, record);
      case 'Training':
      case 'Processing':
        return this.runJob(execution, record, record.step.Type);
      case 'Tuning':
        return this.runJob(execution, record, 'HyperParameterTuning');
    }
  }

  private async decide(execution: Execution, record: StepRecord): Promise<void> {
    const { Conditions } = objectOf(await this.resolved(execution, ownArguments(record.step)));
    record.outcome = allHold(Conditions);
    record.description = { Outcome: record.outcome };
    record.metadata = { Condition: { Outcome: record.outcome ? 'True' : 'False' } };
  }

  private async fail(execution: Execution, record: StepRecord): Promise<void> {
    const { ErrorMessage } = objectOf(await this.resolved(execution, record.step.Arguments));
    record.metadata = { Fail: { ErrorMessage: String(ErrorMessage) } };
    throw new StepFailure(String(ErrorMessage));
  }

  private async register(execution: Execution, record: StepRecord): Promise<void> {
    const request = objectOf(await this.resolved(execution, record.step.Arguments));
    record.description = await this.ports.services.registerModel(
      { MetadataProperties: { GeneratedBy: execution.arn }, ...request },
      execution,
    );
    record.metadata = { RegisterModel: { Arn: record.description.ModelPackageArn } };
  }

  private async runJob(execution: Execution, record: StepRecord, kind: StepJobKind): Promise<void> {
    const { services, randomSuffix } = this.ports;
    const { Name, Type } = record.step;
    const name = jobName(kind, execution.id, Name, randomSuffix());
    const request = objectOf(
      await this.resolved(execution, record.step.Arguments, { [`${kind}JobName`]: name }),
    );
    record.cacheKey = cacheKey(record.step, request);
    if (record.attempts === 1 && this.reuse(execution, record)) return;
    const arn = await services.createJob(kind, name, withRole(kind, request, execution.roleArn), execution);
    record.metadata = { [`${Type}Job`]: { Arn: arn } };
    const stop = () => {
      this.setStepStatus(execution, record, 'Stopping');
      services.stopJob(kind, name);
    };
    const { signal } = execution.abort;
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    const outcome = await services.jobEnded(kind, name, execution);
    signal.removeEventListener('abort', stop);
    record.description = services.describeJob(kind, name);
    if (outcome.status === 'Completed') return;
    if (outcome.status === 'Stopped' && signal.aborted) throw new StepStopped();
    throw new StepFailure(outcome.failureReason ?? `ClientError: ${kind} job ${name} was stopped`);
  }

  /** Takes over the most recent result of the same step with the same arguments, if it has not expired. */
  private reuse(execution: Execution, record: StepRecord): boolean {
    if (record.cacheKey === undefined) return false;
    const oldest =
      this.ports.clock.now().getTime() - expiryMilliseconds(record.step.CacheConfig?.ExpireAfter);
    const candidates = [...this.ports.executionsOf(execution.pipelineArn)].flatMap((other) => {
      const found = other.steps.get(record.step.Name);
      const usable = found && found !== record && found.status === 'Succeeded';
      if (!usable || found.cacheKey !== record.cacheKey || found.cachedFrom !== undefined) return [];
      return found.startTime.getTime() >= oldest ? [{ other, found }] : [];
    });
    const latest = candidates.sort((a, b) => b.found.startTime.getTime() - a.found.startTime.getTime())[0];
    if (!latest) return false;
    record.cachedFrom = latest.other.arn;
    record.description = latest.found.description;
    record.metadata = latest.found.metadata;
    return true;
  }

  private async resolved(
    execution: Execution,
    value: Json,
    moreVariables: Record<string, Json> = {},
  ): Promise<Json> {
    const context = this.contextOf(execution, moreVariables);
    const files = propertyFilesIn(value);
    const contents = await Promise.all(files.map((file) => this.readPropertyFile(execution, file)));
    const propertyFiles = new Map(files.map((file, index) => [propertyFileKey(file), contents[index]]));
    return resolve(value, { ...context, propertyFiles });
  }

  private contextOf(execution: Execution, moreVariables: Record<string, Json>): ResolutionContext {
    return {
      parameters: execution.parameters,
      steps: new Map(
        [...execution.steps]
          .filter(([, { status }]) => status === 'Succeeded')
          .map(([name, { description }]) => [name, description]),
      ),
      execution: {
        PipelineExecutionId: execution.id,
        PipelineExecutionArn: execution.arn,
        PipelineName: execution.pipelineName,
        PipelineArn: execution.pipelineArn,
        StartDateTime: execution.creationTime.toISOString(),
        CurrentDateTime: this.ports.clock.now().toISOString(),
        ...moreVariables,
      },
      propertyFiles: new Map(),
    };
  }

  private async readPropertyFile(execution: Execution, reference: PropertyFileReference): Promise<Json> {
    const record = execution.steps.get(reference.step);
    const file = record?.step.PropertyFiles?.find(
      ({ PropertyFileName }) => PropertyFileName === reference.name,
    );
    if (!record || !file) {
      throw new ResolutionError(`step '${reference.step}' declares no property file '${reference.name}'`);
    }
    const output = `Steps.${reference.step}.ProcessingOutputConfig.Outputs['${file.OutputName}'].S3Output.S3Uri`;
    const uri = resolve({ Get: output }, this.contextOf(execution, {}));
    return this.ports.services.readJson(`${String(uri).replace(/\/$/, '')}/${file.FilePath}`, execution);
  }
}
