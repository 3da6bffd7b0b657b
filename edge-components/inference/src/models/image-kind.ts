/** JPEG and PNG, told by their first bytes: libvips would also parse SVG, GIF, TIFF and HEIF, which no camera here sends. */

const JPEG = Buffer.from([0xff, 0xd8, 0xff]);
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const startsWith = (bytes: Buffer, magic: Buffer): boolean => bytes.subarray(0, magic.length).equals(magic);

export const isJpeg = (bytes: Buffer): boolean => startsWith(bytes, JPEG);

/** Why no decoder needs to look at the bytes; undefined when one has to. */
export function kindProblem(bytes: Buffer): string | undefined {
  if (isJpeg(bytes) || startsWith(bytes, PNG)) return undefined;
  return bytes.length === 0 ? 'frame is empty' : 'frame is neither JPEG nor PNG';
}
