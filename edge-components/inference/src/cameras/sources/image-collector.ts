/** An image that was found in a stream of bytes. */
export interface StreamImage {
  /** Empty when the image was larger than allowed. */
  readonly bytes: Buffer;
  /** Encoded size in bytes, also of an image that was too large. */
  readonly size: number;
  readonly tooLarge: boolean;
  /** The `now` of the chunk with which the image began. */
  readonly startedAt: number;
}

/** Above this an image can only be nonsense, and throwing it away would take for ever. */
export const LARGEST_DISCARD_BYTES = 1 << 30;

/** Puts one image after the other together from pieces; of one that is larger than allowed it keeps only the size. */
export class ImageCollector {
  private pieces: Buffer[] = [];
  private collected = 0;
  private tooLarge = false;
  private startedAt: number | undefined;

  constructor(private readonly maximumBytes: () => number) {}

  /** Bytes of the image so far. */
  get size(): number {
    return this.collected;
  }

  /** The image begins with what came at `now`; ignored when it has begun. */
  begin(now: number): void {
    this.startedAt ??= now;
  }

  /**
   * @param announced size that the image is going to have, when that is known
   * @returns whether the image can still be one: false beyond {@link LARGEST_DISCARD_BYTES}
   */
  keep(piece: Buffer, announced = 0): boolean {
    this.collected += piece.length;
    this.tooLarge ||= Math.max(this.collected, announced) > this.maximumBytes();
    if (this.tooLarge) this.pieces = [];
    else if (piece.length > 0) this.pieces.push(piece);
    return this.collected <= LARGEST_DISCARD_BYTES;
  }

  /** The image is whole. */
  finish(): StreamImage {
    const image = {
      bytes: Buffer.concat(this.pieces),
      size: this.collected,
      tooLarge: this.tooLarge,
      startedAt: this.startedAt as number,
    };
    this.reset();
    return image;
  }

  /** The next image begins anew. */
  reset(): void {
    this.pieces = [];
    this.collected = 0;
    this.tooLarge = false;
    this.startedAt = undefined;
  }
}
