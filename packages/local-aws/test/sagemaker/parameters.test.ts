import type { ParameterDeclaration } from '../../sagemaker/pipeline/model';
import { resolveParameters } from '../../sagemaker/pipeline/parameters';

const declarations: ParameterDeclaration[] = [
  { Name: 'Uri', Type: 'String' },
  { Name: 'Epochs', Type: 'Integer', DefaultValue: 10 },
  { Name: 'Rate', Type: 'Float', DefaultValue: 0.1 },
  { Name: 'Fast', Type: 'Boolean', DefaultValue: false },
  { Name: 'Size', Type: 'String', DefaultValue: 's', EnumValues: ['s', 'm'] },
];

test('defaults fill what is not given, and text becomes typed', () => {
  expect(resolveParameters(declarations, { Uri: 's3://x', Epochs: '3', Rate: '1e-3', Fast: 'True' })).toEqual(
    {
      Uri: 's3://x',
      Epochs: 3,
      Rate: 0.001,
      Fast: true,
      Size: 's',
    },
  );
});

test.each([
  [{}, "parameter 'Uri': has no default and must be given"],
  [{ Uri: 'x', Epochs: '3.5' }, "parameter 'Epochs': must be an integer, got '3.5'"],
  [{ Uri: 'x', Epochs: '99999999999999999999' }, "parameter 'Epochs': must be an integer"],
  [{ Uri: 'x', Rate: 'NaN' }, "parameter 'Rate': must be a number, got 'NaN'"],
  [{ Uri: 'x', Rate: '1e999' }, "parameter 'Rate': must be a number"],
  [{ Uri: 'x', Fast: 'yes' }, "parameter 'Fast': must be true or false"],
  [{ Uri: 'x', Size: 'xl' }, "parameter 'Size': must be one of s, m, got 'xl'"],
  [{ Uri: 'x', Depth: '2' }, "the pipeline has no parameter 'Depth'"],
])('%j is refused', (given, message) => {
  expect(() => resolveParameters(declarations, given)).toThrow(message);
});

test('all problems are told at once', () => {
  expect(() => resolveParameters(declarations, { Epochs: 'x', Size: 'xl' })).toThrow(
    /^3 validation errors detected: .*'Uri'.*'Epochs'.*'Size'/,
  );
});
