/**
 * How often chance alone says that embeddings have moved, over many releases, each with the luck of its own reference: classes
 * that vary in a few directions each, and a data set of two views of each part. No limit helps here, the test decides alone.
 */
import type { EmbeddingSums, Release } from '../../../contracts';
import { compareEmbedding } from '../../../lambda/monitoring/compare-embedding';
import { normal, seededRandom } from '../shared/builders';

const SIZE = 16;
const CLASSES = ['good', 'scratch', 'dent', 'stain'] as const;
const RELEASES = 400;
/** A hundredth for the embeddings of all, one for those of a class, and one for the confidence. */
const LIMITS = { embeddingLimit: 1e-9, falseAlarmProbability: 0.03 };
const [OF_ALL, OF_CLASSES] = [0.01, 0.01];
/** Of the rendered line: bench/drift. */
const CORRELATION_OF_VIEWS = 0.45;
type Random = () => number;
type Mix = Readonly<Record<(typeof CLASSES)[number], number>>;

/**
 * Deviations of the components of a class: most of its variance lies in a few of them, others in each class, so that all
 * classes together vary about alike in all components. (sum of variances)^2 / (sum of their squares) is 6.
 */
const DEVIATIONS = CLASSES.map((_, place) => {
  const variances = Array.from({ length: SIZE }, (__, index) => 0.72 ** ((index + 4 * place) % SIZE));
  const mean = variances.reduce((sum, one) => sum + one, 0) / SIZE;
  return variances.map((one) => Math.sqrt(one / mean));
});

function sumsOf(residuals: readonly (readonly number[])[]): EmbeddingSums {
  const sum = Array.from({ length: SIZE }, (_, index) =>
    residuals.reduce((all, one) => all + (one[index] ?? 0), 0),
  );
  const squares = residuals.flat().reduce((all, value) => all + value * value, 0);
  return { count: residuals.length, sum: sum as EmbeddingSums['sum'], squares };
}

/** A frame of a class; of a part of which there is another view, what both share is given. */
function frameOf(random: Random, place: number, shared: readonly number[] = []): number[] {
  const own = Math.sqrt(1 - (shared.length > 0 ? CORRELATION_OF_VIEWS : 0));
  return (DEVIATIONS[place] as number[]).map(
    (deviation, index) => deviation * normal(random, shared[index] ?? 0, own),
  );
}

/** Means of so many images of each class, two of each part. */
function releaseOf(
  random: Random,
  images: number,
): { release: Pick<Release, 'embedding'>; means: number[][] } {
  const means = CLASSES.map((_, place) => {
    const frames = Array.from({ length: images / 2 }, () => {
      const shared = Array.from({ length: SIZE }, () => normal(random, 0, Math.sqrt(CORRELATION_OF_VIEWS)));
      return [frameOf(random, place, shared), frameOf(random, place, shared)];
    }).flat();
    return sumsOf(frames).sum.map((sum) => sum / images);
  });
  const reference = Object.fromEntries(
    CLASSES.map((name, place) => [name, { images, mean: means[place] as EmbeddingSums['sum'] }]),
  );
  return { release: { embedding: { outputName: 'embedding', size: SIZE, reference } }, means };
}

function falseAlarms(frames: number, mix: Mix) {
  const random = seededRandom(61);
  const compared = Array.from({ length: RELEASES }, () => {
    const { release, means } = releaseOf(random, 100);
    const classCounts = Object.fromEntries(CLASSES.map((name) => [name, Math.round(frames * mix[name])]));
    const embeddingByClass = Object.fromEntries(
      CLASSES.map((name, place) => [
        name,
        sumsOf(
          Array.from({ length: classCounts[name] ?? 0 }, () =>
            frameOf(random, place).map((value, index) => value - (means[place]?.[index] ?? 0)),
          ),
        ),
      ]),
    );
    return compareEmbedding(release, { classCounts, embeddingByClass }, LIMITS);
  });
  const share = (is: (one: (typeof compared)[number]) => boolean | undefined) =>
    compared.filter(is).length / RELEASES;
  return { ofAll: share((one) => one?.drifted), ofClasses: share((one) => one?.ofClass?.drifted) };
}

/** Three deviations of a share above it. */
const most = (share: number): number => share + 3 * Math.sqrt((share * (1 - share)) / RELEASES);

test.each<[string, number, Mix]>([
  ['the mix of the data set, of few frames', 200, { good: 0.25, scratch: 0.25, dent: 0.25, stain: 0.25 }],
  ['the mix of the data set, of many frames', 1200, { good: 0.25, scratch: 0.25, dent: 0.25, stain: 0.25 }],
  ['a yield of 97 %, of few frames', 240, { good: 0.97, scratch: 0.01, dent: 0.01, stain: 0.01 }],
  ['a yield of 94 %, of many frames', 1200, { good: 0.94, scratch: 0.02, dent: 0.02, stain: 0.02 }],
])('[B14] chance alone is called drift no more often than is accepted: %s', (_, frames, mix) => {
  const { ofAll, ofClasses } = falseAlarms(frames, mix);
  expect(ofAll).toBeLessThanOrEqual(most(OF_ALL));
  expect(ofClasses).toBeLessThanOrEqual(most(OF_CLASSES));
});
