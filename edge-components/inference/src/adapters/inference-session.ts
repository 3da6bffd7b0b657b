/** One ONNX graph in this thread. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { imageStatistics } from '../domain/image-statistics';
import { type DecodedImage, type Inference, ModelError, type ModelSpecification } from '../ports';

const OPTIONS: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  // One thread, and no spinning while it waits: the frame decoder needs the other core. With two spinning threads a
  // frame takes twice as long on two cores.
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  logSeverityLevel: 3,
  extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
};

const shapeOf = (shape: readonly (number | string)[]): string => `[${shape.join(', ')}]`;

export class OnnxSession {
  private constructor(
    private readonly session: InferenceSession,
    private readonly specification: ModelSpecification,
  ) {}

  /**
   * Hashes exactly the bytes that it hands to ONNX Runtime: one flipped weight bit loads and runs, with other scores.
   * Bytes without a path also leave external data nowhere to come from.
   * @throws ModelError load, contract
   */
  static async load(specification: ModelSpecification): Promise<OnnxSession> {
    const bytes = await readFile(specification.path);
    if (createHash('sha256').update(bytes).digest('hex') !== specification.sha256) {
      throw new ModelError('the file does not have its declared digest', 'load');
    }
    const session = await InferenceSession.create(bytes, OPTIONS).catch((error: Error) => {
      throw new ModelError(`ONNX Runtime refuses the file: ${error.message}`, 'load');
    });
    const problem = contractProblem(session, specification);
    if (problem !== undefined) throw new ModelError(problem, 'contract');
    return new OnnxSession(session, specification);
  }

  /** @throws ModelError run: wrong size, failed run; contract: an output that is no row of float32 */
  async run(pixels: Uint8Array): Promise<Inference> {
    const { name, height, width, outputName } = this.specification.input;
    if (pixels.length !== height * width * 3) {
      throw new ModelError(`${pixels.length} bytes are no ${width}x${height} RGB image`, 'run');
    }
    const image: DecodedImage = { width, height, pixels };
    const started = performance.now();
    const outputs = await this.session
      .run({ [name]: new Tensor('uint8', pixels, [height, width, 3]) }, [outputName])
      .catch((error: Error) => {
        throw new ModelError(error.message, 'run');
      });
    const milliseconds = performance.now() - started;
    const output = outputs[outputName];
    if (output?.type !== 'float32' || output.dims.length !== 1) {
      throw new ModelError(
        `output '${outputName}' is ${output?.type} ${shapeOf(output?.dims ?? [])}`,
        'contract',
      );
    }
    const probabilities = Array.from(output.data as Float32Array);
    return { probabilities, statistics: imageStatistics(image), milliseconds };
  }
}

/** Compares the graph's signature with the release; a dimension that the graph leaves open fits. */
function contractProblem(
  session: InferenceSession,
  { input, classes }: ModelSpecification,
): string | undefined {
  const only = session.inputMetadata[0];
  if (session.inputNames.length !== 1 || !only?.isTensor || only.name !== input.name) {
    return `inputs are ${session.inputNames.join(', ')}, expected only '${input.name}'`;
  }
  if (only.type !== 'uint8' || !fits(only.shape, [input.height, input.width, 3])) {
    return `input '${input.name}' is ${only.type} ${shapeOf(only.shape)}, expected uint8 [${input.height}, ${input.width}, 3]`;
  }
  const output = session.outputMetadata.find((candidate) => candidate.name === input.outputName);
  if (!output?.isTensor)
    return `outputs are ${session.outputNames.join(', ')}, expected '${input.outputName}'`;
  if (output.type !== 'float32' || !fits(output.shape, [classes])) {
    return `output '${input.outputName}' is ${output.type} ${shapeOf(output.shape)}, expected float32 [${classes}]`;
  }
  return undefined;
}

function fits(shape: readonly (number | string)[], expected: readonly number[]): boolean {
  return (
    shape.length === expected.length &&
    shape.every((size, index) => typeof size === 'string' || size === expected[index])
  );
}
