/**
 * JPEG images with stray bytes before their restart markers, as some USB cameras write them: every pixel is there, and strict
 * decoders refuse the image all the same. A decoder skips the bytes with a warning, the same one as for an image of which a
 * part is missing. To tell the two apart the entropy-coded data is read here as a decoder reads it (ITU-T T.81, annex F, as
 * far as the place where each restart interval ends). Only where every interval is whole are the bytes taken out, and the
 * image is then one that the strictest decoder takes, with the pixels that a lenient one sees.
 */

const FF = 0xff;
const RESTART = 0xd0;
const SCAN = 0xda;
const TABLES = 0xc4;
const INTERVAL = 0xdd;
const BLOCK = 64;
const CODE_BITS = 16;
/** Reading the data bit by bit costs some 50 ms a megabyte, which a frame of a USB camera does not have. */
const LARGEST_BYTES = 2 * 1024 * 1024;
/** Some milliseconds. */
const UNITS_OF_A_STEP = 1024;

/** Four of each class, and as many again that replace them: each table costs a tenth of a millisecond. */
const MOST_TABLES = 16;

/**
 * The tables of T.81, K.3 to K.6, as the content of a segment: streams of cameras leave them out, and decoders know them.
 */
const STANDARD_TABLES = Buffer.from(
  [
    'AAABBQEBAQEBAQAAAAAAAAAAAQIDBAUGBwgJCgsQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNC',
    'scEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqS',
    'k5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+gEAAwEBAQEB',
    'AQEBAQAAAAAAAAECAwQFBgcICQoLEQACAQIEBAMEBwUEBAABAncAAQIDEQQFITEGEkFRB2FxEyIygQgUQpGhscEJIzNS8BVi',
    'ctEKFiQ04SXxFxgZGiYnKCkqNTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqCg4SFhoeIiYqSk5SVlpeY',
    'mZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2dri4+Tl5ufo6ery8/T19vf4+fo=',
  ].join(''),
  'base64',
);

/** Symbol and length of the code that begins each 16 bits: `length << 8 | symbol`, 0 where none does. */
type CodeTable = Uint16Array;

interface Component {
  readonly id: number;
  readonly horizontal: number;
  readonly vertical: number;
}

interface Head {
  readonly width: number;
  readonly height: number;
  readonly components: readonly Component[];
  /** By class and number: `tables[class << 4 | number]`. */
  readonly tables: ReadonlyMap<number, CodeTable>;
  /** MCUs between two restart markers. */
  readonly interval: number;
  /** Content of the scan's header, and where its data begins. */
  readonly scan: Buffer;
  readonly data: number;
}

/** The image is none of those that this file reads, or not whole. */
class NotWhole extends Error {}

/**
 * @returns the image without what is not its own; undefined when it is no baseline image of one scan with restart markers,
 *   when a part of it is missing, or when there is nothing to take out
 */
export function withoutStrayBytes(image: Buffer): Buffer | undefined {
  const steps = soundImage(image);
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value;
}

/** The same for a process that has to do other things meanwhile. */
async function withoutStrayBytesInSteps(image: Buffer): Promise<Buffer | undefined> {
  const steps = soundImage(image);
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) return step.value;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

function* soundImage(image: Buffer): Generator<void, Buffer | undefined> {
  if (image.length > LARGEST_BYTES) return undefined;
  try {
    const pieces = yield* piecesOf(image);
    return pieces.length > 1 ? Buffer.concat(pieces) : undefined;
  } catch (error) {
    // The bytes end where more are announced.
    const isBeyondEnd = (error as Error).name === 'RangeError';
    if (error instanceof NotWhole || isBeyondEnd) return undefined;
    throw error;
  }
}

/** What libjpeg says of the bytes that it skips. */
const STRAY_BYTES = /extraneous bytes before marker/;

/**
 * Decodes strictly, and once more without stray bytes when these are what was wrong.
 * @param decode strict: it rejects with the decoder's words on its first warning
 */
export async function decodeWithoutStrayBytes<Result>(
  image: Uint8Array,
  decode: (image: Uint8Array) => Promise<Result>,
): Promise<Result> {
  try {
    return await decode(image);
  } catch (error) {
    if (!STRAY_BYTES.test((error as Error).message)) throw error;
    const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength);
    const sound = await withoutStrayBytesInSteps(bytes);
    if (!sound) throw error;
    return decode(sound);
  }
}

/** What is left of the image, in one piece where nothing is taken out. */
function* piecesOf(image: Buffer): Generator<void, Buffer[]> {
  const head = readHead(image);
  const unit = unitOf(head);
  const pieces: Buffer[] = [];
  let from = 0;
  let bits = new EntropyBits(image, head.data);
  for (let done = 0, restarts = 0; done < unit.count; restarts++) {
    const units = Math.min(head.interval, unit.count - done);
    for (let index = 1; index <= units; index++) {
      skipUnit(bits, unit.blocks);
      if ((done + index) % UNITS_OF_A_STEP === 0) yield;
    }
    done += units;
    const end = bits.end;
    const marker = nextMarker(image, end);
    if (marker > end) {
      pieces.push(image.subarray(from, end));
      from = marker;
    }
    if (done === unit.count) break;
    if (image[marker + 1] !== RESTART + (restarts % 8)) throw new NotWhole();
    bits = new EntropyBits(image, marker + 2);
  }
  return [...pieces, image.subarray(from)];
}

function readHead(image: Buffer): Head {
  const tables = new Map<number, CodeTable>();
  readTables(STANDARD_TABLES, tables);
  let frame: Pick<Head, 'width' | 'height' | 'components'> | undefined;
  let interval = 0;
  let tablesRead = 0;
  for (let at = 2; ; ) {
    if (image.readUInt8(at) !== FF) throw new NotWhole();
    const code = image.readUInt8(at + 1);
    if (code === FF) {
      at++;
      continue;
    }
    const length = image.readUInt16BE(at + 2);
    const content = image.subarray(at + 4, at + 2 + length);
    at += 2 + length;
    if (code === TABLES) {
      tablesRead += readTables(content, tables);
      if (tablesRead > MOST_TABLES) throw new NotWhole();
    } else if (code === INTERVAL) interval = content.readUInt16BE(0);
    // Baseline and extended sequential, Huffman coded.
    else if (code === 0xc0 || code === 0xc1) frame = readFrame(content);
    else if (code > 0xc1 && code <= 0xcf) throw new NotWhole();
    else if (code === SCAN) {
      if (!frame || interval === 0) throw new NotWhole();
      return { ...frame, tables, interval, scan: content, data: at };
    }
  }
}

function readFrame(content: Buffer): Pick<Head, 'width' | 'height' | 'components'> {
  const components = Array.from({ length: content.readUInt8(5) }, (_, index): Component => {
    const sampling = content.readUInt8(7 + 3 * index);
    return { id: content.readUInt8(6 + 3 * index), horizontal: sampling >> 4, vertical: sampling & 15 };
  });
  return { height: content.readUInt16BE(1), width: content.readUInt16BE(3), components };
}

function readTables(content: Buffer, tables: Map<number, CodeTable>): number {
  let count = 0;
  for (let at = 0; at < content.length; count++) {
    if (count >= MOST_TABLES) throw new NotWhole();
    const table = new Uint16Array(1 << CODE_BITS);
    const place = content.readUInt8(at);
    let symbol = at + 17;
    let code = 0;
    for (let length = 1; length <= CODE_BITS; length++, code <<= 1) {
      for (let left = content.readUInt8(at + length); left > 0; left--, code++, symbol++) {
        const shift = CODE_BITS - length;
        if (code >> length > 0) throw new NotWhole();
        table.fill((length << 8) | content.readUInt8(symbol), code << shift, (code + 1) << shift);
      }
    }
    tables.set(place, table);
    at = symbol;
  }
  return count;
}

interface Block {
  readonly dc: CodeTable;
  readonly ac: CodeTable;
}

/** The blocks of a minimum coded unit, and how many units the scan has (A.2). */
function unitOf({ width, height, components, tables, scan }: Head): { blocks: Block[]; count: number } {
  const count = scan.readUInt8(0);
  // With more than one scan each has restart markers of its own; nobody writes those.
  if (count !== components.length) throw new NotWhole();
  const most = (values: number[]): number => Math.max(...values);
  const across = count === 1 ? 1 : most(components.map(({ horizontal }) => horizontal));
  const down = count === 1 ? 1 : most(components.map(({ vertical }) => vertical));
  const blocks = Array.from({ length: count }, (_, index): Block[] => {
    const component = components.find(({ id }) => id === scan.readUInt8(1 + 2 * index));
    const place = scan.readUInt8(2 + 2 * index);
    const dc = tables.get(place >> 4);
    const ac = tables.get(0x10 | (place & 15));
    if (!component || !dc || !ac) throw new NotWhole();
    const { horizontal, vertical } = component;
    return Array.from({ length: count === 1 ? 1 : horizontal * vertical }, () => ({ dc, ac }));
  }).flat();
  const units = Math.ceil(width / (8 * across)) * Math.ceil(height / (8 * down));
  if (!(units > 0) || blocks.length === 0 || blocks.length > 10) throw new NotWhole();
  return { blocks, count: units };
}

function skipUnit(bits: EntropyBits, blocks: readonly Block[]): void {
  for (const { dc, ac } of blocks) {
    bits.skip(bits.symbol(dc) & 15);
    for (let at = 1; at < BLOCK; at++) {
      const symbol = bits.symbol(ac);
      const size = symbol & 15;
      const run = symbol >> 4;
      // End of the block; 15 without a value are sixteen zeros.
      if (size === 0 && run !== 15) break;
      at += run;
      if (at >= BLOCK) throw new NotWhole();
      bits.skip(size);
    }
  }
}

/** The bits of one restart interval. */
class EntropyBits {
  private value = 0;
  private available = 0;
  /** Where each of the bytes in `value` ends, the oldest first: bits that are not used give their byte back. */
  private readonly ends: number[] = [];
  private used: number;

  constructor(
    private readonly bytes: Buffer,
    private at: number,
  ) {
    this.used = at;
  }

  /** Behind the last byte of which a bit was used. */
  get end(): number {
    return this.used;
  }

  symbol(table: CodeTable): number {
    while (this.available < CODE_BITS && this.fill());
    const known = this.available;
    const next = known >= CODE_BITS ? this.value >>> (known - CODE_BITS) : this.value << (CODE_BITS - known);
    const entry = table[next & 0xffff] as number;
    if (entry === 0) throw new NotWhole();
    this.skip(entry >> 8);
    return entry & 0xff;
  }

  skip(count: number): void {
    while (this.available < count) if (!this.fill()) throw new NotWhole();
    this.available -= count;
    this.value &= (1 << this.available) - 1;
    while (this.ends.length > Math.ceil(this.available / 8)) this.used = this.ends.shift() as number;
    if (this.available % 8 !== 0) this.used = this.ends[0] as number;
  }

  /** @returns false at a marker */
  private fill(): boolean {
    const byte = this.bytes[this.at];
    if (byte === undefined || (byte === FF && this.bytes[this.at + 1] !== 0)) return false;
    this.at += byte === FF ? 2 : 1;
    this.value = (this.value << 8) | byte;
    this.available += 8;
    this.ends.push(this.at);
    return true;
  }
}

/** The first marker from a place on; FF before FF only fills up. */
function nextMarker(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(FF, from); at !== -1; at = bytes.indexOf(FF, at + 1)) {
    const code = bytes[at + 1];
    if (code !== undefined && code !== 0 && code !== FF) return at;
  }
  throw new NotWhole();
}
