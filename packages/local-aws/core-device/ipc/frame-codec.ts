/**
 * Frames of the AWS event-stream encoding, as Greengrass IPC uses it.
 *
 *     u32 total length | u32 header length | u32 CRC-32 of those 8 bytes | headers | body | u32 CRC-32 of all before
 *
 * Big-endian throughout. Pure: bytes in, messages out; no socket here.
 */
import { crc32 } from 'node:zlib';

export type HeaderValue = number | string;

/** One event-stream message. A number is an int32 header, a string a UTF-8 one: IPC uses no other types. */
export interface EventStreamMessage {
  readonly headers: Readonly<Record<string, HeaderValue>>;
  readonly body: Buffer;
}

/** The bytes are no event-stream frame. The connection cannot be resynchronised and must be closed. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;
const SMALLEST_FRAME_BYTES = PRELUDE_BYTES + CHECKSUM_BYTES;
/** Limits of the event-stream format: 24 MiB a frame, 128 KiB of headers (aws-c-event-stream, event_stream.h). */
export const LARGEST_FRAME_BYTES = 24 * 1024 * 1024;
const LARGEST_HEADER_BYTES = 128 * 1024;

const INT32 = 4;
const STRING = 7;
/** Sizes of the header types that carry no length of their own: true, false, byte, int16, int32, int64, timestamp, uuid. */
const FIXED_SIZES: Readonly<Record<number, number>> = { 0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16 };
const BYTE_ARRAY = 6;

function encodeHeader(name: string, value: HeaderValue): Buffer {
  const nameBytes = Buffer.from(name, 'utf8');
  if (nameBytes.length < 1 || nameBytes.length > 255)
    throw new FrameError(`header name '${name}' has ${nameBytes.length} bytes, not 1..255`);
  const start = Buffer.concat([Buffer.from([nameBytes.length]), nameBytes]);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(5);
    bytes.writeUInt8(INT32, 0);
    bytes.writeInt32BE(value, 1);
    return Buffer.concat([start, bytes]);
  }
  const text = Buffer.from(value, 'utf8');
  if (text.length > 0x7fff)
    throw new FrameError(`header '${name}' has ${text.length} bytes, more than 32767`);
  const prefix = Buffer.alloc(3);
  prefix.writeUInt8(STRING, 0);
  prefix.writeUInt16BE(text.length, 1);
  return Buffer.concat([start, prefix, text]);
}

/** @throws FrameError when a header or the frame is larger than the format allows */
export function encodeFrame(message: EventStreamMessage): Buffer {
  const headers = Buffer.concat(
    Object.entries(message.headers).map(([name, value]) => encodeHeader(name, value)),
  );
  const total = SMALLEST_FRAME_BYTES + headers.length + message.body.length;
  if (headers.length > LARGEST_HEADER_BYTES || total > LARGEST_FRAME_BYTES) {
    throw new FrameError(`a frame of ${total} bytes with ${headers.length} bytes of headers is too large`);
  }
  const prelude = Buffer.alloc(PRELUDE_BYTES);
  prelude.writeUInt32BE(total, 0);
  prelude.writeUInt32BE(headers.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const content = Buffer.concat([prelude, headers, message.body]);
  const checksum = Buffer.alloc(CHECKSUM_BYTES);
  checksum.writeUInt32BE(crc32(content), 0);
  return Buffer.concat([content, checksum]);
}

function decodeHeaders(bytes: Buffer): Record<string, HeaderValue> {
  const headers: Record<string, HeaderValue> = Object.create(null);
  let offset = 0;
  const take = (length: number): Buffer => {
    if (offset + length > bytes.length) throw new FrameError('a header runs past the end of the headers');
    offset += length;
    return bytes.subarray(offset - length, offset);
  };
  while (offset < bytes.length) {
    const name = take(take(1).readUInt8(0)).toString('utf8');
    const type = take(1).readUInt8(0);
    const fixed = FIXED_SIZES[type];
    if (type === INT32) headers[name] = take(4).readInt32BE(0);
    else if (type === STRING) headers[name] = take(take(2).readUInt16BE(0)).toString('utf8');
    else if (type === BYTE_ARRAY) take(take(2).readUInt16BE(0));
    else if (fixed !== undefined) take(fixed);
    else throw new FrameError(`header '${name}' has the unknown type ${type}`);
  }
  return headers;
}

/** Turns the chunks of one connection, cut anywhere, into whole messages. */
export class FrameDecoder {
  private chunks: Buffer[] = [];
  private buffered = 0;

  /** @param largestFrameBytes what claims more is no frame */
  constructor(private readonly largestFrameBytes = LARGEST_FRAME_BYTES) {}

  /**
   * Yields the messages that `chunk` completed, oldest first; the good ones before a bad one too.
   * @throws FrameError at the first byte sequence that is no frame; the decoder is unusable afterwards
   */
  *push(chunk: Buffer): Generator<EventStreamMessage> {
    this.chunks.push(chunk);
    this.buffered += chunk.length;
    for (let frame = this.nextFrame(); frame !== undefined; frame = this.nextFrame()) yield frame;
  }

  private nextFrame(): EventStreamMessage | undefined {
    if (this.buffered < PRELUDE_BYTES) return undefined;
    const prelude = this.peek(PRELUDE_BYTES);
    const total = prelude.readUInt32BE(0);
    const headerLength = prelude.readUInt32BE(4);
    if (prelude.readUInt32BE(8) !== crc32(prelude.subarray(0, 8)))
      throw new FrameError('the prelude CRC does not match');
    if (total < SMALLEST_FRAME_BYTES || total > this.largestFrameBytes)
      throw new FrameError(
        `a frame length of ${total} is not in ${SMALLEST_FRAME_BYTES}..${this.largestFrameBytes}`,
      );
    if (headerLength > LARGEST_HEADER_BYTES || headerLength > total - SMALLEST_FRAME_BYTES)
      throw new FrameError(`a header length of ${headerLength} does not fit a frame of ${total}`);
    if (this.buffered < total) return undefined;
    const frame = this.peek(total);
    const end = total - CHECKSUM_BYTES;
    if (frame.readUInt32BE(end) !== crc32(frame.subarray(0, end)))
      throw new FrameError('the message CRC does not match');
    this.chunks = this.buffered > total ? [this.peek(this.buffered).subarray(total)] : [];
    this.buffered -= total;
    const bodyStart = PRELUDE_BYTES + headerLength;
    return {
      headers: decodeHeaders(frame.subarray(PRELUDE_BYTES, bodyStart)),
      body: frame.subarray(bodyStart, end),
    };
  }

  /** The first `length` buffered bytes in one buffer; chunks are joined only when a frame crosses them. */
  private peek(length: number): Buffer {
    const first = this.chunks[0];
    if (first !== undefined && first.length >= length) return first.subarray(0, length);
    const joined = Buffer.concat(this.chunks);
    this.chunks = [joined];
    return joined.subarray(0, length);
  }
}
