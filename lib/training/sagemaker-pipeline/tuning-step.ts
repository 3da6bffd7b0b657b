import { Expression, type Json, join, type Referent, render, Step, type Value } from './expression';
import { type Arguments, type JobStepOptions, jobOptions } from './steps';

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
  /** Of the search; its training jobs take them over. @default - none */
  readonly tags?: readonly Value[];
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
          ...(this.props.tags && { Tags: this.props.tags }),
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
