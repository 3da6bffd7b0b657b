import { Duplex } from 'node:stream';
import fc from 'fast-check';
import {
  MessageParser,
  ProtocolError,
  writeMessage,
} from '../../../../edge-components/inference/src/models/message-stream';

/** What is written comes out as one piece. */
function written(messages: readonly { header: object; body: Uint8Array }[]): Buffer {
  const chunks: Buffer[] = [];
  const stream = new Duplex({
    read: () => undefined,
    writev: (parts, done) => {
      chunks.push(...parts.map(({ chunk }) => Buffer.from(chunk)));
      done();
    },
  });
  for (const { header, body } of messages) writeMessage(stream, header, body);
  return Buffer.concat(chunks);
}

test('whatever the pieces in which it arrives, a message comes out as it went in', () => {
  const message = fc.record({
    header: fc.dictionary(fc.string(), fc.string()).map((header) => ({ ...header })),
    body: fc.uint8Array({ maxLength: 300 }),
  });
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1 }),
      (messages, sizes) => {
        let bytes = written(messages);
        const parser = new MessageParser();
        const out = [];
        for (let index = 0; bytes.length > 0; index++) {
          const size = sizes[index % sizes.length] as number;
          out.push(...parser.push(bytes.subarray(0, size)));
          bytes = bytes.subarray(size);
        }
        expect(out.map(({ header, body }) => ({ header, body: Uint8Array.from(body) }))).toEqual(
          messages.map(({ header, body }) => ({
            header: JSON.parse(JSON.stringify(header)),
            body: Uint8Array.from(body),
          })),
        );
      },
    ),
  );
});

test.each([
  ['a header that is too long', [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]],
  ['a body that is too long', [0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff]],
  ['a header that is no JSON', [0, 0, 0, 2, 0, 0, 0, 0, 0x7b, 0x7b]],
])('%s is refused before anything is set aside for it', (_, bytes) => {
  expect(() => [...new MessageParser().push(Buffer.from(bytes))]).toThrow(ProtocolError);
});
