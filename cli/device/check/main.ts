/**
 * check-device.cjs, which lies in the folder of a device and runs there with nothing but Node: says what the machine lacks.
 * Exit code 0: nothing is missing; 1: something is; 2: it was asked wrongly.
 */
import { Command, CommanderError } from 'commander';
import { checkDevice, withCheckOptions } from './check-device';

const program = withCheckOptions(new Command('check-device'), __dirname)
  .exitOverride()
  .action(async (options) => {
    const { text, missing } = await checkDevice(options);
    console.log(text);
    process.exitCode = missing ? 1 : 0;
  });

program.parseAsync().catch((error: Error) => {
  if (!(error instanceof CommanderError)) console.error(`error: ${error.message}`);
  process.exitCode = error instanceof CommanderError && error.exitCode === 0 ? 0 : 2;
});
