/** Stands for the function in the cloud: takes what the contract lets it take, and answers as the test says. */
import {
  parseContractJson,
  type Release,
  type SecondOpinionAnswer,
  type SecondOpinionQuestion,
} from '../../../../contracts';
import { dispositionOf } from '../../../../edge-components/inference/src/inspection/disposition';
import { decide } from '../../../../edge-components/inference/src/models/decision';

/** AWS IoT's. */
const LARGEST_MESSAGE_BYTES = 128 * 1024;
export const MODEL_SHA256 = 'c'.repeat(64);

export function readQuestion(payload: Buffer): SecondOpinionQuestion {
  if (payload.length > LARGEST_MESSAGE_BYTES) throw new Error(`the message has ${payload.length} bytes`);
  return parseContractJson('second-opinion-question', payload.toString(), 'question');
}

/** As the function answers: class and disposition follow from the probabilities. */
export function answerTo(
  { questionId, deviceId, useCase, releaseId }: SecondOpinionQuestion,
  release: Release,
  probabilities: readonly number[],
): SecondOpinionAnswer {
  const thresholds = release.secondOpinion?.thresholds ?? {};
  const decision = decide(probabilities, { ...release, thresholds });
  if (decision.status === 'invalid') throw new Error(decision.reason);
  return {
    schemaVersion: 1,
    questionId,
    deviceId,
    useCase,
    releaseId,
    opinion: {
      modelSha256: MODEL_SHA256,
      probabilities: [...probabilities],
      ...decision,
      disposition: dispositionOf(decision, false, release),
      milliseconds: { total: 40, inference: 5 },
    },
  };
}

export const refusalOf = (
  { questionId, deviceId, useCase, releaseId }: SecondOpinionQuestion,
  refusal: NonNullable<SecondOpinionAnswer['refusal']>,
): SecondOpinionAnswer => ({ schemaVersion: 1, questionId, deviceId, useCase, releaseId, refusal });

/** A release with a second opinion, in which `good` passes and `unclear` is a class for people. */
export const aReviewingRelease = ({
  mayPass = true,
  novel = 'review' as 'review' | 'as-classified',
} = {}): Release =>
  ({
    releaseId: 'line-1',
    counter: 1,
    classes: ['good', 'bad', 'unclear'],
    thresholds: { good: 0.9, bad: 0.9, unclear: 0.9 },
    dispositionPolicy: {
      codes: { good: 1, bad: 2, unclear: 3 },
      classes: { good: 'pass', bad: 'reject', unclear: 'review' },
      novel,
    },
    secondOpinion: {
      model: { name: 'model-cloud.onnx', sha256: MODEL_SHA256, bytes: 10 },
      thresholds: { good: 0.8, bad: 0.6, unclear: 0.5 },
      mayPass,
    },
  }) as unknown as Release;
