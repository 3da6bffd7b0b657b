import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import {
  compressRecords,
  decompressRecords,
  LARGEST_RECORDS_BYTES,
} from '../../contracts/compressed-records';

const compressed = (text: string | Buffer): string => deflateSync(text).toString('base64');

test('[B12] what was compressed comes out as it was', () => {
  fc.assert(
    fc.property(fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue())), (records) => {
      const texts = records.map((record) => JSON.stringify(record));
      const { records: read, bytes } = decompressRecords(compressRecords(texts));
      expect(JSON.stringify(read)).toBe(JSON.stringify(JSON.parse(`[${texts}]`)));
      expect(bytes).toBe(Buffer.byteLength(`[${texts}]`));
    }),
  );
});

test('[B12] the largest batch is read, and a byte more is not', () => {
  const filled = (bytes: number): string => JSON.stringify(['x'.repeat(bytes - 4)]);
  expect(decompressRecords(compressed(filled(LARGEST_RECORDS_BYTES))).bytes).toBe(LARGEST_RECORDS_BYTES);
  expect(() => decompressRecords(compressed(filled(LARGEST_RECORDS_BYTES + 1)))).toThrow(
    'records: must be at most 131072 bytes when decompressed',
  );
});

const whole = deflateSync('[{"recordId":"1"}]');

test.each<[string, string, RegExp]>([
  ['text', 'none', /records: must be deflate in base64: incorrect header check/],
  ['no base64', '%%%%', /records: must be deflate in base64: unexpected end of file/],
  [
    'half of it',
    whole.subarray(0, 12).toString('base64'),
    /records: must be deflate in base64: unexpected end/,
  ],
  [
    'a damaged byte',
    Buffer.from(whole).fill(0x55, 6, 7).toString('base64'),
    /records: must be deflate in base64/,
  ],
  ['no JSON', compressed('[{"recordId":'), /records: not JSON/],
])('[B12] %s is refused with the reason', (_, text, reason) => {
  expect(() => decompressRecords(text)).toThrow(reason);
});

test('[B12] nothing that is sent is anything but records or an error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const text of [Buffer.from(bytes).toString('base64'), compressed(Buffer.from(bytes))]) {
        try {
          expect(decompressRecords(text).bytes).toBeLessThanOrEqual(LARGEST_RECORDS_BYTES);
        } catch (error) {
          expect((error as Error).message).toMatch(/^records: /);
        }
      }
    }),
  );
});
