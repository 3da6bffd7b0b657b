import fc from 'fast-check';
import { delimiterOf } from '../../../cli/shared/csv';
import { decodeText } from '../../../cli/shared/decode-text';

const TABLE = 'path,label\nprüfung.jpg,good\n';
const swapped = (bytes: Buffer): Buffer => Buffer.from(bytes).swap16();

describe('[B27] text as other programs save it', () => {
  test.each<[string, Buffer, string]>([
    ['UTF-8', Buffer.from(TABLE), 'utf-8'],
    ['UTF-8 with a byte order mark', Buffer.from(`\ufeff${TABLE}`), 'utf-8'],
    ['UTF-16, little endian', Buffer.from(`\ufeff${TABLE}`, 'utf16le'), 'utf-16le'],
    ['UTF-16, little endian, without a mark', Buffer.from(TABLE, 'utf16le'), 'utf-16le'],
    ['UTF-16, big endian', swapped(Buffer.from(`\ufeff${TABLE}`, 'utf16le')), 'utf-16be'],
    ['UTF-16, big endian, without a mark', swapped(Buffer.from(TABLE, 'utf16le')), 'utf-16be'],
    ['Windows-1252', Buffer.from(TABLE, 'latin1'), 'windows-1252'],
  ])('%s', (_, bytes, encoding) => {
    expect(decodeText(bytes)).toEqual({ text: TABLE, encoding });
  });

  test('any text comes back from UTF-8, and no bytes make it throw', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), fc.uint8Array({ maxLength: 60 }), (text, bytes) => {
        expect(decodeText(Buffer.from(`path,label\n${text}`)).text).toBe(`path,label\n${text}`);
        expect(typeof decodeText(bytes).text).toBe('string');
      }),
    );
  });
});

test.each([
  ['path,label', ','],
  ['path;label\na,b;c', ';'],
  ['path\tlabel', '\t'],
  ['"a;b;c",label', ','],
  ['sep=;\r\npath;label', ';'],
  ['label', ','],
])('[B27] the delimiter of %j is %j', (text, delimiter) => {
  expect(delimiterOf(text)).toBe(delimiter);
});
