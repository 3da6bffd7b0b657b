import { type Command, Option } from 'commander';
import { type AnswerOptions, answer } from '../shared/answer';
import { type CommandPage, withPage } from '../shared/command-page';
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

interface Options extends CameraOptions, AnswerOptions {
  readonly group: Wave;
  readonly nucleus: 'classic' | 'lite';
  readonly camera: string;
  readonly out?: string;
}

const PAGE: CommandPage = {
  examples: [
    { line: 'device simulate press-1 --group canary', what: 'rendered parts' },
    {
      line: 'device simulate press-2 --group stable --camera ./parts',
      what: 'your images, over and over; nothing is deleted',
    },
    { line: 'device simulate press-3 --group stable --nucleus lite --camera rtsp://10.0.0.20/stream1' },
  ],
  json: {
    fields: {
      thingName: 'of the device that has run',
      group: 'wave that it is in',
      nucleus: 'which it behaved as',
    },
  },
  exits: { 0: 'ended by Ctrl-C', 1: 'the device or its camera failed', 2: 'it was asked wrongly' },
  seeAlso: 'docs/try.md',
};
const NEEDS = `
It needs the local AWS with a deployed environment: 'npm run local' or 'npm run try -- <folder> --keep', and its variables
in this shell. Ctrl-C ends it; run it again and the device is the same one. 'kaizen device decommission <thingName>' takes
it out of the fleet.`;

/** @param start the program behind it */
export const addSimulateCommand =
  (start: StartProgram = startProgram): AddCommands =>
  (program, ports) => {
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
    withPage(addCameraOptions(command).addHelpText('after', NEEDS), PAGE).action(
      async (thingName: string, options: Options, action: Command) => {
        checkThingName(thingName);
        const { env } = action.optsWithGlobals<{ env: string }>();
        const { group, nucleus, camera, out, json } = options;
        const request = {
          environment: env,
          thingName,
          wave: group,
          nucleus,
          out,
          camera: cameraRequest(camera, options),
        };
        // A program gets its document when the device has ended; what happened meanwhile is for people.
        const end = await start(
          SIMULATE_PROGRAM,
          [JSON.stringify(request)],
          json ? () => undefined : undefined,
        );
        if (end === WRONGLY_ASKED) throw new InputError('the device was not started');
        if (end !== 0) throw new Error('the device has ended');
        if (json) answer(ports, options, { thingName, group, nucleus }, '');
      },
    );
  };
