/** What the component needs from the world. Adapters implement these; tests use deterministic fakes. */
import type { Embedding, InferenceResult, ModelInput, NoveltyScore, Release } from '../../../contracts';
import type { CompleteImagePolicy } from '../../../contracts/image-policy';

export interface Clock {
  /** Milliseconds since the epoch; may jump. */
  now(): number;
  /** Milliseconds that never go back; for durations. */
  monotonic(): number;
  /** How long the device has been running; the same for every process of it. @default - not known */
  readonly boot?: BootClock;
}

export interface BootClock {
  /** Another one after each start of the device. */
  readonly id: string;
  milliseconds(): number;
}

export interface Log {
  info(message: string, details?: Record<string, unknown>): void;
  warn(message: string, details?: Record<string, unknown>): void;
  error(message: string, details?: Record<string, unknown>): void;
}

/** One encoded image from a camera. */
export interface Frame {
  /** As in the configuration. */
  readonly cameraId: string;
  readonly frameId: string;
  /** RFC 3339, UTC. */
  readonly capturedAt: string;
  /** JPEG or PNG, or whatever the camera sent instead. */
  readonly bytes: Buffer;
  /** Set when the source had to discard the image: why. `bytes` is then empty. */
  readonly discarded?: string;
  /** Encoded size in bytes, also of a discarded image. */
  readonly frameBytes: number;
  /** {@link Clock.monotonic} when the last byte came in. */
  readonly receivedAt: number;
}

/** Takes the frames of one camera. */
export interface FrameSink {
  accept(frame: Frame): void;
  /** How many more frames fit before one is dropped or refused. */
  room(): number;
  /**
   * Under the policy `every`: resolves when there is room, or no frame will be taken any more. Under `newest`: at once,
   * because waiting would only make the frames older. A source that can make its camera wait awaits it before it reads on.
   */
  ready(): Promise<void>;
}

/** Where the frames of one camera come from. */
export interface FrameSource {
  /** Called once. */
  start(sink: FrameSink): void;
  /** Whether frames can come in at the moment, in words when not. */
  problem(): string | undefined;
  /** Frames of which only a part came. Absent where there can be none. */
  lost?(): number;
  stop(): Promise<void>;
}

/** Decoded image: 8-bit RGB, height x width x 3, rows from the top. */
export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** The frame is no image that the component takes. Its message is the result's `reason`. */
export class UnreadableFrame extends Error {
  override readonly name = 'UnreadableFrame';
}

/** Pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

export interface ImageDecoder {
  /**
   * @param policy what is made of the image; it stays as it is when absent
   * @throws UnreadableFrame
   */
  decode(bytes: Buffer, maximumPixels: number, policy?: CompleteImagePolicy): Promise<DecodedImage>;
  /** JPEG bytes of an image: unchanged when it is one already. */
  toJpeg(bytes: Buffer): Promise<Buffer>;
}

/** Statistics of luma, 0..255; the contract's `image`. */
export type ImageStatistics = NonNullable<InferenceResult['image']>;

export interface Inference {
  /** In class order, as the graph gave them: possibly NaN or out of range. */
  readonly probabilities: readonly number[];
  readonly statistics: ImageStatistics;
  /** As the graph gave it, possibly NaN; absent where the release names no such output. */
  readonly novelty?: number;
  /** As the graph gave it; absent where the release names no such output. */
  readonly embedding?: readonly number[];
  /** Time of the graph alone. */
  readonly milliseconds: number;
}

/** Which file to load and what it must look like. */
export interface ModelSpecification {
  readonly path: string;
  readonly sha256: string;
  readonly input: ModelInput;
  readonly classes: number;
  /** A run that takes longer hangs. @default - as long as the host lets any */
  readonly longestRunMilliseconds?: number;
  /** Further outputs of the graph, where the release has them. */
  readonly novelty?: Pick<NoveltyScore, 'outputName'>;
  readonly embedding?: Embedding;
}

/** A loaded graph in a process of its own. Runs are answered in order. */
export interface LoadedModel {
  /** Resolves with a `gone` when the process has ended, also while nothing was asked of it; never after {@link close}. */
  readonly gone: Promise<ModelError>;
  /**
   * @param image of exactly the specification's height and width
   * @throws ModelError
   */
  run(image: DecodedImage): Promise<Inference>;
  close(): Promise<void>;
}

/**
 * The graph cannot be used. `graph`: it holds what no release may hold; `load`: not loadable; `contract`: its inputs or outputs are not what the release says;
 * `run`: this run failed, the next may not; `gone`: its process hangs or has ended, nothing more will come.
 */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  constructor(
    message: string,
    readonly kind: 'graph' | 'load' | 'contract' | 'run' | 'gone',
    /** Of `gone`: whether the graph has ended its process, and not somebody else. */
    readonly isOwnDoing = false,
  ) {
    super(message);
  }
}

export interface ModelHost {
  /** @throws ModelError */
  load(specification: ModelSpecification): Promise<LoadedModel>;
}

/** The nucleus takes no message of this size: sent again it would be refused again. */
export class MessageTooLarge extends Error {
  override readonly name = 'MessageTooLarge';
}

/** Messages to the cloud and to other components on the device. */
export interface Publisher {
  /**
   * Resolves when the nucleus has taken the message; rejects when it has not, or not within the time limit.
   * @param retain whether the broker keeps it for those who subscribe later
   * @throws MessageTooLarge when trying again is of no use
   */
  publishToCloud(topic: string, payload: Buffer, retain?: boolean): Promise<void>;
  publishLocally(topic: string, message: object): Promise<void>;
}

/** Messages from the cloud. */
export interface CloudSubscriber {
  /**
   * From now on, over every connection; made again until the nucleus takes it.
   * @returns ends it
   */
  subscribeToCloud(topic: string, onMessage: (payload: Buffer) => void): () => void;
}

/** What of a release a controller is told about. */
export type DecidingRelease = Pick<Release, 'classes' | 'counter' | 'dispositionPolicy'>;

/** Where decisions go on the line itself, such as to a controller. */
export interface DecisionOutput {
  /** Never waits and never throws: the line is told what can be told, and {@link problem} says when it cannot. */
  write(result: InferenceResult, release: DecidingRelease): void;
  /**
   * Another answer about the part that was written last.
   * @param result with the record id of what was written
   * @returns false when another part is there, or what was written is not shown any more
   */
  revise(result: InferenceResult, release: DecidingRelease): boolean;
  problem(): string | undefined;
  close(): Promise<void>;
}

/** Where captures go. */
export interface CaptureStore {
  /** @param signal gives the upload up */
  put(bucket: string, key: string, body: Buffer, contentType: string, signal?: AbortSignal): Promise<void>;
}
