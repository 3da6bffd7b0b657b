/** Does a release compute on this device what the cloud computed, and which of its variants is fastest here? */
import { join } from 'node:path';
import type { GoldenSample, Release, Variant } from '../../../../contracts';
import { ownValue } from '../../../../contracts/own-value';
import {
  type DecodedImage,
  type ImageDecoder,
  type LoadedModel,
  type Log,
  ModelError,
  type ModelHost,
  type ModelSpecification,
} from '../ports';
import { goldenSampleProblem } from './golden-samples';
import type { ReleaseStore, StoredRelease } from './ports';
import { type RefusalCode, ReleaseRefusal } from './release-transitions';

/** Enough for a median that a single interruption does not move; below a tenth of a second for small networks. */
const TIMED_RUNS = 11;
/** A network that is too slow for {@link TIMED_RUNS} is measured by the runs that fit into this. */
const MEASUREMENT_BUDGET_MILLISECONDS = 2_000;

export interface SelfTestPorts {
  readonly store: Pick<ReleaseStore, 'readFile'>;
  readonly trialHost: ModelHost;
  readonly servingHost: ModelHost;
  readonly decoder: ImageDecoder;
  readonly log: Log;
  /** `linux-x64` or `linux-arm64`. */
  readonly architecture: string;
}

export interface TrialResult {
  readonly variant: string;
  /** Variant -> median milliseconds of one run, for every variant that passed. */
  readonly milliseconds: Readonly<Record<string, number>>;
}

/** The release's golden images, decoded. @throws ReleaseRefusal when one is not an image of the declared size */
async function goldenImages(
  stored: StoredRelease,
  { store, decoder }: Pick<SelfTestPorts, 'store' | 'decoder'>,
): Promise<DecodedImage[]> {
  const { height, width } = stored.release.input;
  return Promise.all(
    stored.release.goldenSamples.map(async ({ file }) => {
      const image = await decoder
        .decode(await store.readFile(stored, file), height * width)
        .catch((error: Error) => {
          throw new ReleaseRefusal('GOLDEN_SAMPLE_MISMATCH', `${file}: ${error.message}`);
        });
      if (image.height === height && image.width === width) return image;
      const actual = `${image.width}x${image.height}`;
      throw new ReleaseRefusal(
        'GOLDEN_SAMPLE_MISMATCH',
        `${file}: ${actual} pixels, input is ${width}x${height}`,
      );
    }),
  );
}

/**
 * In service a run that takes a hundred times what was measured at the installation hangs, or is as good as hanging: the
 * parts of that time have gone by. No less than 5 s: a start reads its files from a cold disk.
 */
const HANG = { times: 100, leastMilliseconds: 5_000 } as const;

/** @param measured median of a run, in milliseconds */
export function longestRunMilliseconds(measured: number | undefined): number | undefined {
  return measured !== undefined && measured > 0
    ? Math.max(HANG.leastMilliseconds, HANG.times * measured)
    : undefined;
}

export function specificationOf(stored: StoredRelease, variant: Variant): ModelSpecification {
  const { release, folder } = stored;
  const { novelty, embedding } = release;
  const file = release.files.find((candidate) => candidate.name === variant.file);
  if (!file)
    throw new ReleaseRefusal('RELEASE_INVALID', `'${variant.file}' is not among the release's files`);
  return {
    path: join(folder, file.name),
    sha256: file.sha256,
    input: release.input,
    classes: release.classes.length,
    ...(novelty && { novelty }),
    ...(embedding && { embedding }),
  };
}

const CODE_OF_KIND: Readonly<Record<ModelError['kind'], RefusalCode>> = {
  graph: 'GRAPH_REFUSED',
  contract: 'OUTPUT_CONTRACT',
  load: 'LOAD_FAILED',
  run: 'LOAD_FAILED',
  gone: 'LOAD_FAILED',
};

export function refusalOf(error: unknown, variant: string): ReleaseRefusal {
  if (error instanceof ReleaseRefusal) return error;
  const message = `${variant}: ${(error as Error).message}`.slice(0, 1000);
  // Ended from outside: that says nothing about the release.
  if (error instanceof ModelError && error.kind === 'gone' && !error.isOwnDoing) {
    return new ReleaseRefusal('INTERNAL_ERROR', message, true);
  }
  return new ReleaseRefusal(error instanceof ModelError ? CODE_OF_KIND[error.kind] : 'LOAD_FAILED', message);
}

async function checkSample(
  model: LoadedModel,
  variant: string,
  { release }: StoredRelease,
  sample: GoldenSample,
  image: DecodedImage,
): Promise<number> {
  const inference = await model.run(image);
  const problem = goldenSampleProblem(sample, variant, inference, release);
  if (problem) throw new ReleaseRefusal(problem.code, problem.message);
  return inference.milliseconds;
}

/** A variant loaded where a hanging graph can be killed. */
export interface Trial {
  readonly variant: Variant;
  readonly model: LoadedModel;
}

/** Runs `attempt` for each variant; see {@link loadTrials} for which failures are passed over. */
async function eachVariant<Item, Result>(
  items: readonly Item[],
  variantOf: (item: Item) => Variant,
  attempt: (item: Item) => Promise<Result>,
  log: Log,
): Promise<Result[]> {
  const results: Result[] = [];
  let failure: ReleaseRefusal | undefined;
  for (const item of items) {
    const variant = variantOf(item);
    try {
      results.push(await attempt(item));
    } catch (error) {
      failure = refusalOf(error, variant.name);
      if (variant.precision !== 'int8' || failure.isInterruption) throw failure;
      log.warn('variant left out', { variant: variant.name, code: failure.code, message: failure.message });
    }
  }
  if (results.length === 0)
    throw failure ?? new ReleaseRefusal('RELEASE_INVALID', 'the release has no variant');
  return results;
}

/**
 * Loads every variant that is meant for this architecture. An int8 variant that fails is left out when another one works: quantization may suit one
 * processor and not another. A failing fp32 variant refuses the release, because it is what the cloud evaluated.
 * @param opened receives each trial as it opens, so that the caller can close them whatever happens
 * @throws ReleaseRefusal LOAD_FAILED, OUTPUT_CONTRACT
 */
export async function loadTrials(
  stored: StoredRelease,
  opened: Trial[],
  ports: Pick<SelfTestPorts, 'trialHost' | 'log' | 'architecture'>,
): Promise<void> {
  await eachVariant(
    variantsFor(stored.release, ports.architecture),
    (variant) => variant,
    async (variant) => {
      opened.push({ variant, model: await ports.trialHost.load(specificationOf(stored, variant)) });
    },
    ports.log,
  );
}

/**
 * Runs the golden samples through every trial, times those that pass, and picks the fastest.
 * @throws ReleaseRefusal LOAD_FAILED, OUTPUT_CONTRACT, GOLDEN_SAMPLE_MISMATCH
 */
export async function compareTrials(
  stored: StoredRelease,
  trials: readonly Trial[],
  ports: Pick<SelfTestPorts, 'store' | 'decoder' | 'log'>,
): Promise<TrialResult> {
  const images = await goldenImages(stored, ports);
  const measured = await eachVariant(
    trials,
    (trial) => trial.variant,
    async ({ variant, model }) => {
      for (const [index, sample] of stored.release.goldenSamples.entries()) {
        await checkSample(model, variant.name, stored, sample, images[index] as DecodedImage);
      }
      return { variant: variant.name, median: await medianRun(model, images) };
    },
    ports.log,
  );
  const fastest = measured.reduce((best, next) => (next.median < best.median ? next : best));
  return {
    variant: fastest.variant,
    milliseconds: Object.fromEntries(measured.map(({ variant, median }) => [variant, median])),
  };
}

async function medianRun(model: LoadedModel, images: readonly DecodedImage[]): Promise<number> {
  const times: number[] = [];
  let spent = 0;
  while (times.length < TIMED_RUNS && spent < MEASUREMENT_BUDGET_MILLISECONDS) {
    const { milliseconds } = await model.run(images[times.length % images.length] as DecodedImage);
    times.push(milliseconds);
    spent += milliseconds;
  }
  return times.sort((left, right) => left - right)[times.length >> 1] as number;
}

/**
 * Loads a tested variant where it will serve, and runs the golden samples once more there: also the warm-up.
 * @throws ReleaseRefusal
 */
export async function loadServing(
  stored: StoredRelease,
  { variant: variantName, milliseconds }: TrialResult,
  ports: Pick<SelfTestPorts, 'store' | 'decoder' | 'servingHost'>,
): Promise<LoadedModel> {
  const variant = variantOf(stored.release, variantName);
  const longest = longestRunMilliseconds(ownValue(milliseconds, variantName));
  const specification: ModelSpecification = {
    ...specificationOf(stored, variant),
    ...(longest !== undefined && { longestRunMilliseconds: longest }),
  };
  // Side by side: the decoder and the model are processes of their own, and a line that starts waits for both.
  const [decoded, loaded] = await Promise.allSettled([
    goldenImages(stored, ports),
    ports.servingHost.load(specification),
  ]);
  if (decoded.status === 'rejected') {
    if (loaded.status === 'fulfilled') await loaded.value.close();
    throw decoded.reason;
  }
  if (loaded.status === 'rejected') throw refusalOf(loaded.reason, variant.name);
  const model = loaded.value;
  try {
    for (const [index, sample] of stored.release.goldenSamples.entries()) {
      await checkSample(model, variant.name, stored, sample, decoded.value[index] as DecodedImage);
    }
    return model;
  } catch (error) {
    await model.close();
    throw refusalOf(error, variant.name);
  }
}

/** A variant that names no architecture is meant for all of the release's. */
function variantsFor(release: Release, architecture: string): Variant[] {
  return release.variants.filter(
    ({ architectures }) => !architectures || (architectures as string[]).includes(architecture),
  );
}

function variantOf(release: Release, name: string): Variant {
  const variant = release.variants.find((candidate) => candidate.name === name);
  if (!variant) throw new ReleaseRefusal('RELEASE_INVALID', `the release has no variant '${name}'`);
  return variant;
}
