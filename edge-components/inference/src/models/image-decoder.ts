import sharp from 'sharp';
import { decodeWithoutStrayBytes } from '../../../../contracts/jpeg-stray-bytes';
import { type DecodedImage, type ImageDecoder, type ImageSize, UnreadableFrame } from '../ports';
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
 * ignored. CMYK is refused, because decoders disagree about it. A truncated or damaged image is refused whole; stray bytes between
 * its parts damage none.
 */
export class SharpImageDecoder implements ImageDecoder {
  async decode(bytes: Buffer, maximumPixels: number, stretchTo?: ImageSize): Promise<DecodedImage> {
    const problem = kindProblem(bytes) ?? (isJpeg(bytes) ? jpegProblem(bytes, maximumPixels) : undefined);
    if (problem !== undefined) throw new UnreadableFrame(problem);
    return decodeWithoutStrayBytes(bytes, (sound) => this.decodeStrictly(sound, maximumPixels, stretchTo));
  }

  private async decodeStrictly(
    bytes: Uint8Array,
    maximumPixels: number,
    stretchTo: ImageSize | undefined,
  ): Promise<DecodedImage> {
    try {
      const image = sharp(bytes, { limitInputPixels: maximumPixels, failOn: 'warning', ignoreIcc: true });
      const { space, width, height, hasAlpha } = await image.metadata();
      if (space === 'cmyk') throw new UnreadableFrame('CMYK images are not taken');
      const otherSize = stretchTo && (width !== stretchTo.width || height !== stretchTo.height);
      if (!otherSize) return await pixelsOf(image);
      // Resizing weighs colours by their alpha, so that has to be gone before.
      const opaque = hasAlpha ? fromPixels(await pixelsOf(image)) : image;
      // Shrink-on-load decodes a JPEG at an eighth, a quarter or half of its size where that is still large enough. What
      // is left is shrunk as the training package does it: bilinear, over all pixels that fall into one.
      return await pixelsOf(
        opaque.resize(stretchTo.width, stretchTo.height, { fit: 'fill', kernel: 'linear' }),
      );
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

async function pixelsOf(image: sharp.Sharp): Promise<DecodedImage> {
  const { data, info } = await image
    .removeAlpha()
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new UnreadableFrame(`image has ${info.channels} channels`);
  return { width: info.width, height: info.height, pixels: data };
}

const fromPixels = ({ width, height, pixels }: DecodedImage): sharp.Sharp =>
  sharp(pixels, { raw: { width, height, channels: 3 } });
