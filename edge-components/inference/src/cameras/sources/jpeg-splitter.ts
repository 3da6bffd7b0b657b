/**
 * Splits a byte stream into JPEG images, as programs such as ffmpeg write them one after the other to their output. Chunks
 * may be cut anywhere. At most one image is held.
 */
import { ImageCollector, LARGEST_DISCARD_BYTES, type StreamImage } from './image-collector';
import { FF, JpegWalk, START_OF_IMAGE } from './jpeg-walk';

/** The stream does not hold one JPEG image after the other and cannot be read on. */
export class JpegStreamError extends Error {
  override readonly name = 'JpegStreamError';
}

/** Text that a program writes to the wrong place is passed over; more than this is no stream of images. */
const MOST_BYTES_BETWEEN_IMAGES = 65_536;

export class JpegSplitter {
  /** Of the image that is read; undefined between two. */
  private walk: JpegWalk | undefined;
  /** Whether the last byte between two images was FF. */
  private afterFf = false;
  private passedOver = 0;
  private readonly image: ImageCollector;

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
      if (!this.walk) {
        at = this.findStart(chunk, at, now);
        continue;
      }
      const from = at;
      at = this.walk.walk(chunk, from, chunk.length);
      if (this.walk.problem !== undefined) throw new JpegStreamError(this.walk.problem);
      this.keep(chunk.subarray(from, at));
      if (!this.walk.finished) continue;
      this.walk = undefined;
      yield this.image.finish();
    }
  }

  /** @returns the place behind the start of an image, or the end of the chunk */
  private findStart(chunk: Buffer, from: number, now: number): number {
    let at = from;
    while (at < chunk.length) {
      const byte = chunk[at++];
      if (this.afterFf && byte === START_OF_IMAGE) {
        this.image.begin(now);
        this.keep(Buffer.from([FF, START_OF_IMAGE]));
        this.walk = new JpegWalk();
        this.afterFf = false;
        this.passedOver = 0;
        return at;
      }
      this.afterFf = byte === FF;
      if (++this.passedOver > MOST_BYTES_BETWEEN_IMAGES) {
        throw new JpegStreamError(`${MOST_BYTES_BETWEEN_IMAGES} bytes without the start of a JPEG image`);
      }
    }
    return at;
  }

  private keep(piece: Buffer): void {
    if (!this.image.keep(piece)) {
      throw new JpegStreamError(`a JPEG image of more than ${LARGEST_DISCARD_BYTES} bytes`);
    }
  }
}
