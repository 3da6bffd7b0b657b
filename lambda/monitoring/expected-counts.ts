/**
 * What a release expects to see of a line whose mix of classes is not its data set's. Pure.
 *
 * A factory makes 98 % good parts, a data set is made of defects: were the two compared as they are, every realistic
 * yield would be drift. What the images of one class look like does not depend on how many there are, so the mix is
 * corrected by the release's distributions of each class (prior shift: Saerens, Latinne and Decaestecker 2002, here by
 * predicted classes):
 *
 *     expected = reference + sum over classes of (share in the field - share in the reference) * distribution of the class
 */
import type { Histogram, Release, Sketch } from '../../contracts';
import { ownValue } from '../../contracts/own-value';
import type { HistogramFeature } from '../telemetry/sketch';

/** Features of which a release has a distribution of each class. */
export type BaselineFeature = Exclude<HistogramFeature, 'latency'>;

/** What the field is compared with: the release's baseline, or what the field itself was like once. */
export type Reference = Pick<Sketch, BaselineFeature | 'classCounts'>;
type ByClass = Release['baseline']['byClass'];

/** Below so many images a class's own distribution is luck; all classes' together stands in for it. */
const LEAST_OF_A_CLASS = 20;

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

function sharesOf(counts: Readonly<Record<string, number>>): (className: string) => number {
  const all = sumOf(Object.values(counts));
  return (className) => (ownValue(counts, className) ?? 0) / all;
}

/**
 * The histogram of `feature` that is expected of the field's mix of predicted classes.
 *
 * Its counts are those of a sample that knows as much: the reference of n results varies as 1 / n, and each difference
 * d of a share adds d^2 / (images of the class), so that a class of which the release has few images is not taken for
 * better known than it is. With the release's own baseline as the reference that is Kish's effective size (1965) of
 * its images, weighted by the field's shares.
 * @param byClass distributions by class; without them the mix is not corrected
 */
export function expectedHistogram(
  reference: Reference,
  byClass: ByClass,
  field: Sketch,
  feature: BaselineFeature,
): Histogram {
  const of = reference[feature];
  const size = sumOf(of.counts);
  const names = [...new Set([...Object.keys(reference.classCounts), ...Object.keys(field.classCounts)])];
  const [before, now] = [sharesOf(reference.classCounts), sharesOf(field.classCounts)];
  if (!byClass || size === 0 || !names.every((name) => Number.isFinite(now(name) - before(name)))) return of;
  const expected = of.counts.map((count) => count / size);
  let variance = 1 / size;
  for (const name of names) {
    const difference = now(name) - before(name);
    const own = ownValue(byClass, name)?.[feature];
    const known = own && sumOf(own.counts) >= LEAST_OF_A_CLASS ? own : of;
    const images = sumOf(known.counts);
    variance += difference ** 2 / images;
    for (const [bin, count] of known.counts.entries())
      expected[bin] = (expected[bin] ?? 0) + difference * (count / images);
  }
  // Where a class is taken out of a bin in which the reference, by luck, had none of it.
  const positive = expected.map((share) => Math.max(share, 0));
  const scale = 1 / (variance * sumOf(positive));
  return { ...of, counts: positive.map((share) => share * scale) };
}
