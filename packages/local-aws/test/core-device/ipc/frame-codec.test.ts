import { Buffer } from 'node:buffer';
import { EventStreamCodec } from '@smithy/core/event-streams';
import fc from 'fast-check';
import {
  type EventStreamMessage,
  encodeFrame,
  FrameDecoder,
  FrameError,
  LARGEST_FRAME_BYTES,
} from '../../../core-device/ipc/frame-codec';

const headerName = fc.string({ minLength: 1, maxLength: 20 }).filter((name) => name !== '__proto__');
const headerValue = fc.oneof(
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  fc.string({ maxLength: 100 }),
);
const message = fc.record({
  headers: fc.dictionary(headerName, headerValue, { maxKeys: 6 }),
  body: fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
});

function plain({ headers, body }: EventStreamMessage) {
  return { headers: { ...headers }, body: body.toString('hex') };
}

/** Cuts `bytes` at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}

test('frames come out whole and in order, however the stream is cut or merged', () => {
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 1, maxLength: 5 }),
      fc.array(fc.nat(), { maxLength: 30 }),
      (messages, places) => {
        const decoder = new FrameDecoder();
        const chunks = cut(Buffer.concat(messages.map(encodeFrame)), places);
        const received = chunks.flatMap((chunk) => [...decoder.push(chunk)]);
        expect(received.map(plain)).toEqual(messages.map(plain));
      },
    ),
  );
});

test('a frame with any single bit flipped is refused or waited for, never delivered', () => {
  fc.assert(
    fc.property(message, fc.nat(), (original, position) => {
      const bytes = Buffer.from(encodeFrame(original));
      const bit = position % (bytes.length * 8);
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => {
        if ([...new FrameDecoder().push(bytes)].length > 0) throw new Error('delivered');
        throw new FrameError('waited for');
      }).toThrow(FrameError);
    }),
  );
});

test('another implementation of the format reads what we write, and we read what it writes', () => {
  const codec = new EventStreamCodec(
    (bytes) => Buffer.from(bytes as Uint8Array).toString('utf8'),
    (text) => Buffer.from(text, 'utf8'),
  );
  const written = encodeFrame({ headers: { ':stream-id': 7, operation: 'é' }, body: Buffer.from('{}') });
  const read = codec.decode(written);
  expect(read.headers).toEqual({
    ':stream-id': { type: 'integer', value: 7 },
    operation: { type: 'string', value: 'é' },
  });
  const theirs = codec.encode({
    headers: {
      flag: { type: 'boolean', value: true },
      id: { type: 'uuid', value: '12345678-1234-1234-1234-123456789012' },
      bytes: { type: 'binary', value: new Uint8Array([1, 2]) },
      ':message-type': { type: 'integer', value: -1 },
    },
    body: Buffer.from('body'),
  });
  const [ours] = new FrameDecoder().push(Buffer.from(theirs));
  expect(ours?.headers).toMatchObject({ ':message-type': -1 });
  expect(ours?.body.toString()).toBe('body');
});

test.each([
  ['a body beyond 24 MiB', { headers: {}, body: Buffer.alloc(LARGEST_FRAME_BYTES) }],
  ['a header without a name', { headers: { '': 1 }, body: Buffer.alloc(0) }],
  ['a header value beyond 32 KiB', { headers: { text: 'x'.repeat(40_000) }, body: Buffer.alloc(0) }],
])('%s is not encoded', (_case, tooLarge) => {
  expect(() => encodeFrame(tooLarge)).toThrow(FrameError);
});

test('bytes of something else entirely are refused at the first prelude', () => {
  expect(() => [
    ...new FrameDecoder().push(Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')),
  ]).toThrow(FrameError);
});
