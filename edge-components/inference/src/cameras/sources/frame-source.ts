/** What all frame sources share. */
import type { Clock, Frame, Log } from '../../ports';

export interface FrameSourcePorts {
  readonly clock: Clock;
  readonly log: Log;
  /** As it is at the moment; bytes of the encoded image. */
  readonly maximumFrameBytes: () => number;
  /** 0 up to, but not, 1; for delays. */
  readonly random: () => number;
  /** Where the programs of rtsp and v4l2 are. @default - found in PATH */
  readonly executables?: Executables;
}

export interface Executables {
  readonly ffmpeg: string;
  readonly gstreamer: string;
}

/** Why an image was thrown away. */
export const tooLarge = (bytes: number, maximum: number): string =>
  `frame has ${bytes} bytes, more than ${maximum}`;

/** An image from a camera that gives its images no names. */
export interface NamelessImage {
  readonly bytes: Buffer;
  readonly frameBytes: number;
  readonly discarded?: string | undefined;
  /** Milliseconds since the epoch at the first byte. */
  readonly startedAt: number;
  /** `Clock.monotonic` at the last byte. */
  readonly receivedAt: number;
}

const LONGEST_CAMERA_ID = 64;

/**
 * Names the images of cameras that give them none: `camera-20261123T120000123Z-17`. The time keeps names apart across restarts,
 * the running number within one. `capturedAt` is this device's clock at the first byte: cameras say the time in whole
 * seconds, if at all, by a clock of their own. The shutter was earlier by what the camera took to encode the image.
 */
export class FrameNames {
  private sequence = 0;

  constructor(private readonly cameraId: string) {}

  frame({ bytes, frameBytes, discarded, startedAt, receivedAt }: NamelessImage): Frame {
    const capturedAt = new Date(startedAt).toISOString();
    const time = capturedAt.replace(/[-:.]/g, '');
    return {
      cameraId: this.cameraId,
      frameId: `${this.cameraId.slice(0, LONGEST_CAMERA_ID)}-${time}-${++this.sequence}`,
      capturedAt,
      bytes,
      frameBytes,
      receivedAt,
      ...(discarded !== undefined && { discarded }),
    };
  }
}
