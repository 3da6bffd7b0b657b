import fc from 'fast-check';
import sharp from 'sharp';
import type { StreamImage } from '../../../../../edge-components/inference/src/cameras/sources/image-collector';
import { JpegSplitter } from '../../../../../edge-components/inference/src/cameras/sources/jpeg-splitter';

/** A picture with structure, so that its entropy-coded data holds stuffing. */
function picture(width: number, height: number): sharp.Sharp {
  const pixels = Buffer.from(
    Array.from({ length: width * height * 3 }, (_, index) => (index * index * 31) % 256),
  );
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

async function images(): Promise<Buffer[]> {
  const thumbnail = await picture(8, 8).jpeg().toBuffer();
  const plain = await picture(40, 30).jpeg({ quality: 90 }).toBuffer();
  const segment = Buffer.concat([Buffer.from([0xff, 0xe1, 0, 0]), thumbnail]);
  segment.writeUInt16BE(thumbnail.length + 2, 2);
  return [
    plain,
    await picture(33, 17).jpeg({ progressive: true }).toBuffer(),
    await picture(64, 64).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer(),
    // With a thumbnail, whole with its own start and end, in an APP1 segment; and with fill bytes before a marker.
    Buffer.concat([plain.subarray(0, 2), segment, Buffer.from([0xff, 0xff]), plain.subarray(2)]),
    // With restart markers and a marker that stands alone.
    withRestarts(plain),
  ];
}

/** Not decodable, but well formed: RST0 in the entropy-coded data and TEM before the end. */
function withRestarts(jpeg: Buffer): Buffer {
  const end = jpeg.length - 2;
  return Buffer.concat([
    jpeg.subarray(0, end),
    Buffer.from([0xff, 0xd0, 0x12, 0xff, 0x00, 0xff, 0xd7, 0x34, 0xff, 0x01]),
    jpeg.subarray(end),
  ]);
}

function split(splitter: JpegSplitter, stream: Buffer, cuts: readonly number[]): StreamImage[] {
  const found: StreamImage[] = [];
  for (let at = 0, cut = 0; at < stream.length; cut++) {
    const end = at + (cuts[cut % cuts.length] as number);
    found.push(...splitter.push(stream.subarray(at, end), at));
    at = end;
  }
  return found;
}

test('images come out whole and in order, however the stream is cut; too large ones without their bytes', async () => {
  const all = await images();
  const maximum = (all[2] as Buffer).length - 1;
  const noise = fc.constantFrom('', 'Setting pipeline to PLAYING ...\n', '\xff', '\xff\xff\x00');
  fc.assert(
    fc.property(
      fc.array(fc.tuple(noise, fc.nat(all.length - 1)), { minLength: 1, maxLength: 6 }),
      fc.array(fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 20_000 })), {
        minLength: 1,
      }),
      (plan, cuts) => {
        const pieces = plan.flatMap(([text, index]) => [Buffer.from(text, 'latin1'), all[index] as Buffer]);
        const found = split(new JpegSplitter(() => maximum), Buffer.concat(pieces), cuts);
        expect(found.map(({ size }) => size)).toEqual(plan.map(([, index]) => all[index]?.length));
        for (const [place, image] of found.entries()) {
          const original = all[plan[place]?.[1] as number] as Buffer;
          expect(image.tooLarge).toBe(original.length > maximum);
          expect(image.bytes.equals(image.tooLarge ? Buffer.alloc(0) : original)).toBe(true);
        }
      },
    ),
  );
});

test('an image begins with the chunk that holds its first bytes', async () => {
  const [plain] = (await images()) as [Buffer];
  const splitter = new JpegSplitter(() => 1e6);
  expect([...splitter.push(Buffer.concat([Buffer.from('noise'), plain.subarray(0, 9)]), 17)]).toEqual([]);
  const second = [...splitter.push(Buffer.concat([plain.subarray(9), plain.subarray(0, 5)]), 18)];
  expect(second.map(({ startedAt }) => startedAt)).toEqual([17]);
  expect([...splitter.push(plain.subarray(5), 19)][0]?.startedAt).toBe(18);
});

test.each<[string, number[], string]>([
  ['a second start inside an image', [0xff, 0xd8, 0xff, 0xd8], 'does not follow FF'],
  ['no marker after the start', [0xff, 0xd8, 0x41], 'a JPEG marker was expected'],
  ['a stuffed byte where a marker is expected', [0xff, 0xd8, 0xff, 0x00], 'does not follow FF'],
  ['a segment shorter than its own length', [0xff, 0xd8, 0xff, 0xe0, 0, 1], 'a JPEG segment of 1 bytes'],
  [
    'an image cut short by the next one',
    [0xff, 0xd8, 0xff, 0xda, 0, 2, 1, 2, 3, 0xff, 0xd8],
    'does not follow FF',
  ],
])('%s ends the stream', (_, bytes, message) => {
  expect(() => [...new JpegSplitter(() => 1e6).push(Buffer.from(bytes), 0)]).toThrow(message);
});

test('images that came before the error are given out, also when they came in the same chunk', async () => {
  const [plain] = (await images()) as [Buffer];
  const stream = new JpegSplitter(() => 1e6).push(Buffer.concat([plain, Buffer.from([0xff, 0xd8, 0x41])]), 0);
  expect(stream.next().value).toMatchObject({ bytes: plain });
  expect(() => stream.next()).toThrow('a JPEG marker was expected');
});

test('a stream without images ends, and memory is bounded by the largest image', () => {
  const text = new JpegSplitter(() => 1e6);
  expect([...text.push(Buffer.alloc(65_536, 'x'), 0)]).toEqual([]);
  expect(() => [...text.push(Buffer.from('x'), 0)]).toThrow('65536 bytes without the start');

  const endless = new JpegSplitter(() => 1_000);
  expect([...endless.push(Buffer.from([0xff, 0xd8, 0xff, 0xda, 0, 2]), 0)]).toEqual([]);
  const chunk = Buffer.alloc(1 << 26);
  expect(() => {
    for (let count = 0; count < 17; count++) expect([...endless.push(chunk, 0)]).toEqual([]);
  }).toThrow('more than 1073741824 bytes');
});
