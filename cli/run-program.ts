import { CommanderError } from 'commander';
import { ContractError } from '../contracts';
import { buildProgram } from './program';
import type { ProgramPorts } from './shared/commands';
import { InputError } from './shared/errors';

/** 0 done, 1 it failed, 2 the arguments or what they name are wrong. */
export type ExitCode = 0 | 1 | 2;

/** What the SDK says when this machine lacks a setting, and which one that is. */
const MISSING_SETTINGS: readonly (readonly [says: RegExp, advice: string])[] = [
  [/^Region is missing/, 'set AWS_REGION, or AWS_PROFILE to a profile that has a region'],
  [/^Could not load credentials/, 'sign in to AWS, or set AWS_PROFILE to a profile that is'],
];

const REFUSED = 'ECONNREFUSED';
const NOBODY_ANSWERS =
  'nobody answers at this address: for the local AWS run `npm run local`, for an account unset AWS_ENDPOINT_URL';

/** Node gives an error without a text where a name has several addresses and none of them answers. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || String((error as NodeJS.ErrnoException).code ?? error.name);
}

function adviceFor(message: string): string | undefined {
  if (message.includes(REFUSED)) return NOBODY_ANSWERS;
  return MISSING_SETTINGS.find(([says]) => says.test(message))?.[1];
}

function describe(error: unknown): string {
  const message = messageOf(error);
  const advice = adviceFor(message);
  return advice === undefined ? message : `${message}: ${advice}`;
}

/**
 * Runs one command. Never throws: what went wrong is one message on the error output, without a stack.
 * @param parameters the arguments after the program's name
 */
export async function runProgram(parameters: readonly string[], ports: ProgramPorts): Promise<ExitCode> {
  try {
    await buildProgram(ports).parseAsync([...parameters], { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has written its own message, and the help that was asked for is no error.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    ports.writeError(`error: ${describe(error)}`);
    return error instanceof InputError || error instanceof ContractError ? 2 : 1;
  }
}
