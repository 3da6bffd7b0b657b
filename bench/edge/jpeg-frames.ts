/**
 * G4, G4i, G5, G5p: JPEG frames through the real pipeline, against its slower stage alone, against itself with a decoder in
 * its own process, which a hostile image would end with it, and against two Python loops. The one of OpenCV (G5) is what
 * samples do, and shows the network other pixels than its training did; the one of Pillow (G5p) shows it the very pixels
 * that the component does, which is checked.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { completeImagePolicy } from '../../contracts/image-policy';
import type { Benchmark, FigureGoal, Measurement } from '../figure';
import { interleave, median, milliseconds, ratioOf } from '../measure';
import type { EdgeContext } from './context';
import { MAXIMUM_PIXELS } from './line';
import { type DecodedIn, LineProgram } from './line-program';
import type { Incumbent } from './python';

const ROUNDS = 7;

interface Size {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Against either Python loop. */
  readonly goal: number;
  /** A round takes about half a second. */
  readonly framesPerRound: number;
}

const SIZES: readonly Size[] = [
  { name: 'vga', width: 640, height: 480, goal: 0.9, framesPerRound: 160 },
  { name: '1280x960', width: 1280, height: 960, goal: 0.8, framesPerRound: 96 },
  { name: '1920x1080', width: 1920, height: 1080, goal: 0.6, framesPerRound: 64 },
  { name: '2592x1944', width: 2592, height: 1944, goal: 0.6, framesPerRound: 40 },
];

const stageGoal = ({ name, width, height }: Size): FigureGoal => ({
  id: `G4-${name}`,
  what: `sustained time per ${width}x${height} JPEG / the longer of decoding alone and running alone`,
  goal: 1.1,
  better: 'lower',
});

const incumbentGoal = ({ name, width, height, goal }: Size): FigureGoal => ({
  id: `G5-${name}`,
  what: `sustained time per ${width}x${height} JPEG / a Python loop of OpenCV and ONNX Runtime`,
  goal,
  better: 'lower',
});

const trainerGoal = ({ name, width, height, goal }: Size): FigureGoal => ({
  id: `G5p-${name}`,
  what: `sustained time per ${width}x${height} JPEG / a Python loop of Pillow and ONNX Runtime, with the same pixels`,
  goal,
  better: 'lower',
});

const isolationGoal = ({ name, width, height }: Size): FigureGoal => ({
  id: `G4i-${name}`,
  what: `sustained time per ${width}x${height} JPEG / with the decoder in the component's own process`,
  goal: 1.1,
  better: 'lower',
});

const GOALS = [stageGoal, isolationGoal, incumbentGoal, trainerGoal];

export const jpegFrames: Benchmark<EdgeContext> = {
  figures: GOALS.flatMap((goal) => SIZES.map(goal)),
  async measure(context, wanted) {
    const results = new Map<string, Measurement>();
    await LineProgram.with(context, (line) =>
      context.withIncumbent(async (incumbent) => {
        await incumbent.load(context.model.pathOf('int8'));
        for (const size of SIZES) {
          if (!GOALS.some((goal) => wanted.has(goal(size).id))) continue;
          for (const [id, measurement] of await measureSize(context, size, line, incumbent)) {
            results.set(id, measurement);
          }
        }
      }),
    );
    return results;
  },
};

/** Paths of the frames of one size. */
export function framesOf(context: EdgeContext, { width, height }: Pick<Size, 'width' | 'height'>): string[] {
  const prefix = `${width}x${height}-`;
  const names = readdirSync(context.frames).filter((name) => name.startsWith(prefix));
  if (names.length === 0) throw new Error(`${context.frames}: has no frames of ${width}x${height}`);
  return names.sort().map((name) => join(context.frames, name));
}

async function measureSize(
  context: EdgeContext,
  size: Size,
  line: LineProgram,
  incumbent: Incumbent,
): Promise<[string, Measurement][]> {
  const frames = framesOf(context, size);
  const count = size.framesPerRound;
  const { width } = context.model.description.input;
  await checkPixels(context, incumbent, frames, width);
  const processor: number[] = [];
  const sustained = async (decodedIn: DecodedIn): Promise<number> => {
    const answer = await line.ask('sustained', { frames, count, decodedIn });
    if (decodedIn === 'its own process') processor.push(answer.processorMillisecondsPerFrame);
    return answer.millisecondsPerFrame;
  };
  const times = await interleave(ROUNDS, {
    decode: async () => (await line.ask('decode', { frames, count })).millisecondsPerFrame,
    run: async () => (await line.ask('run', { count })).milliseconds,
    pipeline: () => sustained('its own process'),
    ownProcess: () => sustained('the process of the line'),
    beside: async () => (await line.ask('decodeBeside', { frames, count })).millisecondsPerFrame,
    opencv: () => incumbent.loop(frames, width, count, 'opencv'),
    trainer: () => incumbent.loop(frames, width, count, 'trainer'),
  });
  const slower = times.decode.map((decode, round) => Math.max(decode, times.run[round] as number));
  const bytes = median(frames.map((path) => statSync(path).size));
  const sustainedText = `${size.framesPerRound} frames of ${Math.round(bytes / 1024)} KiB without a pause: ${milliseconds(times.pipeline)} per frame, for which ${availableParallelism()} cores work ${milliseconds(processor)} in all`;
  return [
    [
      stageGoal(size).id,
      ratioOf(
        times.pipeline,
        slower,
        `${sustainedText}; decode alone ${milliseconds(times.decode)}, int8 run alone ${milliseconds(times.run)}; decode beside a model that never rests ${milliseconds(times.beside)}`,
      ),
    ],
    [
      isolationGoal(size).id,
      ratioOf(
        times.pipeline,
        times.ownProcess,
        `${sustainedText}; decoded in the process that answers ${milliseconds(times.ownProcess)}`,
      ),
    ],
    [
      incumbentGoal(size).id,
      ratioOf(times.pipeline, times.opencv, `${sustainedText}; Python ${milliseconds(times.opencv)}`),
    ],
    [
      trainerGoal(size).id,
      ratioOf(times.pipeline, times.trainer, `${sustainedText}; Python ${milliseconds(times.trainer)}`),
    ],
  ];
}

/** @throws Error when Python's loop of the trainer's functions would show the network other pixels than the component does */
async function checkPixels(
  context: EdgeContext,
  incumbent: Incumbent,
  paths: readonly string[],
  size: number,
): Promise<void> {
  const policy = completeImagePolicy({ width: size, height: size });
  for (const path of paths) {
    const { pixels } = await context.decoder.decode(readFileSync(path), MAXIMUM_PIXELS, policy);
    const own = createHash('sha256').update(pixels).digest('hex');
    if (own !== (await incumbent.pixels(path, size, 'trainer'))) {
      throw new Error(`${path}: the component's pixels are not those of the training`);
    }
  }
}
