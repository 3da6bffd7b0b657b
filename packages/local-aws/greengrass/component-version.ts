/** Component versions: what is a version, which one satisfies, which one is newest. */
import semver from 'semver';

/** Of aws-greengrass-component-common `ComponentRecipe.java`. */
const LONGEST_VERSION = 64;
const GREATEST_NUMBER = 999_999;

/** Why `version` cannot be a component version, or undefined. */
export function versionProblem(version: string): string | undefined {
  if (version.length > LONGEST_VERSION) return `is longer than ${LONGEST_VERSION} characters`;
  if (semver.valid(version) !== version) return 'is not a semantic version (major.minor.patch)';
  const numbers = [semver.major(version), semver.minor(version), semver.patch(version)];
  return numbers.some((number) => number > GREATEST_NUMBER)
    ? `has a number above ${GREATEST_NUMBER}`
    : undefined;
}

/** Why `range` cannot be a version requirement, or undefined. */
export function requirementProblem(range: string): string | undefined {
  return semver.validRange(range) === null ? 'is not a version range of NPM style' : undefined;
}

export function newestFirst(a: string, b: string): number {
  return semver.compare(b, a);
}

/**
 * The version that a device gets: the one it proposes when that satisfies every requirement, else the newest that does.
 * @param requirements range by the name of the component (or deployment target) that demands it
 */
export function resolveVersion(
  available: readonly string[],
  requirements: Readonly<Record<string, string>>,
  proposed?: string,
): string | undefined {
  const fitting = available.filter((version) =>
    Object.values(requirements).every((range) => semver.satisfies(version, range)),
  );
  if (proposed !== undefined && fitting.includes(proposed)) return proposed;
  return [...fitting].sort(newestFirst)[0];
}
