/**
 * The thresholds that hold: those that a release was signed with, or those that an operator has moved within the bounds that
 * were signed with it. What does not fit is refused as a whole, and the release's own hold: half of what somebody meant is
 * nothing that anybody meant.
 */
import type { OperatingPointConfiguration, Release } from '../../../../contracts';
import { operatingPointProblems } from '../../../../contracts/operating-point';
import { ownValue } from '../../../../contracts/own-value';

/** Points by thing name; `*` for every device. */
export type OperatingPoints = Readonly<Record<string, OperatingPointConfiguration>>;

export interface OperatingPoint {
  /** class -> least probability at which it may be reported. */
  readonly thresholds: Release['thresholds'];
  /** Those of them that an operator has moved. */
  readonly moved: Release['thresholds'];
  /** Why those that were asked for do not hold. */
  readonly problem?: string;
  /** In words, for the status. */
  readonly said: string;
}

type Bounded = Pick<Release, 'thresholds' | 'dispositionPolicy' | 'modelPackageVersion' | 'releaseId'>;

/** The point that is meant for a device: of its own and everybody's the later one. */
export function pointFor(
  points: OperatingPoints | undefined,
  thingName: string,
): OperatingPointConfiguration | undefined {
  const own = points && ownValue(points, thingName);
  const all = points && ownValue(points, '*');
  if (!own || !all) return own ?? all;
  return Date.parse(own.at) >= Date.parse(all.at) ? own : all;
}

/**
 * @param asked what an operator has asked for. It is a choice about one model: another one, whose probabilities mean
 * something else, starts from its own thresholds, also where the bounds would allow these. A roll-back signs the same model
 * again and keeps them.
 */
export function operatingPoint(
  release: Bounded,
  asked: OperatingPointConfiguration | undefined,
): OperatingPoint {
  const own = (said: string, problem?: string): OperatingPoint => ({
    thresholds: release.thresholds,
    moved: {},
    said,
    ...(problem !== undefined && { problem }),
  });
  if (!asked || asked.thresholds.length === 0) return own("the release's own");
  if (asked.modelPackageVersion !== release.modelPackageVersion) {
    return own(`the release's own: moved was that of model ${asked.modelPackageVersion}`);
  }
  const problems = operatingPointProblems(asked.thresholds, release);
  if (problems.length > 0) {
    const problem = `refused, the release's own holds: ${problems.join('; ')}`;
    return own(problem, problem);
  }
  const moved = Object.fromEntries(asked.thresholds.map((one) => [one.class, one.threshold]));
  const words = asked.thresholds.map((one) => `${one.class} ${one.threshold}`).join(', ');
  return { thresholds: { ...release.thresholds, ...moved }, moved, said: `moved at ${asked.at}: ${words}` };
}
