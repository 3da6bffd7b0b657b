import { differences, readable } from './readable-template';
import { type EnvironmentName, synthesizedApp } from './synthesized-app';

/** Prints YAML as it is, rather than as a quoted string. */
expect.addSnapshotSerializer({
  test: (value) => typeof value === 'string',
  print: (value) => String(value),
});

const STACKS = ['data', 'training', 'fleet', 'operations'];

function templateOf(environment: EnvironmentName, stack: string) {
  const template = synthesizedApp(environment).templates.get(stack);
  if (template === undefined) throw new Error(`there is no stack ${stack}`);
  return { environment, template };
}

describe('[D3] infrastructure review', () => {
  test.each(STACKS)('the %s stack of dev', (stack) => {
    expect(readable(templateOf('dev', stack).template)).toMatchSnapshot();
  });

  describe.each(['prod', 'local'] as const)('what %s has otherwise than dev', (environment) => {
    test.each(STACKS)('in its %s stack', (stack) => {
      expect(differences(templateOf('dev', stack), templateOf(environment, stack))).toMatchSnapshot();
    });
  });
});
