/** What a zip says about its entries, which no unzip library tells. APPNOTE.TXT 4.3.12. */
const ENTRY_SIGNATURE = 0x02014b50;
const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const ENTRY_BYTES = 46;

export interface ZipEntry {
  readonly name: string;
  /** 3: Unix. */
  readonly system: number;
  /** `YYYY-MM-DD hh:mm:ss`, as stored: a zip knows no time zone. */
  readonly modified: string;
  /** Unix type and permissions. */
  readonly mode: number;
}

function modified(time: number, date: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${1980 + (date >> 9)}-${two((date >> 5) & 15)}-${two(date & 31)}`;
  return `${day} ${two(time >> 11)}:${two((time >> 5) & 63)}:${two((time & 31) * 2)}`;
}

/** The entries in the order of the archive. @throws Error when it is no zip, or one with a comment */
export function centralDirectory(zip: Uint8Array): ZipEntry[] {
  const bytes = Buffer.from(zip);
  const end = bytes.length - END_BYTES;
  if (bytes.readUInt32LE(end) !== END_SIGNATURE) throw new Error('no end of a central directory');
  const entries: ZipEntry[] = [];
  let at = bytes.readUInt32LE(end + 16);
  while (bytes.readUInt32LE(at) === ENTRY_SIGNATURE) {
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((offset) =>
      bytes.readUInt16LE(at + offset),
    );
    const nameEnd = at + ENTRY_BYTES + (nameBytes as number);
    entries.push({
      name: bytes.toString('utf8', at + ENTRY_BYTES, nameEnd),
      system: bytes.readUInt8(at + 5),
      modified: modified(bytes.readUInt16LE(at + 12), bytes.readUInt16LE(at + 14)),
      mode: bytes.readUInt16LE(at + 40),
    });
    at = nameEnd + (extraBytes as number) + (commentBytes as number);
  }
  return entries;
}
