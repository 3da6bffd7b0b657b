/**
 * The parts of a `multipart/x-mixed-replace` answer, as network cameras send it: MJPEG over HTTP.
 *
 * Cut anywhere, at most one part is held. RFC 2046 (5.1) is read generously, because cameras are sloppy: the boundary may
 * stand with or without dashes in the header and in the stream, lines may end in LF alone, the line end before a boundary
 * may be missing, a part may come without Content-Length. Such a part is complete only when the next boundary comes.
 */
import { ImageCollector, LARGEST_DISCARD_BYTES, type StreamImage } from './image-collector';

/** The body of a part; `startedAt` is the `now` of the chunk with its first byte. */
export interface MultipartImage extends StreamImage {
  /** Lower case, without parameters; undefined when the part does not say. */
  readonly contentType: string | undefined;
}

/** The stream cannot be read on: the connection must be closed. */
export class MultipartError extends Error {
  override readonly name = 'MultipartError';
}

const LARGEST_HEADERS = 16_384;
/** Behind the name of a boundary: the dashes of the last one, blanks, the end of the line. */
const BOUNDARY_END = /^(?:--)?[ \t]{0,8}\r?\n/;
const LAST_BOUNDARY_END = /^(?:--)?[ \t]{0,8}(?:\r?\n|\r?$)/;
/** The beginning of that, as far as it has come. */
const UNDECIDED_BOUNDARY_END = /^-?-?[ \t]{0,8}\r?$/;
const LONGEST_BOUNDARY_END = 12;
const LF = 0x0a;
const CR = 0x0d;
const DASH = 0x2d;

/**
 * The boundary's name out of a Content-Type.
 * @returns undefined when it is no multipart type or names none
 */
export function boundaryOf(contentType: string | undefined): string | undefined {
  if (!contentType || !/^\s*multipart\//i.test(contentType)) return undefined;
  const match = /;\s*boundary\s*=\s*(?:"([^"]+)"|([^\s;]+))/i.exec(contentType);
  return match?.[1] ?? match?.[2];
}

/** A place of a boundary, or from where on the bytes must be kept because one may begin there. */
type Search =
  | { readonly found: true; readonly start: number; readonly end: number }
  | { readonly found: false; readonly keepFrom: number };

export class MultipartParser {
  /** Without dashes in front: cameras disagree on whether these belong to the name. */
  private readonly name: Buffer;
  private readonly mostDashes: number;
  private pending: Buffer = Buffer.alloc(0);
  private state: 'before-boundary' | 'headers' | 'counted-body' | 'open-body' = 'before-boundary';
  private headerBytes = 0;
  private contentType: string | undefined;
  private contentLength: number | undefined;
  private readonly image: ImageCollector;
  /** Whether the first pending byte is the first of a body, of the stream, or behind a counted body. */
  private pendingBegins = true;

  /** @param boundary as {@link boundaryOf} gives it @throws MultipartError when it has no name */
  constructor(boundary: string, maximumBytes: () => number) {
    this.image = new ImageCollector(maximumBytes);
    const name = boundary.replace(/^-+/, '');
    if (name === '') throw new MultipartError('the boundary of the multipart answer is empty');
    this.name = Buffer.from(name, 'latin1');
    this.mostDashes = boundary.length - name.length + 2;
  }

  /**
   * @param now time at which `chunk` came, in whatever unit the caller uses
   * @returns the parts that `chunk` completed, without empty ones; must be read to its end
   * @throws MultipartError when it is read, after the parts that came before
   */
  *push(chunk: Buffer, now: number): Generator<MultipartImage> {
    this.pending = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    for (let goOn = true; goOn; ) goOn = yield* this.step(now);
  }

  /** The stream has ended in good order. @returns the last part when it has no Content-Length and no boundary behind it */
  *end(now: number): Generator<MultipartImage> {
    if (this.state !== 'open-body') return;
    const boundary = this.findBoundary(true);
    this.keep(this.pending.subarray(0, boundary.found ? boundary.start : this.pending.length), now);
    if (this.image.size > 0) yield this.finish();
  }

  /** @returns whether there may be more to do with the bytes at hand */
  private *step(now: number): Generator<MultipartImage, boolean> {
    switch (this.state) {
      case 'before-boundary':
        return this.findPart();
      case 'headers':
        return this.readHeaderLine();
      case 'counted-body':
        return yield* this.readCountedBody(now);
      default:
        return yield* this.readOpenBody(now);
    }
  }

  private findPart(): boolean {
    const boundary = this.findBoundary(false);
    this.drop(boundary.found ? boundary.end : boundary.keepFrom);
    if (boundary.found) this.beginHeaders();
    return boundary.found;
  }

  private beginHeaders(): void {
    this.state = 'headers';
    this.headerBytes = 0;
    this.contentType = undefined;
    this.contentLength = undefined;
    this.image.reset();
  }

  private readHeaderLine(): boolean {
    const end = this.pending.indexOf(LF);
    if (this.headerBytes + (end === -1 ? this.pending.length : end) > LARGEST_HEADERS) {
      throw new MultipartError(`the header of a part has more than ${LARGEST_HEADERS} bytes`);
    }
    if (end === -1) return false;
    const line = this.pending.toString('latin1', 0, end).trimEnd();
    this.drop(end + 1);
    this.headerBytes += end + 1;
    if (line === '') {
      this.state = this.contentLength === undefined ? 'open-body' : 'counted-body';
      this.pendingBegins = true;
    } else {
      this.readHeader(line);
    }
    return true;
  }

  private readHeader(line: string): void {
    const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
    if (/^content-type$/i.test(name)) this.contentType = value.split(';', 1)[0]?.trim().toLowerCase();
    if (/^content-length$/i.test(name) && /^\d+$/.test(value)) {
      this.contentLength = Number(value);
      if (this.contentLength > LARGEST_DISCARD_BYTES) throw new MultipartError(`a part of ${value} bytes`);
    }
  }

  private *readCountedBody(now: number): Generator<MultipartImage, boolean> {
    const body = this.pending.subarray(0, (this.contentLength as number) - this.image.size);
    this.keep(body, now);
    this.drop(body.length);
    if (this.image.size < (this.contentLength as number)) return false;
    if (this.image.size > 0) yield this.finish();
    this.state = 'before-boundary';
    this.pendingBegins = true;
    return true;
  }

  private *readOpenBody(now: number): Generator<MultipartImage, boolean> {
    const boundary = this.findBoundary(false);
    this.keep(this.pending.subarray(0, boundary.found ? boundary.start : boundary.keepFrom), now);
    this.drop(boundary.found ? boundary.end : boundary.keepFrom);
    if (!boundary.found) return false;
    if (this.image.size > 0) yield this.finish();
    this.beginHeaders();
    return true;
  }

  private keep(piece: Buffer, now: number): void {
    // A body's first bytes may be pending and not yet kept.
    if (this.pending.length > 0) this.image.begin(now);
    if (!this.image.keep(piece, this.contentLength))
      throw new MultipartError(`a part of more than ${LARGEST_DISCARD_BYTES} bytes`);
  }

  private finish(): MultipartImage {
    return { contentType: this.contentType, ...this.image.finish() };
  }

  private drop(count: number): void {
    this.pending = this.pending.subarray(count);
    if (count > 0) this.pendingBegins = false;
  }

  /** @param atEnd whether the stream is over, so that the end of the bytes is the end of a line */
  private findBoundary(atEnd: boolean): Search {
    const { pending, name } = this;
    for (let from = 0; ; ) {
      const at = pending.indexOf(name, from);
      if (at === -1) return this.keepFrom(Math.max(from, pending.length - name.length + 1));
      const dashes = this.dashesBefore(at);
      const end = at + name.length;
      const behind = pending.toString('latin1', end, end + LONGEST_BOUNDARY_END);
      const boundaryEnd = (atEnd ? LAST_BOUNDARY_END : BOUNDARY_END).exec(behind);
      const leads = dashes >= 2 || this.beginsLine(at - dashes);
      if (leads && boundaryEnd) {
        const start = at - dashes;
        return { found: true, start: start - this.lineEndBefore(start), end: end + boundaryEnd[0].length };
      }
      const undecided = behind.length < LONGEST_BOUNDARY_END && UNDECIDED_BOUNDARY_END.test(behind);
      if (leads && undecided) return this.keepFrom(at);
      from = at + 1;
    }
  }

  /** What stands before a name that may begin at `at`, dashes and a line end, is needed as well. */
  private keepFrom(at: number): Search {
    return { found: false, keepFrom: Math.max(0, at - this.mostDashes - 2) };
  }

  private dashesBefore(at: number): number {
    let dashes = 0;
    while (dashes < this.mostDashes && this.pending[at - dashes - 1] === DASH) dashes++;
    return dashes;
  }

  private beginsLine(at: number): boolean {
    return at === 0 ? this.pendingBegins : this.pending[at - 1] === LF;
  }

  private lineEndBefore(at: number): 0 | 1 | 2 {
    if (this.pending[at - 1] !== LF) return 0;
    return this.pending[at - 2] === CR ? 2 : 1;
  }
}
