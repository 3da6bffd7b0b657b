/** What lies in folders of images without being part of a data set, told by its name. Pure. */

export interface LeftOut {
  /** A file, or a folder with all that is in it. */
  readonly path: string;
  readonly reason: string;
  /** How many files that is. */
  readonly files: number;
}

const BY_NAME: readonly (readonly [name: RegExp, reason: string])[] = [
  [/^__MACOSX$|^\._|^\.DS_Store$/, 'written by macOS, no image'],
  [/^@eaDir$|^#recycle$|^@Recycle$/i, 'written by a network drive, no image of yours'],
  [/^(Thumbs\.db|ehthumbs\.db|desktop\.ini)$/i, 'written by Windows, no image'],
  [/^(\$RECYCLE\.BIN|System Volume Information|lost\+found)$/i, 'a wastebasket of the system'],
  [/^\./, 'hidden'],
  [/\ufffd/, 'its name is not in UTF-8: rename it'],
];

/** The part of a path that makes it none of a data set's; `undefined` when nothing does. */
export function junkIn(path: string): Pick<LeftOut, 'path' | 'reason'> | undefined {
  const parts = path.split('/');
  for (const [index, part] of parts.entries()) {
    const found = BY_NAME.find(([name]) => name.test(part));
    if (found) return { path: parts.slice(0, index + 1).join('/'), reason: found[1] };
  }
  return undefined;
}

/** Entries with the same path become one, which counts their files. */
export function collapsed(entries: readonly LeftOut[]): LeftOut[] {
  const byPath = new Map<string, LeftOut>();
  for (const entry of entries) {
    const before = byPath.get(entry.path);
    byPath.set(entry.path, { ...entry, files: entry.files + (before?.files ?? 0) });
  }
  return [...byPath.values()];
}

/** Each reason with its number of files and its first paths. */
export function leftOutByReason(
  entries: readonly LeftOut[],
): { reason: string; files: number; paths: string[] }[] {
  const byReason = new Map<string, { reason: string; files: number; paths: string[] }>();
  for (const { path, reason, files } of entries) {
    const found = byReason.get(reason) ?? { reason, files: 0, paths: [] };
    found.files += files;
    found.paths.push(path);
    byReason.set(reason, found);
  }
  return [...byReason.values()];
}
