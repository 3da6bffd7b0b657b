import type { Disposition, InferenceResult } from '../../../../contracts';
import { codesOf } from '../../../../contracts/class-codes';
import { ownValue } from '../../../../contracts/own-value';
import type { DecidingRelease } from '../ports';

/** A holding register has 16 bits. */
export const REGISTER_VALUES = 65_536;

/** Values of the holding registers, each 0..65535, in this order; the beat follows them. */
export interface DecisionRegisters {
  readonly disposition: number;
  /** Parts so far, wraps. */
  readonly count: number;
  readonly code: number;
  readonly status: number;
  /** The release's counter. */
  readonly releaseHigh: number;
  readonly releaseLow: number;
}

/**
 * Any two of them, and each of them and the values that memory starts with (0 and 0xFFFF), differ in at least 8 of 16 bits:
 * no start value, shifted byte or flipped bit is taken for another answer.
 */
export const DISPOSITION_VALUES: Readonly<Record<Disposition | 'none', number>> = {
  none: 0,
  pass: 0x5555,
  reject: 0xaaaa,
  review: 0x3333,
};

const STATUS: Readonly<Record<InferenceResult['status'], number>> = { ok: 1, uncertain: 2, invalid: 3 };
const NO_STATUS = 0;
const NO_CLASS = 0;

/** Nothing has been decided yet. */
export const NO_DECISION: DecisionRegisters = {
  disposition: DISPOSITION_VALUES.none,
  count: 0,
  code: NO_CLASS,
  status: NO_STATUS,
  releaseHigh: 0,
  releaseLow: 0,
};

/**
 * What the contract's `decisionOutput.register` describes.
 *
 * A class that the release does not name is written as invalid, for review and without a class: a controller must not see
 * a part pass beside a class that it cannot know.
 * @param count parts so far; wraps at 65,536
 * @param release that decided
 */
export function decisionRegisters(
  count: number,
  { status, predictedClass, disposition }: Pick<InferenceResult, 'status' | 'predictedClass' | 'disposition'>,
  release: DecidingRelease,
): DecisionRegisters {
  const about = {
    count: count % REGISTER_VALUES,
    releaseHigh: Math.floor(release.counter / REGISTER_VALUES),
    releaseLow: release.counter % REGISTER_VALUES,
  };
  const code = predictedClass === undefined ? undefined : ownValue(codesOf(release), predictedClass);
  if (status === 'invalid' || code === undefined) {
    return { ...about, disposition: DISPOSITION_VALUES.review, code: NO_CLASS, status: STATUS.invalid };
  }
  // A result from before there were dispositions says nothing that lets a part pass.
  return { ...about, disposition: DISPOSITION_VALUES[disposition ?? 'review'], code, status: STATUS[status] };
}

/** The registers after the part of `last` has gone: nothing is decided, and what was decided last can still be read. */
export const withoutDecision = (last: DecisionRegisters): DecisionRegisters => ({
  ...NO_DECISION,
  count: last.count,
  releaseHigh: last.releaseHigh,
  releaseLow: last.releaseLow,
});

/** As they are written: function 16 writes them together. */
export const registerValues = (registers: DecisionRegisters, beat: number): readonly number[] => [
  registers.disposition,
  registers.count,
  registers.code,
  registers.status,
  registers.releaseHigh,
  registers.releaseLow,
  beat % REGISTER_VALUES,
];
