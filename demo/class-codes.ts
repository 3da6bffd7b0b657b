/** Whether the numbers that controllers know classes by have stayed over the releases of a run. Pure. */
import type { Release } from '../contracts';
import { type ClassCodes, codesOf, movedCodes } from '../contracts/class-codes';

type Coded = Pick<Release, 'releaseId' | 'classes' | 'dispositionPolicy'>;

/** A class's number, and the release that gave it. */
export interface GivenCode {
  readonly className: string;
  readonly code: number;
  readonly since: string;
}

/**
 * Every number that the releases give, in the order of the numbers.
 * @param releases oldest first
 * @throws Error naming each release that moves a number or gives one a second time
 */
export function givenCodes(releases: readonly Coded[]): GivenCode[] {
  const given: GivenCode[] = [];
  const moved: string[] = [];
  for (const release of releases) {
    const known: ClassCodes = Object.fromEntries(given.map(({ className, code }) => [className, code]));
    const codes = codesOf(release);
    moved.push(...movedCodes(known, codes).map((problem) => `${release.releaseId}: ${problem}`));
    for (const [className, code] of Object.entries(codes)) {
      if (known[className] === undefined) given.push({ className, code, since: release.releaseId });
    }
  }
  if (moved.length > 0) throw new Error(moved.join('; '));
  return given.sort((left, right) => left.code - right.code);
}
