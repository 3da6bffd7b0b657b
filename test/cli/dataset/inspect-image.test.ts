import sharp from 'sharp';
import { type InspectedImage, inspectImage, MAXIMUM_PIXELS } from '../../../cli/dataset/inspect-image';
import { hammingDistance } from '../../../cli/dataset/perceptual-hash';
import { blackPng, jpegOf, pngOf, texture } from './pictures';

const inspected = async (bytes: Uint8Array): Promise<InspectedImage> => {
  const image = await inspectImage(bytes);
  if (typeof image === 'string') throw new Error(image);
  return image;
};

describe('an image that cannot be used has a reason', () => {
  test.each<[string, () => Promise<Uint8Array> | Uint8Array, RegExp]>([
    ['zero bytes', () => Buffer.alloc(0), /^is empty \(0 bytes\)$/],
    ['text', () => Buffer.from('<html>not found</html>'), /^is neither JPEG nor PNG$/],
    ['a GIF', () => texture(1).gif().toBuffer(), /^is GIF: only JPEG and PNG are taken, convert it to PNG$/],
    [
      'a WebP',
      () => texture(1).webp().toBuffer(),
      /^is WebP: only JPEG and PNG are taken, convert it to PNG$/,
    ],
    [
      'a TIFF',
      () => texture(1).tiff().toBuffer(),
      /^is TIFF: only JPEG and PNG are taken, convert it to PNG$/,
    ],
    ['a BMP', () => Buffer.from('BM0000000000'), /^is BMP: only JPEG and PNG are taken, convert it to PNG$/],
    ['a truncated JPEG', async () => (await jpegOf(1)).subarray(0, 700), /^cannot be decoded: /],
    ['a truncated PNG', async () => (await pngOf(1)).subarray(0, 700), /^cannot be decoded: /],
    ['the first bytes of a JPEG only', () => Buffer.from([0xff, 0xd8, 0xff]), /^cannot be decoded: /],
    ['1x1', () => blackPng(1, 1), /^has 1x1 pixels: each side must have at least 8$/],
    ['a line of pixels', () => blackPng(128, 7), /^has 128x7 pixels: each side must have at least 8$/],
    ['an endless image', () => blackPng(65_536, 8), /^has 65536x8 pixels: a side has at most 65535$/],
    ['100 megapixels', () => blackPng(10_000, 10_000), /^has 10000x10000 pixels, more than 16777216$/],
    ['one colour', () => blackPng(64, 64), /^has the same value in every pixel/],
    ['CMYK', () => texture(1).toColourspace('cmyk').jpeg().toBuffer(), /^is CMYK/],
  ])('%s', async (_, make, reason) => {
    expect(await inspectImage(await make())).toMatch(reason);
  });

  test('a JPEG cut off anywhere is refused, or is whole but for its end marker', async () => {
    const whole = await jpegOf(2);
    for (let length = 0; length < whole.length - 2; length += Math.ceil(whole.length / 40)) {
      expect(typeof (await inspectImage(whole.subarray(0, length)))).toBe('string');
    }
  });
});

describe('an image that can be used', () => {
  test.each<[string, () => Promise<Buffer> | Buffer, object]>([
    ['JPEG', () => jpegOf(1), { format: 'jpg', width: 128, height: 128 }],
    ['PNG', () => pngOf(1), { format: 'png', width: 128, height: 128 }],
    ['the smallest', () => texture(1).resize(8, 8).png().toBuffer(), { format: 'png', width: 8, height: 8 }],
    [
      'the largest',
      () =>
        texture(1)
          .resize(4096, MAXIMUM_PIXELS / 4096, { fit: 'fill' })
          .png()
          .toBuffer(),
      { width: 4096, height: 4096 },
    ],
    ['PNG with alpha', () => texture(1).ensureAlpha(0.5).png().toBuffer(), { format: 'png' }],
    [
      'PNG of 16 bits',
      () => texture(1).toColourspace('rgb16').png().toBuffer(),
      { format: 'png', width: 128 },
    ],
  ])('%s', async (_, make, expected) => {
    expect(await inspected(await make())).toMatchObject(expected);
  });

  test('looks the same after it was re-encoded, rescaled or brightened, and unlike any other', async () => {
    const original = await inspected(await pngOf(1));
    const copies = [
      await jpegOf(1, 30),
      await texture(1).resize(64, 64).png().toBuffer(),
      await texture(1).linear(1.1, 5).png().toBuffer(),
      await sharp(await jpegOf(1, 80))
        .resize(256, 200, { fit: 'fill' })
        .jpeg()
        .toBuffer(),
    ];
    for (const copy of copies) {
      expect(hammingDistance(original.hash, (await inspected(copy)).hash)).toBeLessThanOrEqual(31);
    }
    for (let seed = 2; seed < 12; seed++) {
      const other = await inspected(await pngOf(seed));
      expect(hammingDistance(original.hash, other.hash)).toBeGreaterThan(62);
    }
  });
});
