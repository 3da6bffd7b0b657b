/**
 * The program behind `kaizen camera try` and a camera of `kaizen device simulate`. Its only argument says what to do, JSON:
 * `{"do": "try", ...}` or `{"do": "serve", ...}`. Exit code: 0 nothing is wrong, 1 something is, 2 it was asked wrongly.
 */
import type { CompleteImagePolicy } from '../../../contracts/image-policy';
import type { CameraRequest } from './camera-of';
import { formatTrial } from './format-trial';
import { terminalPicture, writePicture } from './picture';
import { serveFrames } from './serve-frames';
import { chosenCamera, tryCamera } from './try-camera';

export type ProgramRequest =
  | {
      readonly do: 'try';
      readonly camera: CameraRequest;
      readonly seconds: number;
      readonly policy: CompleteImagePolicy;
      /** Where the picture goes. */
      readonly picture: string;
      readonly json: boolean;
    }
  | { readonly do: 'serve'; readonly camera: CameraRequest; readonly socketPath: string };

const WRONGLY_ASKED = 2;

async function runTrial(request: ProgramRequest & { do: 'try' }, signal: AbortSignal): Promise<number> {
  const { camera, seconds, policy, picture, json } = request;
  const { trial, lastFrame } = await tryCamera({ ...camera, seconds, policy }, signal);
  if (lastFrame) await writePicture(picture, lastFrame, policy);
  const told = lastFrame ? { ...trial, picture } : trial;
  const { isTTY, columns = 80 } = process.stdout;
  if (lastFrame && isTTY && !json) console.log(await terminalPicture(lastFrame, columns));
  console.log(json ? JSON.stringify(told, null, 2) : formatTrial(told));
  return trial.complaints.some(({ isFault }) => isFault) ? 1 : 0;
}

async function runServer(
  { camera, socketPath }: ProgramRequest & { do: 'serve' },
  signal: AbortSignal,
): Promise<number> {
  const stop = await serveFrames({
    socketPath,
    camera: await chosenCamera(camera, signal),
    onProblem: (problem) => console.log(JSON.stringify({ event: 'camera', problem: problem ?? null })),
  });
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  await stop();
  return 0;
}

async function main(): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  const request = JSON.parse(process.argv[2] ?? '') as ProgramRequest;
  return request.do === 'try' ? runTrial(request, stop.signal) : runServer(request, stop.signal);
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    console.error(error.message);
    process.exitCode = WRONGLY_ASKED;
  },
);
