import { CommanderError } from 'commander';
import { ContractError } from '../contracts';
import { buildProgram } from './program';
import { explain } from './shared/advice';
import type { ExitCode } from './shared/command-page';
import type { ProgramPorts } from './shared/commands';
import { InputError } from './shared/errors';

const JSON_OPTION = '--json';

/** Asked of the arguments, because what cannot be parsed is answered in JSON as well. */
function wantsJson(parameters: readonly string[]): boolean {
  const end = parameters.indexOf('--');
  return (end < 0 ? parameters : parameters.slice(0, end)).includes(JSON_OPTION);
}

/** With `--json` the error output has one JSON object a line: warnings, and at the end what went wrong. */
const jsonLine = (value: object): string => JSON.stringify(value);

const withoutPrefix = (text: string): string => text.trim().replace(/^(error|warning): /, '');

/** Commander's own words: a usage, or what is wrong with the arguments. */
interface Said {
  readonly texts: string[];
}

function portsOf(ports: ProgramPorts, json: boolean): ProgramPorts {
  if (!json) return ports;
  return {
    ...ports,
    writeError: (text) => ports.writeError(jsonLine({ warning: withoutPrefix(text) })),
  };
}

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  return error instanceof InputError || error instanceof ContractError ? 2 : 1;
}

function report(error: unknown, exitCode: ExitCode, ports: ProgramPorts, json: boolean, said: Said): void {
  if (error instanceof CommanderError) {
    // Commander has written its own message where a person reads it.
    const message = withoutPrefix(said.texts.join('\n') || error.message);
    if (json) ports.writeError(jsonLine({ error: { message, exitCode } }));
    return;
  }
  const { message, advice } = explain(error);
  if (json) ports.writeError(jsonLine({ error: { message, advice, exitCode } }));
  else ports.writeError(`error: ${advice === undefined ? message : `${message}: ${advice}`}`);
}

/**
 * Runs one command. Never throws: what went wrong is one message on the error output, without a stack; with `--json` it
 * is one line there, contract command-error.
 * @param parameters the arguments after the program's name
 */
export async function runProgram(parameters: readonly string[], ports: ProgramPorts): Promise<ExitCode> {
  const json = wantsJson(parameters);
  const said: Said = { texts: [] };
  const onUsage = json ? (text: string) => said.texts.push(text) : ports.writeError;
  try {
    await buildProgram(portsOf(ports, json), onUsage).parseAsync([...parameters], { from: 'user' });
    ports.showProgress?.('');
    return 0;
  } catch (error) {
    ports.showProgress?.('');
    const exitCode = exitCodeOf(error);
    // The help that was asked for is no error.
    if (exitCode !== 0) report(error, exitCode, ports, json, said);
    return exitCode;
  }
}
