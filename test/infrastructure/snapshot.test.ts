import { readable } from './readable-template';
import { synthesizedApp } from './synthesized-app';

/** Prints YAML as it is, rather than as a quoted string. */
expect.addSnapshotSerializer({
  test: (value) => typeof value === 'string',
  print: (value) => String(value),
});

describe('[D3] infrastructure review', () => {
  test.each(['data', 'training', 'fleet', 'operations'])('the %s stack of dev', (stack) => {
    const template = synthesizedApp('dev').templates.get(stack);
    if (template === undefined) throw new Error(`there is no stack ${stack}`);
    expect(readable(template)).toMatchSnapshot();
  });
});
