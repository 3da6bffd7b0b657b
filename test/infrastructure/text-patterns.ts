const escaped = (text: string): string => text.replace(/[.+^${}()|[\]\\]/g, '\\$&');

/** IAM's patterns: `*` is any text, `?` any character. */
export function textMatches(pattern: string, text: string): boolean {
  const expression = escaped(pattern).replaceAll('*', '.*').replaceAll('?', '.');
  return new RegExp(`^${expression}$`).test(text);
}
