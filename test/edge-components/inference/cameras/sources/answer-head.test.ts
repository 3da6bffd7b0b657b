import fc from 'fast-check';
import {
  HeadMender,
  LARGEST_HEAD_BYTES,
  mendHead,
} from '../../../../../edge-components/inference/src/cameras/sources/answer-head';

const OK = 'HTTP/1.1 200 OK';
const lines = (...all: string[]): string => all.join('\r\n');

test.each<[string, string[], string[]]>([
  ['a line without a colon is left out', ['Server: cam', 'Some words', 'A: b'], ['Server: cam', 'A: b']],
  ['a blank before the colon goes', ['Server : cam', ' X\t: y'], ['Server: cam', 'X: y']],
  ['equal Content-Length become one', ['Content-Length: 7', 'content-length: 7'], ['Content-Length: 7']],
  ['different ones go', ['Content-Length: 7', 'Content-Length: 8', 'A: b'], ['A: b']],
  ['one that is no number goes', ['Content-Length: -1'], []],
  [
    'one beside Transfer-Encoding goes',
    ['Content-Length: 7', 'Transfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked'],
  ],
  ['a name of other characters is none', ['X[1]: y', 'B\u00fcro: z', ': v'], []],
  ['control characters in a value go', ['A: x\x00y\x07'], ['A: xy']],
  ['several of other headers stay', ['Set-Cookie: a', 'Set-Cookie: b'], ['Set-Cookie: a', 'Set-Cookie: b']],
])('[B27] F11: %s', (_, before, after) => {
  expect(mendHead(lines(OK, ...before))).toBe(lines(OK, ...after, '', ''));
  expect(mendHead([OK, ...before].join('\n'))).toBe(lines(OK, ...after, '', ''));
});

test('[B27] F11: what is mended is not changed by mending it again, and has no line that is no header', () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom('Content-Length: 5', 'Content-Length : 6', 'Transfer-Encoding: chunked', 'a:b', ' c', ''),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (more) => {
      const mended = mendHead([OK, ...more].join('\n'));
      expect(mendHead(mended.trimEnd())).toBe(mended);
      for (const header of mended.trimEnd().split('\r\n').slice(1)) expect(header).toMatch(/^[^\s:]+: ?/);
    }),
  );
});

test('[B27] F11: however the answer is cut, its head is mended and its body as it was', () => {
  const body = Buffer.from('\r\n\r\nSome words\r\n\xff\r\n\r\n', 'latin1');
  const answer = Buffer.concat([Buffer.from(`${OK}\r\nSome words\r\nA : b\r\n\r\n`), body]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (cuts) => {
      const mender = new HeadMender();
      const read: Buffer[] = [];
      for (let at = 0, cut = 0; at < answer.length; cut++) {
        const end = at + (cuts[cut % cuts.length] as number);
        read.push(mender.push(answer.subarray(at, end)));
        at = end;
      }
      expect(Buffer.concat(read)).toEqual(Buffer.concat([Buffer.from(`${OK}\r\nA: b\r\n\r\n`), body]));
    }),
  );
});

test('[B27] F11: a head without an end is refused', () => {
  const mender = new HeadMender();
  const chunk = Buffer.alloc(LARGEST_HEAD_BYTES / 4, 'x');
  for (let count = 0; count < 3; count++) expect(mender.push(chunk)).toHaveLength(0);
  expect(() => mender.push(chunk)).toThrow("the head of the camera's answer has more than 16384 bytes");
});
