import fc from 'fast-check';
import sharp from 'sharp';
import { inspectImage } from '../../cli/dataset/inspect-image';
import example from '../../contracts/examples/jpeg-stray-bytes.json';
import { withoutStrayBytes } from '../../contracts/jpeg-stray-bytes';
import { SharpImageDecoder } from '../../edge-components/inference/src/models/image-decoder';

const clean = Buffer.from(example.clean, 'base64');
const stray = Buffer.from(example.stray, 'base64');
const DATA = clean.indexOf(Buffer.from([0xff, 0xda])) + 2;
const TABLES = Buffer.from([0xff, 0xc4]);
const SCAN = Buffer.from([0xff, 0xda]);
const MARKERS = [...clean.keys()].filter(
  (at) => at > DATA && clean[at] === 0xff && ((clean[at + 1] as number) & 0xf8) === 0xd0,
);

/** The clean image with bytes before some of its markers. */
function withBytes(plan: readonly (readonly number[])[]): Buffer {
  const places = [...MARKERS, clean.length - 2];
  const pieces = places.map((place, index) =>
    Buffer.concat([
      clean.subarray(index === 0 ? 0 : places[index - 1], place),
      Buffer.from(plan[index] ?? []),
    ]),
  );
  return Buffer.concat([...pieces, clean.subarray(-2)]);
}

test('[B27] F10: the stray bytes are taken out and nothing else', () => {
  expect(withoutStrayBytes(stray)).toEqual(clean);
  expect(withoutStrayBytes(clean)).toBeUndefined();
});

test('[B27] F10: wherever there are stray bytes, and however many', () => {
  expect(MARKERS.length).toBeGreaterThan(2);
  const bytes = fc.array(fc.integer({ min: 0, max: 254 }), { maxLength: 9 });
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: MARKERS.length + 1 }), (plan) => {
      const image = withBytes(plan);
      expect(withoutStrayBytes(image) ?? image).toEqual(clean);
    }),
  );
});

test('[B27] F10: device and import see in it what is in the image without them', async () => {
  const decoder = new SharpImageDecoder();
  const seen = await decoder.decode(stray, 48 * 40);
  expect(seen).toEqual(await decoder.decode(clean, 48 * 40));
  expect(await inspectImage(stray)).toEqual(await inspectImage(clean));
  // A lenient decoder sees the same.
  expect(Buffer.from(seen.pixels)).toEqual(await sharp(stray, { failOn: 'none' }).raw().toBuffer());
});

test.each<[string, () => Buffer]>([
  ['a part of an interval is missing', () => cut(stray, 30)],
  ['a marker is missing', () => Buffer.concat([stray.subarray(0, -60), stray.subarray(-40)])],
  ['the end is missing', () => stray.subarray(0, -90)],
])('[B27] F10: an image of which %s is still refused', async (_, make) => {
  const image = make();
  expect(withoutStrayBytes(image)).toBeUndefined();
  await expect(new SharpImageDecoder().decode(image, 48 * 40)).rejects.toThrow('cannot be decoded');
  expect(await inspectImage(image)).toContain('cannot be decoded');
});

/** Without so many bytes of the third interval's data. */
function cut(image: Buffer, count: number): Buffer {
  const place = image.indexOf(Buffer.from([0xff, 0xd2]), DATA);
  return Buffer.concat([image.subarray(0, place - count), image.subarray(place)]);
}

test('[B27] F10: images of other kinds are none of its business', async () => {
  const picture = sharp({ create: { width: 32, height: 32, channels: 3, background: 'red' } });
  for (const image of [
    await picture.clone().jpeg().toBuffer(),
    await picture.clone().jpeg({ progressive: true }).toBuffer(),
    await picture.clone().png().toBuffer(),
    Buffer.concat([stray, Buffer.alloc(2 * 1024 * 1024)]),
    Buffer.alloc(0),
  ]) {
    expect(withoutStrayBytes(image)).toBeUndefined();
  }
});

test('[B27] F10: an image without its tables, as streams of USB cameras have them, is read by the standard ones', async () => {
  const withoutTables = (image: Buffer): Buffer => {
    let rest = image;
    for (let at = rest.indexOf(TABLES); at !== -1 && at < rest.indexOf(SCAN); at = rest.indexOf(TABLES)) {
      rest = Buffer.concat([rest.subarray(0, at), rest.subarray(at + 2 + rest.readUInt16BE(at + 2))]);
    }
    return rest;
  };
  expect(withoutTables(clean).length).toBe(clean.length - 416 - 4 * 4);
  expect(withoutStrayBytes(withoutTables(stray))).toEqual(withoutTables(clean));
  const decoder = new SharpImageDecoder();
  const seen = await decoder.decode(withoutTables(stray), 48 * 40);
  expect(seen).toEqual(await decoder.decode(clean, 48 * 40));
});

test("[B27] F10: tables without number are no camera's", () => {
  const table = clean.indexOf(Buffer.from([0xff, 0xc4]));
  const segment = clean.subarray(table, table + 2 + clean.readUInt16BE(table + 2));
  const times = (count: number): Buffer =>
    Buffer.concat([
      stray.subarray(0, table),
      ...Array.from({ length: count }, () => segment),
      stray.subarray(table),
    ]);
  expect(withoutStrayBytes(times(1))).toBeDefined();
  expect(withoutStrayBytes(times(10_000))).toBeUndefined();
});

test('[B27] F10: whatever was changed in it, what comes out is whole or nothing does', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(stray.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.nat(stray.length),
      (changes, end) => {
        const image = Buffer.from(stray);
        for (const [at, byte] of changes) image[at] = byte;
        const sound = withoutStrayBytes(image.subarray(0, end));
        if (sound) expect(withoutStrayBytes(sound)).toBeUndefined();
      },
    ),
    { numRuns: 300 },
  );
});
