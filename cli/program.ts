/** The command line: arguments in, text out. The rooms add their commands, and each command is a function of theirs. */
import { Command } from 'commander';
import { version } from '../package.json';
import { addCaptureCommands } from './captures/commands';
import { addRedriveCommand, addStatusCommand } from './commands';
import { addCostCommands } from './cost/commands';
import { addDatasetCommands } from './dataset/commands';
import { addDeliveryCommands } from './delivery/commands';
import { addDeviceCommands } from './device/commands';
import { addRegistryCommands } from './registry/commands';
import type { Open, ProgramPorts } from './shared/commands';
import { describeEnvironment } from './shared/environment';
import { addTeardownCommands } from './teardown/commands';
import { addTrainingCommands } from './training/commands';
import { addScriptCommands } from './training/script-commands';

/** In the order of the help: the whole, then along the loop. */
const COMMANDS = [
  addStatusCommand,
  addDatasetCommands,
  addScriptCommands,
  addTrainingCommands,
  addRegistryCommands,
  addDeviceCommands,
  addCaptureCommands,
  addRedriveCommand,
  addCostCommands,
  addDeliveryCommands,
  addTeardownCommands,
];

/** Builds the program; parse it with {@link runProgram}. */
export function buildProgram(ports: ProgramPorts): Command {
  const program = new Command('kaizen')
    .description('Operates a Kaizen Edge environment')
    .version(version, '--version', 'say the version of this tree')
    .option('--env <name>', 'environment, as it is deployed', 'local')
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError(false)
    .configureOutput({
      writeOut: (text) => ports.write(text.trimEnd()),
      writeErr: (text) => ports.writeError(text.trimEnd()),
    })
    .exitOverride();
  const open: Open = async (command) => {
    const clients = ports.clients();
    const { env } = command.optsWithGlobals<{ env: string }>();
    return { clients, environment: await describeEnvironment(clients, env) };
  };
  for (const add of COMMANDS) add(program, ports, open);
  return program;
}
