/**
 * From a frame to a result. Two stages: while one frame is inferred, the next is decoded; frames stay in order.
 * The release is read once per frame, after decoding: a switch falls between two frames.
 */
import type { ComponentConfiguration, InferenceResult } from '../../../../contracts';
import {
  type Clock,
  type DecodedImage,
  type Frame,
  type ImageDecoder,
  type Inference,
  type Log,
  ModelError,
} from '../ports';
import { type Selection, selectCapture } from './capture-selection';
import { limitsOf } from './configuration';
import { type Decision, decide } from './decision';
import type { FrameQueue } from './frame-queue';
import type { ActiveRelease, ServingSlot, ShadowRun } from './serving-slot';

const LONGEST_REASON = 200;

export interface FramePipelinePorts {
  readonly queue: FrameQueue;
  readonly decoder: ImageDecoder;
  readonly slot: ServingSlot;
  readonly clock: Clock;
  readonly log: Log;
  readonly configuration: () => ComponentConfiguration;
  readonly online: () => boolean;
  /** Unique for ever on this device. */
  readonly nextRecordId: () => string;
  readonly random: () => number;
  /** Reserves the upload of a chosen frame; false when today's budget has no room for it. */
  readonly reserveCapture: (frame: Frame) => boolean;
  /** The decision, as soon as there is one. */
  readonly onDecision: (result: InferenceResult) => void;
  /** The whole record, with the shadow's answer where there is one. */
  readonly onResult: (result: InferenceResult, frame: Frame, selection: Selection | undefined) => void;
  /** A model hangs or has died and no longer answers. */
  readonly onModelGone: (active: ActiveRelease, reason: string) => void;
}

/** A frame after the decoder: pixels, or why there are none. */
interface DecodedFrame {
  readonly frame: Frame;
  readonly image?: DecodedImage;
  readonly problem?: string;
  readonly decodeMilliseconds: number;
}

interface Attempt {
  readonly decision: Decision;
  readonly inference?: Inference;
  readonly shadow?: ShadowRun;
}

export class FramePipeline {
  private processedFrames = 0;
  private lastProblem: string | undefined;
  private readonly unfinished = new Set<Promise<void>>();

  constructor(private readonly ports: FramePipelinePorts) {}

  get processed(): number {
    return this.processedFrames;
  }

  /** Why the last frame had no valid result, until one has. */
  get problem(): string | undefined {
    return this.lastProblem;
  }

  /** Runs until the queue is closed and empty and every result has been given out. */
  async run(): Promise<void> {
    let inferring: Promise<void> = Promise.resolve();
    for (let frame = await this.ports.queue.next(); frame; frame = await this.ports.queue.next()) {
      const decoded = await this.decode(frame);
      await inferring;
      inferring = this.infer(decoded, await this.ports.slot.available());
    }
    await inferring;
    await Promise.all(this.unfinished);
  }

  private async decode(frame: Frame): Promise<DecodedFrame> {
    const started = this.ports.clock.monotonic();
    const elapsed = (): number => this.ports.clock.monotonic() - started;
    if (frame.discarded !== undefined) return { frame, problem: frame.discarded, decodeMilliseconds: 0 };
    try {
      const { maximumPixels } = limitsOf(this.ports.configuration());
      const image = await this.ports.decoder.decode(frame.bytes, maximumPixels);
      return { frame, image, decodeMilliseconds: elapsed() };
    } catch (error) {
      return { frame, problem: (error as Error).message, decodeMilliseconds: elapsed() };
    }
  }

  private async infer(decoded: DecodedFrame, active: ActiveRelease): Promise<void> {
    const { frame } = decoded;
    const attempt = await this.attempt(decoded, active);
    const { confidence } = 'confidence' in attempt.decision ? attempt.decision : { confidence: undefined };
    const selection = decoded.image && this.select(frame, confidence);
    const result = this.record(decoded, active, attempt, selection);
    this.processedFrames++;
    this.lastProblem = result.status === 'invalid' ? result.reason : undefined;
    this.ports.onDecision(result);
    const finished = this.addShadow(result, attempt.shadow)
      .then((complete) => this.ports.onResult(complete, frame, selection))
      .finally(() => this.unfinished.delete(finished));
    this.unfinished.add(finished);
  }

  private async attempt({ image, problem }: DecodedFrame, active: ActiveRelease): Promise<Attempt> {
    if (!image) return { decision: { status: 'invalid', reason: problem ?? 'unreadable' } };
    const { width, height } = active.release.input;
    if (image.width !== width || image.height !== height) {
      const reason = `frame is ${image.width}x${image.height}, the release takes ${width}x${height}`;
      return { decision: { status: 'invalid', reason } };
    }
    const answer = active.model.run(image);
    const shadow = this.ports.slot.runShadow(image);
    try {
      const inference = await answer;
      return {
        decision: decide(inference.probabilities, active.release),
        inference,
        ...(shadow && { shadow }),
      };
    } catch (error) {
      const { message } = error as Error;
      if (error instanceof ModelError && error.kind === 'gone') this.ports.onModelGone(active, message);
      return { decision: { status: 'invalid', reason: `inference failed: ${message}` } };
    }
  }

  private select(frame: Frame, confidence: number | undefined): Selection | undefined {
    const selection = selectCapture(confidence, this.ports.configuration().upload, this.ports.random);
    return selection && this.ports.reserveCapture(frame) ? selection : undefined;
  }

  private record(
    { frame, decodeMilliseconds }: DecodedFrame,
    { release, variant }: ActiveRelease,
    { decision, inference }: Attempt,
    selection: Selection | undefined,
  ): InferenceResult {
    const { clock, online, nextRecordId } = this.ports;
    const recordId = nextRecordId();
    return {
      recordId,
      frameId: frame.frameId,
      releaseId: release.releaseId,
      variant,
      capturedAt: frame.capturedAt,
      inferredAt: new Date(clock.now()).toISOString(),
      ...(decision.status === 'invalid'
        ? { status: decision.status, reason: decision.reason.slice(0, LONGEST_REASON) }
        : decision),
      online: online(),
      latencyMilliseconds: {
        decode: rounded(decodeMilliseconds),
        ...(inference && { inference: rounded(inference.milliseconds) }),
        total: rounded(clock.monotonic() - frame.receivedAt),
      },
      ...(inference && { image: inference.statistics }),
      frameBytes: frame.frameBytes,
      ...(selection && { captureId: recordId }),
    };
  }

  private async addShadow(result: InferenceResult, shadow: ShadowRun | undefined): Promise<InferenceResult> {
    if (!shadow) return result;
    try {
      const decision = decide((await shadow.inference).probabilities, shadow.release);
      if (decision.status === 'invalid') return result;
      const { predictedClass, confidence } = decision;
      return { ...result, shadow: { releaseId: shadow.release.releaseId, predictedClass, confidence } };
    } catch (error) {
      this.ports.log.warn('shadow failed', { error: (error as Error).message });
      return result;
    }
  }
}

/** Microseconds are noise, and bytes in every record. */
const rounded = (milliseconds: number): number => Math.max(0, Math.round(milliseconds * 1000) / 1000);
