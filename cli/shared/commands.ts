/** What the commands of every room share: the world as they see it, and how they are added to the program. */
import { type Command, InvalidArgumentError } from 'commander';
import type { Clients } from './clients';
import type { KaizenEnvironment } from './environment';

/** What the program needs of the world. */
export interface ProgramPorts {
  /** Made on first use: `--help` needs no credentials. */
  readonly clients: () => Clients;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  /**
   * Shows how far long work has come in the place of what was shown before; an empty text takes it away.
   * @default - the error output is no terminal, and gets lines
   */
  readonly showProgress?: (text: string) => void;
  readonly now: () => Date;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Name of the person at the keyboard. */
  readonly userName: () => string;
}

export interface Context {
  readonly clients: Clients;
  readonly environment: KaizenEnvironment;
}

/** An option or argument that is a whole number of at least `minimum`. */
export function integerFrom(minimum: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < minimum) {
      throw new InvalidArgumentError(`It must be a whole number of at least ${minimum}.`);
    }
    return value;
  };
}

/** Makes the clients and reads what is deployed in the environment that `--env` names. */
export type Open = (command: Command) => Promise<Context>;

export type AddCommands = (program: Command, ports: ProgramPorts, open: Open) => void;
