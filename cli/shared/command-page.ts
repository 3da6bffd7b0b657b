/** What every command says of itself, once: its help, docs/commands.md and the test that walks all commands read it here. */
import type { Command } from 'commander';

/** 0 done, 1 it failed, 2 the arguments or what they name are wrong. */
export type ExitCode = 0 | 1 | 2;

export interface Example {
  /** What follows `kaizen`. It works as it stands, in a folder that holds what it names. */
  readonly line: string;
  /** @default - the line says it */
  readonly what?: string;
}

export interface JsonDocument {
  /** A list of entries with these fields, instead of one object. @default false */
  readonly isList?: boolean;
  /** What each is; a name that ends in `?` is there only sometimes. A field keeps its name and its meaning. */
  readonly fields: Readonly<Record<string, string>>;
  /** The contract that the document is, or that its fields are. @default - none: the fields are all there is to it */
  readonly contract?: string;
}

export interface CommandPage {
  /** At least one. */
  readonly examples: readonly Example[];
  /** What `--json` prints. */
  readonly json: JsonDocument;
  /** What a code means for this command, where it is more than {@link EXIT_CODES} says. */
  readonly exits?: Partial<Record<ExitCode, string>>;
  /** A page of the documentation that says more. */
  readonly seeAlso?: string;
}

/** For all commands. */
export const EXIT_CODES: Readonly<Record<ExitCode, string>> = {
  0: 'done',
  1: 'it failed',
  2: 'refused: the arguments, or what they name, are wrong',
};

const CODES = [0, 1, 2] as const;
const pages = new WeakMap<Command, CommandPage>();

export const exitsOf = ({ exits }: CommandPage): (readonly [ExitCode, string])[] =>
  CODES.map((code) => [code, exits?.[code] ?? EXIT_CODES[code]]);

function examplesOf({ examples }: CommandPage): string {
  const width = Math.max(...examples.map(({ line, what }) => (what === undefined ? 0 : line.length)));
  const lines = examples.map(({ line, what }) =>
    what === undefined ? `  kaizen ${line}` : `  kaizen ${line.padEnd(width)}   ${what}`,
  );
  return [lines.length === 1 ? 'Example:' : 'Examples:', ...lines].join('\n');
}

function jsonOf({ json: { isList, fields, contract } }: CommandPage): string {
  const what = isList ? 'a list of entries, each with' : 'one object with';
  const of = contract === undefined ? '' : ` (contract ${contract})`;
  return `--json prints ${what}${of}: ${Object.keys(fields).join(', ')}`;
}

/** Appended to the help of a command. */
export function helpText(page: CommandPage): string {
  const exits = exitsOf(page).map(([code, meaning]) => `${code} ${meaning}`);
  const seeAlso = page.seeAlso === undefined ? [] : [`More: ${page.seeAlso}`];
  return ['', examplesOf(page), '', jsonOf(page), `Exit codes: ${exits.join('; ')}`, ...seeAlso].join('\n');
}

/** Gives a command its page and the option `--json`, unless it describes that itself. @returns the command */
export function withPage(command: Command, page: CommandPage): Command {
  pages.set(command, page);
  if (!command.options.some(({ long }) => long === '--json')) {
    command.option('--json', 'print one JSON document, and nothing else');
  }
  return command.addHelpText('after', helpText(page));
}

/** Undefined where somebody has forgotten it, which test/cli/every-command.test.ts does not allow. */
export const pageOf = (command: Command): CommandPage | undefined => pages.get(command);

/** The commands that do something, with the names that lead to them: `device provision`. */
export function leavesOf(command: Command, names: readonly string[] = []): (readonly [string, Command])[] {
  if (command.commands.length === 0) return [[names.join(' '), command]];
  return command.commands.flatMap((inner) => leavesOf(inner, [...names, inner.name()]));
}
