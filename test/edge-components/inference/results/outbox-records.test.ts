import fc from 'fast-check';
import {
  encodeRecord,
  isRecord,
  salvage,
} from '../../../../edge-components/inference/src/results/outbox-records';

/** Texts that look like the format itself, in records of different sizes. */
const content = fc.oneof(
  fc.string({ maxLength: 30, unit: 'binary' }),
  fc.constantFrom('}', '{"', '\\"', '\\', '\n', '\0', '0123abcd 7 {"a":1}', 'Prüfling', '部品'),
);
const json = fc.record({ index: fc.nat(1_000_000), text: content }).map((value) => JSON.stringify(value));

const segmentOf = (records: readonly string[]): Buffer => Buffer.from(records.map(encodeRecord).join(''));

test('what was written is read', () => {
  fc.assert(
    fc.property(fc.array(json, { maxLength: 20 }), (records) => {
      expect(salvage(segmentOf(records))).toEqual({ records, lost: 0 });
    }),
  );
});

test.each<[string, string, boolean]>([
  ['an object', '{"a":1}', true],
  ['an empty object', '{}', true],
  ['an array', '[1]', false],
  ['a number', '1', false],
  ['an object on two lines', '{"a":\n1}', false],
  ['nothing', '', false],
])('%s: a record or not', (_, text, expected) => {
  expect(isRecord(text)).toBe(expected);
});

test('the cut-off end of a write that was never confirmed is no loss', () => {
  fc.assert(
    fc.property(fc.array(json, { minLength: 1, maxLength: 5 }), fc.nat(), (records, cut) => {
      const whole = segmentOf(records.slice(0, -1));
      const last = segmentOf(records).subarray(whole.length);
      const kept = cut % (last.length - 1);
      const { records: found, lost } = salvage(Buffer.concat([whole, last.subarray(0, kept)]));
      expect({ found, lost }).toEqual({ found: records.slice(0, -1), lost: 0 });
    }),
  );
});

describe('case 30: damage', () => {
  const lines = ['{"index":0}', '{"index":1}', '{"index":2}', '{"index":3}'];
  const text = segmentOf(lines).toString();
  const line = (index: number): string => encodeRecord(lines[index] as string, index);

  test.each<[string, string, string[], number]>([
    [
      'a flipped bit in a record',
      text.replace('"index":1', '"index":0'),
      [0, 2, 3].map((i) => lines[i] as string),
      1,
    ],
    ['a line feed that is gone: both records stand', text.replace(line(1), line(1).trimEnd()), lines, 0],
    ['bytes between two records', text.replace(line(2), `\0\0 noise ${line(2)}`), lines, 0],
    ['a line of noise', text.replace(line(2), `noise\n${line(2)}`), lines, 0],
    [
      'a line feed inside of a record',
      text.replace('"index":1', '"in\ndex":1'),
      [0, 2, 3].map((i) => lines[i] as string),
      1,
    ],
    ['two whole lines that are gone', line(0) + line(3), [0, 3].map((i) => lines[i] as string), 2],
    ['the first lines that are gone', line(2) + line(3), [2, 3].map((i) => lines[i] as string), 2],
    ['a range over three records', text.slice(0, 20) + text.slice(-20), [], 1],
    ['a record that is there twice', text.replace(line(2), line(2) + line(1) + line(2)), lines, 0],
    ['a damaged last line', text.replace('"index":3', '"index":9'), lines.slice(0, 3), 1],
    ['NULs at the end', `${text}\0\0\0\0`, lines, 1],
    ['NULs only', '\0'.repeat(100), [], 1],
    ['an empty file', '', [], 0],
  ])('%s', (_, damaged, records, lost) => {
    expect(salvage(Buffer.from(damaged))).toEqual({ records, lost });
  });

  type Damage =
    | { kind: 'flip'; at: number; bit: number }
    | { kind: 'zero' | 'delete'; at: number; length: number }
    | { kind: 'insert'; at: number; bytes: Uint8Array }
    | { kind: 'truncate'; at: number };
  const damage: fc.Arbitrary<Damage> = fc.oneof(
    fc.record({ kind: fc.constant('flip' as const), at: fc.nat(), bit: fc.nat(7) }),
    fc.record({
      kind: fc.constantFrom('zero' as const, 'delete' as const),
      at: fc.nat(),
      length: fc.nat(120),
    }),
    fc.record({
      kind: fc.constant('insert' as const),
      at: fc.nat(),
      bytes: fc.uint8Array({ maxLength: 20 }),
    }),
    fc.record({ kind: fc.constant('truncate' as const), at: fc.nat() }),
  );

  /** Each byte with the place that it was written to; -1 for what was inserted. */
  type Traced = readonly { readonly byte: number; readonly from: number }[];
  function apply(bytes: Traced, one: Damage): Traced {
    const at = one.at % (bytes.length + 1);
    const until = at + ('length' in one ? one.length : 1);
    if (one.kind === 'truncate') return bytes.slice(0, at);
    if (one.kind === 'delete') return [...bytes.slice(0, at), ...bytes.slice(until)];
    if (one.kind === 'insert') {
      return [
        ...bytes.slice(0, at),
        ...[...one.bytes].map((byte) => ({ byte, from: -1 })),
        ...bytes.slice(at),
      ];
    }
    return bytes.map(({ byte, from }, index) => {
      if (index < at || index >= until) return { byte, from };
      return { byte: 'bit' in one ? byte ^ (1 << one.bit) : 0, from: -1 };
    });
  }

  /** Whether every byte of the record is still there, one after the other. */
  function isIntact(traced: Traced, start: number, end: number): boolean {
    const first = traced.findIndex(({ from }) => from === start);
    return (
      first !== -1 &&
      traced.slice(first, first + end - start).every(({ from }, offset) => from === start + offset) &&
      traced.length >= first + end - start
    );
  }

  test('of any kind: every undamaged record comes back in order, none is invented, and none is missed silently', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(json, { minLength: 1, maxLength: 8 }),
        fc.array(damage, { minLength: 1, maxLength: 4 }),
        (records, damages) => {
          const written = segmentOf(records);
          const traced = damages.reduce<Traced>(
            apply,
            [...written].map((byte, from) => ({ byte, from })),
          );
          const { records: found, lost } = salvage(Buffer.from(traced.map(({ byte }) => byte)));
          let offset = 0;
          const intact = records.filter((record, position) => {
            const start = offset;
            offset += Buffer.byteLength(encodeRecord(record, position));
            // Without its line feed a record is whole.
            return isIntact(traced, start, offset - 1);
          });
          // A flip that is flipped back, or a byte that is inserted again, may leave more records whole than were traced.
          expect(found.filter((record) => intact.includes(record))).toEqual(intact);
          expect(found.every((record) => records.includes(record))).toBe(true);
          expect(found.length).toBeLessThanOrEqual(records.length);
          const lastFound = records.lastIndexOf(found.at(-1) ?? '');
          expect(lost).toBeGreaterThanOrEqual(lastFound + 1 - found.length);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test.each([
    ['line feeds', '\n', 80_000],
    ['beginnings of records', '0123abcd 1 {"a":', 40_000],
    ['beginnings of records on lines of their own', '0123abcd 1 {"a":\n', 40_000],
    ['records in records, all closed', '0123abcd 1 {"a":', 20_000, '}'],
    ['beginnings of records with an end', '0123abcd 1 {} ', 40_000],
  ])(
    'case 48: a segment of %s is searched in time that is linear in its length',
    (_, piece, times, close = '') => {
      const bytes = Buffer.from(piece.repeat(times) + close.repeat(times));
      let looks = 0;
      const { records } = salvage(bytes, (count) => {
        looks = count;
      });
      expect(records).toEqual([]);
      expect(looks).toBeLessThanOrEqual(20 * bytes.length);
    },
  );

  test('case 48: records that are whole lines are found behind any number of beginnings', () => {
    const hostile = '0123abcd 1 {"a":'.repeat(20_000);
    const bytes = Buffer.from(`${hostile}\n${text}${hostile}`);
    expect(salvage(bytes).records).toEqual(lines);
  });

  test('of noise only: no record, and no endless search', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
        expect(salvage(Buffer.from(bytes)).records).toEqual([]);
      }),
    );
    const heads = Buffer.from('0123abcd 1 {"a":'.repeat(1_000));
    expect(salvage(heads).records).toEqual([]);
  });
});
