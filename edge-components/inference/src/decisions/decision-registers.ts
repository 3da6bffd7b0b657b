import type { InferenceResult } from '../../../../contracts';

/** Values of the three holding registers, each 0..65535: count, status, class. */
export type DecisionRegisters = readonly [count: number, status: number, classNumber: number];

/** A holding register has 16 bits. */
export const REGISTER_VALUES = 65_536;

const STATUS: Readonly<Record<InferenceResult['status'], number>> = { ok: 1, uncertain: 2, invalid: 3 };
const NO_CLASS = 0;

/**
 * What the contract's `decisionOutput.register` describes.
 *
 * A class that the release does not name is written as invalid without a class: a controller that takes status 1 for a
 * good part must not see it beside a class that it cannot know.
 * @param count decisions so far; wraps at 65,536
 * @param classes of the release that decided, in the order of its output
 */
export function decisionRegisters(
  count: number,
  { status, predictedClass }: Pick<InferenceResult, 'status' | 'predictedClass'>,
  classes: readonly string[],
): DecisionRegisters {
  const wrapped = count % REGISTER_VALUES;
  if (status === 'invalid') return [wrapped, STATUS.invalid, NO_CLASS];
  const index = predictedClass === undefined ? -1 : classes.indexOf(predictedClass);
  return index === -1 ? [wrapped, STATUS.invalid, NO_CLASS] : [wrapped, STATUS[status], index + 1];
}
