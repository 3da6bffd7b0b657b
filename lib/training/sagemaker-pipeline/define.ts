/**
 * SageMaker pipeline definitions (schema version 2020-12-01) as typed objects. A reference is made from the object
 * that it refers to, and a definition is collected by following the references: nothing can dangle, and nothing
 * has to be declared twice.
 */

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** What an argument may be: plain JSON, or JSON with expressions in it. */
export type Value =
  | string
  | number
  | boolean
  | Expression
  | readonly Value[]
  | { readonly [key: string]: Value };

/** Anything that an expression can refer to. */
type Referent = Parameter | Step;

/** A value that is known only when the pipeline runs. */
export class Expression {
  constructor(
    readonly json: Json,
    readonly referents: readonly Referent[],
  ) {}
}

export type ParameterType = 'String' | 'Integer' | 'Float' | 'Boolean';

export interface ParameterRule {
  /** The values that an execution may give; String only. The service refuses others when an execution starts. */
  readonly enumValues?: readonly string[];
  /** Bounds of the default. The service knows none: a step that is given another value has to refuse it. */
  readonly minimum?: number;
  readonly maximum?: number;
}

/** A parameter of the pipeline; used as a value it refers to itself. */
export class Parameter extends Expression {
  constructor(
    readonly name: string,
    readonly type: ParameterType,
    readonly defaultValue?: string | number | boolean,
    readonly rule: ParameterRule = {},
  ) {
    super({ Get: `Parameters.${name}` }, []);
  }

  /** What is wrong with it, as rule and value. CDK tokens are strings and pass. */
  get problems(): string[] {
    const { defaultValue: value, rule } = this;
    const problems: string[] = [];
    if (rule.enumValues && this.type !== 'String') {
      problems.push(`only a String may have enumValues, not one of type ${this.type}`);
    }
    if (value === undefined) return problems;
    if (!isOfType(value, this.type))
      return [...problems, `the default must be of type ${this.type}, got '${value}'`];
    if (rule.enumValues && !rule.enumValues.some((allowed) => allowed === value)) {
      problems.push(`the default must be one of ${rule.enumValues.join(', ')}, got '${value}'`);
    }
    if (rule.minimum !== undefined && Number(value) < rule.minimum) {
      problems.push(`the default must be at least ${rule.minimum}, got '${value}'`);
    }
    if (rule.maximum !== undefined && Number(value) > rule.maximum) {
      problems.push(`the default must be at most ${rule.maximum}, got '${value}'`);
    }
    return problems;
  }

  get definition(): { [key: string]: Json } {
    return {
      Name: this.name,
      Type: this.type,
      ...(this.defaultValue !== undefined && { DefaultValue: this.defaultValue }),
      ...(this.rule.enumValues && { EnumValues: [...this.rule.enumValues] }),
    };
  }
}

function isOfType(value: string | number | boolean, type: ParameterType): boolean {
  switch (type) {
    case 'String':
      return typeof value === 'string';
    case 'Boolean':
      return typeof value === 'boolean';
    case 'Integer':
      return Number.isSafeInteger(value);
    case 'Float':
      return typeof value === 'number' && Number.isFinite(value);
  }
}

/** A variable of the execution, such as `PipelineExecutionId`. */
export function executionVariable(
  name: 'PipelineExecutionId' | 'PipelineExecutionArn' | 'PipelineName' | 'PipelineArn' | 'StartDateTime',
): Expression {
  return new Expression({ Get: `Execution.${name}` }, []);
}

/** Replaces expressions by what they are in the definition, and collects what they refer to. */
function render(value: Value, referents: Set<Referent>): Json {
  if (value instanceof Expression) {
    if (value instanceof Parameter) referents.add(value);
    for (const referent of value.referents) referents.add(referent);
    return value.json;
  }
  if (Array.isArray(value)) return value.map((item: Value) => render(item, referents));
  if (typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, render(item, referents)]));
  }
  return value as Json;
}

/** The texts of `values`, with `separator` between them. */
export function join(separator: string, ...values: readonly (string | number | Expression)[]): Expression {
  const referents = new Set<Referent>();
  const rendered = values.map((value) => render(value, referents));
  return new Expression({ 'Std:Join': { On: separator, Values: rendered } }, [...referents]);
}

/** The text of a value, where the service takes only text: hyperparameters, metadata. */
export const textOf = (value: Expression): Expression => join('', value);

export interface StepOptions {
  readonly description?: string;
  readonly displayName?: string;
}

/** One step. Its name is unique in the pipeline. */
export abstract class Step {
  constructor(
    readonly name: string,
    readonly type: string,
    protected readonly options: StepOptions,
  ) {}

  /** Definition of the step; what it refers to is added to `referents`. */
  abstract render(referents: Set<Referent>): { [key: string]: Json };

  protected common(): { [key: string]: Json } {
    const { description, displayName } = this.options;
    return {
      Name: this.name,
      Type: this.type,
      ...(displayName !== undefined && { DisplayName: displayName }),
      ...(description !== undefined && { Description: description }),
    };
  }
}

export interface RetryPolicy {
  readonly exceptionTypes: readonly (
    | 'Step.SERVICE_FAULT'
    | 'Step.THROTTLING'
    | 'SageMaker.JOB_INTERNAL_ERROR'
    | 'SageMaker.CAPACITY_ERROR'
    | 'SageMaker.RESOURCE_LIMIT'
  )[];
  readonly intervalSeconds: number;
  readonly backoffRate: number;
  readonly maximumAttempts: number;
}

export interface JobStepOptions extends StepOptions {
  /** Results of the same arguments are reused for so long (ISO 8601, such as `P30D`). @default - never reused */
  readonly cacheFor?: string;
  readonly retry?: readonly RetryPolicy[];
}

function retryPolicies(policies: readonly RetryPolicy[] | undefined): { RetryPolicies?: Json } {
  if (!policies?.length) return {};
  return {
    RetryPolicies: policies.map((policy) => ({
      ExceptionType: [...policy.exceptionTypes],
      IntervalSeconds: policy.intervalSeconds,
      BackoffRate: policy.backoffRate,
      MaxAttempts: policy.maximumAttempts,
    })),
  };
}

function jobOptions({ cacheFor, retry }: JobStepOptions): { [key: string]: Json } {
  return {
    ...(cacheFor !== undefined && { CacheConfig: { Enabled: true, ExpireAfter: cacheFor } }),
    ...retryPolicies(retry),
  };
}

type Arguments = { readonly [key: string]: Value };

export interface ProcessingOutput {
  /** Folder in the container, below /opt/ml/processing. */
  readonly localPath: string;
  readonly uri: Value;
}

export interface ProcessingStepProps<Output extends string, File extends string> extends JobStepOptions {
  /** CreateProcessingJob without ProcessingJobName and Outputs. */
  readonly arguments: Arguments;
  readonly outputs: Readonly<Record<Output, ProcessingOutput>>;
  readonly outputKmsKeyId?: Value;
  /** Property files: JSON that conditions can look into. */
  readonly files?: Readonly<Record<File, { readonly output: Output; readonly path: string }>>;
}

export class ProcessingStep<Output extends string = never, File extends string = never> extends Step {
  constructor(
    name: string,
    private readonly props: ProcessingStepProps<Output, File>,
  ) {
    super(name, 'Processing', props);
  }

  /** URI of what the step writes to one of its outputs. */
  output(name: Output): Expression {
    const path = `ProcessingOutputConfig.Outputs['${name}'].S3Output.S3Uri`;
    return new Expression({ Get: `Steps.${this.name}.${path}` }, [this]);
  }

  /** A value in one of the step's property files, such as `champion.accuracy`. */
  jsonGet(file: File, path: string): Expression {
    const reference = { Get: `Steps.${this.name}.PropertyFiles.${file}` };
    return new Expression({ 'Std:JsonGet': { PropertyFile: reference, Path: path } }, [this]);
  }

  render(referents: Set<Referent>): { [key: string]: Json } {
    const outputs = Object.entries<ProcessingOutput>(this.props.outputs).map(
      ([OutputName, { localPath, uri }]) => ({
        OutputName,
        S3Output: { S3Uri: uri, LocalPath: localPath, S3UploadMode: 'EndOfJob' },
      }),
    );
    const files = Object.entries<{ output: string; path: string }>(this.props.files ?? {});
    return {
      ...this.common(),
      Arguments: render(
        {
          ...this.props.arguments,
          ProcessingOutputConfig: {
            Outputs: outputs,
            ...(this.props.outputKmsKeyId !== undefined && { KmsKeyId: this.props.outputKmsKeyId }),
          },
        },
        referents,
      ),
      ...(files.length > 0 && {
        PropertyFiles: files.map(([PropertyFileName, { output, path }]) => ({
          PropertyFileName,
          OutputName: output,
          FilePath: path,
        })),
      }),
      ...jobOptions(this.props),
    };
  }
}

export interface TrainingStepProps extends JobStepOptions {
  /** CreateTrainingJob without TrainingJobName. */
  readonly arguments: Arguments;
}

/** Paths into what DescribeTrainingJob answers. */
export type TrainingProperty = 'ModelArtifacts.S3ModelArtifacts' | 'TrainingJobName' | 'TrainingJobArn';

export class TrainingStep extends Step {
  constructor(
    name: string,
    private readonly props: TrainingStepProps,
  ) {
    super(name, 'Training', props);
  }

  property(path: TrainingProperty): Expression {
    return new Expression({ Get: `Steps.${this.name}.${path}` }, [this]);
  }

  render(referents: Set<Referent>): { [key: string]: Json } {
    return {
      ...this.common(),
      Arguments: render(this.props.arguments, referents),
      ...jobOptions(this.props),
    };
  }
}

/** Where the values of one hyperparameter are looked for. */
export type ParameterRange =
  | {
      readonly type: 'Continuous' | 'Integer';
      readonly minimum: number;
      readonly maximum: number;
      readonly scaling: 'Linear' | 'Logarithmic';
    }
  | { readonly type: 'Categorical'; readonly values: readonly string[] };

export interface TuningStepProps extends JobStepOptions {
  readonly strategy: 'Random' | 'Bayesian';
  readonly objective: {
    readonly metric: string;
    /** Finds the metric in a line of the training log, as its first group. */
    readonly regex: string;
    readonly goal: 'Maximize' | 'Minimize';
  };
  /** Training jobs of the search, and of them at a time. */
  readonly maximumJobs: number;
  readonly parallelJobs: number;
  readonly earlyStopping: 'Auto' | 'Off';
  /** The same seed asks for the same values again. */
  readonly randomSeed: Value;
  readonly ranges: Readonly<Record<string, ParameterRange>>;
  /** CreateTrainingJob without TrainingJobName; its HyperParameters are the ones that stay. */
  readonly trainingJob: Arguments & {
    readonly AlgorithmSpecification: Arguments;
    readonly HyperParameters: Arguments;
  };
}

/** Several training jobs, of which the best one's model goes on. */
export class TuningStep extends Step {
  constructor(
    name: string,
    private readonly props: TuningStepProps,
  ) {
    super(name, 'Tuning', props);
  }

  /**
   * URI of the best training job's model, put together as `TuningStep.get_top_model_s3_uri` of the SageMaker Python
   * SDK does, but from the tuning job's own output path: a result from the step cache lies where the earlier
   * execution put it.
   */
  bestModel(): Expression {
    const get = (path: string) => new Expression({ Get: `Steps.${this.name}.${path}` }, [this]);
    return join(
      '/',
      get('TrainingJobDefinition.OutputDataConfig.S3OutputPath'),
      get('BestTrainingJob.TrainingJobName'),
      'output/model.tar.gz',
    );
  }

  render(referents: Set<Referent>): { [key: string]: Json } {
    const { strategy, objective, maximumJobs, parallelJobs, earlyStopping, randomSeed } = this.props;
    const { AlgorithmSpecification, HyperParameters, ...trainingJob } = this.props.trainingJob;
    const { metric, regex, goal } = objective;
    return {
      ...this.common(),
      Arguments: render(
        {
          HyperParameterTuningJobConfig: {
            Strategy: strategy,
            HyperParameterTuningJobObjective: { Type: goal, MetricName: metric },
            ResourceLimits: { MaxNumberOfTrainingJobs: maximumJobs, MaxParallelTrainingJobs: parallelJobs },
            ParameterRanges: parameterRanges(this.props.ranges),
            TrainingJobEarlyStoppingType: earlyStopping,
            RandomSeed: randomSeed,
          },
          TrainingJobDefinition: {
            ...trainingJob,
            AlgorithmSpecification: {
              ...AlgorithmSpecification,
              MetricDefinitions: [{ Name: metric, Regex: regex }],
            },
            StaticHyperParameters: HyperParameters,
          },
        },
        referents,
      ),
      ...jobOptions(this.props),
    };
  }
}

/** The API writes bounds as text. */
function parameterRanges(ranges: TuningStepProps['ranges']): Value {
  const named = Object.entries(ranges);
  const numeric = (wanted: 'Continuous' | 'Integer') =>
    named.flatMap(([Name, range]) =>
      range.type === wanted
        ? [
            {
              Name,
              MinValue: String(range.minimum),
              MaxValue: String(range.maximum),
              ScalingType: range.scaling,
            },
          ]
        : [],
    );
  return {
    ContinuousParameterRanges: numeric('Continuous'),
    IntegerParameterRanges: numeric('Integer'),
    CategoricalParameterRanges: named.flatMap(([Name, range]) =>
      range.type === 'Categorical' ? [{ Name, Values: range.values }] : [],
    ),
  };
}

export interface RegisterModelStepProps extends StepOptions {
  /** CreateModelPackage. */
  readonly arguments: Arguments;
  readonly retry?: readonly RetryPolicy[];
}

export class RegisterModelStep extends Step {
  constructor(
    name: string,
    private readonly props: RegisterModelStepProps,
  ) {
    super(name, 'RegisterModel', props);
  }

  property(path: 'ModelPackageArn'): Expression {
    return new Expression({ Get: `Steps.${this.name}.${path}` }, [this]);
  }

  render(referents: Set<Referent>): { [key: string]: Json } {
    return {
      ...this.common(),
      Arguments: render(this.props.arguments, referents),
      ...retryPolicies(this.props.retry),
    };
  }
}

/** Ends the execution as failed, with a message that the pipeline writes itself. */
export class FailStep extends Step {
  constructor(
    name: string,
    private readonly props: StepOptions & { readonly message: string | Expression },
  ) {
    super(name, 'Fail', props);
  }

  render(referents: Set<Referent>): { [key: string]: Json } {
    return { ...this.common(), Arguments: { ErrorMessage: render(this.props.message, referents) } };
  }
}

/** What a Condition step asks; see {@link atLeast} and {@link atMost}. */
export interface Condition {
  readonly Type: 'GreaterThanOrEqualTo' | 'LessThanOrEqualTo';
  readonly LeftValue: Value;
  readonly RightValue: Value;
}

export const atLeast = (value: Expression, minimum: Expression | number): Condition => ({
  Type: 'GreaterThanOrEqualTo',
  LeftValue: value,
  RightValue: minimum,
});
export const atMost = (value: Expression, maximum: Expression | number): Condition => ({
  Type: 'LessThanOrEqualTo',
  LeftValue: value,
  RightValue: maximum,
});

export interface ConditionStepProps extends StepOptions {
  /** All must hold. */
  readonly conditions: readonly Condition[];
  readonly ifTrue: readonly Step[];
  readonly ifFalse: readonly Step[];
}

export class ConditionStep extends Step {
  constructor(
    name: string,
    private readonly props: ConditionStepProps,
  ) {
    super(name, 'Condition', props);
  }

  /** Steps of both branches: they are part of this step's definition. */
  get branches(): readonly Step[] {
    return [...this.props.ifTrue, ...this.props.ifFalse];
  }

  render(referents: Set<Referent>): { [key: string]: Json } {
    return {
      ...this.common(),
      Arguments: {
        Conditions: this.props.conditions.map((condition) => render({ ...condition }, referents)),
        IfSteps: this.props.ifTrue.map((step) => step.render(referents)),
        ElseSteps: this.props.ifFalse.map((step) => step.render(referents)),
      },
    };
  }
}

export interface RenderedPipeline {
  readonly Version: '2020-12-01';
  readonly Metadata: { [key: string]: Json };
  readonly Parameters: Json[];
  readonly Steps: { [key: string]: Json }[];
}

const NAME = /^[A-Za-z0-9\-_]{1,64}$/;

/**
 * The definition that holds `lastSteps` and everything that they refer to, directly or not.
 * @param parameters in the order in which they are shown; others that steps refer to follow
 * @throws Error with every problem: a name that is not one, or is used twice; a default that breaks its own rule
 */
export function definePipeline(
  lastSteps: readonly Step[],
  parameters: readonly Parameter[] = [],
): RenderedPipeline {
  const rendered = new Map<Step, { [key: string]: Json }>();
  const inBranches = new Set<Step>();
  const used = new Set<Parameter>(parameters);
  const order: Step[] = [];
  const visit = (step: Step): void => {
    if (rendered.has(step)) return;
    const referents = new Set<Referent>();
    rendered.set(step, step.render(referents));
    if (step instanceof ConditionStep) for (const inner of branchSteps(step)) inBranches.add(inner);
    for (const referent of referents) {
      if (referent instanceof Parameter) used.add(referent);
      else visit(referent);
    }
    // After everything it waits for: the definition reads in the order of execution.
    order.push(step);
  };
  for (const step of lastSteps) visit(step);
  const steps = order.filter((step) => !inBranches.has(step));
  checkNames([...new Set([...order, ...inBranches])], [...used]);
  return {
    Version: '2020-12-01',
    Metadata: {},
    Parameters: [...used].map(({ definition }) => definition),
    Steps: steps.map((step) => rendered.get(step) ?? {}),
  };
}

function branchSteps(step: ConditionStep): Step[] {
  return step.branches.flatMap((inner) =>
    inner instanceof ConditionStep ? [inner, ...branchSteps(inner)] : [inner],
  );
}

function checkNames(steps: readonly Step[], parameters: readonly Parameter[]): void {
  const problems: string[] = [];
  for (const [what, items] of [
    ['step', steps],
    ['parameter', parameters],
  ] as const) {
    const names = items.map(({ name }) => name);
    for (const name of new Set(names)) {
      if (!NAME.test(name)) problems.push(`${what} '${name}': the name must match ${NAME.source}`);
      if (names.filter((other) => other === name).length > 1) {
        problems.push(`${what} '${name}': two have this name`);
      }
    }
  }
  for (const parameter of parameters) {
    problems.push(...parameter.problems.map((problem) => `parameter '${parameter.name}': ${problem}`));
  }
  if (problems.length > 0) throw new Error(`the pipeline cannot be defined: ${problems.join('; ')}`);
}
