import { parsePipelineDefinition } from '../../sagemaker/pipeline/definition';

const parse = (value: unknown) => () => parsePipelineDefinition(JSON.stringify(value));
const fail = (Name: string, ErrorMessage: unknown, more = {}) => ({
  Name,
  Type: 'Fail',
  Arguments: { ErrorMessage },
  ...more,
});

test('a definition without parameters is one', () => {
  const parsed = parsePipelineDefinition(
    JSON.stringify({ Version: '2020-12-01', Steps: [fail('End', 'over')] }),
  );
  expect(parsed.Parameters).toEqual([]);
  expect(parsed.Steps).toHaveLength(1);
});

test.each<[string, unknown, string | RegExp]>([
  ['not an object', [], 'must be a JSON object'],
  ['another version', { Version: '1', Steps: [] }, "Version: must be '2020-12-01', got '1'"],
  ['no steps', { Version: '2020-12-01' }, 'Steps: must be a list'],
  [
    'a step type that nothing here runs',
    { Version: '2020-12-01', Steps: [{ Name: 'A', Type: 'EMR', Arguments: {} }] },
    'Steps[0].Type: this service runs Processing, Training, Tuning, Condition, Fail, RegisterModel, got',
  ],
  [
    'a step in a branch without a name',
    {
      Version: '2020-12-01',
      Steps: [
        {
          Name: 'C',
          Type: 'Condition',
          Arguments: { Conditions: [], IfSteps: [{ Type: 'Fail', Arguments: {} }], ElseSteps: [] },
        },
      ],
    },
    'Steps[0].Arguments.IfSteps[0].Name: must match',
  ],
  [
    'a name used twice',
    { Version: '2020-12-01', Steps: [fail('A', 'x'), fail('A', 'y')] },
    "step 'A': the name is used twice",
  ],
  [
    'unknown references, all of them',
    {
      Version: '2020-12-01',
      Steps: [
        fail('A', { Get: 'Parameters.Nope' }, { DependsOn: ['Nobody'] }),
        fail('B', { Get: 'Execution.Moon' }),
      ],
    },
    /^3 validation errors detected: .*unknown step 'Nobody'.*unknown parameter 'Nope'.*'Execution.Moon' refers to nothing/,
  ],
  [
    'a circle',
    {
      Version: '2020-12-01',
      Steps: [fail('A', 'x', { DependsOn: ['B'] }), fail('B', 'x', { DependsOn: ['A'] })],
    },
    'the steps A -> B -> A wait for each other',
  ],
  [
    'a parameter of an unknown type',
    { Version: '2020-12-01', Parameters: [{ Name: 'P', Type: 'Date' }], Steps: [] },
    'Parameters.P.Type: must be one of String, Integer, Float, Boolean',
  ],
  [
    'defaults and values of another type, all of them',
    {
      Version: '2020-12-01',
      Parameters: [
        { Name: 'P', Type: 'Integer', DefaultValue: 1.5 },
        { Name: 'Q', Type: 'Float', DefaultValue: '1' },
        { Name: 'R', Type: 'String', EnumValues: [] },
        { Name: 'S', Type: 'String', EnumValues: ['a', 'b'], DefaultValue: 'c' },
      ],
      Steps: [],
    },
    /^4 validation errors.*P\.DefaultValue: must be of type Integer, got 1\.5; .*Q\.DefaultValue.*got "1"; .*R\.EnumValues: must be a list.*got \[\]; .*S\.DefaultValue: must be one of a, b, got 'c'/,
  ],
])('%s is refused', (_name, value, message) => {
  expect(parse(value)).toThrow(message);
});

test('text that is not JSON is refused', () => {
  expect(() => parsePipelineDefinition('{')).toThrow('PipelineDefinition: not JSON');
});
