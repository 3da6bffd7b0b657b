import { definePipeline } from '../../../../lib/training/sagemaker-pipeline/define';
import { Parameter } from '../../../../lib/training/sagemaker-pipeline/expression';

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
