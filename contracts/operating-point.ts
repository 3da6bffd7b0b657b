/** Whether thresholds that an operator asks for are within what was signed. Pure; the command and the device ask the same. */
import type { OperatingPointConfiguration, Release } from './generated/types';
import { ownValue } from './own-value';

export type AskedThresholds = OperatingPointConfiguration['thresholds'];

/** Every reason why they may not hold for the release; none when they may. */
export function operatingPointProblems(
  asked: AskedThresholds,
  { dispositionPolicy, releaseId }: Pick<Release, 'dispositionPolicy' | 'releaseId'>,
): string[] {
  return asked.flatMap(({ class: name, threshold }, index) => {
    if (asked.findIndex((one) => one.class === name) !== index) return [`${name}: is listed twice`];
    const bounds = ownValue(dispositionPolicy?.operatingRange?.bounds ?? {}, name);
    if (!bounds) return [`${name}: ${releaseId} lets nobody move it, got ${threshold}`];
    const { lowest, highest } = bounds;
    return threshold >= lowest && threshold <= highest
      ? []
      : [`${name}: must be ${lowest} to ${highest} as ${releaseId} was signed, got ${threshold}`];
  });
}
