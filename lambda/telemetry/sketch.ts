/**
 * Sketches: mergeable summaries of results. Everything in one is a count or a sum, so merging is addition, and the table
 * can merge by `ADD` without reading first; all but the sums of embeddings by class, which are one value. Pure.
 */

import type { EmbeddingSums, Histogram, InferenceResult, Sketch } from '../../contracts';
import bins from '../../contracts/histogram-bins.json';
import { ownValue } from '../../contracts/own-value';
import { addEmbeddingSums, addSumsByClass, framesOf, type SumsByClass } from './embedding-sums';
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
  const embeddingByClass = addSumsByClass(sketch.embeddingByClass, sumsOf(record));
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
    ...(embeddingByClass && { embeddingByClass }),
  };
}

/**
 * What a record tells of its class. A component of before tells of all classes on a record of any: residuals have mean 0 in
 * every class, so that theirs may count for it, and only find less. Of a record without a class nobody knows where its
 * frames should lie.
 */
const sumsOf = ({ predictedClass, embedding }: InferenceResult): SumsByClass | undefined =>
  predictedClass !== undefined && embedding ? { [predictedClass]: embedding } : undefined;

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
  const embeddingByClass = addSumsByClass(left.embeddingByClass, right.embeddingByClass);
  const merged: Sketch = {
    ...left,
    classCounts: { ...left.classCounts },
    shadow: addShadows(shadowCountsOf(left), shadowCountsOf(right)),
    ...(embedding && { embedding }),
    ...(embeddingByClass && { embeddingByClass }),
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
/** Of windows from before sums were kept by class: read, and no longer written. */
const OLD_EMBEDDING = { prefix: 'embedding:', count: 'embeddingCount', squares: 'embeddingSquares' } as const;
/** The sums by class, and of how many frames they are, which grows with every write that changes them. */
const EMBEDDINGS = { byClass: 'embeddings', frames: 'embeddedFrames' } as const;

function flatten(sketch: Sketch): Record<string, number> {
  const flat: Record<string, number> = {};
  for (const counter of COUNTERS) flat[counter] = sketch[counter];
  const shadow = shadowCountsOf(sketch);
  for (const [name, attribute] of SHADOW_ATTRIBUTES) flat[attribute] = shadow[name];
  for (const [name, count] of Object.entries(sketch.classCounts)) flat[`${CLASS_PREFIX}${name}`] = count;
  for (const feature of HISTOGRAM_FEATURES) {
    for (const [index, count] of sketch[feature].counts.entries()) flat[`${feature}:${index}`] = count;
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
  /** What must hold, or it adds to what is no longer there. */
  readonly conditions: readonly string[];
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, string | number | SumsByClass>>;
}

/**
 * The update that adds `sketch` to its item. Zeros are left out, but for the number of results, by which an item is known.
 * Placeholders are numbered: an expression may have 4 KB, and the largest (203 numbers and 100 classes) has 3 KB so.
 * @param embeddings sums by class that the item had when it was read; the update fails where they have grown since
 */
export function toItemUpdate(sketch: Sketch, embeddings?: SumsByClass): SketchItemUpdate {
  const names: Record<string, string> = {};
  const values: Record<string, string | number | SumsByClass> = {};
  const placeholder = (name: string, value: string | number | SumsByClass): [string, string] => {
    const index = Object.keys(names).length;
    names[`#${index}`] = name;
    values[`:${index}`] = value;
    return [`#${index}`, `:${index}`];
  };
  const set = (['useCase', 'releaseId', 'deviceId', 'windowStart'] as const).map((name) =>
    placeholder(name, sketch[name]).join('='),
  );
  const add = Object.entries(flatten(sketch))
    .filter(([name, count]) => count !== 0 || name === 'results')
    .map(([name, count]) => placeholder(name, count).join(' '));
  const conditions: string[] = [];
  const sums = sketch.embeddingByClass && addSumsByClass(embeddings, sketch.embeddingByClass);
  if (sums) {
    set.push(placeholder(EMBEDDINGS.byClass, sums).join('='));
    const [name, added] = placeholder(EMBEDDINGS.frames, framesOf(sketch.embeddingByClass));
    add.push(`${name} ${added}`);
    if (embeddings) values[':before'] = framesOf(embeddings);
    conditions.push(embeddings ? `${name}=:before` : `attribute_not_exists(${name})`);
  }
  return { Key: sketchKey(sketch), set, add, conditions, names, values };
}

/** The sums by class in an item; `undefined` where it has none. */
export const sumsByClassIn = (item: Readonly<Record<string, unknown>>): SumsByClass | undefined =>
  item[EMBEDDINGS.byClass] as SumsByClass | undefined;

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
  const [embedding, embeddingByClass] = [oldEmbeddingOf(item, number), sumsByClassIn(item)];
  return { ...sketch, ...(embedding && { embedding }), ...(embeddingByClass && { embeddingByClass }) };
}

/** Of an item from before there were sums of embeddings, or from after they are kept by class: none. */
function oldEmbeddingOf(
  item: Readonly<Record<string, unknown>>,
  number: (name: string) => number,
): EmbeddingSums | undefined {
  const names = Object.keys(item).filter((name) => name.startsWith(OLD_EMBEDDING.prefix));
  if (names.length === 0) return undefined;
  const sum = names.map((_, index) => number(`${OLD_EMBEDDING.prefix}${index}`));
  return { count: number(OLD_EMBEDDING.count), sum, squares: number(OLD_EMBEDDING.squares) };
}
