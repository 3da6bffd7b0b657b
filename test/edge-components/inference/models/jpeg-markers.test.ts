import fc from 'fast-check';
import sharp from 'sharp';
import { SharpImageDecoder } from '../../../../edge-components/inference/src/models/image-decoder';
import { jpegProblem } from '../../../../edge-components/inference/src/models/jpeg-markers';

const MOST = 4096 * 4096;
const picture = (width: number, height: number, progressive: boolean): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: 'red' } })
    .jpeg({ progressive })
    .toBuffer();

/** The last scan of a progressive image again and again, as a small file that costs seconds to decode has it. */
function withScans(image: Buffer, count: number): Buffer {
  const last = image.lastIndexOf(Buffer.from([0xff, 0xda]));
  const scan = image.subarray(last, -2);
  return Buffer.concat([
    image.subarray(0, -2),
    ...Array.from({ length: count }, () => scan),
    image.subarray(-2),
  ]);
}

test('case 45: images of every kind that a camera sends cost what they may', async () => {
  const withThumbnail = await sharp(await picture(64, 48, false))
    .withMetadata({ exif: { IFD0: { Copyright: '\xff\xda\xff\xc0' } } })
    .jpeg()
    .toBuffer();
  for (const image of [await picture(640, 480, false), await picture(640, 480, true), withThumbnail]) {
    expect(jpegProblem(image, 640 * 480)).toBeUndefined();
  }
});

test('case 45: an image is refused by the size in its header, before anything is decoded', async () => {
  const image = await picture(640, 480, false);
  const problem = 'image has 640x480 pixels, more than the pixel limit of 307199';
  expect(jpegProblem(image, 640 * 480 - 1)).toBe(problem);
  await expect(new SharpImageDecoder().decode(image, 640 * 480 - 1)).rejects.toThrow(problem);
});

test('case 45: an image of more scans than anybody writes is refused, before anything is decoded', async () => {
  const image = await picture(4096, 4096, true);
  const scans = image.toString('latin1').split('\xff\xda').length - 1;
  expect(scans).toBeLessThanOrEqual(10);
  expect(jpegProblem(withScans(image, 64 - scans), MOST)).toBeUndefined();
  const hostile = withScans(image, 65 - scans);
  expect(jpegProblem(hostile, MOST)).toBe('image has more than 64 scans');
  await expect(new SharpImageDecoder().decode(hostile, MOST)).rejects.toThrow('image has more than 64 scans');
});

test('case 45: whatever the bytes are, they are walked to an end', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom(
      [0xff],
      [0xff, 0xda, 0, 2],
      [0xff, 0xc0, 0, 11],
      [0xff, 0xff],
      [0xff, 0xd9],
      [0xff, 0xe0, 0, 0],
    ),
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const bytes = Buffer.from([0xff, 0xd8, ...pieces.flatMap((bytes) => [...bytes])]);
      expect(['undefined', 'string']).toContain(typeof jpegProblem(bytes, 0xffff * 0xffff));
    }),
  );
});

describe('colours of print are refused by the header: decoders disagree about them [case 27]', () => {
  const print = (): Promise<Buffer> =>
    sharp({ create: { width: 16, height: 16, channels: 3, background: 'red' } })
      .toColourspace('cmyk')
      .jpeg()
      .toBuffer();
  const problem = 'CMYK images are not taken';

  test('an image as it is written, and with bytes before its markers that only fill up', async () => {
    const image = await print();
    expect(jpegProblem(image, MOST)).toBe(problem);
    const filled = Buffer.concat([image.subarray(0, 2), Buffer.from([0xff, 0xff]), image.subarray(2)]);
    expect(jpegProblem(filled, MOST)).toBe(problem);
    await expect(new SharpImageDecoder().decode(filled, MOST)).rejects.toThrow(problem);
  });

  test('one that hides its header behind stray bytes is refused by the decoder', async () => {
    const image = await print();
    // Between the first segment and the next one.
    const second = image.indexOf(Buffer.from([0xff, 0xdb]));
    const hidden = Buffer.concat([
      image.subarray(0, second),
      Buffer.from([0x2a, 0x2a]),
      image.subarray(second),
    ]);
    expect(jpegProblem(hidden, MOST)).toBeUndefined();
    await expect(new SharpImageDecoder().decode(hidden, MOST)).rejects.toThrow('cannot be decoded');
  });
});
