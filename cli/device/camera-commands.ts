import type { CompleteImagePolicy } from '../../contracts/image-policy';
import { DEFAULT_IMAGE_POLICY } from '../../contracts/image-policy';
import { imagePolicyFrom } from '../dataset/commands';
import type { AnswerOptions } from '../shared/answer';
import { type CommandPage, withPage } from '../shared/command-page';
import { type AddCommands, integerFrom } from '../shared/commands';
import { InputError } from '../shared/errors';
import { type StartProgram, startProgram } from '../shared/repository-program';
import { addCameraOptions, type CameraOptions, cameraRequest } from './camera-options';

/** Of the component, with whose own code it opens cameras. */
export const CAMERA_PROGRAM = 'edge-components/inference/trial/main.ts';
const WRONGLY_ASKED = 2;

interface Options extends CameraOptions, AnswerOptions {
  readonly seconds: number;
  readonly imagePolicy?: CompleteImagePolicy;
  readonly picture: string;
}

const PAGE: CommandPage = {
  examples: [
    { line: 'camera try https://10.0.0.21/snapshot.jpg --certificate-sha256 3F:...' },
    { line: 'camera try /dev/video0 --program gstreamer' },
    {
      line: 'camera try ./parts',
      what: 'a copy of the folder: a device deletes what it takes, this nothing',
    },
    { line: 'camera try rtsp://user:password@10.0.0.20/stream1 --seconds 10' },
  ],
  json: {
    fields: {
      camera: 'as the configuration of a device would have it, without user and password',
      seconds: 'for which frames were taken',
      isLive: 'whether the camera sets the pace',
      figures: 'sizes, kinds and rate of the frames',
      complaints: 'what is wrong, or worth to know, each with what to do',
      policy: 'the imagePolicy by which the picture was made',
      'picture?': 'file; absent when no frame could be decoded',
    },
  },
  exits: { 0: 'nothing is wrong with it', 1: 'something is', 2: 'no camera is meant by what was said' },
  seeAlso: 'docs/tutorials/own-camera.md',
};

/** @param start the program behind it */
export const addCameraCommands =
  (start: StartProgram = startProgram): AddCommands =>
  (program, ports) => {
    const command = program
      .command('camera')
      .description('cameras, before a device has them')
      .command('try')
      .description(
        'opens a camera as a device does, and says what comes, how fast, what is wrong, and what the network would see of it; no account is needed',
      )
      .argument('<source>', 'http(s) or rtsp(s) address, video device (/dev/video0), or folder of images')
      .option('--seconds <n>', 'how long frames are taken, from the first one', integerFrom(1), 5)
      .option(
        '--image-policy <json>',
        "imagePolicy of the environment's configuration; its defaults when left out",
        imagePolicyFrom,
      )
      .option('--picture <file>', 'PNG: the last frame, and what the network would see of it', 'camera.png');
    withPage(addCameraOptions(command), PAGE).action(async (source: string, options: Options) => {
      const { seconds, picture, json = false, imagePolicy: policy = DEFAULT_IMAGE_POLICY } = options;
      const request = { do: 'try', camera: cameraRequest(source, options), seconds, policy, picture, json };
      const take = json ? (text: string) => text !== '' && ports.write(text) : undefined;
      const end = await start(CAMERA_PROGRAM, [JSON.stringify(request)], take);
      // What it is has been said by the program.
      if (end === WRONGLY_ASKED) throw new InputError('no camera is meant by what was said');
      if (end !== 0) throw new Error('something is wrong with this camera');
    });
  };
