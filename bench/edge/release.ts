/** Releases of the benchmark's model, as a model component would carry them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Release } from '../../contracts';
import type { DecodedImage } from '../../edge-components/inference/src/ports';
import {
  baselineOf,
  describeFiles,
  describeRelease,
  type SigningKey,
  writeEnvelope,
} from '../../test/edge-components/release-fixture';
import type { LineContext } from './line-context';
import type { GraphName } from './model';

const GOLDEN_SAMPLES = 8;
/** No benchmark uploads by novelty. */
const ANYTHING = { minimum: 0, maximum: 255, counts: [1, 1] };

/** A release whose only variant is this graph; without golden samples, so not for installation. */
export function releaseOf({ model }: Pick<LineContext, 'model'>, graph: GraphName, counter: number): Release {
  const { classes, thresholds, input } = model.description;
  const file = model.fileOf(graph);
  return describeRelease({
    counter,
    classes: [...classes],
    input: { ...input, resize: 'stretch' },
    files: describeFiles(model.folder, [file]),
    variants: [{ name: graph, file, precision: graph === 'fp32' ? 'fp32' : 'int8' }],
    goldenSamples: [],
    thresholds: { ...thresholds },
    baseline: baselineOf(classes, ANYTHING, model.accuracyOf(graph)),
  });
}

const pngOf = ({ width, height, pixels }: DecodedImage): Promise<Buffer> =>
  sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();

/** Writes the golden samples of `graph` and describes them: what the graph answers for the first test images. */
async function writeGoldenSamples(
  context: LineContext,
  graph: GraphName,
  folder: string,
): Promise<Release['goldenSamples']> {
  return context.withModels([graph], async (models) => {
    const samples: Release['goldenSamples'] = [];
    for (const [index, image] of context.model.images.slice(0, GOLDEN_SAMPLES).entries()) {
      const file = `golden-${index}.png`;
      writeFileSync(join(folder, file), await pngOf(image));
      const { probabilities } = await models[graph].run(image);
      samples.push({ file, probabilities: { [graph]: [...probabilities] } });
    }
    return samples;
  });
}

/** The artifact folder of a model component: graph, golden samples, signed envelope, startup script. */
export async function writeOffer(
  context: LineContext,
  graph: GraphName,
  counter: number,
  key: SigningKey,
  folder: string,
): Promise<Release> {
  mkdirSync(folder, { recursive: true });
  const bare = releaseOf(context, graph, counter);
  await copyFile(context.model.pathOf(graph), join(folder, context.model.fileOf(graph)));
  const goldenSamples = await writeGoldenSamples(context, graph, folder);
  const names = [context.model.fileOf(graph), ...goldenSamples.map(({ file }) => file)];
  const release: Release = { ...bare, files: describeFiles(folder, names), goldenSamples };
  writeEnvelope(folder, release, key);
  return release;
}
