/** Ids of images by their paths. Pure. */
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { identifierOf } from './group-rule';

const DIGEST_CHARACTERS = 8;
const LONGEST_STEM = 128 - DIGEST_CHARACTERS - 1;

const digestOf = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, DIGEST_CHARACTERS);

/** The identifier of a path without its suffix: `good/part7.jpg` is `good.part7`. A disk may decompose its letters. */
export function stemIdentifier(path: string): string {
  const composed = path.normalize('NFC');
  return identifierOf(composed.slice(0, composed.length - posix.extname(composed).length));
}

/**
 * An id for each different path. Where several have the same stem, as `1.jpg` beside `1.png`, each gets part of its
 * path's digest: numbers would change when a file is added.
 */
export function itemIds(paths: Iterable<string>): ReadonlyMap<string, string> {
  const byStem = new Map<string, string[]>();
  for (const path of new Set(paths)) {
    const stem = stemIdentifier(path);
    const same = byStem.get(stem);
    if (same) same.push(path);
    else byStem.set(stem, [path]);
  }
  return new Map(
    [...byStem].flatMap(([stem, same]) =>
      same.map((path): [string, string] => [
        path,
        same.length === 1 ? stem : `${stem.slice(0, LONGEST_STEM)}-${digestOf(path.normalize('NFC'))}`,
      ]),
    ),
  );
}
