/** Pipelines and their executions. */
import type { Arns } from './arn';
import { nameInArn, randomId } from './arn';
import { conflict, invalid, notFound } from './errors';
import type { JsonObject } from './json';
import { parsePipelineDefinition } from './pipeline/definition';
import { type Execution, isRunning } from './pipeline/execution';
import { type Clock, type ExecutorObserver, PipelineExecutor, type StepServices } from './pipeline/executor';
import type { PipelineDefinition } from './pipeline/model';
import { resolveParameters } from './pipeline/parameters';

const EXECUTION_ID_LENGTH = 12;
const JOB_SUFFIX_LENGTH = 10;
/** Steps that run at a time when neither the pipeline nor the execution says; the API's own largest value. */
const MAXIMUM_PARALLEL_STEPS = 50;

export interface Pipeline {
  readonly name: string;
  readonly arn: string;
  displayName?: string | undefined;
  description?: string | undefined;
  roleArn: string;
  definitionText: string;
  definition: PipelineDefinition;
  parallelism?: JsonObject | undefined;
  readonly creationTime: Date;
  lastModifiedTime: Date;
  lastRunTime?: Date;
  readonly clientRequestToken?: string | undefined;
}

export interface PipelineInput {
  readonly displayName?: string | undefined;
  readonly description?: string | undefined;
  readonly roleArn?: string | undefined;
  readonly definitionText?: string | undefined;
  readonly parallelism?: JsonObject | undefined;
}

export interface StartInput {
  readonly pipelineName: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly clientRequestToken?: string | undefined;
  readonly displayName?: string | undefined;
  readonly description?: string | undefined;
  readonly maximumParallelSteps?: number | undefined;
}

export interface PipelineServiceOptions {
  readonly arns: Arns;
  readonly clock: Clock;
  readonly services: StepServices;
  readonly observer: ExecutorObserver;
}

export class PipelineService {
  private readonly pipelines = new Map<string, Pipeline>();
  private readonly executions = new Map<string, Execution>();
  /** Pipeline ARN and client request token -> execution. */
  private readonly started = new Map<string, Execution>();
  private readonly executor: PipelineExecutor;

  constructor(private readonly options: PipelineServiceOptions) {
    this.executor = new PipelineExecutor({
      ...options,
      executionsOf: (pipelineArn) => this.listExecutions(pipelineArn),
      randomSuffix: () => randomId(JOB_SUFFIX_LENGTH),
    });
  }

  create(
    name: string,
    input: PipelineInput & { readonly roleArn: string; readonly definitionText: string },
    clientRequestToken?: string,
  ): Pipeline {
    const arn = this.options.arns.pipeline(name);
    const existing = this.pipelines.get(arn);
    if (existing && clientRequestToken && existing.clientRequestToken === clientRequestToken) return existing;
    if (existing) {
      throw invalid(
        `Pipeline names must be unique within an AWS account and region. Pipeline with name (${name}) already exists.`,
      );
    }
    const now = this.options.clock.now();
    const pipeline: Pipeline = {
      ...input,
      name,
      arn,
      definition: parsePipelineDefinition(input.definitionText),
      creationTime: now,
      lastModifiedTime: now,
      clientRequestToken,
    };
    this.pipelines.set(arn, pipeline);
    return pipeline;
  }

  /** What is not given stays; nothing changes when the definition is refused. */
  update(nameOrArn: string, input: PipelineInput): Pipeline {
    const pipeline = this.pipeline(nameOrArn);
    const definitionText = input.definitionText ?? pipeline.definitionText;
    const definition = parsePipelineDefinition(definitionText);
    const given = Object.entries(input).filter(([, value]) => value !== undefined);
    Object.assign(pipeline, Object.fromEntries(given), { definitionText, definition });
    pipeline.lastModifiedTime = this.options.clock.now();
    return pipeline;
  }

  pipeline(nameOrArn: string): Pipeline {
    const arn = this.options.arns.pipeline(nameInArn(nameOrArn));
    const pipeline = this.pipelines.get(arn);
    if (!pipeline) throw notFound(`Pipeline '${arn}' does not exist.`);
    return pipeline;
  }

  listPipelines = (): Pipeline[] => [...this.pipelines.values()];

  delete(nameOrArn: string): Pipeline {
    const pipeline = this.pipeline(nameOrArn);
    if (this.listExecutions(pipeline.arn).some(isRunning)) {
      throw conflict(`Pipeline '${pipeline.arn}' has running executions; stop them first.`);
    }
    this.pipelines.delete(pipeline.arn);
    return pipeline;
  }

  /** The same token starts the same execution once, and answers with it every time. */
  start(input: StartInput): Execution {
    const pipeline = this.pipeline(input.pipelineName);
    const token = input.clientRequestToken && `${pipeline.arn} ${input.clientRequestToken}`;
    const before = token && this.started.get(token);
    if (before) return before;
    const parameters = resolveParameters(pipeline.definition.Parameters, input.parameters);
    const id = randomId(EXECUTION_ID_LENGTH);
    const now = this.options.clock.now();
    const configured = pipeline.parallelism?.MaxParallelExecutionSteps;
    const execution: Execution = {
      arn: this.options.arns.execution(pipeline.arn, id),
      id,
      pipelineArn: pipeline.arn,
      pipelineName: pipeline.name,
      roleArn: pipeline.roleArn,
      definitionText: pipeline.definitionText,
      definition: pipeline.definition,
      displayName: input.displayName ?? `execution-${now.getTime()}`,
      description: input.description,
      maximumParallelSteps:
        input.maximumParallelSteps ?? (typeof configured === 'number' ? configured : MAXIMUM_PARALLEL_STEPS),
      parameters,
      creationTime: now,
      status: 'Executing',
      lastModifiedTime: now,
      steps: new Map(),
      abort: new AbortController(),
      ended: Promise.resolve(),
    };
    pipeline.lastRunTime = now;
    this.executions.set(execution.arn, execution);
    if (token) this.started.set(token, execution);
    this.options.observer.executionChanged(execution, undefined);
    execution.ended = this.executor.run(execution);
    return execution;
  }

  execution(arn: string): Execution {
    const execution = this.executions.get(arn);
    if (!execution) throw notFound(`Pipeline execution '${arn}' does not exist.`);
    return execution;
  }

  listExecutions(pipelineArn: string): Execution[] {
    return [...this.executions.values()].filter((execution) => execution.pipelineArn === pipelineArn);
  }

  stop(arn: string): Execution {
    const execution = this.execution(arn);
    if (execution.status === 'Stopping') return execution;
    if (!isRunning(execution)) {
      throw conflict(`Pipeline execution '${arn}' is ${execution.status} and cannot be stopped.`);
    }
    this.executor.setExecutionStatus(execution, 'Stopping');
    execution.abort.abort();
    return execution;
  }

  /** Runs again what failed, was stopped or never ran; what succeeded is kept. */
  retry(arn: string): Execution {
    const execution = this.execution(arn);
    if (execution.status !== 'Failed' && execution.status !== 'Stopped') {
      throw conflict(`Pipeline execution '${arn}' is ${execution.status} and cannot be retried.`);
    }
    for (const [name, { status }] of execution.steps) {
      if (status !== 'Succeeded') execution.steps.delete(name);
    }
    execution.abort = new AbortController();
    this.executor.setExecutionStatus(execution, 'Executing');
    execution.ended = this.executor.run(execution);
    return execution;
  }

  async stopAll(): Promise<void> {
    const running = [...this.executions.values()].filter(isRunning);
    for (const { arn } of running) this.stop(arn);
    await Promise.all(running.map(({ ended }) => ended));
  }
}
