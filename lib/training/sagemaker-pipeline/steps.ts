/** The steps of a pipeline, except the search (`tuning-step.ts`): each knows its definition and what can be read of it. */
import {
  Expression,
  type Json,
  type Referent,
  render,
  Step,
  type StepOptions,
  type Value,
} from './expression';

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

export function jobOptions({ cacheFor, retry }: JobStepOptions): { [key: string]: Json } {
  return {
    ...(cacheFor !== undefined && { CacheConfig: { Enabled: true, ExpireAfter: cacheFor } }),
    ...retryPolicies(retry),
  };
}

export type Arguments = { readonly [key: string]: Value };

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

  /** Name of the job whose output is used: of an earlier execution when the step's result is taken from the cache. */
  get jobName(): Expression {
    return new Expression({ Get: `Steps.${this.name}.ProcessingJobName` }, [this]);
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
