import fc from 'fast-check';
import sharp from 'sharp';
import {
  type MultipartImage,
  MultipartParser,
} from '../../../../../edge-components/inference/src/cameras/sources/multipart-parser';
import { boundaryOf } from '../../../../../edge-components/inference/src/cameras/sources/part-boundary';

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

/** JPEG images that differ, the last with a thumbnail: a whole image in a segment of the image. */
async function jpegs(count: number): Promise<Buffer[]> {
  const images = await Promise.all(
    Array.from({ length: count }, (_, seed) =>
      sharp(
        Buffer.from(Array.from({ length: 24 * 16 * 3 }, (__, index) => (index * index * (seed + 3)) % 256)),
        {
          raw: { width: 24, height: 16, channels: 3 },
        },
      )
        .jpeg({ quality: 90 })
        .toBuffer(),
    ),
  );
  return images.map((image, index) =>
    index === count - 1 ? withSegment(image, images[0] as Buffer) : image,
  );
}

function withSegment(image: Buffer, content: Buffer): Buffer {
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([image.subarray(0, 2), head, content, image.subarray(2)]);
}

type Part = (image: Buffer, index: number) => readonly (string | Buffer)[];
const headers = (boundary: string, ...lines: string[]): string =>
  [`--${boundary}`, ...lines, '', ''].join('\r\n');
const typed = 'Content-Type: image/jpeg';

describe('[B27] F9: streams of real cameras give every image', () => {
  test.each<[string, string | undefined, Part]>([
    [
      'another boundary than announced',
      'myboundary',
      (image) => [headers('ipcamera', typed, `Content-Length: ${image.length}`), image, '\r\n'],
    ],
    ['the same without Content-Length', 'myboundary', (image) => [headers('ipcamera', typed), image, '\r\n']],
    [
      'another boundary for each part',
      'myboundary',
      (image, index) => [headers(`part-${index}`, typed), image, '\r\n'],
    ],
    ['no boundary in the header', undefined, (image) => [headers('ffmpeg', typed), image, '\r\n']],
    [
      'Content-Length too large, and the next part at once',
      'b',
      (image) => [headers('b', typed, `Content-Length: ${image.length + 64}`), image, '\r\n'],
    ],
    [
      'Content-Length far too large',
      'b',
      (image) => [headers('b', typed, 'Content-Length: 999999'), image, '\r\n'],
    ],
    [
      'Content-Length too small',
      'b',
      (image) => [headers('b', typed, `Content-Length: ${image.length - 64}`), image, '\r\n'],
    ],
    ['Content-Length of one', 'b', (image) => [headers('b', typed, 'Content-Length: 1'), image, '\r\n']],
    ['Content-Length of nothing', 'b', (image) => [headers('b', typed, 'Content-Length: 0'), image, '\r\n']],
    [
      'another boundary and a wrong Content-Length',
      'myboundary',
      (image, index) => [
        headers('x', typed, `Content-Length: ${image.length + 40 - index * 20}`),
        image,
        '\r\n',
      ],
    ],
    [
      'two Content-Length that differ',
      'b',
      (image) => [headers('b', `Content-Length: ${image.length}`, 'Content-Length: 7'), image, '\r\n'],
    ],
    [
      'padding that the Content-Length counts',
      'b',
      (image) => [
        headers('b', typed, `Content-Length: ${image.length + 500}`),
        image,
        Buffer.alloc(500),
        '\r\n',
      ],
    ],
    ['padding behind the image', 'b', (image) => [headers('b', typed), image, Buffer.alloc(100), '\r\n']],
    [
      'text/plain',
      'b',
      (image) => [headers('b', 'Content-Type: text/plain', `Content-Length: ${image.length}`), image, '\r\n'],
    ],
    ['no blank line', 'b', (image) => [`--b\r\n${typed}\r\n`, image, '\r\n']],
    ['a blank line too many', 'b', (image) => [headers('b', typed, ''), image, '\r\n']],
    [
      'a header line without a colon, one with a blank before it',
      'b',
      (image) => [headers('b', 'Some words', `Content-Length : ${image.length}`), image, '\r\n'],
    ],
    [
      'no boundary, but headers',
      'b',
      (image) => [`${typed}\r\nContent-Length: ${image.length}\r\n\r\n`, image],
    ],
    ['no boundary at all', undefined, (image) => [image]],
    ['no boundary at all where one was announced', 'b', (image) => [image, '\r\n']],
    [
      'the first boundary missing',
      'b',
      (image, index) => [headers('b', typed).slice(index === 0 ? 5 : 0), image, '\r\n'],
    ],
    [
      'a second image within the part, as cameras write previews',
      'b',
      (image) => {
        const preview = withSegment(image, Buffer.from('preview'));
        return [
          headers('b', typed, `Content-Length: ${image.length + preview.length}`),
          image,
          preview,
          '\r\n',
        ];
      },
    ],
    [
      'what looks like a boundary, and an image, in a segment of the image',
      'b',
      (image) => [headers('b', typed, `Content-Length: ${image.length}`), image, '\r\n'],
    ],
  ])('%s', async (name, boundary, part) => {
    const images = await jpegs(10);
    if (name.startsWith('what looks')) {
      images[3] = withSegment(images[3] as Buffer, Buffer.from(`\r\n${headers('b', typed)}x`));
    }
    const stream = Buffer.concat(
      images.flatMap((image, index) => part(image, index).map((piece) => Buffer.from(piece))),
    );
    for (const cuts of [[1 << 20], [1], [100, 3]]) {
      const parts = parse(new MultipartParser(boundary, () => 100_000), stream, cuts);
      expect(parts.map(({ bytes }) => images.findIndex((image) => image.equals(bytes)))).toEqual(
        images.map((_, index) => index),
      );
    }
  });

  test('an image is given out with its last byte, before anything of the next part has come', async () => {
    const [image] = (await jpegs(1)) as [Buffer];
    for (const length of ['', `Content-Length: ${image.length + 64}\r\n`, 'Content-Length: 5\r\n']) {
      const parser = new MultipartParser('boundary', () => 100_000);
      const parts = [...parser.push(Buffer.concat([latin1(`--boundary\r\n${length}\r\n`), image]), 0)];
      expect(parts.map(({ bytes }) => bytes)).toEqual([image]);
      expect(parser.isWithinPart).toBe(false);
    }
  });

  test.each([
    ['cut short', (image: Buffer) => image.subarray(0, image.length - 100)],
    [
      'overwritten',
      (image: Buffer) => Buffer.concat([image.subarray(0, -9), Buffer.from([0xff, 0xc4, 0xff, 0xff, 1])]),
    ],
  ])('an image that is %s goes on as it is, and takes none of the next one', async (_, damage) => {
    const images = await jpegs(4);
    const sent = images.map((image, index) => (index === 1 ? damage(image) : image));
    for (const length of [true, false]) {
      const stream = Buffer.concat(
        sent.flatMap((image) => [
          latin1(headers('b', ...(length ? [`Content-Length: ${image.length}`] : []))),
          image,
          latin1('\r\n'),
        ]),
      );
      const whole = parse(new MultipartParser('b', () => 100_000), stream);
      expect(parse(new MultipartParser('b', () => 100_000), stream, [5]).map(({ bytes }) => bytes)).toEqual(
        whole.map(({ bytes }) => bytes),
      );
      expect(whole.map(({ bytes }) => bytes)).toEqual(sent);
    }
  });

  test('without boundaries an image that the next one interrupts is given out, and so is the next one', async () => {
    const [first, second] = (await jpegs(2)) as [Buffer, Buffer];
    const stream = Buffer.concat([first.subarray(0, -200), second, first]);
    const parts = parse(new MultipartParser(undefined, () => 100_000), stream, [11]);
    expect(parts).toHaveLength(3);
    expect(parts.slice(1).map(({ bytes }) => bytes)).toEqual([second, first]);
  });

  test('a part that breaks off with the stream is known to be lost', async () => {
    const [image] = (await jpegs(1)) as [Buffer];
    const parser = new MultipartParser('b', () => 100_000);
    const stream = Buffer.concat([latin1(headers('b', typed)), image.subarray(0, 300)]);
    expect(parse(parser, stream)).toEqual([]);
    expect(parser.isWithinPart).toBe(true);
  });
});

test('[B27] F9: any cutting of a stream of JPEG images and rubbish gives the same parts', async () => {
  const images = await jpegs(3);
  const piece = fc.oneof(
    fc.constantFrom(...images),
    fc.constantFrom(...images).chain((image) => fc.nat(image.length).map((end) => image.subarray(0, end))),
    fc
      .array(
        fc.constantFrom(
          ...[
            '--frame',
            '--',
            '-',
            'other',
            '\r\n',
            '\n',
            ' ',
            'x: y',
            'Content-Length: 40',
            'Content-Type: a/b',
          ],
          ...[
            '\xff\xd8\xff',
            '\xff',
            '\xd8',
            '\xff\xd9',
            '\r\n--frame\r\n',
            '\r\n--other\r\nContent-Type: x\r\n\r\n',
          ],
        ),
        { minLength: 1, maxLength: 8 },
      )
      .map((words) => latin1(words.join(''))),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 8 }),
      fc.constantFrom('frame', 'none', undefined),
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }),
      (pieces, boundary, cuts) => {
        const stream = Buffer.concat(pieces);
        const partsOf = (cut: readonly number[]): string[] =>
          parse(new MultipartParser(boundary, () => 700), stream, cut).map(
            ({ contentType, isJpeg, size, bytes }) =>
              `${contentType} ${isJpeg} ${size} ${bytes.toString('latin1')}`,
          );
        expect(partsOf(cuts)).toEqual(partsOf([1 << 20]));
      },
    ),
    { numRuns: 500 },
  );
});
