/** One camera's images take seconds to decode, by design; beside it are cameras that mean no harm. In virtual time. */
import type { InferenceResult, Release } from '../../../../contracts';
import { FrameQueue } from '../../../../edge-components/inference/src/cameras/frame-queue';
import type { UseCaseSettings } from '../../../../edge-components/inference/src/configuration/configuration';
import { FramePipeline } from '../../../../edge-components/inference/src/inspection/frame-pipeline';
import {
  type Frame,
  type ImageDecoder,
  UnreadableFrame,
} from '../../../../edge-components/inference/src/ports';
import { ServingSlot } from '../../../../edge-components/inference/src/releases/serving-slot';
import { silent } from '../../fake-device';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const HISTOGRAM = { minimum: 0, maximum: 255, counts: [1, 1] };
const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

/** Two cores. A process that is ended for an image takes a while to come back, and what was under way beside it begins anew. */
class SlowDecoder implements ImageDecoder {
  private restarted: Promise<void> = Promise.resolve();
  constructor(
    private readonly milliseconds: Readonly<Record<string, number>>,
    /** An image of this camera ends the process; the next one comes so much later. */
    private readonly ending?: { readonly cameraId: string; readonly milliseconds: number },
  ) {}

  async decode(bytes: Buffer) {
    const cameraId = bytes.toString();
    const until = this.restarted;
    await until;
    await pause(this.milliseconds[cameraId] as number);
    if (cameraId === this.ending?.cameraId) {
      this.restarted = pause(this.ending.milliseconds);
      throw new UnreadableFrame('too slow');
    }
    if (this.restarted !== until) {
      await this.restarted;
      await pause(this.milliseconds[cameraId] as number);
    }
    return { width: 1, height: 1, pixels: new Uint8Array(3) };
  }

  toJpeg = async (bytes: Buffer): Promise<Buffer> => bytes;
}

interface Camera {
  readonly framesPerSecond: number;
  readonly decodeMilliseconds: number;
}

/** @returns answers per second of each camera over a minute */
async function answersPerSecond(
  cameras: Readonly<Record<string, Camera>>,
  { policy = 'newest', restart }: { policy?: 'newest' | 'every'; restart?: number } = {},
): Promise<Record<string, number>> {
  const queue = new FrameQueue(() => ({ policy, queueLength: 4 }));
  const slot = new ServingSlot();
  const release = {
    releaseId: 'r',
    classes: ['good', 'bad'],
    thresholds: { good: 0.5, bad: 0.5 },
    input: { width: 1, height: 1 },
    baseline: { brightness: HISTOGRAM, contrast: HISTOGRAM, sharpness: HISTOGRAM },
  } as unknown as Release;
  slot
    .switchTo({
      digest: '1',
      release,
      variant: 'fp32',
      model: {
        gone: new Promise(() => undefined),
        run: async () => {
          await pause(5);
          return {
            probabilities: [0.9, 0.1],
            statistics: { brightness: 1, contrast: 1, sharpness: 1 },
            milliseconds: 5,
          };
        },
        close: async () => undefined,
      },
    })
    .keep(0);
  const answered: Record<string, number> = {};
  const decoder = new SlowDecoder(
    Object.fromEntries(
      Object.entries(cameras).map(([id, { decodeMilliseconds }]) => [id, decodeMilliseconds]),
    ),
    restart === undefined ? undefined : { cameraId: 'hostile', milliseconds: restart },
  );
  const pipeline = new FramePipeline({
    queue,
    decoder,
    slot,
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    log: silent,
    settings: () => ({ limits: { maximumPixels: 1, maximumFrameBytes: 1 }, upload: {} }) as UseCaseSettings,
    online: () => true,
    nextRecordId: () => 'x',
    random: () => 1,
    captures: { onlyControl: () => false, reserve: () => false },
    onDecision: ({ cameraId = '' }: InferenceResult) => {
      answered[cameraId] = (answered[cameraId] ?? 0) + 1;
    },
    onResult: () => undefined,
    onModelGone: () => undefined,
  });
  const seconds = 60;
  const feeds = Object.entries(cameras).map(async ([cameraId, { framesPerSecond }]) => {
    const lane = queue.lane(cameraId);
    for (let count = 0; count < seconds * framesPerSecond; count++) {
      await lane.ready();
      lane.accept(frame(cameraId, count));
      await pause(1000 / framesPerSecond);
    }
  });
  const running = pipeline.run();
  await jest.advanceTimersByTimeAsync(seconds * 1000);
  const rates = Object.fromEntries(Object.entries(answered).map(([id, count]) => [id, count / seconds]));
  queue.close();
  await jest.advanceTimersByTimeAsync(3_600_000);
  await Promise.all([running, ...feeds]);
  return rates;
}

const frame = (cameraId: string, count: number): Frame => ({
  cameraId,
  frameId: `${cameraId}-${count}`,
  capturedAt: '2026-11-23T12:00:00.000Z',
  bytes: Buffer.from(cameraId),
  frameBytes: 1,
  receivedAt: 0,
});

const honest: Camera = { framesPerSecond: 10, decodeMilliseconds: 10 };

test.each<[string, Camera, Parameters<typeof answersPerSecond>[1]]>([
  ['half a second an image', { framesPerSecond: 10, decodeMilliseconds: 500 }, {}],
  ['nine seconds an image', { framesPerSecond: 10, decodeMilliseconds: 9_500 }, {}],
  [
    'the same, and no frame may be dropped',
    { framesPerSecond: 10, decodeMilliseconds: 9_500 },
    { policy: 'every' },
  ],
  ['a tenth of a second, as many as there can be', { framesPerSecond: 100, decodeMilliseconds: 100 }, {}],
  ['images that end the decoder', { framesPerSecond: 10, decodeMilliseconds: 2_700 }, { restart: 500 }],
])('case 45: an honest camera keeps more than half of its rate beside %s', async (_, hostile, options) => {
  const rates = await answersPerSecond({ hostile, honest }, options);
  expect(rates.honest).toBeGreaterThan(0.75 * honest.framesPerSecond);
  expect(rates.hostile).toBeGreaterThan(0);
});

test('case 45: three honest cameras keep their rates beside two hostile ones', async () => {
  const hostile = { framesPerSecond: 10, decodeMilliseconds: 3_000 };
  const rates = await answersPerSecond({ hostile, worse: hostile, a: honest, b: honest, c: honest });
  for (const camera of ['a', 'b', 'c']) expect(rates[camera]).toBeGreaterThan(9);
});

test('a camera alone has both places: what it sends is decoded side by side', async () => {
  const { alone } = await answersPerSecond({ alone: { framesPerSecond: 30, decodeMilliseconds: 100 } });
  expect(alone).toBeGreaterThan(19);
});

test('cameras whose images take about the same time share both places in turn', async () => {
  const rates = await answersPerSecond({
    a: { framesPerSecond: 30, decodeMilliseconds: 100 },
    b: { framesPerSecond: 30, decodeMilliseconds: 150 },
  });
  // The same time each: a sends more images within it.
  expect((rates.a as number) * 100).toBeCloseTo((rates.b as number) * 150, -2);
  expect((rates.a as number) * 100 + (rates.b as number) * 150).toBeGreaterThan(1_900);
});
