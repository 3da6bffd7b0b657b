/** The last frame, and what the network would see of it, as a file and as text of a terminal. */
import sharp from 'sharp';
import type { CompleteImagePolicy } from '../../../contracts/image-policy';
import { applyImagePolicy } from '../src/models/apply-image-policy';
import type { DecodedImage } from '../src/ports';
import { halfBlocks } from './half-blocks';

const HEIGHT = 480;
const WIDEST = 1280;
const GAP = 16;
const TERMINAL_COLUMNS = 64;

const rawOf = ({ width, height, pixels }: DecodedImage) =>
  sharp(pixels, { raw: { width, height, channels: 3 } });

/** Both beside each other, equally high; the network's input enlarged pixel by pixel. */
export async function writePicture(
  file: string,
  frame: DecodedImage,
  policy: CompleteImagePolicy,
): Promise<void> {
  const seen = applyImagePolicy(frame, policy);
  const left = await rawOf(frame)
    .resize({ width: WIDEST, height: HEIGHT, fit: 'inside' })
    .png()
    .toBuffer({ resolveWithObject: true });
  const right = await rawOf(seen)
    .resize({ width: WIDEST, height: HEIGHT, fit: 'inside', kernel: 'nearest' })
    .png()
    .toBuffer({ resolveWithObject: true });
  await sharp({
    create: {
      width: left.info.width + GAP + right.info.width,
      height: Math.max(left.info.height, right.info.height),
      channels: 3,
      background: '#808080',
    },
  })
    .composite([
      { input: left.data, left: 0, top: 0 },
      { input: right.data, left: left.info.width + GAP, top: 0 },
    ])
    .png()
    .toFile(file);
}

/** @param columns of the terminal */
export async function terminalPicture(frame: DecodedImage, columns: number): Promise<string> {
  const { data, info } = await rawOf(frame)
    .resize({
      width: Math.max(8, Math.min(columns, TERMINAL_COLUMNS)),
      height: 2 * TERMINAL_COLUMNS,
      fit: 'inside',
    })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return halfBlocks({ width: info.width, height: info.height, pixels: data }).join('\n');
}
