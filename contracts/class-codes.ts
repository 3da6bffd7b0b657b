/**
 * Numbers of classes, for controllers that know no names. Append-only per use case: a program that passes "2" must never
 * find another class behind it because a class was added, and classes are sorted by name at every training. Pure; the
 * registry gives codes out, signing and devices refuse a release that moves one.
 */
import type { Release } from './generated/types';
import { ownValue } from './own-value';

/** class -> code, 1..65535, no code twice. */
export type ClassCodes = Readonly<Record<string, number>>;

/** 0 is no class, and a register has 16 bits. */
const LARGEST_CODE = 65_535;

/** Codes of a release's classes. Releases from before there were codes told controllers the place of a class, from 1. */
export function codesOf({
  classes,
  dispositionPolicy,
}: Pick<Release, 'classes' | 'dispositionPolicy'>): ClassCodes {
  return dispositionPolicy?.codes ?? Object.fromEntries(classes.map((name, index) => [name, index + 1]));
}

/**
 * The codes of all classes that were ever given one: those of `known`, and the next free ones for what is new, in the
 * order of the alphabet, so that the same classes get the same codes whatever order they come in.
 * @throws RangeError when none is left
 */
export function withCodesFor(known: ClassCodes, classes: readonly string[]): ClassCodes {
  const fresh = [...new Set(classes)].filter((name) => !Object.hasOwn(known, name)).sort();
  const highest = Math.max(0, ...Object.values(known));
  if (highest + fresh.length > LARGEST_CODE) {
    throw new RangeError(
      `codes: at most ${LARGEST_CODE}, ${highest} are given out and ${fresh.length} more are needed`,
    );
  }
  return { ...known, ...Object.fromEntries(fresh.map((name, index) => [name, highest + index + 1])) };
}

/** Every way in which `offered` breaks the promise of `known`: a class with another code, a code with another class. */
export function movedCodes(known: ClassCodes, offered: ClassCodes): string[] {
  const nameOf = new Map(Object.entries(known).map(([name, code]) => [code, name]));
  return Object.entries(offered).flatMap(([name, code]) => {
    const own = ownValue(known, name);
    if (own !== undefined && own !== code)
      return [`codes: '${name}' is ${own} and must stay it, got ${code}`];
    const owner = nameOf.get(code);
    return owner !== undefined && owner !== name
      ? [`codes: ${code} is '${owner}' for ever, got '${name}'`]
      : [];
  });
}
