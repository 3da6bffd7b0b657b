/** What the component needs from the world. Adapters implement these; tests use deterministic fakes. */
import type { ComponentConfiguration, InferenceResult, ModelInput } from '../../../contracts';

export interface Clock {
  /** Milliseconds since the epoch; may jump. */
  now(): number;
  /** Milliseconds that never go back; for durations. */
  monotonic(): number;
}

export interface Log {
  info(message: string, details?: Record<string, unknown>): void;
  warn(message: string, details?: Record<string, unknown>): void;
  error(message: string, details?: Record<string, unknown>): void;
}

/** One encoded image from the camera. */
export interface Frame {
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

export interface FrameSink {
  accept(frame: Frame): void;
  /** How many more frames fit before one is dropped. */
  room(): number;
}

export interface FrameSource {
  start(sink: FrameSink): void;
  /** Whether frames can come in at the moment, in words when not. */
  problem(): string | undefined;
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

export interface ImageDecoder {
  /** @throws UnreadableFrame */
  decode(bytes: Buffer, maximumPixels: number): Promise<DecodedImage>;
  /** JPEG bytes of an image: unchanged when it is one already. */
  toJpeg(bytes: Buffer): Promise<Buffer>;
}

/** Statistics of luma, 0..255; the contract's `image`. */
export type ImageStatistics = NonNullable<InferenceResult['image']>;

export interface Inference {
  /** In class order, as the graph gave them: possibly NaN or out of range. */
  readonly probabilities: readonly number[];
  readonly statistics: ImageStatistics;
  /** Time of the graph alone. */
  readonly milliseconds: number;
}

/** Which file to load and what it must look like. */
export interface ModelSpecification {
  readonly path: string;
  readonly sha256: string;
  readonly input: ModelInput;
  readonly classes: number;
}

/** A loaded graph in a thread or process of its own. Runs are answered in order. */
export interface LoadedModel {
  /** @param image of exactly the specification's height and width */
  run(image: DecodedImage): Promise<Inference>;
  close(): Promise<void>;
}

/**
 * The graph cannot be used. `load`: not loadable; `contract`: its inputs or outputs are not what the release says;
 * `run`: this run failed, the next may not; `gone`: its thread or process hangs or has died, nothing more will come.
 */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  constructor(
    message: string,
    readonly kind: 'load' | 'contract' | 'run' | 'gone',
  ) {
    super(message);
  }
}

export interface ModelHost {
  /** @throws ModelError */
  load(specification: ModelSpecification): Promise<LoadedModel>;
}

/** Messages to the cloud and to other components on the device. */
export interface Publisher {
  /** Resolves when the nucleus has taken the message; rejects when it has not, or not within the time limit. */
  publishToCloud(topic: string, payload: Buffer): Promise<void>;
  publishLocally(topic: string, message: object): Promise<void>;
}

/** Where captures go. */
export interface CaptureStore {
  put(bucket: string, key: string, body: Buffer, contentType: string): Promise<void>;
}

/** The configuration in force. */
export interface ConfigurationSource {
  readonly current: ComponentConfiguration;
}
