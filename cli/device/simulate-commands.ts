import { type Command, Option } from 'commander';
import type { AddCommands } from '../shared/commands';
import { InputError } from '../shared/errors';
import { type StartProgram, startProgram } from '../shared/repository-program';
import { addCameraOptions, type CameraOptions, cameraRequest } from './camera-options';
import { WAVES, type Wave } from './device-folder';
import { checkThingName } from './provision-device';

/** Of the room that has both the operator's commands and the local AWS. */
export const SIMULATE_PROGRAM = 'try/simulate/main.ts';
const WRONGLY_ASKED = 2;
/** What the simulated line is called where a camera may be named. */
export const RENDERED_LINE = 'line';

interface Options extends CameraOptions {
  readonly group: Wave;
  readonly nucleus: 'classic' | 'lite';
  readonly camera: string;
  readonly out?: string;
}

const HELP = `
Examples:
  kaizen device simulate press-1 --group canary                              rendered parts
  kaizen device simulate press-2 --group stable --camera ./parts             your images, over and over; nothing is deleted
  kaizen device simulate press-3 --group stable --nucleus lite --camera rtsp://10.0.0.20/stream1

It needs the local AWS with a deployed environment: 'npm run local' or 'npm run try -- <folder> --keep', and its variables
in this shell. Ctrl-C ends it; run it again and the device is the same one. 'kaizen device decommission <thingName>' takes
it out of the fleet.
Exit code: 0 ended by Ctrl-C, 1 the device or its camera failed, 2 it was asked wrongly.`;

/** @param start the program behind it */
export const addSimulateCommand =
  (start: StartProgram = startProgram): AddCommands =>
  (program) => {
    const device = program.commands.find((command) => command.name() === 'device');
    if (!device) throw new Error("the command 'device' must be added before 'device simulate'");
    const command = device
      .command('simulate')
      .description(
        'makes a device known and runs it here, as a process with a simulated nucleus, until Ctrl-C',
      )
      .argument('<thingName>', '1 to 124 letters, digits, _ or -')
      .addOption(new Option('--group <wave>', 'wave of the rollout').choices(WAVES).makeOptionMandatory())
      .addOption(
        new Option('--nucleus <nucleus>', 'which of the two it behaves as')
          .choices(['classic', 'lite'])
          .default('classic'),
      )
      .option(
        '--camera <source>',
        `what it looks at: ${RENDERED_LINE} (rendered parts), a folder of images, an http(s) or rtsp(s) address, or /dev/video0`,
        RENDERED_LINE,
      )
      .option('--out <folder>', "the device's folder; out/simulated/<thingName> without it");
    addCameraOptions(command)
      .addHelpText('after', HELP)
      .action(async (thingName: string, options: Options, action: Command) => {
        checkThingName(thingName);
        const { env } = action.optsWithGlobals<{ env: string }>();
        const { group: wave, nucleus, camera, out } = options;
        const request = {
          environment: env,
          thingName,
          wave,
          nucleus,
          out,
          camera: cameraRequest(camera, options),
        };
        const end = await start(SIMULATE_PROGRAM, [JSON.stringify(request)]);
        if (end === WRONGLY_ASKED) throw new InputError('the device was not started');
        if (end !== 0) throw new Error('the device has ended');
      });
  };
