/** What the edge benchmarks share. */
import { OnnxSession } from '../../edge-components/inference/src/models/inference-session';
import { ProcessModelHost } from '../../edge-components/inference/src/models/model-hosts';
import { ProcessImageDecoder } from '../../edge-components/inference/src/models/process-image-decoder';
import type { ImageDecoder, LoadedModel, ModelHost } from '../../edge-components/inference/src/ports';
import type { SuiteContext } from '../suite';
import { Artifact } from './artifact';
import { BenchModel, type GraphName } from './model';
import { Incumbent, incumbentPython } from './python';
import { makeFrames, makeModel } from './recipes';

export class EdgeContext implements SuiteContext {
  private decoderProcess: ProcessImageDecoder | undefined;
  private readonly sessions = new Map<GraphName, OnnxSession>();

  private constructor(
    readonly model: BenchModel,
    /** Folder of `<width>x<height>-<n>.jpg`. */
    readonly frames: string,
    /** Interpreter of the environment with OpenCV and ONNX Runtime. */
    readonly python: string,
    readonly artifact: Artifact,
  ) {}

  static async prepare(): Promise<EdgeContext> {
    const frames = await makeFrames();
    const model = new BenchModel(await makeModel());
    return new EdgeContext(model, frames, incumbentPython(), await Artifact.build());
  }

  /** The component's own session, in this thread: the graph alone, without messages between processes. */
  async session(graph: GraphName): Promise<OnnxSession> {
    const session = this.sessions.get(graph) ?? (await OnnxSession.load(this.model.specificationOf(graph)));
    this.sessions.set(graph, session);
    return session;
  }

  /** Where the serving model runs in the component: a process of its own. */
  modelHost(): ModelHost {
    return new ProcessModelHost({ program: this.artifact.hostProgram });
  }

  /** The decoder as the component has it: in a process of its own, which lives until the end. */
  get decoder(): ImageDecoder {
    this.decoderProcess ??= new ProcessImageDecoder({
      program: this.artifact.decoderProgram,
      log: { info: () => undefined, warn: console.warn, error: console.error },
      random: Math.random,
    });
    return this.decoderProcess;
  }

  /** Loads graphs in processes, hands them to `action`, and closes them. */
  async withModels<Name extends GraphName, Result>(
    graphs: readonly Name[],
    action: (models: Readonly<Record<Name, LoadedModel>>) => Promise<Result>,
  ): Promise<Result> {
    const host = this.modelHost();
    const loaded = await Promise.all(
      graphs.map(async (graph) => [graph, await host.load(this.model.specificationOf(graph))] as const),
    );
    try {
      return await action(Object.fromEntries(loaded) as Record<Name, LoadedModel>);
    } finally {
      await Promise.all(loaded.map(([, model]) => model.close()));
    }
  }

  /** Starts the Python program for as long as `action` takes. */
  async withIncumbent<Result>(action: (incumbent: Incumbent) => Promise<Result>): Promise<Result> {
    const incumbent = new Incumbent(this.python);
    try {
      return await action(incumbent);
    } finally {
      await incumbent.close();
    }
  }

  async close(): Promise<void> {
    await this.decoderProcess?.close();
  }
}
