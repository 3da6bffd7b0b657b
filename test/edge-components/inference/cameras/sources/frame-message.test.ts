import fc from 'fast-check';
import { encodeFrame } from '../../../../../demo/inspection-line/frame-message';
import {
  FrameParser,
  parseFrameHeader,
} from '../../../../../edge-components/inference/src/cameras/sources/frame-message';

const capturedAt = '2026-11-23T12:00:00.000Z';
const encoded = (frameId: string, image: Buffer): Buffer =>
  encodeFrame({ frameId, capturedAt, bytes: image.length }, image);

test('frames come out whole and in order, however the stream is cut; too large ones without their image', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1, maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
      (images, cuts) => {
        const stream = Buffer.concat(images.map((image, index) => encoded(`f${index}`, Buffer.from(image))));
        const parser = new FrameParser(() => 40);
        const messages = [];
        for (let offset = 0, cut = 0; offset < stream.length; cut++) {
          const end = offset + (cuts[cut % cuts.length] as number);
          messages.push(...parser.push(stream.subarray(offset, end)));
          offset = end;
        }
        expect(messages.map(({ header }) => header.frameId)).toEqual(images.map((_, index) => `f${index}`));
        for (const [index, message] of messages.entries()) {
          const image = Buffer.from(images[index] as Uint8Array);
          expect(message.tooLarge).toBe(image.length > 40);
          expect(message.image.equals(image.length > 40 ? Buffer.alloc(0) : image)).toBe(true);
        }
      },
    ),
  );
});

test('a header that is wrong is refused with every problem', () => {
  expect(() => parseFrameHeader('{"frameId":"../x","capturedAt":"yesterday","bytes":-1}')).toThrow(
    /frameId:.*capturedAt:.*bytes:/,
  );
  expect(() => parseFrameHeader('null')).toThrow('frameId');
  expect(() => parseFrameHeader('{')).toThrow('not JSON');
});

test('a header length out of range is refused at once, not waited for', () => {
  const parser = new FrameParser(() => 40);
  expect(() => [...parser.push(Buffer.from([0x7f, 0xff, 0xff, 0xff]))]).toThrow('header length');
});

test('frames that came before the error are given out, also when they came in the same chunk', () => {
  const stream = new FrameParser(() => 40).push(
    Buffer.concat([encoded('f0', Buffer.from('abc')), Buffer.alloc(4)]),
  );
  expect(stream.next().value).toMatchObject({ header: { frameId: 'f0' }, image: Buffer.from('abc') });
  expect(() => stream.next()).toThrow('frame header length 0');
});
