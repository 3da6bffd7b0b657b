import sharp from 'sharp';

const SIDE = 128;

/** A small picture as a data URI for a page; `undefined` when the bytes cannot be drawn. */
export async function thumbnailUri(bytes: Uint8Array): Promise<string | undefined> {
  try {
    const picture = await sharp(bytes, { failOn: 'none' })
      .resize(SIDE, SIDE, { fit: 'inside' })
      .flatten()
      .jpeg({ quality: 80 })
      .toBuffer();
    return `data:image/jpeg;base64,${picture.toString('base64')}`;
  } catch {
    return undefined;
  }
}
