/** What has come over one connection to a stream of images, in words for whoever looks for the cause when no frame comes. */

const EXCERPT_BYTES = 32;

/** The words hold no figure that grows, so that a state that lasts is not a change. */
export class StreamAccount {
  private answered = false;
  private begin = Buffer.alloc(0);
  private frames = 0;
  /** Of parts that were no images. */
  private otherType: string | undefined;

  /** The head of an answer has come. */
  answer(): void {
    this.answered = true;
  }

  bytes(chunk: Buffer): void {
    const missing = EXCERPT_BYTES - this.begin.length;
    if (missing > 0) this.begin = Buffer.concat([this.begin, chunk.subarray(0, missing)]);
  }

  frame(): void {
    this.frames++;
  }

  otherPart(contentType: string | undefined): void {
    this.otherType = contentType ?? 'none';
  }

  /** How many images have come. */
  get images(): number {
    return this.frames;
  }

  /** Why there is no frame, as far as it shows. */
  explanation(): string {
    if (!this.answered) return 'the camera does not answer';
    if (this.frames > 0) return 'the camera sends no more';
    if (this.begin.length === 0) return 'the camera answered and sends nothing';
    if (this.otherType !== undefined)
      return `the camera sends only parts of type '${this.otherType.slice(0, 40)}'`;
    return `the camera sends bytes without a JPEG image or a part; they begin with '${excerptOf(this.begin)}'`;
  }
}

/** Printable ASCII, everything else as a dot. */
const excerptOf = (bytes: Buffer): string => bytes.toString('latin1').replace(/[^ -~]|['"\\]/g, '.');
