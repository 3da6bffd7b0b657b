/** Rules between the fields of a release's disposition policy, which JSON Schema cannot say. Pure. */
import { codesOf } from './class-codes';
import type { Release } from './generated/types';

/** Problems of a release's policy; none for a release that has no policy. */
export function dispositionPolicyProblems(release: Pick<Release, 'classes' | 'dispositionPolicy'>): string[] {
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
  ];
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
