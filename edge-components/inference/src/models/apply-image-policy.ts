/** From the pixels of a frame to those of the network's input: region, luma, size, bars. */
import {
  type CompleteImagePolicy,
  imageGeometry,
  PADDING,
  type Rectangle,
} from '../../../../contracts/image-policy';
import type { DecodedImage } from '../ports';
import { type Raster, resample } from './resample';

/**
 * Luma of ITU-R BT.601 with 16 fractional bits, as Pillow's `convert('L')` has it: 0.299, 0.587 and 0.114, which add up
 * to 65,536, so that gray stays what it is.
 */
function lumaOf({ width, height, pixels }: Raster): Raster {
  const luma = new Uint8Array(width * height);
  for (let index = 0, read = 0; index < luma.length; index++, read += 3) {
    const sum =
      19_595 * (pixels[read] as number) +
      38_470 * (pixels[read + 1] as number) +
      7_471 * (pixels[read + 2] as number);
    luma[index] = (sum + 0x8000) >> 16;
  }
  return { width, height, channels: 1, pixels: luma };
}

/** One channel stands for three equal ones. */
export function inThreeChannels({ width, height, channels, pixels }: Raster): DecodedImage {
  if (channels === 3) return { width, height, pixels };
  const result = new Uint8Array(width * height * 3);
  for (let index = 0; index < pixels.length; index++) {
    result.fill(pixels[index] as number, 3 * index, 3 * index + 3);
  }
  return { width, height, pixels: result };
}

function padded(
  image: DecodedImage,
  { width, height }: CompleteImagePolicy,
  target: Rectangle,
): DecodedImage {
  if (image.width === width && image.height === height) return image;
  const pixels = new Uint8Array(width * height * 3).fill(PADDING);
  const bytes = image.width * 3;
  for (let row = 0; row < image.height; row++) {
    const from = image.pixels.subarray(row * bytes, (row + 1) * bytes);
    pixels.set(from, ((target.top + row) * width + target.left) * 3);
  }
  return { width, height, pixels };
}

function cutOut({ width, channels, pixels }: Raster, { left, top, ...size }: Rectangle): Raster {
  const bytes = size.width * channels;
  const result = new Uint8Array(bytes * size.height);
  for (let row = 0; row < size.height; row++) {
    const from = ((top + row) * width + left) * channels;
    result.set(pixels.subarray(from, from + bytes), row * bytes);
  }
  return { ...size, channels, pixels: result };
}

/** @param frame all of it: what lies outside of the region must be sound, too */
export function applyImagePolicy(frame: Raster, policy: CompleteImagePolicy): DecodedImage {
  const { source, target } = imageGeometry(policy, frame);
  const isAll = source.width === frame.width && source.height === frame.height;
  const part = isAll ? frame : cutOut(frame, source);
  const coloured = policy.colour === 'gray' && part.channels === 3 ? lumaOf(part) : part;
  return padded(inThreeChannels(resample(coloured, target.width, target.height)), policy, target);
}
