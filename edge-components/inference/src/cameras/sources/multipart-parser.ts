/**
 * The parts of a `multipart/x-mixed-replace` answer, as network cameras send it: MJPEG over HTTP.
 *
 * Cut anywhere, at most one part is held. What a camera says about a part is taken for a hint: a JPEG image ends where its
 * markers end, so that its length may be wrong or absent, its type another, the blank line before it and every boundary
 * missing. A part of another kind ends with its Content-Length or at the next boundary. A JPEG image that is cut short ends
 * there too, and goes on as it is: it was a part on the line.
 */
import { ImageCollector, LARGEST_DISCARD_BYTES, type StreamImage } from './image-collector';
import { FF, JpegWalk, START_OF_IMAGE } from './jpeg-walk';
import {
  BoundaryName,
  type BoundarySearch,
  type Search,
  searchHeader,
  searchUnknown,
  type Window,
} from './part-boundary';

/** The body of a part; `startedAt` is the `now` of the chunk with its first byte. */
export interface MultipartImage extends StreamImage {
  /** Lower case, without parameters; undefined when the part does not say. */
  readonly contentType: string | undefined;
  /** Whether the body begins as a JPEG image does. */
  readonly isJpeg: boolean;
}

/** The stream cannot be read on: the connection must be closed. */
export class MultipartError extends Error {
  override readonly name = 'MultipartError';
}

const LARGEST_HEADERS = 16_384;
/** Of a body, with the line ends that some cameras write too many. */
const JPEG_BODY = /^[\r\n]{0,4}\xff\xd8\xff/;
const UNDECIDED_BODY = /^[\r\n]{0,4}(?:\xff(?:\xd8)?)?$/;
const LONGEST_BODY_START = 7;
/** A JPEG image or a PNG image where a header line should begin: the blank line before it is missing. */
const IMAGE_STARTS = [
  [FF, START_OF_IMAGE],
  [0x89, 0x50],
] as const;
const JPEG_START = Buffer.from([FF, START_OF_IMAGE, FF]);
const LF = 0x0a;

export class MultipartParser {
  /** The announced name and the last one that was found in the stream instead. */
  private readonly announced: BoundaryName | undefined;
  private found: BoundaryName | undefined;
  /** Whether the stream has boundaries. */
  private hasBoundaries = false;
  private pending: Buffer = Buffer.alloc(0);
  private state: 'between' | 'headers' | 'body-start' | 'jpeg' | 'counted-body' | 'open-body' = 'between';
  private headerBytes = 0;
  private contentType: string | undefined;
  private contentLength: number | undefined;
  private walk = new JpegWalk();
  private isJpeg = false;
  /** Bytes behind a JPEG image that still belong to its part, as its Content-Length has it. */
  private restOfPart = 0;
  private readonly image: ImageCollector;
  /** Whether the first pending byte is the first of a body, of the stream, or behind a body. */
  private pendingBegins = true;

  /** @param boundary as {@link boundaryOf} gives it; undefined when the header names none */
  constructor(boundary: string | undefined, maximumBytes: () => number) {
    this.image = new ImageCollector(maximumBytes);
    this.announced = boundary === undefined ? undefined : BoundaryName.of(boundary);
  }

  /** Whether the body of a part has begun and not ended. */
  get isWithinPart(): boolean {
    return this.image.size > 0;
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
    if (this.state !== 'open-body' && (this.state !== 'body-start' || this.contentLength !== undefined))
      return;
    const boundary = this.searchBoundary(true);
    this.keep(this.pending.subarray(0, boundary.found ? boundary.start : this.pending.length), now);
    this.pending = Buffer.alloc(0);
    if (this.image.size > 0) yield this.finish();
  }

  /** @returns whether there may be more to do with the bytes at hand */
  private *step(now: number): Generator<MultipartImage, boolean> {
    switch (this.state) {
      case 'between':
        return this.findPart(now);
      case 'headers':
        return this.readHeaderLine();
      case 'body-start':
        return this.beginBody(now);
      case 'jpeg':
        return yield* this.readJpeg(now);
      case 'counted-body':
        return yield* this.readCountedBody(now);
      default:
        return yield* this.readOpenBody(now);
    }
  }

  /** Looks for a boundary, a header line without one, and a JPEG image without either; the first of them counts. */
  private findPart(now: number): boolean {
    const window = this.window();
    const boundary = this.searchBoundary(false);
    const header = searchHeader(window);
    const start = this.searchJpegStart();
    const first = firstOf(boundary, header, start);
    if (!first.found) {
      this.drop(first.keepFrom);
      return false;
    }
    if (first === boundary) {
      this.passBoundary(first, 0);
      return true;
    }
    this.drop(first.start);
    if (first === header) {
      this.beginHeaders();
    } else {
      this.forgetHeaders();
      this.beginJpeg(now);
    }
    return true;
  }

  /** Not within a part's Content-Length, where a second image may stand that is none of the camera's frames. */
  private searchJpegStart(): Search {
    const start = this.pending.indexOf(JPEG_START, this.restOfPart);
    return start === -1
      ? { found: false, keepFrom: Math.max(0, this.pending.length - JPEG_START.length + 1) }
      : { found: true, start, end: start };
  }

  private forgetHeaders(): void {
    this.headerBytes = 0;
    this.contentType = undefined;
    this.contentLength = undefined;
    this.restOfPart = 0;
    this.image.reset();
  }

  private readHeaderLine(): boolean {
    if (this.pending.length < 2) return false;
    if (IMAGE_STARTS.some(([first, second]) => this.pending[0] === first && this.pending[1] === second)) {
      this.endHeaders();
      return true;
    }
    const end = this.pending.indexOf(LF);
    if (this.headerBytes + (end === -1 ? this.pending.length : end) > LARGEST_HEADERS) {
      throw new MultipartError(`the header of a part has more than ${LARGEST_HEADERS} bytes`);
    }
    if (end === -1) return false;
    const line = this.pending.toString('latin1', 0, end).trimEnd();
    this.drop(end + 1);
    this.headerBytes += end + 1;
    if (line === '') this.endHeaders();
    else this.readHeader(line);
    return true;
  }

  private endHeaders(): void {
    this.state = 'body-start';
    this.pendingBegins = true;
  }

  private readHeader(line: string): void {
    const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
    if (/^content-type\s*$/i.test(name)) this.contentType = value.split(';', 1)[0]?.trim().toLowerCase();
    if (/^content-length\s*$/i.test(name) && /^\d+$/.test(value)) {
      this.contentLength = Number(value);
      if (this.contentLength > LARGEST_DISCARD_BYTES) throw new MultipartError(`a part of ${value} bytes`);
    }
  }

  /** Tells by its first bytes whether a body is a JPEG image. */
  private beginBody(now: number): boolean {
    if (this.pending.length > 0) this.image.begin(now);
    const text = this.pending.toString('latin1', 0, LONGEST_BODY_START);
    if (JPEG_BODY.test(text)) {
      this.beginJpeg(now);
      return true;
    }
    if (text.length < LONGEST_BODY_START && UNDECIDED_BODY.test(text)) return false;
    this.isJpeg = false;
    this.state = this.contentLength === undefined ? 'open-body' : 'counted-body';
    return true;
  }

  private beginJpeg(now: number): void {
    const start = this.pending.indexOf(JPEG_START);
    this.drop(start);
    this.keep(this.pending.subarray(0, 2), now);
    this.drop(2);
    this.walk = new JpegWalk();
    this.isJpeg = true;
    this.state = 'jpeg';
  }

  private *readJpeg(now: number): Generator<MultipartImage, boolean> {
    const boundary = this.searchBoundary(false);
    const at = this.walkJpeg(boundary);
    this.keep(this.pending.subarray(0, at), now);
    this.drop(at);
    if (this.walk.finished) {
      this.restOfPart = Math.max(0, (this.contentLength ?? 0) - this.image.size);
      return yield* this.endPart();
    }
    if (this.walk.problem !== undefined) return yield* this.leaveBrokenJpeg();
    if (!boundary.found) return false;
    const length = boundary.end - boundary.start;
    if (this.mayEndHere()) {
      yield* this.endPart();
      this.passBoundary(boundary, at);
      return true;
    }
    // Inside of a segment the boundary's name is but bytes.
    const behind = this.walk.walk(this.pending, 0, length);
    this.keep(this.pending.subarray(0, behind), now);
    this.drop(behind);
    return true;
  }

  /** @returns how many of the pending bytes belong to the image, as far as that can be told */
  private walkJpeg(boundary: Search): number {
    const safe = boundary.found ? boundary.start : boundary.keepFrom;
    const at = this.walk.walk(this.pending, 0, safe);
    if (boundary.found || this.walk.finished || this.walk.problem !== undefined) return at;
    // The last bytes may be the beginning of a boundary, but not when the image ends within them: it must not wait there.
    const ahead = this.walk.clone();
    const end = ahead.walk(this.pending, at, this.pending.length);
    if (!ahead.finished) return at;
    this.walk = ahead;
    return end;
  }

  /** Whether a boundary at this place is one: not in a segment, as long as the Content-Length has not been reached. */
  private mayEndHere(): boolean {
    return !this.walk.isInSegment || this.image.size >= (this.contentLength ?? 0);
  }

  /** The image goes on as it is up to the next boundary; where there are none, up to here. */
  private *leaveBrokenJpeg(): Generator<MultipartImage, boolean> {
    if (this.hasBoundaries) {
      this.state = 'open-body';
      return true;
    }
    if (this.walk.isInterrupted) this.pending = Buffer.concat([Buffer.from([FF]), this.pending]);
    return yield* this.endPart();
  }

  private *readCountedBody(now: number): Generator<MultipartImage, boolean> {
    const body = this.pending.subarray(0, (this.contentLength as number) - this.image.size);
    this.keep(body, now, this.contentLength);
    this.drop(body.length);
    if (this.image.size < (this.contentLength as number)) return false;
    return yield* this.endPart();
  }

  private *readOpenBody(now: number): Generator<MultipartImage, boolean> {
    const boundary = this.searchBoundary(false);
    this.keep(this.pending.subarray(0, boundary.found ? boundary.start : boundary.keepFrom), now);
    if (!boundary.found) {
      this.drop(boundary.keepFrom);
      return false;
    }
    yield* this.endPart();
    this.passBoundary(boundary, 0);
    return true;
  }

  private *endPart(): Generator<MultipartImage, boolean> {
    this.state = 'between';
    this.pendingBegins = true;
    if (this.image.size > 0) yield this.finish();
    return true;
  }

  private keep(piece: Buffer, now: number, announced?: number): void {
    // A body's first bytes may be pending and not yet kept.
    if (this.pending.length > 0) this.image.begin(now);
    if (!this.image.keep(piece, announced))
      throw new MultipartError(`a part of more than ${LARGEST_DISCARD_BYTES} bytes`);
  }

  private finish(): MultipartImage {
    return { contentType: this.contentType, isJpeg: this.isJpeg, ...this.image.finish() };
  }

  private drop(count: number): void {
    this.pending = this.pending.subarray(count);
    this.restOfPart = Math.max(0, this.restOfPart - count);
    if (count > 0) this.pendingBegins = false;
  }

  private window(): Window {
    return { bytes: this.pending, begins: this.pendingBegins };
  }

  /** A known boundary; between two parts, and before one has come, any other. */
  private searchBoundary(atEnd: boolean): BoundarySearch {
    const window = { ...this.window(), atEnd };
    const known = [this.announced, this.found].flatMap((name) => name?.search(window) ?? []);
    const mayBeUnknown = this.state === 'between' || !this.hasBoundaries;
    return firstOf(...known, ...(mayBeUnknown ? [searchUnknown(window)] : []));
  }

  /** Goes behind a boundary, to the headers of its part. */
  private passBoundary({ end, name }: Extract<BoundarySearch, { found: true }>, from: number): void {
    this.drop(end - from);
    this.hasBoundaries = true;
    if (name !== undefined) this.found = BoundaryName.of(name);
    this.beginHeaders();
  }

  private beginHeaders(): void {
    this.forgetHeaders();
    this.state = 'headers';
  }
}

/** The first place among those found, unless one may still turn up before it. */
function firstOf(...searches: readonly BoundarySearch[]): BoundarySearch {
  const keepFrom = Math.min(...searches.flatMap((search) => (search.found ? [] : [search.keepFrom])));
  const [first] = searches
    .flatMap((search) => (search.found ? [search] : []))
    .sort((left, right) => left.start - right.start);
  if (!first) return { found: false, keepFrom };
  return first.start <= keepFrom ? first : { found: false, keepFrom };
}
