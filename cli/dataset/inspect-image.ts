/** Looks at one image as a device and the Prepare step would, before either of them has to. */
import sharp from 'sharp';
import { MAXIMUM_SIDE } from '../../contracts/image-policy';
import { decodeWithoutStrayBytes } from '../../contracts/jpeg-stray-bytes';
import { type ImageFormat, imageFormat } from './image-format';
import { type PerceptualHash, perceptualHash, THUMBNAIL_SIDE } from './perceptual-hash';

/** The device's own limit, and the Prepare step's: a larger image is an attack or a mistake, not a frame. */
export const MAXIMUM_PIXELS = 16_777_216;
/** One block of JPEG, and the side of the smallest pictures that anybody trains on (scikit-learn's digits). */
export const MINIMUM_SIDE = 8;

// Every image is new: caching operations and files would only hold memory.
sharp.cache(false);

/** An image that can be used. */
export interface InspectedImage {
  readonly format: ImageFormat;
  readonly width: number;
  readonly height: number;
  readonly hash: PerceptualHash;
}

async function decode(bytes: Uint8Array, format: ImageFormat): Promise<InspectedImage | string> {
  const { width, height, space } = await sharp(bytes, { limitInputPixels: false }).metadata();
  if (width * height > MAXIMUM_PIXELS) {
    return `has ${width}x${height} pixels, more than ${MAXIMUM_PIXELS}`;
  }
  if (Math.max(width, height) > MAXIMUM_SIDE) {
    return `has ${width}x${height} pixels: a side has at most ${MAXIMUM_SIDE}`;
  }
  if (Math.min(width, height) < MINIMUM_SIDE) {
    return `has ${width}x${height} pixels: each side must have at least ${MINIMUM_SIDE}`;
  }
  // Decoders disagree about CMYK, so devices refuse it.
  if (space === 'cmyk') return 'is CMYK: only gray and RGB images are taken';
  const gray = await sharp(bytes, { limitInputPixels: MAXIMUM_PIXELS, failOn: 'warning', ignoreIcc: true })
    .removeAlpha()
    .resize(THUMBNAIL_SIDE, THUMBNAIL_SIDE, { fit: 'fill', kernel: 'linear' })
    .greyscale()
    .raw({ depth: 'uchar' })
    .toBuffer();
  if (isConstant(gray) && (await isOneColour(bytes))) {
    return 'has the same value in every pixel: the camera saw nothing, or its values were lost';
  }
  return { format, width, height, hash: perceptualHash(gray) };
}

const isConstant = (values: Buffer): boolean => values.every((value) => value === values[0]);

/** Looked at only where the thumbnail is flat: a fine defect on a plain part may not show in it. */
async function isOneColour(bytes: Uint8Array): Promise<boolean> {
  const { channels } = await sharp(bytes, { ignoreIcc: true })
    .removeAlpha()
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .then(({ data, info }) => sharp(data, { raw: info }).stats());
  return channels.every(({ min, max }) => min === max);
}

/** What the image is, or a reason why it cannot be used; never throws on bad bytes. */
export async function inspectImage(bytes: Uint8Array): Promise<InspectedImage | string> {
  const found = imageFormat(bytes);
  if ('reason' in found) return found.reason;
  try {
    return await decodeWithoutStrayBytes(bytes, (sound) => decode(sound, found.format));
  } catch (error) {
    const [firstLine = 'unknown error'] = (error as Error).message.split('\n');
    return `cannot be decoded: ${firstLine}`.slice(0, 200);
  }
}
