/**
 * Puts the head of a camera's answer right before Node.js reads it. Its parser, also the lenient one, gives a whole answer up
 * for a header line without a colon, a blank before the colon, or two Content-Length. The connection is used for one answer
 * of a camera and nothing else, so that no reader behind this one can be led to another end of it.
 */

/** Node.js's own limit. */
export const LARGEST_HEAD_BYTES = 16_384;
const HEAD_END = /\r?\n\r?\n/;
const LINE_END = /\r?\n/;
/** RFC 9110, 5.6.2. */
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const HEADER = new RegExp(`^[ \\t]*(${TOKEN})[ \\t]*:(.*)$`);
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to go
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/g;

interface Header {
  readonly name: string;
  readonly value: string;
}

/**
 * @param head status line and header lines, without the blank line at the end
 * @returns the same as HTTP has it, with that line: what is no header is left out, equal Content-Length become one, and
 *   where they differ the answer ends with its connection
 */
export function mendHead(head: string): string {
  const [status = '', ...lines] = head.split(LINE_END);
  const headers = lines.flatMap((line): Header[] => {
    const [, name, value] = HEADER.exec(line) ?? [];
    return name === undefined ? [] : [{ name, value: (value as string).replace(CONTROL, '').trim() }];
  });
  const lengths = new Set(headers.filter(isLength).map(({ value }) => value));
  const [length] = lengths;
  const isMeant = lengths.size === 1 && /^\d+$/.test(length as string) && !headers.some(isTransferEncoding);
  return [
    status.trim(),
    ...headers.filter((header) => !isLength(header)).map(({ name, value }) => `${name}: ${value}`),
    ...(isMeant ? [`Content-Length: ${length}`] : []),
    '',
    '',
  ].join('\r\n');
}

const isLength = ({ name }: Header): boolean => /^content-length$/i.test(name);
const isTransferEncoding = ({ name }: Header): boolean => /^transfer-encoding$/i.test(name);

/** Mends the first head of a stream of bytes and passes on what comes behind it. */
export class HeadMender {
  private head: Buffer | undefined = Buffer.alloc(0);

  /**
   * @returns what may be read, nothing before the head is whole
   * @throws Error when the head is too large
   */
  push(chunk: Buffer): Buffer {
    if (!this.head) return chunk;
    this.head = Buffer.concat([this.head, chunk]);
    const text = this.head.toString('latin1', 0, LARGEST_HEAD_BYTES);
    const end = HEAD_END.exec(text);
    if (!end) {
      if (this.head.length < LARGEST_HEAD_BYTES) return Buffer.alloc(0);
      throw new Error(`the head of the camera's answer has more than ${LARGEST_HEAD_BYTES} bytes`);
    }
    const body = this.head.subarray(end.index + end[0].length);
    this.head = undefined;
    return Buffer.concat([Buffer.from(mendHead(text.slice(0, end.index)), 'latin1'), body]);
  }
}
