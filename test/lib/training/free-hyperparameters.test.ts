import fc from 'fast-check';
import { local } from '../../../config/local';
import examples from '../../../contracts/examples/hyperparameter-texts.json';
import {
  freeParametersOf,
  hyperparameterProblems,
  hyperparameterText,
} from '../../../lib/training/free-hyperparameters';
import { hyperparametersOf, parametersOf } from '../../../lib/training/pipeline-parameters';

describe('[S1] free hyperparameters', () => {
  test('must not have the name of one that the pipeline gives', () => {
    for (const name of ['script', ...Object.keys(hyperparametersOf(parametersOf(local)))]) {
      const [problem] = hyperparameterProblems({ hyperparameters: { [name]: 3 } });
      expect(problem).toMatch(new RegExp(`^training\\.hyperparameters\\.${name}: is .*, got 3$`));
    }
  });

  test('say every problem at once, as field, rule and value', () => {
    expect(
      hyperparameterProblems({
        hyperparameters: { epochs: 3, sagemaker_x: 'y', entry_style: 'both', optimizer: 'adam' },
      }),
    ).toEqual([
      'training.hyperparameters.epochs: is set by training.epochs, got 3',
      'training.hyperparameters.sagemaker_x: names that begin with sagemaker_ belong to SageMaker, got "sagemaker_x"',
      'training.hyperparameters.entry_style: must be one of function, program, got "both"',
    ]);
  });

  test('may choose for the adapter how the script is run, and how it gets its values', () => {
    expect(
      hyperparameterProblems({ hyperparameters: { entry_style: 'program', hyperparameter_types: 'text' } }),
    ).toEqual([]);
    expect(hyperparameterProblems({})).toEqual([]);
  });

  // Python reads the same file: training/tests/test_script_check.py.
  test.each(examples)('$value is $text in CreateTrainingJob', ({ value, text }) => {
    expect(hyperparameterText(value)).toBe(text);
  });

  test('name the checkpoint folder of spot trainings, and must be able to', () => {
    const spot = { maximumWaitMinutes: 90 };
    const sound = { a: 'mirror,turns', b: 0.5, c: true, d: -1e-7, e: '..x' };
    const broken = { a: 'x/y', b: '..', c: '3', d: 'a b' };
    expect(hyperparameterProblems({ spot, hyperparameters: sound })).toEqual([]);
    expect(hyperparameterProblems({ hyperparameters: broken })).toEqual([]);
    expect(hyperparameterProblems({ spot, hyperparameters: broken })).toEqual(
      ['a', 'b', 'c', 'd'].map((name) =>
        expect.stringContaining(`training.hyperparameters.${name}: with training.spot`),
      ),
    );
    const long = { a: 'x'.repeat(249), b: 'x'.repeat(249) };
    expect(hyperparameterProblems({ spot, hyperparameters: long })).toEqual([]);
    expect(hyperparameterProblems({ spot, hyperparameters: { ...long, c: 1 } })).toEqual([
      'training.hyperparameters: with training.spot their values must have at most 500 characters in all, one more counted for each, got 502',
    ]);
  });

  test('come back as what they were when they are read as JSON, and else as text', () => {
    const read = (text: string): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        return text;
      }
    };
    const numbers = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Object.is(n, -0));
    fc.assert(
      fc.property(fc.oneof(numbers, fc.boolean(), fc.string({ minLength: 1 })), (value) => {
        expect(read(hyperparameterText(value))).toBe(value);
      }),
    );
  });

  test('are parameters of the pipeline, with the configured value as the default', () => {
    const { dropout } = freeParametersOf({ dropout: 0.5 });
    expect(dropout?.definition).toEqual({
      Name: 'Hyperparameter_dropout',
      Type: 'String',
      DefaultValue: '0.5',
    });
  });
});
