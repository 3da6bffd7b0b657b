/** What the benchmarks of networks share: every network of the catalogue, trained alike and exported. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelInput } from '../../contracts';
import { OnnxSession } from '../../edge-components/inference/src/models/inference-session';
import type { DecodedImage } from '../../edge-components/inference/src/ports';
import { made, PACKAGE, type Recipe, TRAINING_INGREDIENTS } from '../recipe';
import type { SuiteContext } from '../suite';

export type Variant = 'fp32' | 'int8';

/** One network in networks.json of train_networks.py. */
export interface TrainedNetwork {
  readonly name: string;
  /** Of one image. */
  readonly multiplyAccumulates: number;
  readonly parameters: number;
  /** Test images whose class the graph names. */
  readonly correct: Readonly<Record<Variant, number>>;
  /** Between the probabilities of PyTorch and of the fp32 graph, over the test split. */
  readonly largestDifference: number;
  readonly trainingSeconds: number;
}

interface Description {
  readonly classes: readonly string[];
  readonly input: ModelInput;
  readonly trainingItems: number;
  readonly testItems: number;
  readonly epochs: number;
  readonly widthMultiplier: number;
  readonly resolution: number;
  readonly networks: readonly TrainedNetwork[];
}

const NETWORKS: Recipe = {
  name: 'networks',
  script: 'train_networks.py',
  ingredients: [...TRAINING_INGREDIENTS, `${PACKAGE}/onnx_model.py`, 'training/requirements.lock'],
  announcement: 'training and exporting the networks, which takes about five minutes',
};

export class NetworksContext implements SuiteContext {
  readonly description: Description;
  /** Of the test split. */
  readonly images: readonly DecodedImage[];

  private constructor(private readonly folder: string) {
    this.description = JSON.parse(readFileSync(join(folder, 'networks.json'), 'utf8')) as Description;
    const { width, height } = this.description.input;
    const pixels = readFileSync(join(folder, 'test-images.rgb'));
    const bytes = width * height * 3;
    this.images = Array.from({ length: pixels.length / bytes }, (_, index) => ({
      width,
      height,
      pixels: new Uint8Array(pixels.subarray(index * bytes, (index + 1) * bytes)),
    }));
  }

  static async prepare(): Promise<NetworksContext> {
    return new NetworksContext(await made(NETWORKS));
  }

  /** @throws Error when there is none of this name */
  network(name: string): TrainedNetwork {
    const found = this.description.networks.find((network) => network.name === name);
    if (!found) throw new Error(`networks.json: has no network '${name}'`);
    return found;
  }

  accuracyOf({ correct }: TrainedNetwork, variant: Variant): number {
    return correct[variant] / this.description.testItems;
  }

  bytesOf({ name }: TrainedNetwork, variant: Variant): number {
    return statSync(this.pathOf(name, variant)).size;
  }

  /** The component's own session: it checks the graph against the edge's policy, and runs with one thread. */
  session({ name }: TrainedNetwork, variant: Variant): Promise<OnnxSession> {
    const path = this.pathOf(name, variant);
    const { input, classes } = this.description;
    const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
    return OnnxSession.load({ path, sha256, input, classes: classes.length });
  }

  private pathOf(name: string, variant: Variant): string {
    return join(this.folder, `${name}-${variant}.onnx`);
  }

  async close(): Promise<void> {
    // Nothing outlives its benchmark.
  }
}
