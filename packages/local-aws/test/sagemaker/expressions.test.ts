import fc from 'fast-check';
import type { Json } from '../../sagemaker/json';
import {
  parsePath,
  propertyFilesIn,
  type ResolutionContext,
  referencedSteps,
  resolve,
} from '../../sagemaker/pipeline/expressions';

const context: ResolutionContext = {
  parameters: { Epochs: 3, Rate: 0.1, Uri: 's3://bucket/x', Flag: true },
  steps: new Map([
    [
      'Prepare',
      {
        ProcessingOutputConfig: {
          Outputs: [
            { OutputName: 'other', S3Output: { S3Uri: 's3://bucket/other' } },
            { OutputName: 'prepared', S3Output: { S3Uri: 's3://bucket/prepared' } },
          ],
        },
      },
    ],
    ['Train', { ModelArtifacts: { S3ModelArtifacts: 's3://bucket/model.tar.gz' } }],
  ]),
  execution: { PipelineExecutionId: 'abc123' },
  propertyFiles: new Map([
    ['Evaluate/report', { accuracy: 0.93, classes: ['good', 'dent'], 'a b': { c: 1 } }],
  ]),
};
const report = (Path: string) => ({
  'Std:JsonGet': { PropertyFile: { Get: 'Steps.Evaluate.PropertyFiles.report' }, Path },
});

test.each<[string, Json, Json]>([
  ['a parameter keeps its type', { Get: 'Parameters.Epochs' }, 3],
  ['a step property', { Get: 'Steps.Train.ModelArtifacts.S3ModelArtifacts' }, 's3://bucket/model.tar.gz'],
  [
    'an output by its name',
    { Get: "Steps.Prepare.ProcessingOutputConfig.Outputs['prepared'].S3Output.S3Uri" },
    's3://bucket/prepared',
  ],
  [
    'an output by its position',
    { Get: 'Steps.Prepare.ProcessingOutputConfig.Outputs[0].S3Output.S3Uri' },
    's3://bucket/other',
  ],
  ['the execution', { Get: 'Execution.PipelineExecutionId' }, 'abc123'],
  [
    'a join of everything',
    {
      'Std:Join': {
        On: '/',
        Values: ['s3://b', { Get: 'Parameters.Epochs' }, { Get: 'Parameters.Flag' }, report('accuracy')],
      },
    },
    's3://b/3/true/0.93',
  ],
  ['a join without a separator', { 'Std:Join': { Values: ['a', 1.5] } }, 'a1.5'],
  ['a property file', report('classes[1]'), 'dent'],
  ['a property file, quoted', report("['a b'].c"), 1],
  ['deep inside', { a: [{ b: { Get: 'Parameters.Rate' } }, null] }, { a: [{ b: 0.1 }, null] }],
  ['an object that only looks like an expression', { Get: 'x', more: 1 }, { Get: 'x', more: 1 }],
])('resolves %s', (_name, value, expected) => {
  expect(resolve(value, context)).toEqual(expected);
});

test.each<[string, Json, string]>([
  ['a parameter', { Get: 'Parameters.Nope' }, "there is no parameter 'Nope'"],
  ['a step that has not run', { Get: 'Steps.Later.X' }, "step 'Later' has not run"],
  ['a property', { Get: 'Steps.Train.Nope' }, "the description of step 'Train' has no 'Nope'"],
  ['a value in a property file', report('champion.drop'), "has no 'champion.drop'"],
  [
    'a property file',
    { 'Std:JsonGet': { PropertyFile: { Get: 'Steps.Evaluate.PropertyFiles.other' }, Path: 'a' } },
    "the property file 'other' of step 'Evaluate' is not there",
  ],
  ['a plain value to join', { 'Std:Join': { On: '', Values: [{ a: 1 }] } }, 'joins plain values'],
  ['a known reference', { Get: 'Secrets.Key' }, 'neither a parameter'],
  ['an own property', { Get: 'Steps.Train.constructor' }, "has no 'constructor'"],
])('fails clearly without %s', (_name, value, message) => {
  expect(() => resolve(value, context)).toThrow(message);
});

test('finds dependencies and property files wherever they are', () => {
  const value: Json = {
    a: [
      { 'Std:Join': { On: '', Values: ['x', { Get: 'Steps.Train.TrainingJobName' }, report('accuracy')] } },
    ],
    b: { Get: "Steps.Prepare.ProcessingOutputConfig.Outputs['prepared'].S3Output.S3Uri" },
  };
  expect(referencedSteps(value).sort()).toEqual(['Evaluate', 'Prepare', 'Train']);
  expect(propertyFilesIn(value)).toEqual([{ step: 'Evaluate', name: 'report' }]);
});

test('JSON without expressions resolves to itself', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = JSON.parse(JSON.stringify({ value })) as Json;
      expect(resolve(json, context)).toEqual(json);
    }),
  );
});

test.each([
  ['a.b[0]', ['a', 'b', 0]],
  ["a['b.c'].d", ['a', 'b.c', 'd']],
  ['', []],
])('reads the path %s', (path, expected) => {
  expect(parsePath(path)).toEqual(expected);
});

test.each(['a[', 'a[x]', 'a..b'])('refuses the path %s', (path) => {
  expect(() => parsePath(path)).toThrow('is not a path');
});
