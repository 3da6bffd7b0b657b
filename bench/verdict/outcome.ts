/** What becomes of frames whose class is known, decided by the device's own functions. Pure. */
import { isNovel } from '../../edge-components/inference/src/captures/novelty';
import { dispositionOf } from '../../edge-components/inference/src/inspection/disposition';
import { decide } from '../../edge-components/inference/src/models/decision';
import { type AnsweredFrame, VARIANT, type VerdictContext } from './frames';

/** Shares of good and of defective parts, 0..1. */
export interface Outcome {
  readonly escapes: number;
  readonly falseRejects: number;
  readonly reviewedGoods: number;
  readonly reviewedDefects: number;
}

export type Deciding = VerdictContext['release'];

/** @param novelty whether frames that are unlike those of the validation go to a person */
export function outcomeOf(frames: readonly AnsweredFrame[], release: Deciding, novelty: boolean): Outcome {
  const dispositions = frames.map((frame) => ({
    isGood: frame.label === 'good',
    disposition: dispositionOf(
      decide(frame.probabilities, release),
      novelty && isNovel(frame, release, VARIANT),
      release,
    ),
  }));
  const share = (isGood: boolean, wanted: string): number => {
    const parts = dispositions.filter((part) => part.isGood === isGood);
    return parts.filter(({ disposition }) => disposition === wanted).length / parts.length;
  };
  return {
    escapes: share(false, 'pass'),
    falseRejects: share(true, 'reject'),
    reviewedGoods: share(true, 'review'),
    reviewedDefects: share(false, 'review'),
  };
}
