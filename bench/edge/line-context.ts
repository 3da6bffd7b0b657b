/** Decoder and models in their processes, as the component has them: all that a process needs that runs a line. */
import { OnnxSession } from '../../edge-components/inference/src/models/inference-session';
import { ProcessModelHost } from '../../edge-components/inference/src/models/model-hosts';
import { ProcessImageDecoder } from '../../edge-components/inference/src/models/process-image-decoder';
import type { ImageDecoder, LoadedModel, ModelHost } from '../../edge-components/inference/src/ports';
import { BenchModel, type GraphName } from './model';

/** Paths by which another process makes the same context. */
export interface LineParts {
  /** Folder of the graphs and of model.json. */
  readonly model: string;
  /** Program of the process in which a graph runs. */
  readonly host: string;
  /** Program of the process in which images are decoded. */
  readonly decoder: string;
}

export class LineContext {
  readonly model: BenchModel;
  private decoderProcess: ProcessImageDecoder | undefined;
  private readonly sessions = new Map<GraphName, OnnxSession>();

  constructor(readonly parts: LineParts) {
    this.model = new BenchModel(parts.model);
  }

  /** The component's own session, in this thread: the graph alone, without messages between processes. */
  async session(graph: GraphName): Promise<OnnxSession> {
    const session = this.sessions.get(graph) ?? (await OnnxSession.load(this.model.specificationOf(graph)));
    this.sessions.set(graph, session);
    return session;
  }

  /** Where the serving model runs in the component: a process of its own. */
  modelHost(): ModelHost {
    return new ProcessModelHost({ program: this.parts.host });
  }

  /** The decoder as the component has it: in a process of its own, which lives until the end. */
  get decoder(): ImageDecoder {
    this.decoderProcess ??= new ProcessImageDecoder({
      program: this.parts.decoder,
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

  async close(): Promise<void> {
    await this.decoderProcess?.close();
  }
}
