/** Releases of the benchmark's model, as a model component would carry them. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Release } from '../../contracts';
import type { DecodedImage } from '../../edge-components/inference/src/ports';
import { sha256Of } from '../../edge-components/inference/src/releases/release-verification';
import {
  COMPONENT,
  type SigningKey,
  signRelease,
  USE_CASE,
} from '../../test/edge-components/release-fixture';
import type { EdgeContext } from './context';
import type { GraphName } from './model';

const DAY_MILLISECONDS = 86_400_000;
const GOLDEN_SAMPLES = 8;
/** No benchmark uploads by novelty. */
const ANYTHING = { minimum: 0, maximum: 255, counts: [1, 1] };

/** A release whose only variant is this graph; without golden samples, so not for installation. */
export function releaseOf({ model }: EdgeContext, graph: GraphName, counter: number): Release {
  const { classes, thresholds, input } = model.description;
  const now = Date.now();
  const bytes = readFileSync(model.pathOf(graph));
  return {
    schemaVersion: 1,
    releaseId: `${USE_CASE}-${counter}`,
    counter,
    useCase: USE_CASE,
    modelPackageArn: `arn:aws:sagemaker:us-east-1:000000000000:model-package/${USE_CASE}/${counter}`,
    modelPackageVersion: counter,
    createdAt: new Date(now - DAY_MILLISECONDS).toISOString(),
    expiresAt: new Date(now + DAY_MILLISECONDS).toISOString(),
    target: { componentName: COMPONENT, architectures: ['linux-x64', 'linux-arm64'] },
    classes: [...classes],
    input: { ...input, resize: 'stretch' },
    files: [{ name: model.fileOf(graph), sha256: sha256Of(bytes), bytes: bytes.length }],
    variants: [{ name: graph, file: model.fileOf(graph), precision: graph === 'fp32' ? 'fp32' : 'int8' }],
    goldenSamples: [],
    thresholds: { ...thresholds },
    baseline: {
      confidence: ANYTHING,
      brightness: ANYTHING,
      contrast: ANYTHING,
      sharpness: ANYTHING,
      classCounts: Object.fromEntries(classes.map((name) => [name, 1])),
      accuracy: model.accuracyOf(graph),
    },
  };
}

const pngOf = ({ width, height, pixels }: DecodedImage): Promise<Buffer> =>
  sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();

/** Writes the golden samples of `graph` and describes them: what the graph answers for the first test images. */
async function writeGoldenSamples(
  context: EdgeContext,
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
  context: EdgeContext,
  graph: GraphName,
  counter: number,
  key: SigningKey,
  folder: string,
): Promise<Release> {
  mkdirSync(folder, { recursive: true });
  const bare = releaseOf(context, graph, counter);
  await copyFile(context.model.pathOf(graph), join(folder, context.model.fileOf(graph)));
  const goldenSamples = await writeGoldenSamples(context, graph, folder);
  const files = goldenSamples.map(({ file }) => {
    const bytes = readFileSync(join(folder, file));
    return { name: file, sha256: sha256Of(bytes), bytes: bytes.length };
  });
  const release: Release = { ...bare, files: [...bare.files, ...files], goldenSamples };
  writeFileSync(join(folder, 'release.dsse.json'), JSON.stringify(signRelease(release, key)));
  writeFileSync(join(folder, 'deliver-release.cjs'), '// stands for the startup script\n');
  return release;
}
