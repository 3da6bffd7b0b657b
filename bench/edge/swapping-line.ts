/** A line that never pauses while the release that answers is replaced again and again. */
import type { InferenceResult } from '../../contracts';
import { completeImagePolicy } from '../../contracts/image-policy';
import { type ActiveRelease, ServingSlot } from '../../edge-components/inference/src/releases/serving-slot';
import { activeRelease, EndlessCamera, MAXIMUM_PIXELS, runLine } from './line';
import type { LineContext } from './line-context';
import type { GraphName } from './model';

/** The two releases that take turns. */
const GRAPHS = ['int8', 'next'] as const satisfies readonly GraphName[];

/** What came out of a window of frames. */
export interface Window {
  /** Longest time between two results, in milliseconds. */
  readonly longestGap: number;
  /** Of the time from the request to load the next release to the switch, in milliseconds; 0 without a swap. */
  readonly swapMilliseconds: number;
}

export class SwappingLine {
  /** Results whose release did not compute them. */
  mixed = 0;
  answered = 0;
  /** Results that do not follow the frame before: one was left out, came twice, or overtook another. */
  unordered = 0;
  private lastFrame = -1;
  private readonly slot = new ServingSlot();
  private readonly camera: EndlessCamera;
  private readonly graphOfRelease = new Map<string, GraphName>();
  private counter = 0;
  private lastResultAt = performance.now();
  private longestGap = 0;
  private running: Promise<void> = Promise.resolve();
  private wake: (() => void) | undefined;
  private wakeAt = Number.POSITIVE_INFINITY;

  private constructor(
    private readonly context: LineContext,
    private readonly images: readonly Buffer[],
    private readonly expected: Readonly<Record<string, readonly InferenceResult['confidence'][]>>,
  ) {
    this.camera = new EndlessCamera(images);
  }

  static async start(context: LineContext, images: readonly Buffer[]): Promise<SwappingLine> {
    const line = new SwappingLine(context, images, await confidences(context, images));
    line.slot.switchTo(await line.load()).keep(0);
    line.running = runLine({
      decoder: context.decoder,
      camera: line.camera,
      slot: line.slot,
      onDecision: (result) => line.take(result),
    });
    await line.window(20);
    return line;
  }

  get shown(): number {
    return this.camera.shown;
  }

  /** Waits for `frames` results. */
  async window(frames: number): Promise<Window> {
    this.longestGap = 0;
    await this.results(frames);
    return { longestGap: this.longestGap, swapMilliseconds: 0 };
  }

  /** Replaces the release, and waits for at least `frames` results, `after` of them from the new release. */
  async swapWindow(frames: number, after: number): Promise<Window> {
    this.longestGap = 0;
    const answeredBefore = this.answered;
    const started = performance.now();
    const next = await this.load();
    this.slot.switchTo(next).keep(0);
    const swapMilliseconds = performance.now() - started;
    await this.results(Math.max(after, frames - (this.answered - answeredBefore)));
    return { longestGap: this.longestGap, swapMilliseconds };
  }

  /** Ends when every frame that was shown is answered. */
  async stop(): Promise<void> {
    this.camera.stop();
    await this.running;
    await this.slot.current?.model.close();
  }

  private async load(): Promise<ActiveRelease> {
    const counter = ++this.counter;
    const graph = GRAPHS[counter % GRAPHS.length] as GraphName;
    const model = await this.context.modelHost().load(this.context.model.specificationOf(graph));
    const active = activeRelease(this.context, graph, model, counter);
    this.graphOfRelease.set(active.release.releaseId, graph);
    return active;
  }

  private results(count: number): Promise<void> {
    this.wakeAt = this.answered + count;
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private take(result: InferenceResult): void {
    const now = performance.now();
    this.longestGap = Math.max(this.longestGap, now - this.lastResultAt);
    this.lastResultAt = now;
    const graph = this.graphOfRelease.get(result.releaseId) ?? 'int8';
    const expected = this.expected[graph]?.[Number(result.frameId) % this.images.length];
    if (!isSame(result.confidence, expected)) this.mixed++;
    const frame = Number(result.frameId);
    if (frame !== this.lastFrame + 1) this.unordered++;
    this.lastFrame = frame;
    this.answered++;
    if (this.answered >= this.wakeAt) {
      this.wakeAt = Number.POSITIVE_INFINITY;
      this.wake?.();
    }
  }
}

/** A record's confidence has six digits. */
const CONFIDENCE_STEP = 1e-6;

const isSame = (one: number | undefined, other: number | undefined): boolean =>
  one !== undefined && other !== undefined && Math.abs(one - other) <= CONFIDENCE_STEP;

/**
 * What each graph answers for each image: by it a result shows who computed it.
 * @throws Error when the graphs answer the same
 */
async function confidences(
  context: LineContext,
  images: readonly Buffer[],
): Promise<Record<string, (number | undefined)[]>> {
  const { width, height } = context.model.description.input;
  const policy = completeImagePolicy({ width, height });
  return context.withModels(GRAPHS, async (models) => {
    const answers: Record<string, number[]> = { int8: [], next: [] };
    for (const image of images) {
      const pixels = await context.decoder.decode(image, MAXIMUM_PIXELS, policy);
      for (const graph of GRAPHS) {
        const { probabilities } = await models[graph].run(pixels);
        answers[graph]?.push(Math.min(1, Math.max(...probabilities)));
      }
    }
    const same = answers.int8?.findIndex((value, index) => isSame(value, answers.next?.[index])) ?? 0;
    if (same !== -1)
      throw new Error(`image ${same}: both releases answer the same, nobody can tell them apart`);
    return answers;
  });
}
