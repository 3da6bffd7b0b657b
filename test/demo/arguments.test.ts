import { resolve } from 'node:path';
import { parseDemoArguments, UsageError } from '../../demo/arguments';

describe("the demo's command line", () => {
  test('without arguments runs the full demo into out/demo', () => {
    expect(parseDemoArguments([])).toEqual({
      small: false,
      environments: ['local'],
      outputDirectory: resolve('out/demo'),
    });
  });

  test('takes --small and --output', () => {
    expect(parseDemoArguments(['--small', '--output', '/tmp/x'])).toEqual({
      small: true,
      environments: ['local'],
      outputDirectory: '/tmp/x',
    });
  });

  test('takes several environments, each once', () => {
    const names = ['--environment', 'plant-a', '--environment', 'plant-b'];
    expect(parseDemoArguments(names)).toMatchObject({ environments: ['plant-a', 'plant-b'] });
    expect(() => parseDemoArguments([...names, '--environment=plant-a'])).toThrow(
      /--environment plant-a: given twice/,
    );
  });

  test('--help asks for the usage', () => {
    expect(parseDemoArguments(['--help'])).toBe('help');
  });

  test.each([['--smal'], ['extra'], ['--output']])('refuses %s and says what is understood', (argument) => {
    expect(() => parseDemoArguments([argument])).toThrow(UsageError);
    expect(() => parseDemoArguments([argument])).toThrow(/Usage: npm run demo/);
  });
});
