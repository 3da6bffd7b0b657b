/** Gives a camera's frames to a device through a socket, as a camera process on the device would. */
import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import type { CameraConfiguration } from '../../../contracts';
import { frameSourceOf } from '../src/cameras/sources';
import type { Frame } from '../src/ports';
import { realPorts } from './try-camera';

const LOOK_MILLISECONDS = 500;

export interface FrameServerOptions {
  readonly camera: CameraConfiguration;
  /** Unix socket: at most 107 bytes (sun_path). */
  readonly socketPath: string;
  /** Told when what is wrong with the camera changes; undefined: nothing is. */
  readonly onProblem: (problem: string | undefined) => void;
}

/** u32 big-endian header length, header as JSON, then the image: what the component's socket source reads. */
export function frameMessage({
  frameId,
  capturedAt,
  bytes,
}: Pick<Frame, 'frameId' | 'capturedAt' | 'bytes'>): Buffer {
  const header = Buffer.from(JSON.stringify({ frameId, capturedAt, bytes: bytes.length }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(header.length);
  return Buffer.concat([length, header, bytes]);
}

/** @returns ends it; the socket is gone then */
export async function serveFrames({
  camera,
  socketPath,
  onProblem,
}: FrameServerOptions): Promise<() => Promise<void>> {
  let device: Socket | undefined;
  const server = createServer((socket) => {
    device?.destroy();
    device = socket
      .on('error', () => socket.destroy())
      .on('close', () => {
        if (device === socket) device = undefined;
      });
  });
  rmSync(socketPath, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(socketPath, resolve);
  });
  const source = frameSourceOf('camera-1', camera, realPorts);
  const accept = (frame: Frame): void => {
    // A device that does not keep up misses the frame; what was discarded has no bytes to send.
    if (frame.discarded !== undefined || !device || device.writableLength > 0) return;
    device.write(frameMessage(frame));
  };
  const isTaken = (): boolean => device !== undefined && device.writableLength === 0;
  source.start({ accept, room: () => (isTaken() ? 1 : 0), ready: () => Promise.resolve() });
  let told: string | undefined | null = null;
  const timer = setInterval(() => {
    const problem = source.problem();
    if (problem === told) return;
    told = problem;
    onProblem(problem);
  }, LOOK_MILLISECONDS);
  return async () => {
    clearInterval(timer);
    await source.stop();
    device?.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
}
