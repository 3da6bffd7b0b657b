/** What a simulated device looks at: rendered parts, a folder of images over and over, or a camera. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SupervisedProcess } from '@kaizen-edge/local-aws';
import { CAMERA_PROGRAM } from '../../cli/device/camera-commands';
import { RENDERED_LINE } from '../../cli/device/simulate-commands';
import { InputError } from '../../cli/shared/errors';
import { programCommand } from '../../cli/shared/repository-program';
import { loadFrameStock, type StockFrame } from '../../demo/inspection-line/frame-stock';
import { InspectionLine } from '../../demo/inspection-line/inspection-line';
import { renderStock } from '../../demo/render';
import type { SimulateRequest } from './request';

/** What a line shows over and over; more would only be memory. */
const MOST_IMAGES = 2000;
const RENDERED_PARTS = 200;
const FRAMES_PER_SECOND = 5;
const CONDITION = 'shown';

export interface CameraOptions {
  readonly request: SimulateRequest;
  /** Made here: the socket that the device reads. */
  readonly socketDirectory: string;
  /** For logs and rendered parts. */
  readonly folder: string;
  readonly say: (sentence: string) => void;
  readonly abort: AbortController;
}

export interface SimulatedCamera {
  readonly socketPath: string;
  stop(): Promise<void>;
}

/** @throws InputError when the source means no camera */
export async function openCamera(options: CameraOptions): Promise<SimulatedCamera> {
  const { source } = options.request.camera;
  if (source === RENDERED_LINE) return showLine(options, await rendered(options), 'rendered parts');
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(source) || source.startsWith('/dev/')) return openBridge(options);
  const stock = imagesIn(source);
  return showLine(options, stock, `${stock.length} images of ${source}, over and over; nothing is deleted`);
}

async function rendered({ folder, abort, say }: CameraOptions): Promise<StockFrame[]> {
  say('rendering parts');
  const output = join(folder, 'rendered');
  await renderStock({ directory: folder, output, items: RENDERED_PARTS, seed: 1 }, abort.signal);
  return loadFrameStock(output);
}

/** Images of a folder and the folders in it. @throws InputError when there are none */
export function imagesIn(folder: string): StockFrame[] {
  let names: string[];
  try {
    names = (readdirSync(folder, { recursive: true }) as string[]).filter((name) =>
      /\.(jpe?g|png)$/i.test(name),
    );
  } catch (error) {
    throw new InputError(
      `--camera: must be ${RENDERED_LINE}, a folder of images, an http(s) or rtsp(s) address or /dev/video<n>; '${folder}' cannot be read (${(error as NodeJS.ErrnoException).code})`,
    );
  }
  const files = names
    .sort()
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .slice(0, MOST_IMAGES);
  if (files.length === 0)
    throw new InputError(`--camera: '${folder}' holds no file that ends in .jpg, .jpeg or .png`);
  // Nobody here knows what they really show.
  return files.map((path) => ({ jpeg: readFileSync(path), label: 'unknown', name: path }));
}

async function showLine(
  { request, socketDirectory, folder, say }: CameraOptions,
  stock: readonly StockFrame[],
  what: string,
): Promise<SimulatedCamera> {
  const { framesPerSecond } = request.camera;
  const line = new InspectionLine({
    socketDirectory,
    deviceIds: [request.thingName],
    framesPerSecond: typeof framesPerSecond === 'number' ? framesPerSecond : FRAMES_PER_SECOND,
    stock: { [CONDITION]: stock },
    condition: CONDITION,
    seed: 1,
    truthFile: join(folder, 'truth.jsonl'),
  });
  await line.start();
  say(`camera: ${what}`);
  return { socketPath: line.socketPath(request.thingName), stop: () => line.stop() };
}

/** The component's own code opens the camera, in a process of its own, and hands its frames on. */
async function openBridge({
  request,
  socketDirectory,
  folder,
  say,
  abort,
}: CameraOptions): Promise<SimulatedCamera> {
  const socketPath = join(socketDirectory, 'camera.sock');
  const program = programCommand(CAMERA_PROGRAM);
  const child = new SupervisedProcess({
    ...program,
    name: 'the camera',
    arguments: [...program.arguments, JSON.stringify({ do: 'serve', camera: request.camera, socketPath })],
    workingDirectory: process.cwd(),
    logFile: join(folder, 'camera.log'),
    onLine: (line) => say(cameraSentence(line)),
    onCrash: (message) => abort.abort(new Error(message)),
  });
  return { socketPath, stop: () => child.stop() };
}

/** The program's event as a sentence; a line that is none as it is. */
export function cameraSentence(line: string): string {
  try {
    const { event, problem } = JSON.parse(line) as { event?: unknown; problem?: unknown };
    if (event !== 'camera') return line;
    return typeof problem === 'string' ? `camera: ${problem}` : 'camera: frames come';
  } catch {
    return line;
  }
}
