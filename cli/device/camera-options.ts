/** How a camera is named on the command line. */
import { type Command, InvalidArgumentError, Option } from 'commander';

export interface CameraOptions {
  readonly type?: 'http-snapshot' | 'http-mjpeg';
  readonly framesPerSecond?: number;
  readonly program?: 'ffmpeg' | 'gstreamer';
  readonly caFile?: string;
  readonly certificateSha256?: string;
}

/** An option that is a number above 0. */
export function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) {
    throw new InvalidArgumentError('It must be a number above 0.');
  }
  return value;
}

export function addCameraOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--type <type>', 'of an http address; told by what it answers without it').choices([
        'http-snapshot',
        'http-mjpeg',
      ]),
    )
    .option('--frames-per-second <n>', 'asked of snapshots, rtsp and video devices; 5 without it', positive)
    .addOption(
      new Option('--program <program>', 'that reads rtsp and video devices; ffmpeg without it').choices([
        'ffmpeg',
        'gstreamer',
      ]),
    )
    .option('--ca-file <file>', 'PEM file with the authorities of an https camera, or its own certificate')
    .option(
      '--certificate-sha256 <fingerprint>',
      'of the certificate of an https camera, whoever has signed it',
    );
}

/** What the camera's program is told. */
export const cameraRequest = (source: string, options: CameraOptions) => {
  const { type, framesPerSecond, program, caFile, certificateSha256 } = options;
  return { source, type, framesPerSecond, program, caFile, certificateSha256 };
};
