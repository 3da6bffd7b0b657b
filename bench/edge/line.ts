/** The component's real pipeline, with its decoder and its models in processes of their own, with an endless camera in place of a socket. */
import type { InferenceResult } from '../../contracts';
import { FramePipeline } from '../../edge-components/inference/src/inspection/frame-pipeline';
import type { Frame, ImageDecoder, LoadedModel } from '../../edge-components/inference/src/ports';
import { type ActiveRelease, ServingSlot } from '../../edge-components/inference/src/releases/serving-slot';
import type { LineContext } from './line-context';
import type { GraphName } from './model';
import { releaseOf } from './release';

export const MAXIMUM_PIXELS = 16_777_216;

/** What the component asks of its configuration: nothing is uploaded. */
const SETTINGS = {
  limits: { maximumPixels: MAXIMUM_PIXELS, maximumFrameBytes: MAXIMUM_PIXELS },
  upload: {
    privacy: 'never',
    dailyByteBudget: 0,
    controlSampleProbability: 0,
    uncertaintyThreshold: 0,
    uncertainSampleProbability: 0,
    disagreementSampleProbability: 0,
    noveltySampleProbability: 0,
  },
} as const;

/** A loaded graph under a release of its own. */
export const activeRelease = (
  context: LineContext,
  graph: GraphName,
  model: LoadedModel,
  counter = 1,
): ActiveRelease => ({
  digest: counter.toString(16).padStart(64, '0'),
  release: releaseOf(context, graph, counter),
  variant: graph,
  model,
});

/** Gives the images in turn, without a pause, until it is stopped. Frame ids are 0, 1, 2, ... */
export class EndlessCamera {
  shown = 0;
  private stopped = false;

  /** @param most how many frames to give; endless when absent */
  constructor(
    private readonly images: readonly Buffer[],
    private readonly most = Number.POSITIVE_INFINITY,
  ) {}

  async next(): Promise<Frame | undefined> {
    if (this.stopped || this.shown >= this.most) return undefined;
    const bytes = this.images[this.shown % this.images.length] as Buffer;
    return {
      cameraId: 'camera',
      frameId: String(this.shown++),
      capturedAt: new Date().toISOString(),
      bytes,
      frameBytes: bytes.length,
      receivedAt: performance.now(),
    };
  }

  stop(): void {
    this.stopped = true;
  }
}

export interface LineOptions {
  readonly decoder: ImageDecoder;
  readonly camera: EndlessCamera;
  readonly slot: ServingSlot;
  readonly onDecision: (result: InferenceResult) => void;
}

/** Runs until the camera has stopped and every frame is answered. */
export async function runLine({ decoder, camera, slot, onDecision }: LineOptions): Promise<void> {
  let records = 0;
  const pipeline = new FramePipeline({
    queue: camera,
    decoder,
    slot,
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    log: { info: () => undefined, warn: console.warn, error: console.error },
    settings: () => SETTINGS,
    online: () => true,
    nextRecordId: () => String(++records),
    random: Math.random,
    captures: { onlyControl: () => false, reserve: () => false },
    onDecision,
    onResult: () => undefined,
    onModelGone: (_, { message }) => {
      throw new Error(`the model is gone: ${message}`);
    },
  });
  await pipeline.run();
}

/** Milliseconds per frame of `count` frames through the pipeline. @throws Error when a frame is invalid */
export async function sustained(
  decoder: ImageDecoder,
  active: ActiveRelease,
  images: readonly Buffer[],
  count: number,
): Promise<number> {
  const slot = new ServingSlot();
  slot.switchTo(active).keep(0);
  let answered = 0;
  const started = performance.now();
  await runLine({
    decoder,
    camera: new EndlessCamera(images, count),
    slot,
    onDecision: (result) => {
      if (result.status === 'invalid') throw new Error(`frame ${result.frameId}: ${result.reason}`);
      answered++;
    },
  });
  const elapsed = performance.now() - started;
  if (answered !== count) throw new Error(`${answered} of ${count} frames were answered`);
  return elapsed / count;
}
