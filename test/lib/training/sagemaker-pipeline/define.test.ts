import { parsePipelineDefinition } from '@kaizen-edge/local-aws';
import { definePipeline } from '../../../../lib/training/sagemaker-pipeline/define';
import {
  executionVariable,
  join,
  Parameter,
  textOf,
} from '../../../../lib/training/sagemaker-pipeline/expression';
import {
  atLeast,
  ConditionStep,
  FailStep,
  ProcessingStep,
  TrainingStep,
} from '../../../../lib/training/sagemaker-pipeline/steps';

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
