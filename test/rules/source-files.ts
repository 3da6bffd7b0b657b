import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const ROOT = join(__dirname, '..', '..');

/** Path of a TypeScript file, relative to the root, -> its text. */
export type Sources = ReadonlyMap<string, string>;

/** The TypeScript files below these folders of the root. */
export function sourcesBelow(...folders: readonly string[]): Sources {
  const paths = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => `${folder}/${path}`),
  );
  return new Map(paths.sort().map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
}

/** Paths that a file imports, relative to the root and without suffix; packages are left out. */
export function importsOf(path: string, text: string): string[] {
  const found = text.matchAll(/(?:from|import\()\s*'(\.[^']*)'/g);
  return [...found].map(([, target = '']) => normalize(join(dirname(path), target)));
}

const TOKEN = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;

/** A string or template of a file, with its quotes. */
export interface Literal {
  readonly line: number;
  readonly text: string;
  /** Code of the same line before it. */
  readonly before: string;
}

/** Strings and templates of a text; comments may say what they want, and so may the paths of imports. */
export function literalsOf(text: string): Literal[] {
  return [...text.matchAll(TOKEN)]
    .filter(([token]) => !token.startsWith('/') && !/^'\.{1,2}\//.test(token))
    .map(({ 0: token, index }) => {
      const head = text.slice(0, index);
      return { line: head.split('\n').length, text: token, before: head.slice(head.lastIndexOf('\n') + 1) };
    });
}
