/** Loads graphs in processes of their own, and gives up on those that hang or take too much memory. */
import { join } from 'node:path';
import {
  type DecodedImage,
  type Inference,
  type LoadedModel,
  ModelError,
  type ModelHost,
  type ModelSpecification,
} from '../ports';
import { type Answer, type Child, ChildGone, Requests } from './child';
import { startChild } from './child-processes';
import type { RefusedAnswer, RunAnswer } from './inference-protocol';
import type { Message } from './message-stream';

/** A graph that has not answered after this long hangs: a frame takes milliseconds, a load below a second. */
const WATCHDOG_MILLISECONDS = 20_000;
const MEMORY_BYTES = 2 ** 30;

/** The bundle of `inference-host.ts`, beside the main bundle. */
const HOST_PROGRAM = join(__dirname, 'inference-host.cjs');

class RemoteModel implements LoadedModel {
  readonly gone: Promise<ModelError>;
  private readonly requests: Requests;
  private longestRun: number | undefined;

  constructor(name: string, child: Child, watchdogMilliseconds: () => number) {
    let tell: (error: ModelError) => void;
    this.gone = new Promise((resolve) => {
      tell = resolve;
    });
    this.requests = new Requests(name, child, watchdogMilliseconds, (reason) => tell(asModelError(reason)));
  }

  get isGone(): boolean {
    return this.requests.isGone;
  }

  async load(specification: ModelSpecification): Promise<void> {
    const { longestRunMilliseconds, ...loaded } = specification;
    await this.request('load', loaded);
    this.longestRun = longestRunMilliseconds;
  }

  async run(image: DecodedImage): Promise<Inference> {
    const { header } = await this.request('run', {}, image.pixels, this.longestRun);
    const { probabilities, novelty, embedding, statistics, milliseconds } = header as RunAnswer;
    return {
      probabilities: probabilities.map(Number),
      ...(novelty !== undefined && { novelty: Number(novelty) }),
      ...(embedding && { embedding: embedding.map(Number) }),
      statistics,
      milliseconds,
    };
  }

  close(): Promise<void> {
    return this.requests.close();
  }

  /** @throws ModelError */
  private async request(type: string, header: object, body?: Uint8Array, longest?: number): Promise<Message> {
    let message: Message;
    try {
      message = await this.requests.request(type, header, body, longest);
    } catch (error) {
      throw error instanceof ChildGone ? asModelError(error) : error;
    }
    const answer = message.header as Answer;
    if (answer.ok) return message;
    const refused = answer as RefusedAnswer;
    throw new ModelError(refused.message, refused.kind);
  }
}

const asModelError = ({ message, isOwnDoing }: ChildGone): ModelError =>
  new ModelError(message, 'gone', isOwnDoing);

export interface ModelHostOptions {
  /** Begins the sentence about the end of a process. @default 'inference process' */
  readonly name?: string;
  /** @default - the bundle beside this one */
  readonly program?: string;
  /** Longest time of one load or one run; asked for each. @default - 20000 */
  readonly watchdogMilliseconds?: () => number;
  /** Memory that a process may hold, Node.js and ONNX Runtime (about 90 MB) included; asked at each look. @default - 1 GiB */
  readonly memoryBytes?: () => number;
}

/** A process for each graph, so that one that loops for ever, crashes or exhausts memory ends and nothing else does. */
export class ProcessModelHost implements ModelHost {
  /** Memory that a process may hold; may be replaced when the configuration is known, as the time may. */
  memoryBytes: () => number;
  /** Longest time of one load or one run. */
  watchdogMilliseconds: () => number;
  private prepared: RemoteModel | undefined;
  private readonly name: string;
  private readonly connect: () => Child;

  constructor(options: ModelHostOptions = {}, connect?: () => Child) {
    const { name = 'inference process', program = HOST_PROGRAM, memoryBytes = () => MEMORY_BYTES } = options;
    this.name = name;
    this.memoryBytes = memoryBytes;
    this.connect = connect ?? (() => startChild({ program, memoryBytes: () => this.memoryBytes() }));
    this.watchdogMilliseconds = options.watchdogMilliseconds ?? (() => WATCHDOG_MILLISECONDS);
  }

  /** Starts the process of the next load now: it needs about 100 ms until it can take a graph. */
  prepare(): void {
    this.prepared ??= this.start();
  }

  async load(specification: ModelSpecification): Promise<LoadedModel> {
    const model = this.prepared?.isGone === false ? this.prepared : this.start();
    this.prepared = undefined;
    try {
      await model.load(specification);
      return model;
    } catch (error) {
      await model.close();
      throw error;
    }
  }

  private start(): RemoteModel {
    return new RemoteModel(this.name, this.connect(), () => this.watchdogMilliseconds());
  }
}
