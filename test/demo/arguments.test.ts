import { resolve } from 'node:path';
import { parseDemoArguments, UsageError } from '../../demo/arguments';

describe("the demo's command line", () => {
  test('without arguments runs the full demo into out/demo', () => {
    expect(parseDemoArguments([])).toEqual({
      small: false,
      threeTurns: false,
      environments: ['local'],
      outputDirectory: resolve('out/demo'),
    });
  });

  test('takes --small and --output', () => {
    expect(parseDemoArguments(['--small', '--output', '/tmp/x'])).toEqual({
      small: true,
      threeTurns: false,
      environments: ['local'],
      outputDirectory: '/tmp/x',
    });
  });

  test('takes --three-turns, of either size', () => {
    expect(parseDemoArguments(['--three-turns'])).toMatchObject({ small: false, threeTurns: true });
    expect(parseDemoArguments(['--small', '--three-turns'])).toMatchObject({ small: true, threeTurns: true });
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
