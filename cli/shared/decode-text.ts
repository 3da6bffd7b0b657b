/** Text as other programs save it: with or without a byte order mark, in UTF-8, UTF-16 or a Windows code page. Pure. */

export interface DecodedText {
  readonly text: string;
  /** By its name in the Encoding Standard (encoding.spec.whatwg.org). */
  readonly encoding: 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';
}

/** Enough to tell: a table's header is ASCII, so every other byte of it is zero in UTF-16. */
const BYTES_LOOKED_AT = 64;

function utf16(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const start = bytes.subarray(0, BYTES_LOOKED_AT);
  const zeros = (parity: number) => start.filter((byte, index) => index % 2 === parity && byte === 0).length;
  const [even, odd] = [zeros(0), zeros(1)];
  if (odd > start.length / 4 && even === 0) return 'utf-16le';
  return even > start.length / 4 && odd === 0 ? 'utf-16be' : undefined;
}

/**
 * Bytes that are no UTF-8 are taken for Windows-1252, the code page of spreadsheets in Western Europe and America, in
 * which every byte is a character: whoever decodes them says so, since it is a guess.
 */
export function decodeText(bytes: Uint8Array): DecodedText {
  const wide = utf16(bytes);
  if (wide) return { text: new TextDecoder(wide).decode(bytes), encoding: wide };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), encoding: 'utf-8' };
  } catch {
    return { text: new TextDecoder('windows-1252').decode(bytes), encoding: 'windows-1252' };
  }
}
