/** Pictures for the tests of the dataset commands. */
import { crc32, deflateSync } from 'node:zlib';
import { xorshift128plus } from 'pure-rand/generator/xorshift128plus';
import sharp from 'sharp';
import type { PerceptualHash } from '../../../cli/dataset/perceptual-hash';

const COARSE = 16;

/** Words of a reproducible stream of random bits. */
export function randomWords(count: number, seed: number): Uint32Array {
  const generator = xorshift128plus(seed);
  return Uint32Array.from({ length: count }, () => generator.next() >>> 0);
}

export function randomHashes(count: number, seed: number): PerceptualHash[] {
  const words = randomWords(count * 8, seed);
  return Array.from({ length: count }, (_, index) => words.slice(index * 8, index * 8 + 8));
}

/** A smooth random texture of 128 x 128 pixels; another seed is another picture. */
export function texture(seed: number): sharp.Sharp {
  const gray = Buffer.from(randomWords(COARSE ** 2, seed).map((word) => word % 256));
  return sharp(gray, { raw: { width: COARSE, height: COARSE, channels: 1 } }).resize(128, 128);
}

export const jpegOf = (seed: number, quality = 90): Promise<Buffer> =>
  texture(seed).jpeg({ quality }).toBuffer();
export const pngOf = (seed: number): Promise<Buffer> => texture(seed).png().toBuffer();

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** A whole, black, one-bit PNG of any size: 100 megapixels take a few kilobytes. */
export function blackPng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  const rows = Buffer.alloc(height * (1 + Math.ceil(width / 8)));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
