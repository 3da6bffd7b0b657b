import { definePipeline } from '../../../../lib/training/sagemaker-pipeline/define';
import {
  executionVariable,
  join,
  Parameter,
  textOf,
} from '../../../../lib/training/sagemaker-pipeline/expression';
import { FailStep } from '../../../../lib/training/sagemaker-pipeline/steps';
import { TuningStep, type TuningStepProps } from '../../../../lib/training/sagemaker-pipeline/tuning-step';

const minimum = new Parameter('Minimum', 'Float', 0.8);
const tuning: TuningStepProps = {
  strategy: 'Random',
  objective: { metric: 'loss', regex: 'loss=(\\S+)', goal: 'Minimize' },
  maximumJobs: 6,
  parallelJobs: 3,
  earlyStopping: 'Auto',
  randomSeed: 1,
  ranges: {
    rate: { type: 'Continuous', minimum: 1e-5, maximum: 1, scaling: 'Logarithmic' },
    depth: { type: 'Integer', minimum: 1, maximum: 9, scaling: 'Linear' },
    block: { type: 'Categorical', values: ['a', 'b'] },
  },
  trainingJob: {
    AlgorithmSpecification: { TrainingImage: 'i', TrainingInputMode: 'File' },
    HyperParameters: { epochs: textOf(minimum) },
    OutputDataConfig: { S3OutputPath: join('', 's3://b/', executionVariable('PipelineExecutionId')) },
  },
};

test('[S6] a Tuning step is a CreateHyperParameterTuningJob, and its best model is where that job put it', () => {
  const search = new TuningStep('Search', tuning);
  const definition = definePipeline([new FailStep('End', { message: search.bestModel() })]);
  expect(definition.Steps.map(({ Name, Type }) => `${Name}: ${Type}`)).toEqual([
    'Search: Tuning',
    'End: Fail',
  ]);
  expect(definition.Steps[0]?.Arguments).toEqual({
    HyperParameterTuningJobConfig: {
      Strategy: 'Random',
      HyperParameterTuningJobObjective: { Type: 'Minimize', MetricName: 'loss' },
      ResourceLimits: { MaxNumberOfTrainingJobs: 6, MaxParallelTrainingJobs: 3 },
      ParameterRanges: {
        ContinuousParameterRanges: [
          { Name: 'rate', MinValue: '0.00001', MaxValue: '1', ScalingType: 'Logarithmic' },
        ],
        IntegerParameterRanges: [{ Name: 'depth', MinValue: '1', MaxValue: '9', ScalingType: 'Linear' }],
        CategoricalParameterRanges: [{ Name: 'block', Values: ['a', 'b'] }],
      },
      TrainingJobEarlyStoppingType: 'Auto',
      RandomSeed: 1,
    },
    TrainingJobDefinition: {
      AlgorithmSpecification: {
        TrainingImage: 'i',
        TrainingInputMode: 'File',
        MetricDefinitions: [{ Name: 'loss', Regex: 'loss=(\\S+)' }],
      },
      StaticHyperParameters: { epochs: { 'Std:Join': { On: '', Values: [{ Get: 'Parameters.Minimum' }] } } },
      OutputDataConfig: {
        S3OutputPath: {
          'Std:Join': { On: '', Values: ['s3://b/', { Get: 'Execution.PipelineExecutionId' }] },
        },
      },
    },
  });
  expect(definition.Steps[1]?.Arguments).toEqual({
    ErrorMessage: {
      'Std:Join': {
        On: '/',
        Values: [
          { Get: 'Steps.Search.TrainingJobDefinition.OutputDataConfig.S3OutputPath' },
          { Get: 'Steps.Search.BestTrainingJob.TrainingJobName' },
          'output/model.tar.gz',
        ],
      },
    },
  });
});
