/**
 * From a frame to a result. Two stages: while one frame is inferred, the next two are decoded; frames of a camera stay in
 * order. The release is read once per frame, after decoding: a switch falls between two frames.
 */
import type {
  Disposition,
  EmbeddingSums,
  InferenceResult,
  Release,
  ResultSecondOpinion,
} from '../../../../contracts';
import { type CompleteImagePolicy, isSamePolicy, policyOfInput } from '../../../../contracts/image-policy';
import { ownValue } from '../../../../contracts/own-value';
import { DECODING_PLACES } from '../cameras/frame-queue';
import { type Selection, selectCapture } from '../captures/capture-selection';
import { isNovel, relativeNovelty } from '../captures/novelty';
import type { Captures } from '../captures/ports';
import type { UseCaseSettings } from '../configuration/configuration';
import { type Decision, decide } from '../models/decision';
import type { ReviewedFrame } from '../opinions/question';
import {
  type Clock,
  type DecodedImage,
  type Frame,
  type ImageDecoder,
  type ImageSize,
  type ImageStatistics,
  type Inference,
  type Log,
  ModelError,
} from '../ports';
import type { ActiveRelease, ServingSlot, ShadowRun } from '../releases/serving-slot';
import { recordClock } from '../shared/record-time';
import { within } from '../shared/within';
import { DecodingLine } from './decoding-line';
import {
  asksAnother,
  type Circumstances,
  dispositionOf,
  isContradicted,
  reviewReasonOf,
} from './disposition';
import { type OperatingPoint, operatingPoint } from './operating-point';
import { ReviewCounts } from './review-counts';

const LONGEST_REASON = 200;
/**
 * Another release works at the same time, on a core of its own where there is one. It is waited for as long again as the
 * decision took, so that one that hangs or is slow costs the line no more than that; then nothing contradicts.
 */
const BESIDE = { times: 1, leastMilliseconds: 20 } as const;

export interface FramePipelinePorts {
  /** The next frame in its turn; undefined when there will be no more. */
  readonly queue: {
    next(): Promise<Frame | undefined>;
    /** Told how long the decoder had the frame. */
    decoded?(frame: Frame, milliseconds: number): void;
  };
  readonly decoder: ImageDecoder;
  readonly slot: ServingSlot;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: () => Pick<UseCaseSettings, 'limits' | 'upload'>;
  readonly online: () => boolean;
  /** The thresholds that hold for a release. @default - its own */
  readonly operatingPoint?: (release: Release) => OperatingPoint;
  /** Time from a frame to its answer, after which the part has moved on. @default - none */
  readonly deadlineMilliseconds?: () => number | undefined;
  /** Counts where a frame lies among those of its class; now and then, what its record tells of all of the class since. @default - nothing is told */
  readonly countEmbedding?: (
    release: Release,
    predictedClass: string,
    embedding: Inference['embedding'],
  ) => EmbeddingSums | undefined;
  /** Unique for ever on this device. */
  readonly nextRecordId: () => string;
  readonly random: () => number;
  /** Today's budget for images that are sent. */
  readonly captures: Pick<Captures, 'onlyControl' | 'reserve'>;
  /** The decision, as soon as there is one. */
  readonly onDecision: (result: InferenceResult, active: ActiveRelease) => void;
  /** Asks about a frame that goes to review; undefined when nobody is asked. Never rejects. @default - nobody ever is */
  readonly secondOpinion?: (reviewed: ReviewedFrame) => Promise<ResultSecondOpinion> | undefined;
  /** The whole record, with the second opinion where there was one, with the shadow's answer where there is one, and whether the frame was chosen for upload. */
  readonly onResult: (result: InferenceResult, frame: Frame, selection: Selection | undefined) => void;
  /** The process of a model hangs or has ended, and it no longer answers: the release must be out of the slot at once. */
  readonly onModelGone: (active: ActiveRelease, error: ModelError) => void;
}

/** A frame after the decoder: pixels, or why there are none. */
interface DecodedFrame {
  readonly frame: Frame;
  readonly image?: DecodedImage;
  /** By which the image was made; none where the release takes frames of its own size only. */
  readonly policy?: CompleteImagePolicy | undefined;
  readonly problem?: string;
  readonly decodeMilliseconds: number;
}

interface Attempt {
  readonly decision: Decision;
  readonly inference?: Inference;
  /** Whether the frame lies where the release was hardly validated; undefined without an inference. */
  readonly novel?: boolean;
  readonly beside?: Beside;
  /** Those of the decision that an operator has moved. */
  readonly moved?: OperatingPoint['moved'];
}

/** Another release with the same frame. */
interface Beside {
  readonly run: ShadowRun;
  /** Never rejects; undefined when it cannot answer. */
  readonly answer: Promise<AnswerBeside | undefined>;
}

interface AnswerBeside {
  readonly decision: Decision;
  /** What it would have made of the part. */
  readonly disposition: Disposition;
  readonly milliseconds: number;
}

/** As the results show it; undefined when it was invalid. */
function shownAnswer(
  answer: AnswerBeside | undefined,
): Omit<NonNullable<InferenceResult['shadow']>, 'releaseId'> | undefined {
  if (!answer || answer.decision.status === 'invalid') return undefined;
  const { predictedClass, confidence } = answer.decision;
  return { predictedClass, confidence: roundedTo(6, confidence), disposition: answer.disposition };
}

export class FramePipeline {
  private processedFrames = 0;
  private lastProblem: string | undefined;
  private readonly unfinished = new Set<Promise<void>>();
  /** Of the frames that went to a person. */
  readonly reviews = new ReviewCounts();

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
    const line = new DecodingLine({
      take: () => this.ports.queue.next(),
      decode: (frame) => this.decodeFirst(frame),
      places: DECODING_PLACES,
    });
    let inferring: Promise<void> = Promise.resolve();
    for (let decoded = await line.first(); decoded; decoded = await line.first()) {
      await inferring;
      // Before the model gets its pixels: handing them over takes time, in which the decoder can already work.
      line.leave();
      inferring = this.infer(decoded, await this.ports.slot.available());
    }
    await inferring;
    await Promise.all(this.unfinished);
  }

  private async decodeFirst(frame: Frame): Promise<DecodedFrame> {
    const decoded = await this.decode(frame, this.ports.slot.current);
    this.ports.queue.decoded?.(frame, decoded.decodeMilliseconds);
    return decoded;
  }

  private async decode(frame: Frame, active: ActiveRelease | undefined): Promise<DecodedFrame> {
    const started = this.ports.clock.monotonic();
    const elapsed = (): number => this.ports.clock.monotonic() - started;
    if (frame.discarded !== undefined) return { frame, problem: frame.discarded, decodeMilliseconds: 0 };
    const policy = active && policyOfInput(active.release.input);
    try {
      const { maximumPixels } = this.ports.settings().limits;
      const image = await this.ports.decoder.decode(frame.bytes, maximumPixels, policy);
      return { frame, image, policy, decodeMilliseconds: elapsed() };
    } catch (error) {
      return { frame, problem: (error as Error).message, decodeMilliseconds: elapsed() };
    }
  }

  /** A frame of which the policy of the release before was obeyed is decoded again: a switch costs no frame. */
  private async fitted(decoded: DecodedFrame, active: ActiveRelease): Promise<DecodedFrame> {
    const { image, policy, frame } = decoded;
    return image && !isSamePolicy(policy, policyOfInput(active.release.input))
      ? this.decode(frame, active)
      : decoded;
  }

  private async infer(taken: DecodedFrame, active: ActiveRelease): Promise<void> {
    const decoded = await this.fitted(taken, active);
    const attempt = await this.attempt(decoded, active);
    if (!attempt) return this.infer(decoded, await this.ports.slot.available());
    const contradicted = await this.isContradicted(attempt, active);
    const result = this.record(decoded, active, attempt, contradicted);
    this.processedFrames++;
    this.reviews.count(result);
    this.lastProblem = result.status === 'invalid' ? result.reason : undefined;
    this.ports.onDecision(result, active);
    const opinion = this.secondOpinion(result, decoded, active, attempt);
    const finished = this.finish(result, decoded, attempt, opinion).finally(() =>
      this.unfinished.delete(finished),
    );
    this.unfinished.add(finished);
  }

  /** What no graph could answer, no larger one can either. */
  private secondOpinion(
    result: InferenceResult,
    { frame }: DecodedFrame,
    { release }: ActiveRelease,
    { novel = false }: Attempt,
  ): Promise<ResultSecondOpinion> | undefined {
    if (result.disposition !== 'review' || result.status === 'invalid') return undefined;
    return this.ports.secondOpinion?.({ result, frame, release, novel });
  }

  /** @returns undefined when the process was ended from outside: the frame is as good as before */
  private async attempt(
    { image, problem }: DecodedFrame,
    active: ActiveRelease,
  ): Promise<Attempt | undefined> {
    if (!image) return { decision: { status: 'invalid', reason: problem ?? 'unreadable' } };
    if (!hasSize(image, active.release.input)) {
      const { width, height } = active.release.input;
      const reason = `frame is ${image.width}x${image.height}, the release takes ${width}x${height}`;
      return { decision: { status: 'invalid', reason } };
    }
    const answer = active.model.run(image);
    const run = this.ports.slot.runBeside(image);
    const beside = run && { run, answer: this.answerBeside(run) };
    try {
      const inference = await answer;
      const { release } = active;
      const { thresholds, moved } = (this.ports.operatingPoint ?? ownPoint)(release);
      return {
        decision: decide(inference.probabilities, { classes: release.classes, thresholds }),
        inference,
        novel: isNovel(inference, active.release, active.variant),
        moved,
        ...(beside && { beside }),
      };
    } catch (error) {
      run?.compared(undefined);
      if (error instanceof ModelError && error.kind === 'gone') {
        this.ports.onModelGone(active, error);
        if (!error.isOwnDoing) return undefined;
      }
      return { decision: { status: 'invalid', reason: `inference failed: ${(error as Error).message}` } };
    }
  }

  /** Asks the other release only where its answer can change what becomes of the part. */
  private async isContradicted(
    { decision, inference, beside }: Attempt,
    { release: { dispositionPolicy } }: ActiveRelease,
  ): Promise<boolean> {
    if (!beside || !inference || !asksAnother(decision, dispositionPolicy)) return false;
    const longest = Math.max(BESIDE.leastMilliseconds, BESIDE.times * inference.milliseconds);
    const other = await within(longest, beside.answer, () => undefined);
    return isContradicted(decision, other?.decision, dispositionPolicy);
  }

  /** What may take longer than the decision: the other release's answer, with it the choice for upload, and a second opinion. */
  private async finish(
    result: InferenceResult,
    { frame, image }: DecodedFrame,
    { beside, decision, inference, novel }: Attempt,
    opinion: Promise<ResultSecondOpinion> | undefined,
  ): Promise<void> {
    const answer = await beside?.answer;
    const other = shownAnswer(answer);
    const own = decision.status === 'invalid' ? undefined : decision;
    const disagrees = own && other && own.predictedClass !== other.predictedClass;
    beside?.run.compared(
      disagrees === undefined ? undefined : !disagrees,
      inference && answer && { own: inference.milliseconds, other: answer.milliseconds },
    );
    const selection = image && this.select(frame, result.releaseId, novel, own?.confidence, disagrees);
    const second = opinion && (await opinion);
    this.ports.onResult(
      {
        ...result,
        // A challenger's answers are counted, not reported frame by frame: the cloud knows no such release yet.
        ...(other &&
          beside?.run.role === 'shadow' && {
            shadow: { releaseId: beside.run.release.releaseId, ...other },
          }),
        ...(second && { secondOpinion: second }),
        ...(second?.decided && { disposition: second.disposition }),
        ...(selection && { captureId: result.recordId }),
      },
      frame,
      selection,
    );
  }

  private async answerBeside({
    inference,
    release,
    variant,
    role,
  }: ShadowRun): Promise<AnswerBeside | undefined> {
    try {
      const answer = await inference;
      const decision = decide(answer.probabilities, release);
      const disposition = dispositionOf(decision, isNovel(answer, release, variant), release);
      return { decision, disposition, milliseconds: answer.milliseconds };
    } catch (error) {
      this.ports.log.warn(`${role} failed`, { error: (error as Error).message });
      return undefined;
    }
  }

  private select(
    frame: Frame,
    releaseId: string,
    novelty: boolean | undefined,
    confidence: number | undefined,
    disagrees: boolean | undefined,
  ): Selection | undefined {
    const evidence = {
      ...(confidence !== undefined && { confidence }),
      ...(disagrees !== undefined && { disagrees }),
      ...(novelty !== undefined && { novelty }),
    };
    const { settings, random, captures } = this.ports;
    const selection = selectCapture(evidence, settings().upload, random, captures.onlyControl(frame));
    return selection && captures.reserve(frame, releaseId) ? selection : undefined;
  }

  private isLate({ receivedAt }: Frame): boolean {
    const { clock, deadlineMilliseconds } = this.ports;
    const deadline = deadlineMilliseconds?.();
    return deadline !== undefined && clock.monotonic() - receivedAt > deadline;
  }

  private record(
    { frame, decodeMilliseconds }: DecodedFrame,
    { release, variant }: ActiveRelease,
    { decision, inference, novel = false, moved = {} }: Attempt,
    contradicted: boolean,
  ): InferenceResult {
    const { clock, online, nextRecordId, countEmbedding } = this.ports;
    const clockState = recordClock(clock);
    const novelty = inference && relativeNovelty(inference, release, variant);
    const circumstances: Circumstances = { contradicted, late: this.isLate(frame) };
    const reviewReason = reviewReasonOf(decision, novel, release, circumstances);
    const threshold = decision.status === 'invalid' ? undefined : ownValue(moved, decision.predictedClass);
    const embedding =
      decision.status === 'invalid'
        ? undefined
        : countEmbedding?.(release, decision.predictedClass, inference?.embedding);
    return {
      recordId: nextRecordId(),
      frameId: frame.frameId,
      cameraId: frame.cameraId,
      releaseId: release.releaseId,
      variant,
      capturedAt: frame.capturedAt,
      inferredAt: new Date(clock.now()).toISOString(),
      ...(decision.status === 'invalid'
        ? { status: decision.status, reason: decision.reason.slice(0, LONGEST_REASON) }
        : { ...decision, confidence: roundedTo(6, decision.confidence) }),
      ...(novelty !== undefined && { novelty: roundedTo(3, novelty) }),
      disposition: dispositionOf(decision, novel, release, circumstances),
      ...(reviewReason && { reviewReason }),
      ...(threshold !== undefined && { threshold }),
      online: online(),
      latencyMilliseconds: {
        decode: rounded(decodeMilliseconds),
        ...(inference && { inference: rounded(inference.milliseconds) }),
        total: rounded(clock.monotonic() - frame.receivedAt),
      },
      ...(inference && { image: roundedStatistics(inference.statistics) }),
      ...(embedding && { embedding }),
      ...(clockState && { clock: clockState }),
      frameBytes: frame.frameBytes,
    };
  }
}

/** That of a release whose thresholds nobody has moved. */
const ownPoint = (release: Release): OperatingPoint => operatingPoint(release, undefined);

const hasSize = (image: ImageSize, size: ImageSize): boolean =>
  image.width === size.width && image.height === size.height;

/** Digits beyond these are noise, and a tenth of every record. */
const roundedTo = (digits: number, value: number): number => Math.round(value * 10 ** digits) / 10 ** digits;

/** Microseconds. */
const rounded = (milliseconds: number): number => roundedTo(3, Math.max(0, milliseconds));

const roundedStatistics = ({ brightness, contrast, sharpness }: ImageStatistics): ImageStatistics => ({
  brightness: roundedTo(3, brightness),
  contrast: roundedTo(3, contrast),
  sharpness: roundedTo(3, sharpness),
});
