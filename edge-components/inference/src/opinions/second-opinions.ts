/**
 * Asks the larger network in the cloud about frames that go to review, and tells the line what it says while the part is
 * there. It only ever adds: whatever does not come, comes too late, is refused or makes no sense leaves the part with a
 * person, as it was, and is counted.
 */
import type { ResultSecondOpinion } from '../../../../contracts';
import type { SecondOpinionSettings } from '../configuration/configuration';
import { expandTopic } from '../configuration/topics';
import {
  type CaptureStore,
  type Clock,
  type CloudSubscriber,
  type Log,
  MessageTooLarge,
  type Publisher,
} from '../ports';
import { within } from '../shared/within';
import { AskingPace } from './asking-pace';
import { joinOpinion } from './join-opinion';
import { questionImageKey, questionOf, type ReviewedFrame } from './question';
import { type Answer, type OpinionDecision, parseAnswer, readAnswer } from './read-answer';

export interface SecondOpinionsPorts {
  readonly publisher: Pick<Publisher, 'publishToCloud'>;
  readonly subscriber: CloudSubscriber;
  /** Takes images that are too large for a message. */
  readonly captureStore: CaptureStore;
  readonly captureBucket: () => string;
  readonly clock: Clock;
  readonly log: Log;
  readonly useCase: string;
  readonly deviceId: string;
  /** Undefined where nobody is to be asked: no image leaves the device for a question then. */
  readonly settings: () => SecondOpinionSettings | undefined;
  /** Whether the cloud takes messages. */
  readonly online: () => boolean;
  /** Tells the line what the answer says; false when the part has gone. */
  readonly revise: (
    reviewed: ReviewedFrame,
    opinion: OpinionDecision,
    disposition: 'pass' | 'reject',
  ) => boolean;
}

type Outcome = ResultSecondOpinion['outcome'];

/** What came of a question. */
interface End {
  readonly outcome: Outcome;
  readonly answer?: Answer;
}

/** A question that waits. */
interface Pending {
  readonly reviewed: ReviewedFrame;
  readonly settle: (end: End) => void;
}

/** Ids of questions that were given up: their answers are late, and not strange. */
const MOST_GIVEN_UP = 256;

export class SecondOpinions {
  private readonly pending = new Map<string, Pending>();
  private readonly givenUp = new Set<string>();
  private readonly tally = new Map<string, number>();
  private readonly pace = new AskingPace();
  private subscribedTo: string | undefined;
  private unsubscribe: () => void = () => undefined;
  /** Bytes of the smallest image that the nucleus would not take in a message. */
  private tooLarge = Number.POSITIVE_INFINITY;
  private stopped = false;

  constructor(private readonly ports: SecondOpinionsPorts) {}

  /** Listens on the topic that is configured now. */
  apply(): void {
    const { settings, deviceId, subscriber } = this.ports;
    const topic = this.stopped ? undefined : settings()?.answerTopic;
    if (topic === this.subscribedTo) return;
    this.unsubscribe();
    this.unsubscribe = () => undefined;
    this.subscribedTo = topic;
    if (topic !== undefined) {
      this.unsubscribe = subscriber.subscribeToCloud(expandTopic(topic, deviceId), (payload) =>
        this.take(payload),
      );
    }
  }

  /** What waits for an answer waits no longer. */
  stop(): void {
    this.stopped = true;
    this.apply();
    for (const { settle } of [...this.pending.values()]) settle({ outcome: 'stopped' });
  }

  /** What became of the frames for review, such as `answered 12, busy 3`; undefined where nobody is asked. */
  get counts(): string | undefined {
    if (!this.ports.settings()) return undefined;
    return [...this.tally].map(([name, count]) => `${name} ${count}`).join(', ') || 'none';
  }

  /**
   * Never waits for the cloud, and never rejects.
   * @returns what comes of it, by the deadline at the latest; undefined when nobody is asked
   */
  ask(reviewed: ReviewedFrame): Promise<ResultSecondOpinion> | undefined {
    const settings = this.ports.settings();
    if (!settings || !reviewed.release.secondOpinion || this.stopped) return undefined;
    const now = this.ports.clock.monotonic();
    const left = reviewed.frame.receivedAt + settings.deadlineMilliseconds - now;
    const obstacle = this.obstacle(now, left, settings);
    if (obstacle) {
      this.count(obstacle);
      return undefined;
    }
    return this.answerTo(reviewed, now, left, settings);
  }

  private obstacle(now: number, left: number, settings: SecondOpinionSettings): string | undefined {
    if (!this.ports.online()) return 'offline';
    if (left < 1) return 'past';
    return this.pace.take(now, settings);
  }

  private async answerTo(
    reviewed: ReviewedFrame,
    askedAt: number,
    left: number,
    settings: SecondOpinionSettings,
  ): Promise<ResultSecondOpinion> {
    const { outcome, answer } = await this.endOf(reviewed, left, settings);
    const now = this.ports.clock.monotonic();
    const refusal = answer && 'refusal' in answer ? answer.refusal : undefined;
    this.pace.ended(now, answer !== undefined || outcome === 'stopped', refusal?.pauseSeconds);
    this.count(outcome);
    return {
      outcome,
      ...this.opinionIn(reviewed, answer),
      milliseconds: Math.max(0, Math.round(now - askedAt)),
    };
  }

  private async endOf(reviewed: ReviewedFrame, left: number, settings: SecondOpinionSettings): Promise<End> {
    const questionId = reviewed.result.recordId;
    const deadline = new AbortController();
    const end = new Promise<End>((settle) => {
      this.pending.set(questionId, { reviewed, settle });
      this.send(reviewed, left, settings, deadline.signal).catch((error: Error) => {
        this.ports.log.warn('second opinion: question not sent', { questionId, error: error.message });
        settle({ outcome: 'unsent' });
      });
    });
    const first = await within<End>(left, end, () => ({ outcome: 'unanswered' }));
    deadline.abort();
    this.pending.delete(questionId);
    if (first.outcome === 'unanswered') this.giveUp(questionId);
    return first;
  }

  /** What the answer says of the part, after the line has been told where it says anything new. */
  private opinionIn(
    reviewed: ReviewedFrame,
    answer: Answer | undefined,
  ): Pick<ResultSecondOpinion, 'decided' | 'predictedClass' | 'confidence' | 'disposition'> {
    if (!answer || 'refusal' in answer) return { decided: false };
    const { decision } = answer;
    const disposition = joinOpinion(decision, reviewed.novel, reviewed.release);
    const decided = disposition !== 'review' && this.ports.revise(reviewed, decision, disposition);
    if (decided) this.count('decided');
    const { predictedClass, confidence } = decision;
    return { predictedClass, confidence: Math.round(confidence * 1e6) / 1e6, disposition, decided };
  }

  /** In a message where that can hold the image, else by way of S3. @throws Error when the question cannot be sent */
  private async send(
    reviewed: ReviewedFrame,
    left: number,
    { questionTopic, inlineBytes }: SecondOpinionSettings,
    signal: AbortSignal,
  ): Promise<void> {
    const { publisher, deviceId, useCase, clock } = this.ports;
    const topic = expandTopic(questionTopic, deviceId);
    const sentBy = clock.monotonic() + left;
    const publish = (isInline: boolean): Promise<void> => {
      const deadlineMilliseconds = sentBy - clock.monotonic();
      const question = questionOf(reviewed, { useCase, deviceId, deadlineMilliseconds }, isInline);
      return publisher.publishToCloud(topic, Buffer.from(JSON.stringify(question)));
    };
    const { length } = reviewed.frame.bytes;
    if (length <= inlineBytes && length < this.tooLarge) {
      try {
        return await publish(true);
      } catch (error) {
        if (!(error instanceof MessageTooLarge)) throw error;
        // Nucleus lite takes 10,000 bytes: it would refuse the next one as well.
        this.tooLarge = length;
      }
    }
    await this.upload(reviewed, signal);
    // Past the deadline a question would only be paid for.
    if (!signal.aborted) await publish(false);
  }

  private upload({ result, frame }: ReviewedFrame, signal: AbortSignal): Promise<void> {
    const { captureStore, captureBucket, useCase, deviceId } = this.ports;
    const key = questionImageKey(useCase, deviceId, result.recordId);
    return captureStore.put(captureBucket(), key, frame.bytes, 'application/octet-stream', signal);
  }

  /** What is no answer to a question that waits changes nothing: the same answer twice, or one of long ago. */
  private take(payload: Buffer): void {
    try {
      const message = parseAnswer(payload, this.ports);
      const waiting = this.pending.get(message.questionId);
      if (!waiting) {
        this.count(this.givenUp.has(message.questionId) ? 'answered too late' : 'not asked for');
        return;
      }
      const answer = readAnswer(message, waiting.reviewed.release);
      waiting.settle({ outcome: 'refusal' in answer ? answer.refusal.reason : 'answered', answer });
    } catch (error) {
      this.count('malformed');
      this.ports.log.warn('second opinion not used', { error: (error as Error).message.slice(0, 500) });
    }
  }

  private giveUp(questionId: string): void {
    this.givenUp.add(questionId);
    const [oldest] = this.givenUp;
    if (this.givenUp.size > MOST_GIVEN_UP && oldest !== undefined) this.givenUp.delete(oldest);
  }

  private count(name: string): void {
    this.tally.set(name, (this.tally.get(name) ?? 0) + 1);
  }
}
