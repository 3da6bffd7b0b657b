/** [B27] The device sees what the network was trained on: contracts/examples/image-policy.json has what Pillow made. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import sharp from 'sharp';
import type { ImagePolicy } from '../../../../contracts';
import decoding from '../../../../contracts/examples/image-decoding.json';
import examples from '../../../../contracts/examples/image-policy.json';
import { completeImagePolicy } from '../../../../contracts/image-policy';
import { SharpImageDecoder } from '../../../../edge-components/inference/src/models/image-decoder';
import { resample } from '../../../../edge-components/inference/src/models/resample';
import type { DecodedImage } from '../../../../edge-components/inference/src/ports';
import { compiledKernel, KERNELS, kernelModule } from '../../../../scripts/generate-kernels';

const decoder = new SharpImageDecoder();

/** The first digits, as in the examples. */
const digestOf = ({ pixels }: DecodedImage): string =>
  createHash('sha256').update(pixels).digest('hex').slice(0, 16);

/** As in training/tests/image_policy_examples.py: xorshift32, the highest 8 bits of every state. */
function noise(width: number, height: number, seed: number): Buffer {
  let state = seed;
  const pixels = Buffer.alloc(width * height * 3);
  for (let index = 0; index < pixels.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    pixels[index] = state >>> 24;
  }
  return pixels;
}

async function seenOf(file: Buffer, policies: readonly object[]): Promise<string[]> {
  const seen = [];
  for (const policy of policies) {
    const complete = completeImagePolicy(policy as ImagePolicy);
    const image = await decoder.decode(file, 1_000_000, complete);
    expect([image.width, image.height]).toEqual([complete.width, complete.height]);
    seen.push(digestOf(image));
  }
  return seen;
}

test.each(examples.noise.frames)(
  "[B27] noise of $frame pixels: every pixel is the cloud's",
  async (example) => {
    const [width = 0, height = 0] = example.frame;
    const png = await sharp(noise(width, height, example.seed), { raw: { width, height, channels: 3 } })
      .png({ compressionLevel: 0 })
      .toBuffer();
    expect(await seenOf(png, examples.noise.policies)).toEqual(example.seen);
  },
);

test.each(examples.files.files)("[B27] $name: every pixel is the cloud's", async ({ name, file, seen }) => {
  const known = decoding.examples.find((example) => example.name === name)?.file;
  expect(await seenOf(Buffer.from(file ?? known ?? '', 'base64'), examples.files.policies)).toEqual(seen);
});

/** One row or column after Pillow's `precompute_coeffs` and `ImagingResampleHorizontal_8bpc`, number by number. */
function resampledLine(line: readonly number[], to: number): number[] {
  const scale = line.length / to;
  const support = Math.max(scale, 1);
  return Array.from({ length: to }, (_, place) => {
    const center = (place + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const last = Math.min(line.length, Math.trunc(center + support + 0.5));
    const shares = line
      .slice(first, last)
      .map((_value, index) => Math.max(0, 1 - Math.abs((index + first - center + 0.5) / support)));
    const sum = shares.reduce((total, share) => total + share, 0);
    const total = shares.reduce(
      (half, share, index) =>
        half + Math.trunc(0.5 + (share / sum) * 2 ** 22) * (line[first + index] as number),
      2 ** 21,
    );
    return Math.min(255, Math.floor(total / 2 ** 22));
  });
}

test('[B27] of any size, to any size: the kernel computes what the formula says', () => {
  const side = fc.integer({ min: 1, max: 60 });
  const sides = fc.tuple(side, side, side, side);
  fc.assert(
    fc.property(
      sides,
      fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      ([width, height, toWidth, toHeight], seed) => {
        const pixels = [...noise(width, height, seed)];
        const channel = (values: readonly number[], row: number, columns: number, which: number) =>
          Array.from(
            { length: columns },
            (_, column) => values[(row * columns + column) * 3 + which] as number,
          );
        const expected = new Uint8Array(toWidth * toHeight * 3);
        for (let which = 0; which < 3; which++) {
          const rows = Array.from({ length: height }, (_, row) =>
            resampledLine(channel(pixels, row, width, which), toWidth),
          );
          for (let column = 0; column < toWidth; column++) {
            const line = resampledLine(
              rows.map((row) => row[column] as number),
              toHeight,
            );
            for (const [row, value] of line.entries()) expected[(row * toWidth + column) * 3 + which] = value;
          }
        }
        const image = { width, height, pixels: new Uint8Array(pixels) };
        expect(resample(image, { width: toWidth, height: toHeight }).pixels).toEqual(expected);
      },
    ),
  );
});

test('[B27] white stays white, however many weights are rounded up', () => {
  // 255 x the sum of weights that are all rounded up would be 256.
  const across = { width: 40_000, height: 3, pixels: new Uint8Array(360_000).fill(255) };
  const down = { width: 3, height: 40_000, pixels: across.pixels };
  for (const image of [across, down]) {
    expect(new Set(resample(image, { width: 64, height: 64 }).pixels)).toEqual(new Set([255]));
  }
});

test('[B27] what a frame of great length needs is not kept for the next ones, which come out the same', () => {
  const small = { width: 50, height: 40, pixels: noise(50, 40, 1) };
  const size = { width: 1024, height: 64 };
  const before = resample(small, size);
  const long = resample({ width: 2, height: 60_000, pixels: new Uint8Array(360_000).fill(7) }, size);
  expect(new Set(long.pixels)).toEqual(new Set([7]));
  expect(resample(small, size)).toEqual(before);
});

test('[B27] sizes that come again use the weights that are there, and many sizes do not fill the memory', () => {
  const image = { width: 50, height: 50, pixels: noise(50, 50, 1) };
  const size = { width: 64, height: 64 };
  const first = resample(image, size);
  for (let side = 51; side < 151; side++) {
    resample({ width: side, height: side, pixels: new Uint8Array(side * side * 3) }, size);
  }
  expect(resample(image, size)).toEqual(first);
});

test.each(KERNELS)('the kernel %s is what its source says', async (name) => {
  expect(readFileSync(kernelModule(name), 'utf8')).toBe(await compiledKernel(name));
});
