/** Which images show the same physical part, told by their paths. Pure. */
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { InputError } from '../shared/errors';

/** The part that an image shows; `undefined` when its path does not say. */
export type GroupRule = (path: string) => string | undefined;

const LONGEST_IDENTIFIER = 128;
const DIGEST_CHARACTERS = 8;

/**
 * An identifier (contract common) for any text. Text that already is one stays as it is; anything else gets part of its
 * digest, so that `a b` and `a_b` stay apart.
 */
export function identifierOf(text: string): string {
  const plain = text.replaceAll('/', '.').replaceAll(/[^A-Za-z0-9._-]/g, '_');
  const isSame = plain === text.replaceAll('/', '.') && !plain.startsWith('.') && plain !== '';
  if (isSame && plain.length <= LONGEST_IDENTIFIER) return plain;
  const digest = createHash('sha256').update(text).digest('hex').slice(0, DIGEST_CHARACTERS);
  return `${plain.replace(/^\.+/, '').slice(0, LONGEST_IDENTIFIER - DIGEST_CHARACTERS - 1)}-${digest}`;
}

/**
 * The part is what the expression's first group matches in the path, or the whole match when it has no group.
 * @throws InputError when `expression` is no regular expression
 */
export function groupByExpression(expression: string): GroupRule {
  let pattern: RegExp;
  try {
    pattern = new RegExp(expression, 'u');
  } catch (error) {
    throw new InputError(`--group-by: ${(error as Error).message}`);
  }
  return (path) => {
    const match = pattern.exec(path);
    return (match?.[1] ?? match?.[0]) || undefined;
  };
}

/**
 * The part is the file's name up to the first separator: `part7_left.jpg` and `part7_top.jpg` show `part7`.
 * @throws InputError when the separator is empty
 */
export function groupByPrefix(separator: string): GroupRule {
  if (separator === '') throw new InputError('--group-by-prefix: must not be empty');
  return (path) => {
    const name = posix.basename(path);
    const end = name.indexOf(separator);
    return end > 0 ? name.slice(0, end) : undefined;
  };
}
