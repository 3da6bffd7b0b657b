import { InvalidInputError } from '../shared/errors';

/** A dataset item has below 2 KiB; what is longer is no manifest, and must not fill the memory. */
const LONGEST_LINE = 64 * 1024;

/**
 * Lines of a UTF-8 text as its chunks come. Unlike `readline` it fails when the stream does: a manifest that breaks off
 * is not a shorter manifest.
 * @throws InvalidInputError when a line is longer than 64 Ki characters
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield bounded(line);
    bounded(rest);
  }
  rest += decoder.decode();
  if (rest !== '') yield bounded(rest);
}

function bounded(line: string): string {
  if (line.length > LONGEST_LINE) {
    throw new InvalidInputError(`a line has more than ${LONGEST_LINE} characters`);
  }
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
