import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface DemoArguments {
  readonly small: boolean;
  /** Each change of the line is answered by itself. */
  readonly threeTurns: boolean;
  /** At least one, each once; every one runs the whole loop, side by side in one local AWS. */
  readonly environments: readonly string[];
  readonly outputDirectory: string;
}

/** The command line is not understood; the message says what is. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const USAGE = `Usage: npm run demo [-- --small] [--three-turns] [--environment <name>]... [--output <folder>]
  --small               fewer images and a shorter training: what \`npm test\` runs
  --three-turns         answers each change of the line by itself: first the light, then the broken tool
  --environment <name>  the environment's name (default local); given several times, as many environments run the
                        loop side by side in one account, each with its own devices and its own report
  --output <folder>     where the report and the logs go (default out/demo)
  --help                shows this`;

/** @returns 'help' when only the usage is asked for. @throws UsageError */
export function parseDemoArguments(args: readonly string[]): DemoArguments | 'help' {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        small: { type: 'boolean', default: false },
        'three-turns': { type: 'boolean', default: false },
        environment: { type: 'string', multiple: true, default: ['local'] },
        output: { type: 'string', default: 'out/demo' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return 'help';
    const environments = values.environment;
    const twice = environments.find((name, index) => environments.indexOf(name) !== index);
    if (twice !== undefined) throw new Error(`--environment ${twice}: given twice`);
    return {
      small: values.small,
      threeTurns: values['three-turns'],
      environments,
      outputDirectory: resolve(values.output),
    };
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ')[0]}.\n${USAGE}`);
  }
}
