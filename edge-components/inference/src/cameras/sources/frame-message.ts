/**
 * A frame on the camera's socket: u32 big-endian header length, header as JSON, then the encoded image.
 * The parser takes chunks cut anywhere and holds at most one frame.
 */

export interface FrameHeader {
  readonly frameId: string;
  /** RFC 3339, UTC. */
  readonly capturedAt: string;
  /** Length of the encoded image. */
  readonly bytes: number;
}

export interface FrameMessage {
  readonly header: FrameHeader;
  /** Empty when the image was larger than allowed and was thrown away. */
  readonly image: Buffer;
  readonly tooLarge: boolean;
}

/** The stream is out of step: the connection must be closed. */
export class FrameProtocolError extends Error {
  override readonly name = 'FrameProtocolError';
}

const LENGTH_BYTES = 4;
const LARGEST_HEADER_BYTES = 4096;
/** As in the contract, common.schema.json. */
const IDENTIFIER = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;
const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i;
/** Above this a length can only be nonsense, and throwing it away would take for ever. */
const LARGEST_DISCARD_BYTES = 1 << 30;

export const isIdentifier = (text: string): boolean => IDENTIFIER.test(text);

/** @throws FrameProtocolError listing every field that is wrong */
export function parseFrameHeader(text: string): FrameHeader {
  let value: Partial<FrameHeader> | null;
  try {
    value = JSON.parse(text) as Partial<FrameHeader> | null;
  } catch (error) {
    throw new FrameProtocolError(`frame header is not JSON: ${(error as Error).message}`);
  }
  const { frameId, capturedAt, bytes } = value ?? {};
  const problems: string[] = [];
  if (typeof frameId !== 'string' || !isIdentifier(frameId))
    problems.push(`frameId: must match ${IDENTIFIER.source}`);
  const time =
    typeof capturedAt === 'string' && TIMESTAMP.test(capturedAt) ? Date.parse(capturedAt) : Number.NaN;
  if (Number.isNaN(time)) problems.push('capturedAt: must be an RFC 3339 timestamp');
  if (!Number.isSafeInteger(bytes) || (bytes as number) < 0 || (bytes as number) > LARGEST_DISCARD_BYTES) {
    problems.push(`bytes: must be an integer of 0..${LARGEST_DISCARD_BYTES}`);
  }
  if (problems.length > 0) throw new FrameProtocolError(`frame header: ${problems.join('; ')}`);
  return { frameId: frameId as string, capturedAt: new Date(time).toISOString(), bytes: bytes as number };
}

export class FrameParser {
  private buffered: Buffer[] = [];
  private length = 0;
  private header: FrameHeader | undefined;
  private discarding = 0;

  constructor(private readonly maximumFrameBytes: () => number) {}

  /**
   * @returns the frames that `chunk` completed; must be read to its end
   * @throws FrameProtocolError when it is read, after the frames that came before
   */
  *push(chunk: Buffer): Generator<FrameMessage> {
    this.buffered.push(chunk);
    this.length += chunk.length;
    for (let message = this.next(); message; message = this.next()) yield message;
  }

  private next(): FrameMessage | undefined {
    if (!this.header && !this.readHeader()) return undefined;
    const header = this.header as FrameHeader;
    if (this.discarding > 0) {
      const drop = Math.min(this.discarding, this.length);
      this.take(drop);
      this.discarding -= drop;
      if (this.discarding > 0) return undefined;
      this.header = undefined;
      return { header, image: Buffer.alloc(0), tooLarge: true };
    }
    if (this.length < header.bytes) return undefined;
    this.header = undefined;
    return { header, image: this.take(header.bytes), tooLarge: false };
  }

  private readHeader(): boolean {
    if (this.length < LENGTH_BYTES) return false;
    const headerLength = this.peek(LENGTH_BYTES).readUInt32BE(0);
    if (headerLength === 0 || headerLength > LARGEST_HEADER_BYTES) {
      throw new FrameProtocolError(
        `frame header length ${headerLength} is not in 1..${LARGEST_HEADER_BYTES}`,
      );
    }
    if (this.length < LENGTH_BYTES + headerLength) return false;
    this.take(LENGTH_BYTES);
    this.header = parseFrameHeader(this.take(headerLength).toString('utf8'));
    if (this.header.bytes > this.maximumFrameBytes()) this.discarding = this.header.bytes;
    return true;
  }

  private take(count: number): Buffer {
    const first = this.peek(count);
    const [head, ...rest] = this.buffered;
    this.buffered = head && head.length > count ? [head.subarray(count), ...rest] : rest;
    this.length -= count;
    return first;
  }

  /** The first `count` bytes in one buffer; chunks are joined only where they have to be. */
  private peek(count: number): Buffer {
    const first = this.buffered[0];
    if (!first || first.length < count) {
      this.buffered = [Buffer.concat(this.buffered)];
    }
    return (this.buffered[0] as Buffer).subarray(0, count);
  }
}
