/** Finds the file that a table means, though table and disk spell its path differently. Pure. */
import { posix } from 'node:path';
import type { SourceFile } from './source-files';

/** `./b\\c.jpg` is `b/c.jpg`, and letters with marks are composed, as a Mac's disk has them not. */
export function composedPath(path: string): string {
  return posix.normalize(path.replaceAll('\\', '/')).normalize('NFC');
}

/** Files by their paths: as written, else in the usual spelling, else without regard to case if that is one file. */
export class FileFinder {
  private readonly exact: ReadonlyMap<string, SourceFile>;
  private readonly composed: ReadonlyMap<string, SourceFile>;
  private readonly anyCase = new Map<string, SourceFile | 'several'>();

  constructor(files: readonly SourceFile[]) {
    this.exact = new Map(files.map((file) => [file.path, file]));
    this.composed = new Map(files.map((file) => [composedPath(file.path), file]));
    for (const file of files) {
      const key = composedPath(file.path).toLowerCase();
      this.anyCase.set(key, this.anyCase.has(key) ? 'several' : file);
    }
  }

  find(path: string): SourceFile | undefined {
    const written = this.exact.get(posix.normalize(path));
    if (written) return written;
    const spelled = this.composed.get(composedPath(path));
    if (spelled) return spelled;
    const alike = this.anyCase.get(composedPath(path).toLowerCase());
    return alike === 'several' ? undefined : alike;
  }
}
