/** What the cloud answers to a question about one frame: pure, over ports. */
import {
  problemsOf,
  type Release,
  type SecondOpinion,
  type SecondOpinionAnswer,
  type SecondOpinionQuestion,
  type SecondOpinionRefusal,
} from '../../../contracts';
import type { Classified } from '../../../contracts/second-opinion';
import { InvalidInputError } from '../../shared/errors';
import { type DeviceMessage, parseDeviceMessage } from '../device-message';

export interface AnswerQuestionPorts {
  /** Epoch milliseconds, by AWS's clocks as the time of receipt. */
  now(): number;
  /**
   * Whether the device has reported to this environment. The topic says which thing asks, and not of which environment it
   * is: one of another must not use up this one's questions.
   */
  isOurs(useCase: string, deviceId: string): Promise<boolean>;
  /** The release with this id, as it was signed; undefined when there is none. */
  findRelease(useCase: string, releaseId: string): Promise<Release | undefined>;
  /** Counts the question unless that day's are used up. @param day `YYYY-MM-DD`, UTC */
  takeQuestion(useCase: string, deviceId: string, day: string): Promise<boolean>;
  /** Whether so much of the month's money is spent that nothing more may be answered. */
  isMoneySpent(): Promise<boolean>;
  /** The image of a question that does not bring it; undefined when none lies there, or a larger one than `bytes`. */
  readImage(question: SecondOpinionQuestion): Promise<Buffer | undefined>;
  /**
   * By the larger network of the release.
   * @throws Error when its file is not the signed one, cannot be read or cannot be run
   */
  classify(image: Buffer, release: Release): Promise<Classified>;
  sha256(bytes: Buffer): string;
  publish(answer: SecondOpinionAnswer): Promise<void>;
  readonly log: { warn(message: string, details: Record<string, unknown>): void };
}

/** What became of a message. */
export interface QuestionOutcome {
  readonly kind: 'answered' | SecondOpinionRefusal['reason'];
  /** From when AWS IoT had it. */
  readonly milliseconds: number;
}

const SECONDS_PER_DAY = 86_400;
/** Budgets are up to a day behind: an hour more or less is nothing. */
const SPENT_PAUSE_SECONDS = 3_600;
/** A release that is not here will not come while this device runs it. */
const NOT_DEPLOYED_PAUSE_SECONDS = 600;

/**
 * Answers, or says why not: every question that is one gets one message back, unless publishing fails.
 * @param event the device's message with what the topic rule added
 * @throws InvalidInputError when it is no question, asks for another device than the topic's, or is of a device of another
 *   environment
 */
export async function answerQuestion(event: unknown, ports: AnswerQuestionPorts): Promise<QuestionOutcome> {
  const message = parseDeviceMessage(JSON.stringify(event));
  const question = questionIn(message);
  if (!(await ports.isOurs(question.useCase, question.deviceId))) {
    throw new InvalidInputError(
      `question refused:\ndeviceId: must be a device that has reported to this environment, got '${question.deviceId}'`,
    );
  }
  const deadline = message.receivedAt + question.deadlineMilliseconds;
  const answer = await opinionOn(question, message.receivedAt, deadline, ports);
  const { questionId, deviceId, useCase, releaseId } = question;
  await ports.publish({
    schemaVersion: 1,
    questionId,
    deviceId,
    useCase,
    releaseId,
    ...('reason' in answer ? { refusal: answer } : { opinion: answer }),
  });
  const kind = 'reason' in answer ? answer.reason : 'answered';
  return { kind, milliseconds: Math.max(0, ports.now() - message.receivedAt) };
}

function questionIn({ payload }: DeviceMessage): SecondOpinionQuestion {
  const problems = problemsOf('second-opinion-question', payload);
  if (problems.length > 0) throw new InvalidInputError(`question refused:\n${problems.join('\n')}`);
  return payload as unknown as SecondOpinionQuestion;
}

/** In the order of what it costs: a question that is too late, or over budget, costs next to nothing. */
async function opinionOn(
  question: SecondOpinionQuestion,
  receivedAt: number,
  deadline: number,
  ports: AnswerQuestionPorts,
): Promise<SecondOpinion | SecondOpinionRefusal> {
  const { useCase, deviceId, releaseId } = question;
  const isLate = (): boolean => ports.now() >= deadline;
  if (isLate()) return { reason: 'late' };
  const release = await ports.findRelease(useCase, releaseId);
  if (!release?.secondOpinion) {
    return { reason: 'not-deployed', pauseSeconds: NOT_DEPLOYED_PAUSE_SECONDS };
  }
  if (await ports.isMoneySpent()) return { reason: 'over-budget', pauseSeconds: SPENT_PAUSE_SECONDS };
  const day = new Date(ports.now()).toISOString().slice(0, 10);
  if (!(await ports.takeQuestion(useCase, deviceId, day))) {
    return { reason: 'over-budget', pauseSeconds: secondsLeftOf(ports.now()) };
  }
  const image = await imageOf(question, ports);
  if (!image) return { reason: 'unreadable' };
  const classified = await classify(image, release, question, ports);
  if ('reason' in classified) return classified;
  // Nobody waits for it any more.
  if (isLate()) return { reason: 'late' };
  const { inferenceMilliseconds, ...decided } = classified;
  return {
    modelSha256: release.secondOpinion.model.sha256,
    ...decided,
    milliseconds: { total: Math.max(0, ports.now() - receivedAt), inference: inferenceMilliseconds },
  };
}

/** Until the day's questions begin anew. */
const secondsLeftOf = (now: number): number => SECONDS_PER_DAY - (Math.floor(now / 1_000) % SECONDS_PER_DAY);

/** What the device announced, and nothing else. */
async function imageOf(
  question: SecondOpinionQuestion,
  ports: AnswerQuestionPorts,
): Promise<Buffer | undefined> {
  const { inline, bytes, sha256 } = question.image;
  const image = inline === undefined ? await ports.readImage(question) : Buffer.from(inline, 'base64');
  return image?.length === bytes && ports.sha256(image) === sha256 ? image : undefined;
}

async function classify(
  image: Buffer,
  release: Release,
  { questionId, deviceId }: SecondOpinionQuestion,
  ports: AnswerQuestionPorts,
): Promise<Exclude<Classified, { readonly problem: string }> | SecondOpinionRefusal> {
  try {
    const classified = await ports.classify(image, release);
    if (!('problem' in classified)) return classified;
    ports.log.warn('no opinion', { questionId, deviceId, problem: classified.problem });
    return { reason: classified.kind };
  } catch (error) {
    ports.log.warn('no opinion', { questionId, deviceId, error });
    return { reason: 'failed' };
  }
}
