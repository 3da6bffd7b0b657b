/**
 * Walks the markers of one JPEG image (ITU-T T.81, annex B), to find its end: inside a segment, whose length is known, any
 * bytes may stand, and an EXIF thumbnail is a whole image with an end of its own; in entropy-coded data FF is always
 * followed by 00 or by the code of a restart marker. The bytes may come in pieces, cut anywhere.
 */

export const FF = 0xff;
export const START_OF_IMAGE = 0xd8;
const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;
/** Bytes of the length field, which counts itself. */
const LENGTH_BYTES = 2;

const isRestart = (code: number): boolean => code >= 0xd0 && code <= 0xd7;
/** Markers without a segment: restart and TEM. */
const standsAlone = (code: number): boolean => isRestart(code) || code === 0x01;

/** What the next byte is. `ff-*`: the byte before was FF. */
type Position = 'marker' | 'ff-marker' | 'length' | 'length-low' | 'segment' | 'entropy' | 'ff-entropy';

/** Begins behind the two bytes of the start of an image. */
export class JpegWalk {
  /** Whether the end of the image has been passed. */
  finished = false;
  /** Why the bytes are no JPEG image from here on. */
  problem: string | undefined;
  private position: Position = 'marker';
  /** Of the marker whose segment is read. */
  private code = 0;
  /** Bytes of the segment that are still to come, or the high byte of its length. */
  private remaining = 0;

  /** Whether the next byte belongs to a segment, so that it may be any. */
  get isInSegment(): boolean {
    return this.position === 'segment' || this.position === 'length' || this.position === 'length-low';
  }

  /** Whether the problem is that another image begins: its FF has been passed, its D8 is next. */
  get isInterrupted(): boolean {
    return this.problem !== undefined && this.interrupted;
  }
  private interrupted = false;

  clone(): JpegWalk {
    return Object.assign(new JpegWalk(), this);
  }

  /**
   * Walks from `from` to `to`, or to the end of the image, or to the byte that is a problem.
   * @returns the place of the first byte that was not passed
   */
  walk(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && !this.finished && this.problem === undefined) at = this.step(bytes, at, to);
    return at;
  }

  /** Walks on by one byte, or to the end of what may hold any bytes. @returns the next place */
  private step(bytes: Buffer, at: number, to: number): number {
    const byte = bytes[at] as number;
    switch (this.position) {
      case 'marker':
        if (byte !== FF) return this.fail(at, `a JPEG marker was expected, not the byte ${byte}`);
        this.position = 'ff-marker';
        return at + 1;
      case 'ff-marker':
        return this.readCode(byte, at);
      case 'length':
        this.remaining = byte;
        this.position = 'length-low';
        return at + 1;
      case 'length-low':
        return this.readLength(this.remaining * 256 + byte, at);
      case 'segment':
        return this.skipSegment(at, to);
      case 'entropy': {
        const marker = bytes.indexOf(FF, at);
        if (marker === -1 || marker >= to) return to;
        this.position = 'ff-entropy';
        return marker + 1;
      }
      default:
        if (byte !== 0 && !isRestart(byte)) return this.readCode(byte, at);
        this.position = 'entropy';
        return at + 1;
    }
  }

  private readCode(code: number, at: number): number {
    if (code === FF) return at + 1; // Any number of FF may fill up before a marker.
    if (code === 0 || code === START_OF_IMAGE) {
      this.interrupted = code === START_OF_IMAGE;
      return this.fail(at, `the byte ${code} does not follow FF at this place of a JPEG image`);
    }
    this.code = code;
    if (code === END_OF_IMAGE) this.finished = true;
    else this.position = standsAlone(code) ? 'marker' : 'length';
    return at + 1;
  }

  private readLength(length: number, at: number): number {
    if (length < LENGTH_BYTES) return this.fail(at, `a JPEG segment of ${length} bytes`);
    this.remaining = length - LENGTH_BYTES;
    this.position = 'segment';
    if (this.remaining === 0) this.endSegment();
    return at + 1;
  }

  private skipSegment(at: number, to: number): number {
    const skipped = Math.min(this.remaining, to - at);
    this.remaining -= skipped;
    if (this.remaining === 0) this.endSegment();
    return at + skipped;
  }

  private endSegment(): void {
    this.position = this.code === START_OF_SCAN ? 'entropy' : 'marker';
  }

  private fail(at: number, problem: string): number {
    this.problem = problem;
    return at;
  }
}
