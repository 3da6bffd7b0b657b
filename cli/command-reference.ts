/** docs/commands.md: every command with its options, examples, document and exit codes. Pure. */
import type { Argument, Command, Option } from 'commander';
import { type CommandPage, exitsOf, leavesOf, pageOf } from './shared/command-page';

/** For a cell of a table. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

const table = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  [header, header.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');

function described({ description, argChoices, mandatory, defaultValue }: Option): string {
  const choices = argChoices === undefined ? [] : [`one of ${argChoices.join(', ')}`];
  const needed = mandatory && defaultValue === undefined ? ['needed'] : [];
  const otherwise =
    defaultValue === undefined || defaultValue === false ? [] : [`default ${JSON.stringify(defaultValue)}`];
  return [description, ...choices, ...needed, ...otherwise].filter(Boolean).join('; ');
}

const argumentName = (one: Argument): string => (one.required ? `<${one.name()}>` : `[${one.name()}]`);

function usage(name: string, command: Command): string {
  const words = ['kaizen', name, ...command.registeredArguments.map(argumentName)];
  return command.options.length === 0 ? words.join(' ') : [...words, '[options]'].join(' ');
}

function documentOf({ json: { isList, contract, fields } }: CommandPage): string {
  const of =
    contract === undefined ? '' : ` (contract [${contract}](../contracts/schemas/${contract}.schema.json))`;
  const what = isList ? `a list of entries${of}, each with` : `one object${of} with`;
  const head = `\`--json\` prints ${what}:`;
  return `${head}\n\n${table(
    ['field', 'is'],
    Object.entries(fields).map(([name, what]) => [`\`${name}\``, what]),
  )}`;
}

function section(name: string, command: Command): string {
  const page = pageOf(command);
  if (page === undefined) throw new Error(`kaizen ${name} has no page: give it one with withPage`);
  const aliases = command.aliases().map((alias) => `\`${alias}\``);
  const options = [
    ...command.registeredArguments.map((one) => [`\`${argumentName(one)}\``, one.description]),
    ...command.options.map((option) => [`\`${option.flags}\``, described(option)]),
  ];
  const exits = exitsOf(page).map(([code, meaning]) => `${code} ${meaning}`);
  return [
    `## ${name}`,
    `${command.description()}${aliases.length === 0 ? '' : ` (also called ${aliases.join(', ')})`}.`,
    ['```sh', ...page.examples.map(({ line }) => `npx kaizen ${line}`), '```'].join('\n'),
    `\`${usage(name, command)}\``,
    table(['argument', 'is'], options),
    documentOf(page),
    `Exit codes: ${exits.join('; ')}.`,
  ].join('\n\n');
}

const HEAD = `# Commands

<!-- Written by \`npx tsx bin/write-command-reference.ts\` from what the commands say of themselves. -->

\`npx kaizen <command>\` in a clone of this repository, after \`npm run setup\`. It is the same as \`npm run kaizen -- <command>\`, without what npm writes above the answer. The way in is [the tutorials](tutorials/README.md); what to do when something rings is in the [runbook](runbook.md).

Every command has \`--env <name>\` (the environment, as it is deployed; default \`local\`), \`--help\` with an example, and \`--json\`.

| with \`--json\` | has |
|---|---|
| the output | one JSON document and nothing else; also where a command ends with 1 because of what the document says |
| the error output | one JSON object a line: \`{"warning": "..."}\`, and as the last one of a command that does not end with 0 contract [command-error](../contracts/schemas/command-error.schema.json): \`{"error": {"message", "advice", "exitCode"}}\` |

A field keeps its name and its meaning; new ones may come. A name that ends in \`?\` here is there only sometimes. Progress of long work is shown on the error output: in one line on a terminal, else as lines, and with \`--json\` on a terminal only. Exit codes: 0 done; 1 it failed; 2 refused: the arguments, or what they name, are wrong. Credentials and region come from where the AWS SDK looks for them (\`AWS_PROFILE\`, \`AWS_REGION\`, \`aws sso login\`); for the local AWS \`. out/local.env\`.`;

/** @returns the page */
export function commandReference(program: Command): string {
  const leaves = leavesOf(program);
  const index = table(
    ['command', 'does'],
    leaves.map(([name, command]) => [
      `[${name}](#${name.replaceAll(' ', '-')})`,
      command.description().split('; ')[0] ?? '',
    ]),
  );
  return `${[HEAD, index, ...leaves.map(([name, command]) => section(name, command))].join('\n\n')}\n`;
}
