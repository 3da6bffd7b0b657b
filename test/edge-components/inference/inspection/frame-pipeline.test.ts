import {
  type InferenceResult,
  type OperatingPointConfiguration,
  problemsOf,
  type Release,
} from '../../../../contracts';
import { type CompleteImagePolicy, policyOfInput } from '../../../../contracts/image-policy';
import type { UseCaseSettings } from '../../../../edge-components/inference/src/configuration/configuration';
import { ServingSums } from '../../../../edge-components/inference/src/inspection/embedding-sums';
import { FramePipeline } from '../../../../edge-components/inference/src/inspection/frame-pipeline';
import { operatingPoint } from '../../../../edge-components/inference/src/inspection/operating-point';
import {
  type DecodedImage,
  type Frame,
  type ImageDecoder,
  type Inference,
  type LoadedModel,
  ModelError,
  UnreadableFrame,
} from '../../../../edge-components/inference/src/ports';
import { Challenge } from '../../../../edge-components/inference/src/releases/challenge';
import {
  type ActiveRelease,
  ServingSlot,
} from '../../../../edge-components/inference/src/releases/serving-slot';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const settings = {
  limits: { maximumPixels: 100, maximumFrameBytes: 100 },
  upload: {
    privacy: 'selected',
    dailyByteBudget: 0,
    controlSampleProbability: 1,
    uncertaintyThreshold: 0,
    uncertainSampleProbability: 0,
    disagreementSampleProbability: 0,
    noveltySampleProbability: 0,
  },
} as UseCaseSettings;

const HISTOGRAM = { minimum: 0, maximum: 255, counts: [1, 1] };

/** Frames in the order in which they come. */
class FrameList {
  private readonly frames: Frame[] = [];
  private wake: () => void = () => undefined;
  private closed = false;

  get waiting(): number {
    return this.frames.length;
  }

  accept(frame: Frame): void {
    this.frames.push(frame);
    this.wake();
  }

  close(): void {
    this.closed = true;
    this.wake();
  }

  async next(): Promise<Frame | undefined> {
    while (this.frames.length === 0 && !this.closed) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.frames.shift();
  }
}

/** Everything that can go on has gone on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const frame = (frameId: string, text = frameId): Frame => ({
  cameraId: 'camera-1',
  frameId,
  capturedAt: '2026-11-23T12:00:00.000Z',
  bytes: Buffer.from(text),
  frameBytes: text.length,
  receivedAt: 0,
});

/** A model whose runs end when the test says so, or at once. */
class FakeModel implements LoadedModel {
  readonly gone = new Promise<never>(() => undefined);
  readonly waiting: (() => void)[] = [];
  closed = false;
  runs = 0;
  constructor(
    private readonly answer: readonly number[] | ModelError,
    private readonly manual = false,
    private readonly novelty?: number,
    private readonly embedding?: readonly number[],
  ) {}

  async run(_: DecodedImage): Promise<Inference> {
    this.runs++;
    if (this.manual) await new Promise<void>((resolve) => this.waiting.push(resolve));
    if (this.answer instanceof ModelError) throw this.answer;
    return {
      probabilities: this.answer,
      ...(this.novelty !== undefined && { novelty: this.novelty }),
      ...(this.embedding && { embedding: this.embedding }),
      statistics: { brightness: 1, contrast: 2, sharpness: 3 },
      milliseconds: 1,
    };
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

function active(counter: number, model: LoadedModel, input: object = {}): ActiveRelease {
  const release = {
    releaseId: `line-${counter}`,
    classes: ['good', 'bad'],
    thresholds: { good: 0.5, bad: 0.5 },
    input: { name: 'image', width: 2, height: 1, outputName: 'p', ...input },
    baseline: { brightness: HISTOGRAM, contrast: HISTOGRAM, sharpness: HISTOGRAM },
  } as unknown as Release;
  return { digest: String(counter), release, variant: 'fp32', model };
}

/** Takes the text of a frame for its kind. */
const textDecoder: ImageDecoder = {
  decode: async (bytes, _, policy) => {
    if (policy) {
      const { width, height } = policy;
      return { width, height, pixels: new Uint8Array(width * height * 3) };
    }
    if (bytes.toString() === 'garbage') throw new UnreadableFrame('frame is neither JPEG nor PNG');
    const width = bytes.toString() === 'wide' ? 3 : 2;
    return { width, height: 1, pixels: new Uint8Array(width * 3) };
  },
  toJpeg: async (bytes) => bytes,
};

type Ports = ConstructorParameters<typeof FramePipeline>[0];

interface Choices {
  readonly budget?: boolean;
  readonly onlyControl?: boolean;
  readonly upload?: Partial<UseCaseSettings['upload']>;
  readonly decoder?: ImageDecoder;
  readonly deadline?: number;
  readonly asked?: OperatingPointConfiguration;
  readonly secondOpinion?: Ports['secondOpinion'];
  readonly countEmbedding?: Ports['countEmbedding'];
}

function pipelineOf(
  slot: ServingSlot,
  {
    budget = true,
    onlyControl = false,
    upload,
    decoder = textDecoder,
    deadline,
    asked,
    secondOpinion,
    countEmbedding,
  }: Choices = {},
) {
  const queue = new FrameList();
  const decisions: InferenceResult[] = [];
  const results: InferenceResult[] = [];
  const gone: string[] = [];
  let sequence = 0;
  const pipeline = new FramePipeline({
    queue,
    decoder,
    slot,
    clock: { now: () => Date.parse('2026-11-23T12:00:01.000Z'), monotonic: () => 5 },
    log: silent,
    settings: () => ({ ...settings, upload: { ...settings.upload, ...upload } }),
    online: () => true,
    operatingPoint: (release) => operatingPoint(release, asked),
    deadlineMilliseconds: () => deadline,
    nextRecordId: () => `boot-${++sequence}`,
    random: () => 0.5,
    captures: { onlyControl: () => onlyControl, reserve: () => budget },
    ...(secondOpinion && { secondOpinion }),
    ...(countEmbedding && { countEmbedding }),
    onDecision: (result) => decisions.push(result),
    onResult: (result) => results.push(result),
    onModelGone: (active, { message }) => {
      gone.push(message);
      slot.withdraw(active);
    },
  });
  return { queue, pipeline, decisions, results, gone };
}

test('every kind of frame gets one result that fits the contract [case 24]', async () => {
  const slot = new ServingSlot();
  slot.switchTo(active(1, new FakeModel([0.9, 0.1]))).keep(0);
  const { queue, pipeline, results } = pipelineOf(slot);
  queue.accept(frame('good'));
  queue.accept(frame('broken', 'garbage'));
  queue.accept(frame('wide'));
  queue.accept({ ...frame('large'), discarded: 'frame has 99 bytes, more than 9', frameBytes: 99 });
  queue.close();
  await pipeline.run();
  for (const result of results) expect(problemsOf('inference-result', result)).toEqual([]);
  expect(results.map(({ frameId, status }) => [frameId, status])).toEqual([
    ['good', 'ok'],
    ['broken', 'invalid'],
    ['wide', 'invalid'],
    ['large', 'invalid'],
  ]);
  expect(results[0]).toMatchObject({
    captureId: 'boot-1',
    image: { brightness: 1 },
    latencyMilliseconds: { total: 5 },
  });
  expect(results[1]).not.toHaveProperty('captureId');
  expect(results[2]?.reason).toBe('frame is 3x1, the release takes 2x1');
  expect(results[3]).toMatchObject({ reason: 'frame has 99 bytes, more than 9', frameBytes: 99 });
});

test.each<[string, number | undefined, number, string]>([
  ['within the limit passes', 0.5, 0.25, 'pass'],
  ['above it goes to a person', 3, 1.5, 'review'],
  ['that is no number goes to a person', Number.NaN, 1000, 'review'],
  ['that the graph does not answer goes to a person', undefined, 1000, 'review'],
])('[B13] a frame with a score of novelty %s', async (_, score, novelty, disposition) => {
  const slot = new ServingSlot();
  const model = new FakeModel([0.9, 0.1], false, score);
  const { release, ...rest } = active(1, model);
  const dispositionPolicy = {
    codes: { good: 1, bad: 2 },
    classes: { good: 'pass' as const, bad: 'reject' as const },
    novel: 'review' as const,
  };
  const scored = { outputName: 'novelty', limits: { fp32: 2 } };
  slot.switchTo({ ...rest, release: { ...release, dispositionPolicy, novelty: scored } }).keep(0);
  const { queue, pipeline, results } = pipelineOf(slot);
  queue.accept(frame('good'));
  queue.close();
  await pipeline.run();
  expect(results[0]).toMatchObject({ predictedClass: 'good', novelty, disposition });
  expect(problemsOf('inference-result', results[0])).toEqual([]);
});

test('[B14] one result carries the sums of the valid answers of its release, and none of another beside it', async () => {
  const slot = new ServingSlot();
  const embedding = { outputName: 'embedding', size: 2, reference: { good: { images: 9, mean: [1, 1] } } };
  const serving = active(1, new FakeModel([0.9, 0.1], false, undefined, [1.5, 0]));
  slot.switchTo({ ...serving, release: { ...serving.release, embedding } }).keep(0);
  const beside = active(2, new FakeModel([0.9, 0.1], false, undefined, [7, 7]));
  slot.challenge(beside, {
    frames: 5,
    compared: () => undefined,
    end: () => undefined,
  } as unknown as Challenge);
  let seconds = 0;
  const sums = new ServingSums({
    clock: { monotonic: () => 1_000 * ++seconds },
    settings: () => ({ embeddingSums: { everySeconds: 8 } }),
  });
  const countEmbedding: Ports['countEmbedding'] = (...frame) => sums.count(...frame);
  const { queue, pipeline, results } = pipelineOf(slot, { countEmbedding });
  for (let number = 0; number < 11; number++) queue.accept(frame(`f${number}`));
  queue.accept(frame('broken', 'garbage'));
  for (let number = 12; number < 15; number++) queue.accept(frame(`f${number}`));
  queue.close();
  await pipeline.run();
  expect(results.flatMap((result) => (result.embedding ? [[result.frameId, result.embedding]] : []))).toEqual(
    [['f9', { count: 10, sum: [5, -10], squares: 12.5 }]],
  );
  for (const result of results) expect(problemsOf('inference-result', result)).toEqual([]);
});

test('a frame beyond the upload budget has no captureId', async () => {
  const slot = new ServingSlot();
  slot.switchTo(active(1, new FakeModel([0.9, 0.1]))).keep(0);
  const { queue, pipeline, results } = pipelineOf(slot, { budget: false });
  queue.accept(frame('good'));
  queue.close();
  await pipeline.run();
  expect(results[0]).not.toHaveProperty('captureId');
});

test('[B6] of a budget that is kept for the control sample nothing is taken for what is uncertain', async () => {
  const slot = new ServingSlot();
  slot.switchTo(active(1, new FakeModel([0.55, 0.45]))).keep(0);
  const chosen = async (onlyControl: boolean) => {
    const upload = {
      controlSampleProbability: 0.1,
      uncertaintyThreshold: 0.8,
      uncertainSampleProbability: 1,
    };
    const { queue, pipeline, results } = pipelineOf(slot, { onlyControl, upload });
    queue.accept(frame('uncertain'));
    queue.close();
    await pipeline.run();
    return results.map(({ captureId }) => captureId);
  };
  expect(await chosen(false)).toEqual(['boot-1']);
  expect(await chosen(true)).toEqual([undefined]);
});

test('[B8] a switch falls between two frames: the frame under way is answered by the release before', async () => {
  const slot = new ServingSlot();
  const before = new FakeModel([0.9, 0.1], true);
  slot.switchTo(active(1, before)).keep(0);
  const { queue, pipeline, results } = pipelineOf(slot);
  const running = pipeline.run();
  queue.accept(frame('a'));
  queue.accept(frame('b'));
  while (before.waiting.length === 0) await new Promise(setImmediate);
  slot.switchTo(active(2, new FakeModel([0.2, 0.8]))).keep(0);
  for (const finish of before.waiting) finish();
  queue.close();
  await running;
  expect(
    results.map(({ frameId, releaseId, predictedClass }) => [frameId, releaseId, predictedClass]),
  ).toEqual([
    ['a', 'line-1', 'good'],
    ['b', 'line-2', 'bad'],
  ]);
  expect(before.closed).toBe(true);
});

test('an undone switch leaves the release before in service and closes the new one', () => {
  const slot = new ServingSlot();
  const first = active(1, new FakeModel([1, 0]));
  const model = new FakeModel([1, 0]);
  slot.switchTo(first).keep(0);
  slot.switchTo(active(2, model)).undo();
  expect(slot.current).toBe(first);
  expect(model.closed).toBe(true);
});

test('[B3] the release before answers the same frames, for exactly the configured number', async () => {
  const slot = new ServingSlot();
  const shadow = new FakeModel([0.4, 0.6]);
  slot.switchTo(active(1, shadow)).keep(0);
  slot.switchTo(active(2, new FakeModel([0.9, 0.1]))).keep(2);
  const { queue, pipeline, decisions, results } = pipelineOf(slot);
  const running = pipeline.run();
  for (const [count, name] of ['a', 'b', 'c'].entries()) {
    queue.accept(frame(name));
    while (results.length <= count) await new Promise(setImmediate);
  }
  queue.close();
  await running;
  expect(results.map((result) => result.shadow)).toEqual([
    { releaseId: 'line-1', predictedClass: 'bad', confidence: 0.6, disposition: 'review' },
    { releaseId: 'line-1', predictedClass: 'bad', confidence: 0.6, disposition: 'review' },
    undefined,
  ]);
  expect(decisions.every((decision) => decision.shadow === undefined)).toBe(true);
  expect(shadow.closed).toBe(true);
});

test('[B3] a slow shadow does not hold up the line: frames that come meanwhile go without', async () => {
  const slot = new ServingSlot();
  const shadow = new FakeModel([0.4, 0.6], true);
  slot.switchTo(active(1, shadow)).keep(0);
  slot.switchTo(active(2, new FakeModel([0.9, 0.1]))).keep(100);
  const { queue, pipeline, decisions, results } = pipelineOf(slot);
  const running = pipeline.run();
  for (const name of ['a', 'b', 'c']) queue.accept(frame(name));
  while (decisions.length < 3) await new Promise(setImmediate);
  expect(shadow.runs).toBe(1);
  for (const finish of shadow.waiting) finish();
  queue.close();
  await running;
  expect(results.filter((result) => result.shadow)).toHaveLength(1);
});

test('a frame with which a model has ended its process is invalid, never good, and not tried again', async () => {
  const slot = new ServingSlot();
  slot.switchTo(active(1, new FakeModel(new ModelError('no answer within 20000 ms', 'gone', true)))).keep(0);
  const { queue, pipeline, results, gone } = pipelineOf(slot);
  queue.accept(frame('a'));
  queue.close();
  await pipeline.run();
  expect(results[0]).toMatchObject({
    status: 'invalid',
    reason: 'inference failed: no answer within 20000 ms',
  });
  expect(gone).toEqual(['no answer within 20000 ms']);
});

test('a frame whose model was killed from outside is answered by the next one, in its turn [S7]', async () => {
  const slot = new ServingSlot();
  const killed = new ModelError('inference process ended with SIGKILL: from outside', 'gone');
  slot.switchTo(active(1, new FakeModel(killed))).keep(0);
  const { queue, pipeline, results, gone } = pipelineOf(slot);
  for (const name of ['a', 'b']) queue.accept(frame(name));
  queue.close();
  const running = pipeline.run();
  await settled();
  expect([gone, results]).toEqual([[killed.message], []]);
  slot.switchTo(active(1, new FakeModel([0.9, 0.1]))).keep(0);
  await running;
  expect(results.map(({ frameId, status }) => [frameId, status])).toEqual([
    ['a', 'ok'],
    ['b', 'ok'],
  ]);
});

test('a release that stretches gets frames of every size; one that does not refuses other sizes', async () => {
  const slot = new ServingSlot();
  slot.switchTo(active(1, new FakeModel([0.9, 0.1]), { resize: 'stretch' })).keep(0);
  const { queue, pipeline, results } = pipelineOf(slot);
  queue.accept(frame('wide'));
  queue.close();
  await pipeline.run();
  expect(results[0]).toMatchObject({ status: 'ok' });
});

/** Decodes when the test says so. */
class ManualDecoder implements ImageDecoder {
  readonly waiting = new Map<string, () => void>();
  readonly started: string[] = [];

  async decode(bytes: Buffer, maximumPixels: number, policy?: CompleteImagePolicy): Promise<DecodedImage> {
    this.started.push(bytes.toString());
    await new Promise<void>((resolve) => this.waiting.set(bytes.toString(), resolve));
    return textDecoder.decode(bytes, maximumPixels, policy);
  }

  toJpeg = textDecoder.toJpeg;
}

test('two frames are decoded side by side, no more, and keep their order whichever is ready first', async () => {
  const slot = new ServingSlot();
  slot.switchTo(active(1, new FakeModel([0.9, 0.1]))).keep(0);
  const decoder = new ManualDecoder();
  const { queue, pipeline, results } = pipelineOf(slot, { decoder });
  const running = pipeline.run();
  for (const name of ['a', 'b', 'c']) queue.accept(frame(name));
  queue.close();
  await settled();
  expect(decoder.started).toEqual(['a', 'b']);
  decoder.waiting.get('b')?.();
  await settled();
  expect([decoder.started, results]).toEqual([['a', 'b'], []]);
  decoder.waiting.get('a')?.();
  await settled();
  expect(decoder.started).toEqual(['a', 'b', 'c']);
  decoder.waiting.get('c')?.();
  await running;
  expect(results.map(({ frameId }) => frameId)).toEqual(['a', 'b', 'c']);
});

test('while the model is busy at most two frames are taken: later ones can still give way in the queue', async () => {
  const slot = new ServingSlot();
  const model = new FakeModel([0.9, 0.1], true);
  slot.switchTo(active(1, model)).keep(0);
  const { queue, pipeline } = pipelineOf(slot);
  const running = pipeline.run();
  for (const name of ['a', 'b', 'c', 'd', 'e']) queue.accept(frame(name));
  await settled();
  expect([model.runs, queue.waiting]).toEqual([1, 2]);
  queue.close();
  while (queue.waiting > 0 || model.waiting.length > 0) {
    model.waiting.shift()?.();
    await settled();
  }
  await running;
  expect(model.runs).toBe(5);
});

test.each([
  ['another size', { width: 5, height: 4 }],
  ['another fit', { resize: 'crop' }],
  ['another region', { region: { x: 0, y: 0, width: 0.5, height: 1 } }],
  ['gray', { colour: 'gray' }],
])(
  '[B8] [B27] a switch to %s costs no frame: those decoded for the release before are decoded again',
  async (_, input) => {
    const decoded: [string, CompleteImagePolicy | undefined][] = [];
    const decoder: ImageDecoder = {
      ...textDecoder,
      decode: (bytes, maximumPixels, policy) => {
        decoded.push([bytes.toString(), policy]);
        return textDecoder.decode(bytes, maximumPixels, policy);
      },
    };
    const slot = new ServingSlot();
    const before = new FakeModel([0.9, 0.1], true);
    slot.switchTo(active(1, before, { resize: 'stretch' })).keep(0);
    const { queue, pipeline, results } = pipelineOf(slot, { decoder });
    const running = pipeline.run();
    for (const name of ['a', 'b', 'c']) queue.accept(frame(name));
    await settled();
    const next = active(2, new FakeModel([0.2, 0.8]), { resize: 'stretch', ...input });
    slot.switchTo(next).keep(0);
    for (const finish of before.waiting) finish();
    queue.close();
    await running;
    expect(results.map(({ frameId, releaseId, status }) => [frameId, releaseId, status])).toEqual([
      ['a', 'line-1', 'ok'],
      ['b', 'line-2', 'ok'],
      ['c', 'line-2', 'ok'],
    ]);
    // The last time that each was decoded, it was for the release that answered.
    const last = new Map(decoded);
    expect(['b', 'c'].map((name) => last.get(name))).toEqual(
      ['b', 'c'].map(() => policyOfInput(next.release.input)),
    );
  },
);

test('[B3] [B27] a release that makes something else of a frame is not compared on the same pixels', async () => {
  const slot = new ServingSlot();
  slot.switchTo(active(1, new FakeModel([0.9, 0.1]), { resize: 'stretch' })).keep(0);
  expect(slot.canChallenge(active(2, new FakeModel([0.4, 0.6]), { resize: 'stretch' }).release)).toBe(true);
  expect(slot.canChallenge(active(2, new FakeModel([0.4, 0.6]), { resize: 'none' }).release)).toBe(true);
  expect(slot.canChallenge(active(2, new FakeModel([0.4, 0.6]), { resize: 'crop' }).release)).toBe(false);
  expect(slot.canChallenge(active(2, new FakeModel([0.4, 0.6]), { width: 5 }).release)).toBe(false);
});

test('[B3] a challenger answers without effect: its disagreement is counted, not reported', async () => {
  const slot = new ServingSlot();
  slot.switchTo(active(1, new FakeModel([0.9, 0.1]))).keep(0);
  const challenge = new Challenge(2);
  slot.challenge(active(2, new FakeModel([0.4, 0.6])), challenge);
  const { queue, pipeline, results } = pipelineOf(slot);
  const running = pipeline.run();
  for (const [count, name] of ['a', 'b', 'c'].entries()) {
    queue.accept(frame(name));
    while (results.length <= count) await new Promise(setImmediate);
  }
  queue.close();
  await running;
  await challenge.ended;
  expect(challenge.outcome).toEqual({ frames: 2, disagreements: 2, latencyRatio: 1 });
  expect(results.map(({ releaseId, shadow }) => [releaseId, shadow])).toEqual(
    results.map(() => ['line-1', undefined]),
  );
});

describe('[S10] a second opinion', () => {
  const opinion = {
    outcome: 'answered',
    predictedClass: 'bad',
    confidence: 0.9,
    disposition: 'reject',
    decided: true,
    milliseconds: 80,
  } as const;

  test('is asked for about what goes to review and can be read; the line waits for none', async () => {
    const slot = new ServingSlot();
    slot.switchTo(active(1, new FakeModel([0.6, 0.4]))).keep(0);
    const asked: string[] = [];
    let answer: (value: typeof opinion) => void = () => undefined;
    const { queue, pipeline, decisions, results } = pipelineOf(slot, {
      secondOpinion: ({ frame: { frameId } }) => {
        asked.push(frameId);
        return new Promise((resolve) => {
          answer = resolve;
        });
      },
    });
    const running = pipeline.run();
    // Without a policy every part goes to review.
    queue.accept(frame('a'));
    queue.accept(frame('broken', 'garbage'));
    await settled();
    expect(asked).toEqual(['a']);
    expect(decisions.map(({ frameId, disposition }) => [frameId, disposition])).toEqual([
      ['a', 'review'],
      ['broken', 'review'],
    ]);
    expect(results.map(({ frameId }) => frameId)).toEqual(['broken']);
    answer(opinion);
    queue.close();
    await running;
    const [, result] = results;
    expect(result).toMatchObject({ frameId: 'a', predictedClass: 'good', disposition: 'reject' });
    expect(result?.secondOpinion).toEqual(opinion);
    expect(problemsOf('inference-result', result)).toEqual([]);
  });

  test('that came too late for the line is kept beside the result, and decides nothing', async () => {
    const slot = new ServingSlot();
    slot.switchTo(active(1, new FakeModel([0.6, 0.4]))).keep(0);
    const { queue, pipeline, results } = pipelineOf(slot, {
      secondOpinion: async () => ({ ...opinion, decided: false }),
    });
    queue.accept(frame('a'));
    queue.close();
    await pipeline.run();
    expect(results[0]).toMatchObject({ disposition: 'review', secondOpinion: { disposition: 'reject' } });
  });
});
const POLICY = {
  codes: { good: 1, bad: 2 },
  classes: { good: 'pass', bad: 'reject' },
  novel: 'as-classified',
  contradicted: 'review',
  operatingRange: {
    bounds: { good: { lowest: 0.4, highest: 0.95 } },
    costs: { escape: 100, falseReject: 1, review: 0.5 },
  },
} as const;

/** Serves release 2, which says `good`, with a policy. */
function withPolicy(model: LoadedModel, policy: Partial<Release['dispositionPolicy']> = {}): ActiveRelease {
  const { release, ...rest } = active(2, model);
  const dispositionPolicy = { ...POLICY, ...policy } as Release['dispositionPolicy'];
  return { ...rest, release: { ...release, modelPackageVersion: 7, dispositionPolicy } as Release };
}

/** What became of one frame: the decision, which the line gets, and the result. */
async function answerOf(slot: ServingSlot, choices: Choices = {}) {
  const { queue, pipeline, decisions, results } = pipelineOf(slot, choices);
  const running = pipeline.run();
  queue.accept(frame('a'));
  queue.close();
  await running;
  const [decision, result] = [decisions[0] as InferenceResult, results[0] as InferenceResult];
  expect(problemsOf('inference-result', result)).toEqual([]);
  return { decision, result, reviews: pipeline.reviews.said };
}

test.each([
  ['shadow', 'review', { disposition: 'review', reviewReason: 'contradicted' }, '1 contradicted'],
  ['challenger', 'review', { disposition: 'review', reviewReason: 'contradicted' }, '1 contradicted'],
  ['shadow', 'as-classified', { disposition: 'pass' }, 'none'],
  ['challenger', 'as-classified', { disposition: 'pass' }, 'none'],
] as const)(
  '[B13] a frame that a %s contradicts: %s, in the decision, the result and the counts',
  async (role, contradicted, expected, counted) => {
    const slot = new ServingSlot();
    const other = active(1, new FakeModel([0.1, 0.9]));
    const own = withPolicy(new FakeModel([0.9, 0.1]), { contradicted });
    if (role === 'shadow') {
      slot.switchTo(other).keep(0);
      slot.switchTo(own).keep(1);
    } else {
      slot.switchTo(own).keep(0);
      slot.challenge(other, new Challenge(1));
    }
    const { decision, result, reviews } = await answerOf(slot);
    const { disposition, reviewReason } = decision;
    expect({ disposition, ...(reviewReason && { reviewReason }) }).toEqual(expected);
    expect(result).toMatchObject({ status: 'ok', predictedClass: 'good', ...expected });
    expect(reviews).toBe(counted);
  },
);

test('[B13] a release beside that agrees, or does not answer in time, takes nothing from a certain answer', async () => {
  for (const other of [new FakeModel([0.8, 0.2]), new FakeModel([0.1, 0.9], true)]) {
    const slot = new ServingSlot();
    slot.switchTo(active(1, other)).keep(0);
    slot.switchTo(withPolicy(new FakeModel([0.9, 0.1]))).keep(1);
    const { queue, pipeline, decisions } = pipelineOf(slot);
    const running = pipeline.run();
    queue.accept(frame('a'));
    while (decisions.length < 1) await settled();
    expect(decisions[0]).toMatchObject({ disposition: 'pass' });
    for (const finish of other.waiting) finish();
    queue.close();
    await running;
  }
});

test.each([
  [undefined, { disposition: 'pass' }],
  [5, { disposition: 'pass' }],
  // The clock of the test stands 5 ms after the frame.
  [4, { disposition: 'review', reviewReason: 'late', status: 'ok', predictedClass: 'good' }],
])(
  '[B13] with a deadline of %s ms the answer is or is not for the part that is there',
  async (deadline, expected) => {
    const slot = new ServingSlot();
    slot.switchTo(withPolicy(new FakeModel([0.9, 0.1]))).keep(0);
    const { decision } = await answerOf(slot, deadline === undefined ? {} : { deadline });
    expect(decision).toMatchObject(expected);
  },
);

test('[B13] a frame that cannot be decoded is for review, and nothing that a policy says lets it pass', async () => {
  const slot = new ServingSlot();
  slot.switchTo(withPolicy(new FakeModel([0.9, 0.1]))).keep(0);
  const { queue, pipeline, decisions } = pipelineOf(slot);
  const running = pipeline.run();
  for (const text of ['garbage', 'wide']) queue.accept(frame(text));
  queue.close();
  await running;
  expect(decisions.map(({ status, disposition }) => [status, disposition])).toEqual([
    ['invalid', 'review'],
    ['invalid', 'review'],
  ]);
  expect(pipeline.reviews.said).toBe('2 invalid');
});

test.each([
  [0.95, 7, { status: 'uncertain', disposition: 'review', threshold: 0.95 }],
  [0.45, 7, { status: 'ok', disposition: 'pass', threshold: 0.45 }],
  // Refused, or another model's: the release's own 0.5 holds, and the result names no other.
  [0.96, 7, { status: 'ok', disposition: 'pass' }],
  [0.95, 6, { status: 'ok', disposition: 'pass' }],
])(
  '[B13] a threshold of %s for model %s holds, and the result names it',
  async (threshold, modelPackageVersion, expected) => {
    const slot = new ServingSlot();
    slot.switchTo(withPolicy(new FakeModel([0.9, 0.1]))).keep(0);
    const asked = {
      modelPackageVersion,
      thresholds: [{ class: 'good', threshold }],
      at: '2026-11-27T12:00:00Z',
    };
    const { result } = await answerOf(slot, { asked });
    expect(result).toMatchObject(expected);
    expect('threshold' in result).toBe('threshold' in expected);
  },
);
