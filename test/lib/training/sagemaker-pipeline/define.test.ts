import {
  atLeast,
  ConditionStep,
  definePipeline,
  executionVariable,
  FailStep,
  join,
  Parameter,
  ProcessingStep,
  TrainingStep,
  TuningStep,
  type TuningStepProps,
  textOf,
} from '../../../../lib/training/sagemaker-pipeline/define';
import { parsePipelineDefinition } from '../../../../packages/local-aws/sagemaker/pipeline/definition';

const uri = new Parameter('Uri', 'String');
const minimum = new Parameter('Minimum', 'Float', 0.8);
const prepare = () =>
  new ProcessingStep('Prepare', {
    arguments: { Environment: { URI: uri } },
    outputs: {
      prepared: {
        localPath: '/opt/ml/processing/out',
        uri: join('/', 's3://b', executionVariable('PipelineExecutionId')),
      },
    },
    files: { report: { output: 'prepared', path: 'report.json' } },
    cacheFor: 'P1D',
  });

test('a definition is collected by following the references, in the order of execution', () => {
  const first = prepare();
  const train = new TrainingStep('Train', { arguments: { Input: first.output('prepared') } });
  const end = new FailStep('End', { message: join(' ', 'model', train.property('TrainingJobName')) });
  const definition = definePipeline([end]);
  expect(definition.Steps.map(({ Name }) => Name)).toEqual(['Prepare', 'Train', 'End']);
  expect(definition.Parameters).toEqual([{ Name: 'Uri', Type: 'String' }]);
  expect(definition.Steps[0]).toMatchObject({
    CacheConfig: { Enabled: true, ExpireAfter: 'P1D' },
    PropertyFiles: [{ PropertyFileName: 'report', OutputName: 'prepared', FilePath: 'report.json' }],
    Arguments: {
      Environment: { URI: { Get: 'Parameters.Uri' } },
      ProcessingOutputConfig: { Outputs: [{ OutputName: 'prepared' }] },
    },
  });
  expect(definition.Steps[1]?.Arguments).toEqual({
    Input: { Get: "Steps.Prepare.ProcessingOutputConfig.Outputs['prepared'].S3Output.S3Uri" },
  });
});

test('steps of a branch are inside the condition, with what they need outside', () => {
  const first = prepare();
  const branch = new FailStep('TooBad', { message: textOf(first.jsonGet('report', 'accuracy')) });
  const gate = new ConditionStep('Gate', {
    conditions: [atLeast(first.jsonGet('report', 'accuracy'), minimum)],
    ifTrue: [],
    ifFalse: [branch],
  });
  const definition = definePipeline([gate], [minimum]);
  expect(definition.Steps.map(({ Name }) => Name)).toEqual(['Prepare', 'Gate']);
  expect(definition.Parameters.map((parameter) => (parameter as { Name: string }).Name)).toEqual([
    'Minimum',
    'Uri',
  ]);
  expect(definition.Steps[1]?.Arguments).toMatchObject({
    Conditions: [
      {
        Type: 'GreaterThanOrEqualTo',
        LeftValue: {
          'Std:JsonGet': { PropertyFile: { Get: 'Steps.Prepare.PropertyFiles.report' }, Path: 'accuracy' },
        },
        RightValue: { Get: 'Parameters.Minimum' },
      },
    ],
    ElseSteps: [{ Name: 'TooBad', Type: 'Fail' }],
  });
  expect(() => parsePipelineDefinition(JSON.stringify(definition))).not.toThrow();
});

test('two things of one name are refused, with every problem', () => {
  const one = new FailStep('Same', { message: join('', new Parameter('P', 'String')) });
  const two = new FailStep('Same', { message: join('', new Parameter('P', 'String')) });
  expect(() => definePipeline([one, two, new FailStep('a b', { message: 'x' })])).toThrow(
    "step 'Same': two have this name; step 'a b': the name must match ^[A-Za-z0-9\\-_]{1,64}$; parameter 'P': two have this name",
  );
});

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

test.each<[string, Parameter, string]>([
  ['not of its type', new Parameter('P', 'Integer', 1.5), "the default must be of type Integer, got '1.5'"],
  ['a number as text', new Parameter('P', 'Float', '1'), "the default must be of type Float, got '1'"],
  ['not a number', new Parameter('P', 'Float', Number.NaN), "the default must be of type Float, got 'NaN'"],
  [
    'none of its values',
    new Parameter('P', 'String', 'c', { enumValues: ['a', 'b'] }),
    "the default must be one of a, b, got 'c'",
  ],
  [
    'values of a type that has none',
    new Parameter('P', 'Integer', 1, { enumValues: ['1'] }),
    'only a String may have enumValues, not one of type Integer',
  ],
  ['too small', new Parameter('P', 'Float', -1, { minimum: 0 }), "the default must be at least 0, got '-1'"],
  ['too large', new Parameter('P', 'Float', 2, { maximum: 1 }), "the default must be at most 1, got '2'"],
  ['badly named', new Parameter('a b', 'Float', 2), "parameter 'a b': the name must match"],
])('a parameter whose default is %s is refused at synth', (_what, parameter, message) => {
  expect(() => definePipeline([], [parameter])).toThrow(message);
});

test('a parameter says its type, default and values', () => {
  const parameter = new Parameter('P', 'String', 'a', { enumValues: ['a', 'b'] });
  expect(definePipeline([], [parameter]).Parameters).toEqual([
    { Name: 'P', Type: 'String', DefaultValue: 'a', EnumValues: ['a', 'b'] },
  ]);
});
