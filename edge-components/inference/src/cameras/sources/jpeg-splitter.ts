/**
 * Splits a byte stream into JPEG images, as programs such as ffmpeg write them one after the other to their output.
 *
 * The markers are walked (ITU-T T.81, annex B): inside a segment, whose length is known, any bytes may stand, and an EXIF
 * thumbnail is a whole image with an end of its own; in entropy-coded data FF is always followed by 00 or by the code of a
 * restart marker. Chunks may be cut anywhere. At most one image is held.
 */
import { ImageCollector, LARGEST_DISCARD_BYTES, type StreamImage } from './image-collector';

/** The stream does not hold one JPEG image after the other and cannot be read on. */
export class JpegStreamError extends Error {
  override readonly name = 'JpegStreamError';
}

/** Text that a program writes to the wrong place is passed over; more than this is no stream of images. */
const MOST_BYTES_BETWEEN_IMAGES = 65_536;

const FF = 0xff;
const START_OF_IMAGE = 0xd8;
const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;
/** Bytes of the length field, which counts itself. */
const LENGTH_BYTES = 2;

const isRestart = (code: number): boolean => code >= 0xd0 && code <= 0xd7;
/** Markers without a segment: restart and TEM. */
const standsAlone = (code: number): boolean => isRestart(code) || code === 0x01;

/** What the next byte is. `ff-*`: the byte before was FF. */
type Position =
  | 'between'
  | 'ff-between'
  | 'marker'
  | 'ff-marker'
  | 'length'
  | 'length-low'
  | 'segment'
  | 'entropy'
  | 'ff-entropy';

export class JpegSplitter {
  private position: Position = 'between';
  private passedOver = 0;
  private readonly image: ImageCollector;
  /** Of the marker whose segment is read. */
  private code = 0;
  /** Bytes of the segment that are still to come, or the high byte of its length. */
  private remaining = 0;

  constructor(maximumBytes: () => number) {
    this.image = new ImageCollector(maximumBytes);
  }

  /**
   * @param now time at which `chunk` came, in whatever unit the caller uses
   * @returns the images that `chunk` completed; must be read to its end
   * @throws JpegStreamError when it is read, after the images that came before
   */
  *push(chunk: Buffer, now: number): Generator<StreamImage> {
    for (let at = 0; at < chunk.length; ) {
      if (this.position === 'between' || this.position === 'ff-between') {
        at = this.findStart(chunk, at, now);
        continue;
      }
      const from = at;
      while (at < chunk.length && !this.isBetween()) at = this.step(chunk, at);
      this.keep(chunk.subarray(from, at));
      if (this.isBetween()) yield this.image.finish();
    }
  }

  private isBetween(): boolean {
    return this.position === 'between';
  }

  /** @returns the place behind the start of an image, or the end of the chunk */
  private findStart(chunk: Buffer, from: number, now: number): number {
    let at = from;
    while (at < chunk.length) {
      const byte = chunk[at++];
      if (this.position === 'ff-between' && byte === START_OF_IMAGE) {
        this.image.begin(now);
        this.keep(Buffer.from([FF, START_OF_IMAGE]));
        this.position = 'marker';
        this.passedOver = 0;
        return at;
      }
      this.position = byte === FF ? 'ff-between' : 'between';
      if (++this.passedOver > MOST_BYTES_BETWEEN_IMAGES) {
        throw new JpegStreamError(`${MOST_BYTES_BETWEEN_IMAGES} bytes without the start of a JPEG image`);
      }
    }
    return at;
  }

  /** Walks on by one byte, or to the end of what may hold any bytes. @returns the next place */
  private step(chunk: Buffer, at: number): number {
    const byte = chunk[at] as number;
    switch (this.position) {
      case 'marker':
        if (byte !== FF) throw new JpegStreamError(`a JPEG marker was expected, not the byte ${byte}`);
        this.position = 'ff-marker';
        return at + 1;
      case 'ff-marker':
        this.readCode(byte);
        return at + 1;
      case 'length':
        this.remaining = byte;
        this.position = 'length-low';
        return at + 1;
      case 'length-low':
        this.readLength(this.remaining * 256 + byte);
        return at + 1;
      case 'segment':
        return this.skipSegment(chunk, at);
      case 'entropy': {
        const marker = chunk.indexOf(FF, at);
        if (marker === -1) return chunk.length;
        this.position = 'ff-entropy';
        return marker + 1;
      }
      default:
        if (byte === 0 || isRestart(byte)) this.position = 'entropy';
        else this.readCode(byte);
        return at + 1;
    }
  }

  private readCode(code: number): void {
    if (code === FF) return; // Any number of FF may fill up before a marker.
    if (code === 0 || code === START_OF_IMAGE) {
      throw new JpegStreamError(`the byte ${code} does not follow FF at this place of a JPEG image`);
    }
    this.code = code;
    if (code === END_OF_IMAGE) this.position = 'between';
    else this.position = standsAlone(code) ? 'marker' : 'length';
  }

  private readLength(length: number): void {
    if (length < LENGTH_BYTES) throw new JpegStreamError(`a JPEG segment of ${length} bytes`);
    this.remaining = length - LENGTH_BYTES;
    this.position = 'segment';
    if (this.remaining === 0) this.endSegment();
  }

  private skipSegment(chunk: Buffer, at: number): number {
    const skipped = Math.min(this.remaining, chunk.length - at);
    this.remaining -= skipped;
    if (this.remaining === 0) this.endSegment();
    return at + skipped;
  }

  private endSegment(): void {
    this.position = this.code === START_OF_SCAN ? 'entropy' : 'marker';
  }

  private keep(piece: Buffer): void {
    if (!this.image.keep(piece)) {
      throw new JpegStreamError(`a JPEG image of more than ${LARGEST_DISCARD_BYTES} bytes`);
    }
  }
}
