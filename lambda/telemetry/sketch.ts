/**
 * Sketches: mergeable summaries of results. Everything in one is a count or a sum, so merging is addition, and the table
 * can merge by `ADD` without reading first. Pure.
 */

import type { EmbeddingSums, Histogram, InferenceResult, Sketch } from '../../contracts';
import bins from '../../contracts/histogram-bins.json';
import { ownValue } from '../../contracts/own-value';
import { addEmbeddingSums } from './embedding-sums';
import { sketchPartition } from './sketch-partition';

/** What a sketch is about. `windowStart` is an ISO timestamp. */
export type SketchIdentity = Pick<Sketch, 'useCase' | 'releaseId' | 'deviceId' | 'windowStart'>;

export const HISTOGRAM_FEATURES = ['confidence', 'latency', 'brightness', 'contrast', 'sharpness'] as const;
export type HistogramFeature = (typeof HISTOGRAM_FEATURES)[number];

const COUNTERS = ['results', 'uncertain', 'invalid', 'offline', 'dropped', 'frameBytes'] as const;

/** Bins of log10 start here: a latency of zero would have no logarithm. */
const LEAST_LATENCY_MILLISECONDS = 10 ** bins.latency.minimum;

/** Histogram of a feature with nothing counted yet; bins are those of contracts/histogram-bins.json. */
export function emptyHistogram(feature: HistogramFeature): Histogram {
  const { minimum, maximum, bins: count } = bins[feature];
  return { minimum, maximum, counts: new Array<number>(count).fill(0) };
}

export function emptySketch(identity: SketchIdentity): Sketch {
  return {
    useCase: identity.useCase,
    releaseId: identity.releaseId,
    deviceId: identity.deviceId,
    windowStart: identity.windowStart,
    results: 0,
    uncertain: 0,
    invalid: 0,
    offline: 0,
    dropped: 0,
    frameBytes: 0,
    classCounts: {},
    confidence: emptyHistogram('confidence'),
    latency: emptyHistogram('latency'),
    brightness: emptyHistogram('brightness'),
    contrast: emptyHistogram('contrast'),
    sharpness: emptyHistogram('sharpness'),
    shadow: { compared: 0, disagreed: 0, directed: 0, newlyPassed: 0, newlyStopped: 0 },
  };
}

/** Index of the bin that counts `value`; a value outside the range falls into the first or the last one. */
function binOf({ minimum, maximum, counts }: Histogram, value: number): number {
  const bin = Math.floor(((value - minimum) / (maximum - minimum)) * counts.length);
  return Math.min(Math.max(bin, 0), counts.length - 1);
}

/** `histogram` with one more value. */
export function addToHistogram(histogram: Histogram, value: number): Histogram {
  const bin = binOf(histogram, value);
  return { ...histogram, counts: histogram.counts.with(bin, (histogram.counts[bin] ?? 0) + 1) };
}

/** Of a frame that another release answered too. Absent in sketches from before there were directions: none. */
export type ShadowCounts = Required<Sketch['shadow']>;

export const shadowCountsOf = ({ shadow }: Pick<Sketch, 'shadow'>): ShadowCounts => ({
  directed: 0,
  newlyPassed: 0,
  newlyStopped: 0,
  ...shadow,
});

/** What one frame adds to them. @param compared whether both may be expected to give the same class */
function shadowOf({ predictedClass, disposition, shadow }: InferenceResult, compared: boolean): ShadowCounts {
  const directed = disposition !== undefined && shadow?.disposition !== undefined;
  const [passes, passed] = [disposition === 'pass', shadow?.disposition === 'pass'];
  return {
    compared: Number(compared),
    disagreed: Number(compared && shadow?.predictedClass !== predictedClass),
    directed: Number(directed),
    newlyPassed: Number(directed && passes && !passed),
    newlyStopped: Number(directed && passed && !passes),
  };
}

function addShadows(left: ShadowCounts, right: ShadowCounts): ShadowCounts {
  return {
    compared: left.compared + right.compared,
    disagreed: left.disagreed + right.disagreed,
    directed: left.directed + right.directed,
    newlyPassed: left.newlyPassed + right.newlyPassed,
    newlyStopped: left.newlyStopped + right.newlyStopped,
  };
}

/** Own properties only: a class may be called 'constructor'. */
function countOf(counts: Readonly<Record<string, number>>, name: string): number {
  return ownValue(counts, name) ?? 0;
}

/**
 * `sketch` with one more result.
 * @param knownToShadow whether the release in `record.shadow` has this class; a class that it cannot know is no
 *   disagreement, so such frames are not compared
 */
export function addResult(
  sketch: Sketch,
  record: InferenceResult,
  knownToShadow: (className: string) => boolean,
): Sketch {
  const { predictedClass, confidence, image, shadow } = record;
  const compared = shadow !== undefined && predictedClass !== undefined && knownToShadow(predictedClass);
  const embedding = addEmbeddingSums(sketch.embedding, record.embedding);
  const milliseconds = Math.max(record.latencyMilliseconds.total, LEAST_LATENCY_MILLISECONDS);
  return {
    ...sketch,
    results: sketch.results + 1,
    uncertain: sketch.uncertain + (record.status === 'uncertain' ? 1 : 0),
    invalid: sketch.invalid + (record.status === 'invalid' ? 1 : 0),
    offline: sketch.offline + (record.online ? 0 : 1),
    frameBytes: sketch.frameBytes + (record.frameBytes ?? 0),
    classCounts:
      predictedClass === undefined
        ? sketch.classCounts
        : { ...sketch.classCounts, [predictedClass]: countOf(sketch.classCounts, predictedClass) + 1 },
    confidence: confidence === undefined ? sketch.confidence : addToHistogram(sketch.confidence, confidence),
    latency: addToHistogram(sketch.latency, Math.log10(milliseconds)),
    brightness: image ? addToHistogram(sketch.brightness, image.brightness) : sketch.brightness,
    contrast: image ? addToHistogram(sketch.contrast, image.contrast) : sketch.contrast,
    sharpness: image ? addToHistogram(sketch.sharpness, image.sharpness) : sketch.sharpness,
    shadow: addShadows(shadowCountsOf(sketch), shadowOf(record, compared)),
    ...(embedding && { embedding }),
  };
}

function addHistograms(left: Histogram, right: Histogram): Histogram {
  if (
    left.counts.length !== right.counts.length ||
    left.minimum !== right.minimum ||
    left.maximum !== right.maximum
  ) {
    throw new Error(
      `histograms with different bins cannot be merged: ${left.counts.length} over ${left.minimum}..${left.maximum} and ${right.counts.length} over ${right.minimum}..${right.maximum}`,
    );
  }
  return { ...left, counts: left.counts.map((count, index) => count + (right.counts[index] ?? 0)) };
}

function addSketches(left: Sketch, right: Sketch): Sketch {
  const embedding = addEmbeddingSums(left.embedding, right.embedding);
  const merged: Sketch = {
    ...left,
    classCounts: { ...left.classCounts },
    shadow: addShadows(shadowCountsOf(left), shadowCountsOf(right)),
    ...(embedding && { embedding }),
  };
  for (const counter of COUNTERS) merged[counter] = left[counter] + right[counter];
  for (const feature of HISTOGRAM_FEATURES) merged[feature] = addHistograms(left[feature], right[feature]);
  for (const [name, count] of Object.entries(right.classCounts)) {
    merged.classCounts[name] = countOf(left.classCounts, name) + count;
  }
  return merged;
}

/**
 * Sum of `sketches`; the identity is the first one's. `undefined` when there are none.
 * @throws Error when histograms have different bins
 */
export function mergeSketches(sketches: readonly Sketch[]): Sketch | undefined {
  return sketches.length === 0 ? undefined : sketches.reduce(addSketches);
}

/** Value below which a share `q` (0..1) of the counted values lies, linear within a bin; NaN when nothing is counted. */
export function quantile(histogram: Histogram, q: number): number {
  const total = histogram.counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return Number.NaN;
  const width = (histogram.maximum - histogram.minimum) / histogram.counts.length;
  const target = Math.min(Math.max(q, 0), 1) * total;
  let below = 0;
  for (const [index, count] of histogram.counts.entries()) {
    if (count > 0 && below + count >= target) {
      return histogram.minimum + width * (index + (target - below) / count);
    }
    below += count;
  }
  return histogram.maximum;
}

/** Quantile of the total latency in milliseconds. */
export function latencyQuantile(sketch: Sketch, q: number): number {
  return 10 ** quantile(sketch.latency, q);
}

/** Of the table's items. */
const SHADOW_ATTRIBUTES: readonly (readonly [keyof ShadowCounts, string])[] = [
  ['compared', 'shadowCompared'],
  ['disagreed', 'shadowDisagreed'],
  ['directed', 'shadowDirected'],
  ['newlyPassed', 'shadowNewlyPassed'],
  ['newlyStopped', 'shadowNewlyStopped'],
];

const CLASS_PREFIX = 'class:';
const EMBEDDING_PREFIX = 'embedding:';
const [EMBEDDING_COUNT, EMBEDDING_SQUARES] = ['embeddingCount', 'embeddingSquares'];

function flatten(sketch: Sketch): Record<string, number> {
  const flat: Record<string, number> = {};
  for (const counter of COUNTERS) flat[counter] = sketch[counter];
  const shadow = shadowCountsOf(sketch);
  for (const [name, attribute] of SHADOW_ATTRIBUTES) flat[attribute] = shadow[name];
  for (const [name, count] of Object.entries(sketch.classCounts)) flat[`${CLASS_PREFIX}${name}`] = count;
  for (const feature of HISTOGRAM_FEATURES) {
    for (const [index, count] of sketch[feature].counts.entries()) flat[`${feature}:${index}`] = count;
  }
  if (sketch.embedding) {
    flat[EMBEDDING_COUNT] = sketch.embedding.count;
    flat[EMBEDDING_SQUARES] = sketch.embedding.squares;
    for (const [index, sum] of sketch.embedding.sum.entries()) flat[`${EMBEDDING_PREFIX}${index}`] = sum;
  }
  return flat;
}

/** The item of a sketch, by what identifies both. */
export const sketchKey = ({
  useCase,
  releaseId,
  windowStart,
  deviceId,
}: Pick<Sketch, 'useCase' | 'releaseId' | 'windowStart' | 'deviceId'>): {
  readonly partition: string;
  readonly window: string;
} => ({ partition: sketchPartition(useCase, releaseId, deviceId), window: `${windowStart}#${deviceId}` });

/** Parts of a DynamoDB update: the clauses of its expression, and what their placeholders stand for. */
export interface SketchItemUpdate {
  readonly Key: { readonly partition: string; readonly window: string };
  /** Clauses of SET. */
  readonly set: readonly string[];
  /** Clauses of ADD. */
  readonly add: readonly string[];
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, string | number>>;
}

/** What an item is read by: whether it is one, and how many components an embedding has. */
const isKeptAtZero = (name: string): boolean => name === 'results' || name.startsWith(EMBEDDING_PREFIX);

/**
 * The update that adds `sketch` to its item. Other zeros are left out. Placeholders are numbered: an expression may have
 * 4 KB, and the largest (203 numbers and 100 classes) has 3 KB so.
 */
export function toItemUpdate(sketch: Sketch): SketchItemUpdate {
  const names: Record<string, string> = {};
  const values: Record<string, string | number> = {};
  const placeholder = (name: string, value: string | number): [string, string] => {
    const index = Object.keys(names).length;
    names[`#${index}`] = name;
    values[`:${index}`] = value;
    return [`#${index}`, `:${index}`];
  };
  const set = (['useCase', 'releaseId', 'deviceId', 'windowStart'] as const).map((name) =>
    placeholder(name, sketch[name]).join('='),
  );
  const add = Object.entries(flatten(sketch))
    .filter(([name, count]) => count !== 0 || isKeptAtZero(name))
    .map(([name, count]) => placeholder(name, count).join(' '));
  return { Key: sketchKey(sketch), set, add, names, values };
}

/** The sketch in an item that {@link toItemUpdate} made; unknown attributes are ignored. */
export function fromItem(item: Readonly<Record<string, unknown>>): Sketch {
  const number = (name: string): number => (Object.hasOwn(item, name) ? Number(item[name]) : 0);
  const sketch = emptySketch({
    useCase: String(item.useCase),
    releaseId: String(item.releaseId),
    deviceId: String(item.deviceId),
    windowStart: String(item.windowStart),
  });
  for (const counter of COUNTERS) sketch[counter] = number(counter);
  const shadow = shadowCountsOf(sketch);
  for (const [name, attribute] of SHADOW_ATTRIBUTES) shadow[name] = number(attribute);
  sketch.shadow = shadow;
  for (const feature of HISTOGRAM_FEATURES) {
    sketch[feature].counts = sketch[feature].counts.map((_, index) => number(`${feature}:${index}`));
  }
  for (const name of Object.keys(item)) {
    if (name.startsWith(CLASS_PREFIX)) sketch.classCounts[name.slice(CLASS_PREFIX.length)] = number(name);
  }
  const embedding = embeddingOf(item, number);
  if (embedding) sketch.embedding = embedding;
  return sketch;
}

/** Of an item from before there were sums of embeddings: none. */
function embeddingOf(
  item: Readonly<Record<string, unknown>>,
  number: (name: string) => number,
): EmbeddingSums | undefined {
  const names = Object.keys(item).filter((name) => name.startsWith(EMBEDDING_PREFIX));
  if (names.length === 0) return undefined;
  const sum = names.map((_, index) => number(`${EMBEDDING_PREFIX}${index}`));
  return { count: number(EMBEDDING_COUNT), sum, squares: number(EMBEDDING_SQUARES) };
}
