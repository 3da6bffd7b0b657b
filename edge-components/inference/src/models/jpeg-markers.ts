/** The segments of a JPEG image (ITU-T T.81, annex B) without decoding any: what it costs, before it is paid. */

const FF = 0xff;
const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;
const isRestart = (code: number): boolean => code >= 0xd0 && code <= 0xd7;
const standsAlone = (code: number): boolean => isRestart(code) || code === 0x01;
/** Start of a frame: C0 to CF, without the definitions of tables that lie between them. */
const isFrame = (code: number): boolean => code >= 0xc0 && code <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(code);

/** libjpeg writes 10 scans for a colour image, the optimizers that try others some more. Each is a pass over the whole image. */
const MOST_SCANS = 64;

/** Cyan, magenta, yellow and black, plain or as YCCK: no other JPEG that a decoder takes has as many components. */
const COMPONENTS_OF_CMYK = 4;

/** Where the content of a segment begins and ends. */
interface Segment {
  readonly code: number;
  readonly start: number;
  readonly end: number;
}

/** Every segment up to the end of the image, or up to where there is none: the decoder says what is wrong with it. */
function* segmentsOf(bytes: Buffer): Generator<Segment> {
  for (let at = 2; at + 3 < bytes.length; ) {
    const code = bytes[at + 1] as number;
    if (bytes[at] !== FF || code === END_OF_IMAGE) return;
    if (code === FF) {
      at += 1;
      continue;
    }
    if (standsAlone(code)) {
      at += 2;
      continue;
    }
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    yield { code, start: at + 4, end };
    at = code === START_OF_SCAN ? endOfScan(bytes, end) : end;
  }
}

/** Behind entropy-coded data, in which FF is followed by 00 or by the code of a restart marker. */
function endOfScan(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(FF, from); at !== -1; at = bytes.indexOf(FF, at + 1)) {
    const code = bytes[at + 1] ?? END_OF_IMAGE;
    if (code !== 0 && code !== FF && !isRestart(code)) return at;
  }
  return bytes.length;
}

/** Why a JPEG image costs more than it may, or has colours of print; undefined when neither, or when none can be told. */
export function jpegProblem(bytes: Buffer, maximumPixels: number): string | undefined {
  let scans = 0;
  for (const { code, start } of segmentsOf(bytes)) {
    if (isFrame(code) && start + 5 <= bytes.length) {
      const height = bytes.readUInt16BE(start + 1);
      const width = bytes.readUInt16BE(start + 3);
      if (width * height > maximumPixels) {
        return `image has ${width}x${height} pixels, more than the pixel limit of ${maximumPixels}`;
      }
      if (bytes[start + 5] === COMPONENTS_OF_CMYK) return 'CMYK images are not taken';
    }
    if (code === START_OF_SCAN && ++scans > MOST_SCANS) return `image has more than ${MOST_SCANS} scans`;
  }
  return undefined;
}
