/** One ONNX graph in this thread. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { type DecodedImage, type Inference, ModelError, type ModelSpecification } from '../ports';
import { imageStatistics } from './image-statistics';
import {
  cloudGraphProblems,
  graphProblems,
  outputsOf,
  type Signature,
  signatureOf,
  signatureProblems,
} from './onnx/graph-policy';
import { type OnnxModel, type OnnxValue, readOnnxModel } from './onnx/onnx-graph';
import { MessageError } from './onnx/protobuf-message';
import { SMALLEST_MODEL } from './smallest-model';

/** The rest of a hostile file's problems are counted: a message has to fit into a log line. */
const MOST_PROBLEMS_SHOWN = 10;

/** As every session of the component is made. */
export const SESSION_OPTIONS: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  // One thread, and no spinning while it waits: the frame decoder needs the other core. With two spinning threads a
  // frame takes twice as long on two cores.
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  logSeverityLevel: 3,
  extra: {
    session: {
      intra_op: { allow_spinning: '0' },
      inter_op: { allow_spinning: '0' },
      // Otherwise a file with "ORTM" at byte 4 is read as ONNX Runtime's own format, whatever graph was checked.
      load_model_format: 'ONNX',
    },
  },
};

/**
 * Does what ONNX Runtime does once per process, before its first session: it registers its operators, which takes longer
 * (about 40 ms) than to load a small graph. Never rejects: what is wrong shows when a graph is loaded.
 */
export async function startRuntime(): Promise<void> {
  try {
    await (await InferenceSession.create(SMALLEST_MODEL, SESSION_OPTIONS)).release();
  } catch {
    // The next session fails as well, and somebody asked for that one.
  }
}

export class OnnxSession {
  private readonly outputNames: string[];

  private constructor(
    private readonly session: InferenceSession,
    private readonly specification: ModelSpecification,
  ) {
    this.outputNames = outputsOf(specification).map(({ name }) => name);
  }

  /** @throws ModelError load, graph, contract */
  static async load(specification: ModelSpecification): Promise<OnnxSession> {
    return OnnxSession.open(await readFile(specification.path), specification, 'device');
  }

  /**
   * Hashes and checks exactly the bytes that it hands to ONNX Runtime: one flipped weight bit loads and runs, with other
   * scores.
   * @param where whose rules hold: a network that answers in the cloud may be of a generation that no device can run
   * @throws ModelError load, graph, contract
   */
  static async open(
    bytes: Buffer,
    specification: ModelSpecification,
    where: 'device' | 'cloud',
  ): Promise<OnnxSession> {
    if (createHash('sha256').update(bytes).digest('hex') !== specification.sha256) {
      throw new ModelError('the file does not have its declared digest', 'load');
    }
    checkGraph(readModel(bytes), specification, where);
    const session = await InferenceSession.create(bytes, SESSION_OPTIONS).catch((error: Error) => {
      throw new ModelError(`ONNX Runtime refuses the file: ${error.message}`, 'load');
    });
    // Once more, because ONNX Runtime infers what the file leaves open.
    refuse(signatureProblems(sessionSignature(session), specification), 'contract');
    return new OnnxSession(session, specification);
  }

  close(): Promise<void> {
    return this.session.release();
  }

  /** @throws ModelError run: wrong size, failed run; contract: an output that is not float32 of the size that the release says */
  async run(pixels: Uint8Array): Promise<Inference> {
    const { novelty, embedding, input, classes } = this.specification;
    const { name, height, width, outputName } = input;
    if (pixels.length !== height * width * 3) {
      throw new ModelError(`${pixels.length} bytes are no ${width}x${height} RGB image`, 'run');
    }
    const image: DecodedImage = { width, height, pixels };
    const started = performance.now();
    const outputs = await this.session
      .run({ [name]: new Tensor('uint8', pixels, [height, width, 3]) }, this.outputNames)
      .catch((error: Error) => {
        throw new ModelError(error.message, 'run');
      });
    const milliseconds = performance.now() - started;
    const values = (of: string, size: number): number[] => floatsOf(of, outputs[of], size);
    return {
      probabilities: values(outputName, classes),
      ...(novelty && { novelty: values(novelty.outputName, 1)[0] as number }),
      ...(embedding && { embedding: values(embedding.outputName, embedding.size) }),
      statistics: imageStatistics(image),
      milliseconds,
    };
  }
}

/** @throws ModelError contract: the output is not float32 [size] */
function floatsOf(name: string, output: Tensor | undefined, size: number): number[] {
  if (output?.type !== 'float32' || output.dims.length !== 1 || output.dims[0] !== size) {
    throw new ModelError(
      `output '${name}': must be float32 [${size}], is ${output?.type} [${output?.dims.join(', ')}]`,
      'contract',
    );
  }
  return Array.from(output.data as Float32Array);
}

function refuse(problems: readonly string[], kind: 'graph' | 'contract'): void {
  if (problems.length === 0) return;
  const more = problems.length - MOST_PROBLEMS_SHOWN;
  const shown = problems.slice(0, MOST_PROBLEMS_SHOWN).join('; ');
  throw new ModelError(more > 0 ? `${shown}; and ${more} more` : shown, kind);
}

function readModel(bytes: Uint8Array): OnnxModel {
  try {
    return readOnnxModel(bytes);
  } catch (error) {
    if (!(error instanceof MessageError)) throw error;
    throw new ModelError(`no ONNX graph: ${error.message}`, error.rule === 'limit' ? 'graph' : 'load');
  }
}

/** A graph that is refused for what it holds is never one with the wrong inputs only. */
function checkGraph(model: OnnxModel, specification: ModelSpecification, where: 'device' | 'cloud'): void {
  const forbidden = where === 'device' ? graphProblems(model) : cloudGraphProblems(model);
  const differing = signatureProblems(signatureOf(model.graph), specification);
  refuse([...forbidden, ...differing], forbidden.length > 0 ? 'graph' : 'contract');
}

function sessionSignature(session: InferenceSession): Signature {
  const described = (value: InferenceSession.ValueMetadata): OnnxValue =>
    value.isTensor
      ? { name: value.name, elementType: value.type, shape: value.shape }
      : { name: value.name, elementType: undefined, shape: undefined };
  return { inputs: session.inputMetadata.map(described), outputs: session.outputMetadata.map(described) };
}
