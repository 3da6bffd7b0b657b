/** The command line: arguments in, text out. The rooms add their commands, and each command is a function of theirs. */
import { Command } from 'commander';
import { version } from '../package.json';
import { addCaptureCommands } from './captures/commands';
import { addRedriveCommand, addStatusCommand } from './commands';
import { addCostCommands } from './cost/commands';
import { addDatasetCommands } from './dataset/commands';
import { addDeliveryCommands } from './delivery/commands';
import { addCameraCommands } from './device/camera-commands';
import { addDeviceCommands } from './device/commands';
import { addSimulateCommand } from './device/simulate-commands';
import { addRegistryCommands } from './registry/commands';
import { EXIT_CODES } from './shared/command-page';
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
  addSimulateCommand(),
  addCameraCommands(),
  addCaptureCommands,
  addRedriveCommand,
  addCostCommands,
  addDeliveryCommands,
  addTeardownCommands,
];

/** Of the whole; each command has its own examples. */
const EPILOGUE = `Each command says more: kaizen <command> --help, or docs/commands.md. With --json a command prints one
JSON document, and an error is one line of JSON on the error output.
Exit codes: ${Object.entries(EXIT_CODES)
  .map(([code, meaning]) => `${code} ${meaning}`)
  .join('; ')}`;

/**
 * Builds the program; parse it with {@link runProgram}.
 * @param onUsage takes what is said of wrong arguments
 */
export function buildProgram(
  ports: ProgramPorts,
  onUsage: (text: string) => void = ports.writeError,
): Command {
  const program = new Command('kaizen')
    .description('Operates a Kaizen Edge environment')
    .version(version, '--version', 'say the version of this tree')
    .option('--env <name>', 'environment, as it is deployed', 'local')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', `\n${EPILOGUE}`)
    .showSuggestionAfterError(false)
    .configureOutput({
      writeOut: (text) => ports.write(text.trimEnd()),
      writeErr: (text) => onUsage(text.trimEnd()),
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
