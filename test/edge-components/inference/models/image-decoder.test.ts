import sharp from 'sharp';
import examples from '../../../../contracts/examples/image-decoding.json';
import { completeImagePolicy } from '../../../../contracts/image-policy';
import { SharpImageDecoder } from '../../../../edge-components/inference/src/models/image-decoder';
import { UnreadableFrame } from '../../../../edge-components/inference/src/ports';

const decoder = new SharpImageDecoder();
const LIMIT = 4096;
const color = (channels: 3 | 4, background: sharp.Color) =>
  sharp({ create: { width: 8, height: 4, channels, background } });
const rgb = color(3, { r: 200, g: 100, b: 50 });

async function firstPixel(bytes: Buffer): Promise<number[]> {
  const image = await decoder.decode(bytes, LIMIT);
  expect(image.pixels.length).toBe(image.width * image.height * 3);
  return [...image.pixels.subarray(0, 3)];
}

test.each<[string, () => Promise<Buffer>, number[]]>([
  ['RGB', () => rgb.clone().png().toBuffer(), [200, 100, 50]],
  [
    'gray: three equal channels',
    () =>
      sharp(Buffer.alloc(32, 124), { raw: { width: 8, height: 4, channels: 1 } })
        .png()
        .toBuffer(),
    [124, 124, 124],
  ],
  [
    'alpha: dropped, not blended',
    () => color(4, { r: 200, g: 100, b: 50, alpha: 0.2 }).png().toBuffer(),
    [200, 100, 50],
  ],
  ['16 bits: the upper 8', () => rgb.clone().toColourspace('rgb16').png().toBuffer(), [200, 100, 50]],
  ['palette', () => rgb.clone().png({ palette: true }).toBuffer(), [200, 100, 50]],
])('%s [case 27]', async (_, make, expected) => {
  const pixel = await firstPixel(await make());
  for (const [index, value] of expected.entries())
    expect(Math.abs((pixel[index] as number) - value)).toBeLessThanOrEqual(1);
});

test.each(examples.examples)('$name: the pixels that everybody sees [B27]', async ({ file, pixels }) => {
  const { width, height } = examples;
  const seen = await decoder.decode(Buffer.from(file, 'base64'), LIMIT);
  expect(seen).toEqual({ width, height, pixels: Buffer.from(pixels, 'base64') });
});

test('EXIF orientation is ignored: a fixed camera does not turn [case 27]', async () => {
  const rotated = await rgb.clone().jpeg().withMetadata({ orientation: 6 }).toBuffer();
  expect(await decoder.decode(rotated, LIMIT)).toMatchObject({ width: 8, height: 4 });
});

test('one pixel is an image [case 27]', async () => {
  const one = await sharp({ create: { width: 1, height: 1, channels: 3, background: 'white' } })
    .png()
    .toBuffer();
  expect(await firstPixel(one)).toEqual([255, 255, 255]);
});

test.each<[string, () => Promise<Buffer>, string]>([
  ['nothing', async () => Buffer.alloc(0), 'empty'],
  ['garbage', async () => Buffer.from('hello'), 'neither JPEG nor PNG'],
  [
    'SVG',
    async () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>'),
    'neither',
  ],
  ['GIF', () => rgb.clone().gif().toBuffer(), 'neither'],
  ['TIFF', () => rgb.clone().tiff().toBuffer(), 'neither'],
  ['a JPEG header alone', async () => Buffer.from([0xff, 0xd8, 0xff, 0xe0]), 'cannot be decoded'],
  [
    'a truncated JPEG',
    async () =>
      (
        await sharp({
          create: {
            width: 60,
            height: 60,
            channels: 3,
            background: 'red',
            noise: { type: 'gaussian', mean: 128, sigma: 30 },
          },
        })
          .jpeg()
          .toBuffer()
      ).subarray(0, 900),
    'cannot be decoded',
  ],
  ['a truncated PNG', async () => (await rgb.clone().png().toBuffer()).subarray(0, 60), 'cannot be decoded'],
  ['CMYK', () => rgb.clone().toColourspace('cmyk').jpeg().toBuffer(), 'CMYK'],
  [
    'an endless image',
    () =>
      sharp({ create: { width: 65_536, height: 1, channels: 3, background: 'red' } })
        .png()
        .toBuffer(),
    'a side has at most 65535 pixels',
  ],
  [
    'a decompression bomb',
    () =>
      sharp({ create: { width: 3000, height: 3000, channels: 3, background: 'red' } })
        .png()
        .toBuffer(),
    'pixel limit',
  ],
])('%s is refused with a reason [case 24] [case 25] [case 26]', async (_, make, reason) => {
  const attempt = decoder.decode(await make(), 100_000);
  await expect(attempt).rejects.toThrow(UnreadableFrame);
  await expect(attempt).rejects.toThrow(reason);
});

test('a JPEG is uploaded as it came, a PNG is encoded', async () => {
  const jpeg = await rgb.clone().jpeg().toBuffer();
  expect(await decoder.toJpeg(jpeg)).toBe(jpeg);
  const encoded = await decoder.toJpeg(await rgb.clone().png().toBuffer());
  expect((await sharp(encoded).metadata()).format).toBe('jpeg');
});

describe('[B27] a frame of which a policy makes something else', () => {
  const policy = completeImagePolicy({ width: 64, height: 48 });

  test('of the right size is left as it is, to the bit', async () => {
    const bytes = await rgb.clone().png().toBuffer();
    const plain = await decoder.decode(bytes, LIMIT);
    expect(await decoder.decode(bytes, LIMIT, { ...policy, width: 8, height: 4 })).toEqual(plain);
  });

  test('is still refused by its own size, before it is decoded [case 25]', async () => {
    const large = await sharp({ create: { width: 64, height: 96, channels: 3, background: 'black' } })
      .png()
      .toBuffer();
    await expect(decoder.decode(large, 64 * 95, policy)).rejects.toThrow(UnreadableFrame);
  });

  test('keeps its colours under alpha, as one that stays as it is does [case 27]', async () => {
    const transparent = await color(4, { r: 200, g: 100, b: 50, alpha: 0 }).png().toBuffer();
    const { pixels } = await decoder.decode(transparent, LIMIT, policy);
    expect([...pixels.subarray(0, 3)]).toEqual([200, 100, 50]);
  });

  test('that is truncated outside of the region is refused all the same', async () => {
    const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const;
    const whole = await sharp({
      create: { width: 60, height: 60, channels: 3, background: 'red', noise },
    })
      .jpeg()
      .toBuffer();
    const top = { ...policy, region: { x: 0, y: 0, width: 1, height: 0.1 } };
    expect(await decoder.decode(whole, LIMIT, top)).toMatchObject({ width: 64, height: 48 });
    const attempt = decoder.decode(whole.subarray(0, whole.length - 300), LIMIT, top);
    await expect(attempt).rejects.toThrow('cannot be decoded');
  });
});
