/** Valid values of the contracts, for tests; every field may be overridden. */
import type {
  CompressedResultsBatch,
  InferenceResult,
  Label,
  Release,
  ResultsBatch,
  Sketch,
} from '../../../contracts';
import { COMPRESSED_VERSION, compressRecords } from '../../../contracts/compressed-records';
import { modelComponentName, releaseIdOf } from '../../../lambda/registry/names';
import { captureImageKey } from '../../../lambda/telemetry/names';
import { emptyHistogram, emptySketch, type HistogramFeature } from '../../../lambda/telemetry/sketch';

export const USE_CASE = 'surface';
export const SCOPE = { environmentName: 'local', useCase: USE_CASE };
export const DEVICE = 'line-1';
export const RECEIVED_AT = Date.parse('2026-03-01T10:20:30.000Z');

/** Looked up once: inside Jest each look-up of a global costs a call, and the draws make millions. */
const { cos, floor, imul, log, max, min, PI, sqrt } = Math;

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = imul(state ^ (state >>> 15), state | 1);
    t = (t + imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Normal variate by Box and Muller. */
export function normal(random: () => number, mean: number, deviation: number): number {
  const radius = sqrt(-2 * log(1 - random()));
  return mean + deviation * radius * cos(2 * PI * random());
}

/** `undefined` takes an optional field out. */
type Overrides<Value> = { [Key in keyof Value]?: Value[Key] | undefined };

export function aResult(overrides: Overrides<InferenceResult> = {}): InferenceResult {
  const result = {
    recordId: 'boot-1',
    frameId: 'frame-1',
    releaseId: releaseIdOf(USE_CASE, 2),
    variant: 'int8',
    capturedAt: '2026-03-01T10:15:00.000Z',
    inferredAt: '2026-03-01T10:15:00.100Z',
    status: 'ok',
    predictedClass: 'good',
    confidence: 0.93,
    latencyMilliseconds: { total: 12 },
    online: true,
    image: { brightness: 120, contrast: 30, sharpness: 8 },
    frameBytes: 4000,
    ...overrides,
  };
  return Object.fromEntries(
    Object.entries(result).filter(([, value]) => value !== undefined),
  ) as unknown as InferenceResult;
}

export function aBatch(overrides: Partial<ResultsBatch> = {}): ResultsBatch {
  return {
    schemaVersion: 1,
    batchId: 'batch-1',
    deviceId: DEVICE,
    useCase: USE_CASE,
    sentAt: '2026-03-01T10:20:00.000Z',
    droppedRecords: 0,
    records: [aResult()],
    ...overrides,
  };
}

/** A batch as a device sends it. */
export function aCompressedBatch({ records, ...batch } = aBatch()): CompressedResultsBatch {
  const compressed = compressRecords(records.map((record) => JSON.stringify(record)));
  return { ...batch, schemaVersion: COMPRESSED_VERSION, encoding: 'deflate', records: compressed };
}

/** Body of a queue message, as the topic rule makes it. */
export function aMessage(payload: object, topic: object = {}): string {
  return JSON.stringify({
    ...payload,
    topicUseCase: USE_CASE,
    topicThingName: DEVICE,
    receivedAt: RECEIVED_AT,
    ...topic,
  });
}

export function aSketch(overrides: Partial<Sketch> = {}): Sketch {
  return {
    ...emptySketch({
      useCase: USE_CASE,
      releaseId: releaseIdOf(USE_CASE, 2),
      deviceId: DEVICE,
      windowStart: '2026-03-01T10:00:00.000Z',
    }),
    ...overrides,
  };
}

export function histogramOf(feature: HistogramFeature, values: readonly number[]) {
  const histogram = emptyHistogram(feature);
  const { minimum, maximum, counts } = histogram;
  for (const value of values) {
    const bin = min(
      max(floor(((value - minimum) / (maximum - minimum)) * counts.length), 0),
      counts.length - 1,
    );
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return histogram;
}

export function aRelease(overrides: Partial<Release> = {}): Release {
  const sha256 = 'a'.repeat(64);
  return {
    schemaVersion: 1,
    releaseId: releaseIdOf(USE_CASE, 2),
    counter: 2,
    useCase: USE_CASE,
    modelPackageArn: 'arn:aws:sagemaker:eu-central-1:000000000000:model-package/kaizen-local--surface/1',
    modelPackageVersion: 1,
    createdAt: '2026-02-01T00:00:00.000Z',
    expiresAt: '2027-02-01T00:00:00.000Z',
    target: { componentName: modelComponentName(SCOPE), architectures: ['linux-x64'] },
    classes: ['good', 'scratch'],
    input: { name: 'image', height: 64, width: 64, outputName: 'probabilities' },
    files: [{ name: 'model-int8.onnx', sha256, bytes: 10 }],
    variants: [{ name: 'int8', file: 'model-int8.onnx', precision: 'int8' }],
    goldenSamples: [{ file: 'golden-1.png', probabilities: { int8: [0.9, 0.1] } }],
    thresholds: { good: 0.5 },
    baseline: {
      confidence: emptyHistogram('confidence'),
      brightness: emptyHistogram('brightness'),
      contrast: emptyHistogram('contrast'),
      sharpness: emptyHistogram('sharpness'),
      classCounts: {},
      accuracy: 0.97,
    },
    ...overrides,
  };
}

export function aLabel(overrides: Partial<Label> = {}): Label {
  return {
    useCase: USE_CASE,
    captureId: 'capture-1',
    label: 'good',
    labelledAt: '2026-03-01T12:00:00.000Z',
    labelledBy: 'operator',
    deviceId: DEVICE,
    releaseId: releaseIdOf(USE_CASE, 2),
    capturedAt: '2026-03-01T10:15:00.000Z',
    predictedClass: 'good',
    confidence: 0.9,
    reasons: ['control'],
    inclusionProbability: 0.5,
    imageKey: captureImageKey(USE_CASE, { deviceId: DEVICE, captureId: 'capture-1' }),
    sha256: 'b'.repeat(64),
    ...overrides,
  };
}
