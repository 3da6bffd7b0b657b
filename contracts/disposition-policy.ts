/** Rules between the fields of a release's disposition policy, which JSON Schema cannot say. Pure. */
import { codesOf } from './class-codes';
import type { Release } from './generated/types';
import { ownValue } from './own-value';

/** Problems of a release's policy; none for a release that has no policy. */
export function dispositionPolicyProblems(
  release: Pick<Release, 'classes' | 'dispositionPolicy' | 'thresholds'>,
): string[] {
  const { classes, dispositionPolicy } = release;
  if (!dispositionPolicy) return [];
  const codes = codesOf(release);
  const users = new Map<number, string[]>();
  for (const [name, code] of Object.entries(codes)) users.set(code, [...(users.get(code) ?? []), name]);
  return [
    ...oncePerClass('codes', Object.keys(codes), classes),
    ...oncePerClass('classes', Object.keys(dispositionPolicy.classes), classes),
    ...[...users]
      .filter(([, names]) => names.length > 1)
      .map(([code, names]) => `dispositionPolicy.codes: ${code} is given to ${names.join(' and ')}`),
    ...boundsProblems(release),
  ];
}

/** Only what passes can be let pass sooner or later, and the release's own threshold is a choice within the bounds. */
function boundsProblems({
  dispositionPolicy,
  thresholds,
}: Pick<Release, 'dispositionPolicy' | 'thresholds'>): string[] {
  const { classes = {}, operatingRange } = dispositionPolicy ?? {};
  return Object.entries(operatingRange?.bounds ?? {}).flatMap(([name, { lowest, highest }]) => {
    const field = `dispositionPolicy.operatingRange.bounds.${name}`;
    if (ownValue(classes, name) !== 'pass') return [`${field}: '${name}' is no class that passes`];
    const own = ownValue(thresholds, name) ?? Number.NaN;
    return lowest <= own && own <= highest
      ? []
      : [`${field}: must hold the release's threshold ${own}, got ${lowest} to ${highest}`];
  });
}

function oncePerClass(field: string, names: readonly string[], classes: readonly string[]): string[] {
  return [
    ...classes
      .filter((name) => !names.includes(name))
      .map((name) => `dispositionPolicy.${field}: none for class '${name}'`),
    ...names
      .filter((name) => !classes.includes(name))
      .map((name) => `dispositionPolicy.${field}: '${name}' is no class`),
  ];
}
