/** The model under the benchmarks, as the component sees it. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelInput } from '../../contracts';
import type { DecodedImage, ModelSpecification } from '../../edge-components/inference/src/ports';

export type GraphName = 'fp32' | 'int8' | 'next';

/** model.json of export_model.py. */
interface Description {
  readonly classes: readonly string[];
  readonly input: ModelInput;
  readonly thresholds: Readonly<Record<string, number>>;
  readonly testItems: number;
  /** Test images whose class the graph names, by file. */
  readonly correct: Readonly<Record<string, number>>;
}

export class BenchModel {
  readonly description: Description;
  /** Of the test split, 224 x 224. */
  readonly images: readonly DecodedImage[];
  /** The same, as raw RGB pixels. */
  readonly imagesPath: string;

  constructor(readonly folder: string) {
    this.description = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as Description;
    this.imagesPath = join(folder, 'test-images.rgb');
    const { width, height } = this.description.input;
    const pixels = readFileSync(this.imagesPath);
    const bytes = width * height * 3;
    this.images = Array.from({ length: pixels.length / bytes }, (_, index) => ({
      width,
      height,
      // A copy of its own: a view would carry the whole file into every message to the model's thread.
      pixels: new Uint8Array(pixels.subarray(index * bytes, (index + 1) * bytes)),
    }));
  }

  fileOf(graph: GraphName): string {
    return `model-${graph}.onnx`;
  }

  pathOf(graph: GraphName): string {
    return join(this.folder, this.fileOf(graph));
  }

  specificationOf(graph: GraphName): ModelSpecification {
    const path = this.pathOf(graph);
    return {
      path,
      sha256: createHash('sha256').update(readFileSync(path)).digest('hex'),
      input: this.description.input,
      classes: this.description.classes.length,
    };
  }

  /** Share of the test split whose class the graph names, 0..1. */
  accuracyOf(graph: GraphName): number {
    const correct = this.description.correct[this.fileOf(graph)];
    if (correct === undefined) throw new Error(`model.json: has no 'correct' of ${this.fileOf(graph)}`);
    return correct / this.description.testItems;
  }
}
