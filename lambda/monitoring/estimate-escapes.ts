/**
 * Escapes (defective parts that pass) and false rejects (good parts that are taken out), from the labels of control
 * captures. Those are drawn from all frames with one probability, so that they need no weights: nothing that a device
 * claims about its captures moves these numbers. Pure.
 */
import type { Disposition, Label, Release } from '../../contracts';
import { ownValue } from '../../contracts/own-value';
import { type Interval, wilsonInterval } from '../shared/intervals';

/** Of a release, what says which parts pass. */
export type JudgedBy = Pick<Release, 'dispositionPolicy' | 'thresholds'>;

export type DisposedLabel = Pick<
  Label,
  'label' | 'predictedClass' | 'confidence' | 'disposition' | 'reasons'
>;

export interface EscapeEstimate {
  /** Share of defective parts that passed; absent without a label of one. */
  readonly escapes?: Counted;
  /** Share of good parts that were taken out; absent without a label of one. */
  readonly falseRejects?: Counted;
}

/** A share with its 95 % interval. */
export interface Counted extends Interval {
  readonly count: number;
  readonly of: number;
}

/**
 * What became of the part. A device that did not say is taken by class and threshold: a frame that it held to be new,
 * and sent to a person, counts as if it had not, which counts an escape too many and none too few.
 */
export function dispositionOf(
  { disposition, predictedClass, confidence }: DisposedLabel,
  { dispositionPolicy, thresholds }: JudgedBy,
): Disposition {
  if (disposition !== undefined) return disposition;
  if (!dispositionPolicy || predictedClass === undefined) return 'review';
  const threshold = ownValue(thresholds, predictedClass);
  if (threshold === undefined || (confidence ?? 0) < threshold) return 'review';
  return ownValue(dispositionPolicy.classes, predictedClass) ?? 'review';
}

/** Whether a part of this class is good: one that the release would let pass, did it know. Other classes are defects. */
export const isGood = (label: string, { dispositionPolicy }: JudgedBy): boolean =>
  dispositionPolicy !== undefined && ownValue(dispositionPolicy.classes, label) === 'pass';

const counted = (count: number, of: number): Counted => ({ ...wilsonInterval(count / of, of), count, of });

/** @returns nothing of a release without a policy, all of whose parts go to a person */
export function estimateEscapes(labels: readonly DisposedLabel[], release: JudgedBy): EscapeEstimate {
  if (!release.dispositionPolicy) return {};
  const control = labels.filter(({ reasons }) => reasons.includes('control'));
  const good = control.filter(({ label }) => isGood(label, release));
  const defective = control.filter(({ label }) => !isGood(label, release));
  const disposed = (of: readonly DisposedLabel[], as: Disposition) =>
    of.filter((label) => dispositionOf(label, release) === as).length;
  return {
    ...(defective.length > 0 && { escapes: counted(disposed(defective, 'pass'), defective.length) }),
    ...(good.length > 0 && { falseRejects: counted(disposed(good, 'reject'), good.length) }),
  };
}
