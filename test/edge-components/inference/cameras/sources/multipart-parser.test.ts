import fc from 'fast-check';
import {
  boundaryOf,
  type MultipartImage,
  MultipartParser,
} from '../../../../../edge-components/inference/src/cameras/sources/multipart-parser';

function parse(
  parser: MultipartParser,
  stream: Buffer,
  cuts: readonly number[] = [1 << 20],
): MultipartImage[] {
  const parts: MultipartImage[] = [];
  for (let at = 0, cut = 0; at < stream.length; cut++) {
    const end = at + (cuts[cut % cuts.length] as number);
    parts.push(...parser.push(stream.subarray(at, end), at));
    at = end;
  }
  return [...parts, ...parser.end(stream.length)];
}
const bodies = (parts: readonly MultipartImage[]): string[] =>
  parts.map(({ bytes }) => bytes.toString('latin1'));
const parserOf = (boundary: string): MultipartParser => new MultipartParser(boundary, () => 1_000);
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

test.each([
  ['multipart/x-mixed-replace;boundary=frame', 'frame'],
  ['Multipart/X-Mixed-Replace; charset=x; Boundary="--a b"', '--a b'],
  ['multipart/x-mixed-replace; boundary = --myboundary; x=y', '--myboundary'],
  ['multipart/x-mixed-replace', undefined],
  ['image/jpeg; boundary=x', undefined],
  [undefined, undefined],
])('boundary of %p is %p', (type, boundary) => {
  expect(boundaryOf(type)).toBe(boundary);
});

test.each<[string, string, string]>([
  [
    'as RFC 2046 has it',
    'frame',
    '--frame\r\nContent-Length: 3\r\n\r\nabc\r\n--frame\r\nContent-Length: 2\r\n\r\nde\r\n--frame--\r\n',
  ],
  [
    'without Content-Length',
    'frame',
    '--frame\r\nContent-Type: image/jpeg\r\n\r\nabc\r\n--frame\r\n\r\nde\r\n--frame--\r\n',
  ],
  [
    'the last boundary without the end of its line',
    'frame',
    '--frame\r\n\r\nabc\r\n--frame\r\n\r\nde\r\n--frame--',
  ],
  ['no last boundary', 'frame', '--frame\r\n\r\nabc\r\n--frame\r\n\r\nde'],
  [
    'dashes in the header and in the stream',
    '--frame',
    '--frame\r\n\r\nabc\r\n--frame\r\n\r\nde\r\n--frame--\r\n',
  ],
  [
    'dashes in the header, more in the stream',
    '--frame',
    '----frame\r\n\r\nabc\r\n----frame\r\n\r\nde\r\n----frame--\r\n',
  ],
  ['no dashes in the stream', 'frame', 'frame\r\n\r\nabc\r\nframe\r\n\r\nde\r\nframe\r\n'],
  ['no line end before a boundary', 'frame', '--frame\r\n\r\nabc--frame\r\n\r\nde--frame--\r\n'],
  [
    'no line end after a counted part',
    'frame',
    '--frame\r\nContent-Length:3\r\n\r\nabc--frame\r\nContent-length: 2\r\n\r\nde--frame--\r\n',
  ],
  ['lines that end in LF alone', 'frame', '--frame\nContent-Length: 3\n\nabc\n--frame\n\nde\n--frame--\n'],
  [
    'lines before the first boundary and after a part',
    'frame',
    '\r\nhello\r\n--frame\r\nContent-Length: 3\r\n\r\nabc\r\n\r\n\r\n--frame\r\n\r\nde\r\n--frame--\r\nbye',
  ],
  ['blanks behind a boundary', 'frame', '--frame \t\r\n\r\nabc\r\n--frame  \r\n\r\nde\r\n--frame--  \r\n'],
  [
    'empty parts are passed over',
    'frame',
    '--frame\r\n\r\n\r\n--frame\r\nContent-Length: 0\r\n\r\n\r\n--frame\r\n\r\nabc\r\n--frame\r\n\r\nde\r\n--frame--\r\n',
  ],
  ['two boundaries in a row', 'frame', '--frame\r\n--frame\r\n\r\nabc\r\n--frame\r\n\r\nde\r\n--frame--\r\n'],
])('cameras: %s', (_, boundary, text) => {
  expect(bodies(parse(parserOf(boundary), latin1(text)))).toEqual(['abc', 'de']);
  for (const cut of [1, 2, 3, 5]) {
    expect(bodies(parse(parserOf(boundary), latin1(text), [cut]))).toEqual(['abc', 'de']);
  }
});

test('a body may hold what looks like a boundary, and a counted one the boundary itself', () => {
  const open = '--frames\r\n x--framex\n-framed\r\nframe--';
  expect(bodies(parse(parserOf('frame'), latin1(`--frame\r\n\r\n${open}.\r\n--frame--\r\n`)))).toEqual([
    `${open}.`,
  ]);
  const counted = '\r\n--frame\r\n';
  const text = `--frame\r\nContent-Length: ${counted.length}\r\n\r\n${counted}\r\n--frame--\r\n`;
  expect(bodies(parse(parserOf('frame'), latin1(text)))).toEqual([counted]);
});

test('the type of a part, and the chunk with the first byte of its body', () => {
  const parser = parserOf('b');
  const [first, second] = [
    ...parser.push(latin1('--b\r\nContent-Type: Image/JPEG; q=1\r\nX-Timestamp: 1:2\r\n\r\n'), 1),
    ...parser.push(latin1('ab'), 2),
    ...parser.push(latin1('c\r\n--b\r\n\r\nd'), 3),
    ...parser.push(latin1('e\r\n--b\r\n'), 4),
  ];
  expect(first).toMatchObject({ contentType: 'image/jpeg', startedAt: 2, size: 3 });
  expect(second).toMatchObject({ contentType: undefined, size: 2 });
});

test('a counted part is complete with its last byte, before the next boundary has come', () => {
  expect(bodies([...parserOf('b').push(latin1('--b\r\nContent-Length: 3\r\n\r\nabc'), 0)])).toEqual(['abc']);
});

test('a counted part that breaks off is none', () => {
  expect(parse(parserOf('b'), latin1('--b\r\nContent-Length: 9\r\n\r\nabc'))).toEqual([]);
});

test.each([
  ['counted', 'Content-Length: 2000\r\n'],
  ['not counted', ''],
])('a part that is too large comes without its bytes (%s), and the next one is whole', (_, header) => {
  const text = `--b\r\n${header}\r\n${'x'.repeat(2000)}\r\n--b\r\n\r\nok\r\n--b--\r\n`;
  const [large, next] = parse(parserOf('b'), latin1(text), [100]);
  expect(large).toMatchObject({ tooLarge: true, size: 2000, bytes: Buffer.alloc(0) });
  expect(next).toMatchObject({ tooLarge: false, bytes: Buffer.from('ok') });
});

test('parts that came before the error are given out, also when they came in the same chunk', () => {
  const stream = parserOf('b').push(
    latin1('--b\r\n\r\nabc\r\n--b\r\nContent-Length: 99999999999\r\n\r\n'),
    0,
  );
  expect(stream.next().value).toMatchObject({ bytes: Buffer.from('abc') });
  expect(() => stream.next()).toThrow('99999999999');
});

test('a stream that cannot be one is refused at once', () => {
  expect(() => new MultipartParser('--', () => 1)).toThrow('empty');
  expect(() => parse(parserOf('b'), latin1(`--b\r\n${'x'.repeat(16_385)}`))).toThrow('more than 16384 bytes');
  expect(() => parse(parserOf('b'), latin1(`--b\r\n${'x: y\r\n'.repeat(3_000)}`), [7])).toThrow(
    'more than 16384',
  );
  expect(() => parse(parserOf('b'), latin1('--b\r\nContent-Length: 99999999999\r\n\r\n'))).toThrow(
    '99999999999',
  );
  const endless = new MultipartParser('b', () => 1_000);
  expect([...endless.push(latin1('--b\r\n\r\n'), 0)]).toEqual([]);
  const chunk = Buffer.alloc(1 << 26);
  expect(() => {
    for (let count = 0; count < 18; count++) expect([...endless.push(chunk, 0)]).toEqual([]);
  }).toThrow('more than 1073741824 bytes');
});

const body = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  // Near misses of a boundary.
  fc
    .array(fc.constantFrom('--frame', '-', 'frame', '\r\n', '\n', ' ', 'x', '--'), {
      minLength: 1,
      maxLength: 8,
    })
    .map((words) => Buffer.from(words.join(''))),
);

test('any cutting of the same stream gives the same parts, whatever the stream', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(body, fc.boolean(), fc.constantFrom('\r\n', '\n', '')), { maxLength: 6 }),
      fc.constantFrom('frame', '--frame', '-frame'),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
      (plan, boundary, cuts) => {
        const stream = Buffer.concat(
          plan.flatMap(([bytes, counted, lineEnd]) => [
            Buffer.from(`--frame\r\n${counted ? `Content-Length: ${bytes.length}\r\n` : ''}\r\n`),
            bytes,
            Buffer.from(lineEnd),
          ]),
        );
        const withoutTime = (parts: MultipartImage[]): object[] =>
          parts.map(({ startedAt: _, ...part }) => part);
        const small = (): MultipartParser => new MultipartParser(boundary, () => 40);
        const whole = withoutTime(parse(small(), stream));
        expect(withoutTime(parse(small(), stream, cuts))).toEqual(whole);
        expect(withoutTime(parse(small(), stream, [1]))).toEqual(whole);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('well-formed parts come out as they went in, however the stream is cut', () => {
  const image = fc
    .uint8Array({ minLength: 1, maxLength: 60 })
    .map((bytes) => Buffer.from(bytes).toString('base64'));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(image, fc.boolean()), { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
      (plan, cuts) => {
        const text = plan
          .map(([bytes, counted]) => {
            const header = counted ? `Content-Length: ${bytes.length}\r\n` : '';
            return `--frame!\r\nContent-Type: image/jpeg\r\n${header}\r\n${bytes}\r\n`;
          })
          .join('');
        const parts = parse(parserOf('frame!'), latin1(`${text}--frame!--\r\n`), cuts);
        expect(bodies(parts)).toEqual(plan.map(([bytes]) => bytes));
      },
    ),
  );
});
