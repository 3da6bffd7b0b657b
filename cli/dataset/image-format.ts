/** What a file is, told by its first bytes: names of files promise anything. Pure. */

/** The formats that devices decode, by the suffix of their keys in the dataset bucket. */
export type ImageFormat = 'jpg' | 'png';

/** So many first bytes tell what a file is. */
export const FORMAT_BYTES = 16;

/** Starts of files by format; `at` is the offset where they stand. */
const SIGNATURES: readonly { readonly format: string; readonly at: number; readonly bytes: Buffer }[] = [
  { format: 'JPEG', at: 0, bytes: Buffer.from([0xff, 0xd8, 0xff]) },
  { format: 'PNG', at: 0, bytes: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) },
  { format: 'GIF', at: 0, bytes: Buffer.from('GIF8') },
  { format: 'BMP', at: 0, bytes: Buffer.from('BM') },
  { format: 'TIFF', at: 0, bytes: Buffer.from([0x49, 0x49, 0x2a, 0x00]) },
  { format: 'TIFF', at: 0, bytes: Buffer.from([0x4d, 0x4d, 0x00, 0x2a]) },
  { format: 'WebP', at: 8, bytes: Buffer.from('WEBP') },
  ...['heic', 'heix', 'hevc', 'mif1', 'msf1', 'avif', 'avis'].map((brand) => ({
    format: 'HEIF or AVIF',
    at: 4,
    bytes: Buffer.from(`ftyp${brand}`),
  })),
  { format: 'PDF', at: 0, bytes: Buffer.from('%PDF') },
];

const DOCUMENTS = ['PDF'];
/** Reserved and zero in a BMP; text that begins with BM has letters there. */
const BMP_RESERVED = [6, 10] as const;

const TAKEN: Readonly<Record<string, ImageFormat>> = { JPEG: 'jpg', PNG: 'png' };

function signatureOf(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.subarray(0, FORMAT_BYTES));
  return SIGNATURES.find(({ at, bytes: expected }) =>
    start.subarray(at, at + expected.length).equals(expected),
  )?.format;
}

/** Whether a file of any name is an image, of a format that is taken or not. */
export function isImage(bytes: Uint8Array): boolean {
  const format = signatureOf(bytes);
  if (format === 'BMP') return bytes.subarray(...BMP_RESERVED).every((byte) => byte === 0);
  return format !== undefined && !DOCUMENTS.includes(format);
}

/** The image's format, or a sentence that says why it is not taken. */
export function imageFormat(
  bytes: Uint8Array,
): { readonly format: ImageFormat } | { readonly reason: string } {
  if (bytes.length === 0) return { reason: 'is empty (0 bytes)' };
  const found = signatureOf(bytes);
  if (!found) return { reason: 'is neither JPEG nor PNG' };
  const format = TAKEN[found];
  return format ? { format } : { reason: `is ${found}: only JPEG and PNG are taken, convert it to PNG` };
}
