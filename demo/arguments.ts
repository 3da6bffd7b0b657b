import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface DemoArguments {
  readonly small: boolean;
  readonly outputDirectory: string;
}

/** The command line is not understood; the message says what is. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const USAGE = `Usage: npm run demo [-- --small] [--output <folder>]
  --small            fewer images and a shorter training: what \`npm test\` runs
  --output <folder>  where the report and the logs go (default out/demo)
  --help             shows this`;

/** @returns 'help' when only the usage is asked for. @throws UsageError */
export function parseDemoArguments(args: readonly string[]): DemoArguments | 'help' {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        small: { type: 'boolean', default: false },
        output: { type: 'string', default: 'out/demo' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return 'help';
    return { small: values.small, outputDirectory: resolve(values.output) };
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ')[0]}.\n${USAGE}`);
  }
}
