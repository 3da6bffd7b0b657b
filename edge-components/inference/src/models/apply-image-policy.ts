/** From the pixels of a frame to those of the network's input: region, size, luma, bars. */
import {
  type CompleteImagePolicy,
  imageGeometry,
  PADDING,
  type Rectangle,
} from '../../../../contracts/image-policy';
import type { DecodedImage } from '../ports';
import { resample } from './resample';

const CHANNELS = 3;

function cutOut({ width, pixels }: DecodedImage, { left, top, ...size }: Rectangle): DecodedImage {
  const bytes = size.width * CHANNELS;
  const result = new Uint8Array(bytes * size.height);
  for (let row = 0; row < size.height; row++) {
    const from = ((top + row) * width + left) * CHANNELS;
    result.set(pixels.subarray(from, from + bytes), row * bytes);
  }
  return { ...size, pixels: result };
}

/**
 * Luma of ITU-R BT.601 with 16 fractional bits, as Pillow's `convert('L')` has it: 0.299, 0.587 and 0.114, which add up
 * to 65,536, so that gray stays what it is.
 */
function grayOf({ width, height, pixels }: DecodedImage): DecodedImage {
  const gray = new Uint8Array(pixels.length);
  for (let index = 0; index < pixels.length; index += CHANNELS) {
    const sum =
      19_595 * (pixels[index] as number) +
      38_470 * (pixels[index + 1] as number) +
      7_471 * (pixels[index + 2] as number);
    const luma = (sum + 0x8000) >> 16;
    gray[index] = luma;
    gray[index + 1] = luma;
    gray[index + 2] = luma;
  }
  return { width, height, pixels: gray };
}

function padded(
  image: DecodedImage,
  { width, height }: CompleteImagePolicy,
  target: Rectangle,
): DecodedImage {
  if (image.width === width && image.height === height) return image;
  const pixels = new Uint8Array(width * height * CHANNELS).fill(PADDING);
  const bytes = image.width * CHANNELS;
  for (let row = 0; row < image.height; row++) {
    const from = image.pixels.subarray(row * bytes, (row + 1) * bytes);
    pixels.set(from, ((target.top + row) * width + target.left) * CHANNELS);
  }
  return { width, height, pixels };
}

/** @param frame all of it: what lies outside of the region must be sound, too */
export function applyImagePolicy(frame: DecodedImage, policy: CompleteImagePolicy): DecodedImage {
  const { source, target } = imageGeometry(policy, frame);
  const isAll = source.width === frame.width && source.height === frame.height;
  const resized = resample(isAll ? frame : cutOut(frame, source), target);
  return padded(policy.colour === 'gray' ? grayOf(resized) : resized, policy, target);
}
