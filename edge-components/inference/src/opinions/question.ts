import { createHash } from 'node:crypto';
import type { InferenceResult, Release, SecondOpinionQuestion } from '../../../../contracts';
import type { Frame } from '../ports';

/** A frame that goes to review, and what has decided so. */
export interface ReviewedFrame {
  readonly result: InferenceResult;
  readonly frame: Frame;
  readonly release: Release;
  /** Whether it lies where the release was hardly validated. */
  readonly novel: boolean;
}

export interface QuestionHead {
  readonly useCase: string;
  readonly deviceId: string;
  readonly deadlineMilliseconds: number;
}

/** @param isInline whether the image comes in the message */
export function questionOf(
  { result, frame, release }: ReviewedFrame,
  { useCase, deviceId, deadlineMilliseconds }: QuestionHead,
  isInline: boolean,
): SecondOpinionQuestion {
  return {
    schemaVersion: 1,
    questionId: result.recordId,
    deviceId,
    useCase,
    releaseId: release.releaseId,
    frameId: frame.frameId,
    deadlineMilliseconds: Math.max(1, Math.floor(deadlineMilliseconds)),
    image: {
      sha256: createHash('sha256').update(frame.bytes).digest('hex'),
      bytes: frame.bytes.length,
      ...(isInline && { inline: frame.bytes.toString('base64') }),
    },
  };
}

/** Where an image lies that is too large for a message; lambda/telemetry/names.ts spells it too. */
export const questionImageKey = (useCase: string, deviceId: string, questionId: string): string =>
  `questions/${useCase}/${deviceId}/${questionId}`;
