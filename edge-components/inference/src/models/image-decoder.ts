import sharp from 'sharp';
import { type CompleteImagePolicy, MAXIMUM_SIDE } from '../../../../contracts/image-policy';
import { decodeWithoutStrayBytes } from '../../../../contracts/jpeg-stray-bytes';
import { type DecodedImage, type ImageDecoder, UnreadableFrame } from '../ports';
import { applyImagePolicy } from './apply-image-policy';
import { isJpeg, kindProblem } from './image-kind';
import { jpegProblem } from './jpeg-markers';

// One libvips thread per image: the pipeline decodes two images side by side, beside a graph that runs.
sharp.concurrency(1);
// Every frame is new; caching operations and files would only hold memory.
sharp.cache(false);

const JPEG_QUALITY = 95;

/**
 * One policy per kind of image, the same as the training package's (Pillow `convert("RGB")`): gray becomes three equal
 * channels, alpha is dropped without blending, 16 bits become the upper 8, colour profiles and EXIF orientation are
 * ignored. CMYK is refused, because decoders disagree about it. A truncated or damaged image is refused whole; stray bytes
 * between its parts damage none. What a policy makes of the pixels is our own arithmetic, which is Pillow's: libvips
 * resizes otherwise, by up to 27 of 255.
 */
export class SharpImageDecoder implements ImageDecoder {
  async decode(bytes: Buffer, maximumPixels: number, policy?: CompleteImagePolicy): Promise<DecodedImage> {
    const problem = kindProblem(bytes) ?? (isJpeg(bytes) ? jpegProblem(bytes, maximumPixels) : undefined);
    if (problem !== undefined) throw new UnreadableFrame(problem);
    return decodeWithoutStrayBytes(bytes, (sound) => this.decodeStrictly(sound, maximumPixels, policy));
  }

  private async decodeStrictly(
    bytes: Uint8Array,
    maximumPixels: number,
    policy: CompleteImagePolicy | undefined,
  ): Promise<DecodedImage> {
    try {
      const image = sharp(bytes, { limitInputPixels: maximumPixels, failOn: 'warning', ignoreIcc: true });
      const frame = await pixelsOf(image);
      const { width, height } = frame;
      if (Math.max(width, height) > MAXIMUM_SIDE) {
        throw new UnreadableFrame(`frame is ${width}x${height}: a side has at most ${MAXIMUM_SIDE} pixels`);
      }
      return policy ? applyImagePolicy(frame, policy) : frame;
    } catch (error) {
      if (error instanceof UnreadableFrame) throw error;
      const [firstLine = 'unknown error'] = (error as Error).message.split('\n');
      throw new UnreadableFrame(`image cannot be decoded: ${firstLine}`.slice(0, 200));
    }
  }

  async toJpeg(bytes: Buffer): Promise<Buffer> {
    return isJpeg(bytes) ? bytes : sharp(bytes).removeAlpha().jpeg({ quality: JPEG_QUALITY }).toBuffer();
  }
}

/**
 * Without a look at `metadata()` first, which opens the image once more and takes 0.2 ms: what is refused by its header is
 * known from the header (jpeg-markers.ts), and libvips keeps to the pixel limit before it decodes.
 *
 * Always in full. libvips would shrink a JPEG while it decodes, but to rounded sizes, which Pillow does not have, and of
 * a part it would read no further than that, and miss that the rest is not there.
 */
async function pixelsOf(image: sharp.Sharp): Promise<DecodedImage> {
  const { data, info } = await image
    .removeAlpha()
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new UnreadableFrame(`image has ${info.channels} channels`);
  return { width: info.width, height: info.height, pixels: data };
}
