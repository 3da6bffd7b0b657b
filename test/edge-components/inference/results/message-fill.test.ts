import fc from 'fast-check';
import * as codec from '../../../../contracts/compressed-records';
import { MessageFill } from '../../../../edge-components/inference/src/results/message-fill';
import { aFleetRecord } from '../../../lambda/telemetry/results-fleet';

jest.mock('../../../../contracts/compressed-records', () => {
  const original = jest.requireActual('../../../../contracts/compressed-records');
  return { ...original, compressRecords: jest.fn(original.compressRecords) };
});
const compressRecords = jest.mocked(codec.compressRecords);
beforeEach(() => compressRecords.mockClear());

const ROOM = 4_700;
/** Records as a device of a camera writes them. */
const records = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => JSON.stringify(aFleetRecord('line-1', index, 5)));

/** @returns the records that went into the message */
function filled(fill: MessageFill, jsons: readonly string[]): string[] {
  const end = jsons.findIndex((json) => !fill.add(json));
  return jsons.slice(0, end === -1 ? jsons.length : end);
}

test('[B12] a message of a camera takes more than fifty records, and is compressed some twenty times until it is full', () => {
  const all = records(100);
  const taken = filled(new MessageFill(ROOM, 500), all);
  expect(taken.length).toBeGreaterThan(50);
  expect(compressRecords.mock.calls.length).toBeLessThan(30);
  expect(codec.compressRecords(taken).length).toBeLessThanOrEqual(ROOM);
  expect(codec.compressRecords(all.slice(0, taken.length + 1)).length).toBeGreaterThan(ROOM);
});

test('[B12] whatever the records are, they fit together, and the next one would not', () => {
  const json = fc.oneof(
    fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()).map((value) => JSON.stringify(value)),
    fc.base64String({ maxLength: 900 }).map((filler) => JSON.stringify({ filler })),
    fc.nat(50).map((index) => records(index + 1).at(-1) as string),
    fc.nat(400).map((length) => JSON.stringify({ same: '0'.repeat(length) })),
  );
  fc.assert(
    fc.property(fc.array(json, { maxLength: 80 }), fc.integer({ min: 40, max: 3_000 }), (jsons, room) => {
      const taken = filled(new MessageFill(room, 500), jsons);
      const bytesOf = (some: readonly string[]): number => codec.compressRecords(some).length;
      expect(taken.length).toBeGreaterThanOrEqual(Math.min(1, jsons.length));
      if (taken.length > 1) expect(bytesOf(taken)).toBeLessThanOrEqual(room);
      if (taken.length < jsons.length)
        expect(bytesOf(jsons.slice(0, taken.length + 1))).toBeGreaterThan(room);
    }),
    { numRuns: 80 },
  );
});

test('[B12] the number of records ends a message, and so does what the cloud would decompress', () => {
  expect(filled(new MessageFill(ROOM, 3), records(9))).toHaveLength(3);
  const large = Array.from({ length: 9 }, () => JSON.stringify({ same: '0'.repeat(50_000) }));
  expect(filled(new MessageFill(ROOM, 500), large)).toHaveLength(2);
});
