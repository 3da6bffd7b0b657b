import { deflateSync } from 'node:zlib';
import { parseDeviceMessage } from '../../../lambda/telemetry/device-message';
import { checkBatch } from '../../../lambda/telemetry/ingest-results/check-batch';
import { aBatch, aCompressedBatch, aMessage, aResult } from '../shared/builders';

const check = (body: string) => checkBatch(parseDeviceMessage(body));

test('a good batch passes whole', () => {
  const { batch, rejected } = check(aMessage(aBatch()));
  expect(batch).toEqual(aBatch());
  expect(rejected).toEqual([]);
});

test.each<[string, string, RegExp]>([
  ['text that is no JSON', '{"records":[', /not JSON/],
  ['NaN, which is no JSON', aMessage(aBatch()).replace('0.93', 'NaN'), /not JSON/],
  ['an array', '[]', /must be a JSON object/],
  ['null', 'null', /must be a JSON object/],
  ['another device in the payload', aMessage(aBatch({ deviceId: 'line-2' })), /must equal the thing name/],
  ['another use case in the payload', aMessage(aBatch({ useCase: 'other' })), /must equal the use case/],
  ['no topic', JSON.stringify(aBatch()), /topicThingName: must be/],
  ['a receive time in seconds', aMessage(aBatch(), { receivedAt: 1_772_000_000 }), /epoch milliseconds/],
  ['no records', aMessage(aBatch({ records: [] })), /records: must NOT have fewer than 1/],
  ['records that are no list', aMessage({ ...aBatch(), records: 'all' }), /records: must be array/],
  ['too many records', aMessage(aBatch({ records: Array(501).fill(aResult()) })), /more than 500/],
  ['an unknown field', aMessage({ ...aBatch(), extra: 1 }), /unknown field 'extra'/],
  [
    'an impossible number of drops',
    aMessage(aBatch({ droppedRecords: 1e300 })),
    /droppedRecords: must be at most/,
  ],
  [
    'a __proto__ key in the batch',
    aMessage(aBatch()).replace('{', '{"__proto__":{"polluted":1},'),
    /unknown field '__proto__'/,
  ],
])('case 31: %s refuses the message', (_, body, problem) => {
  expect(() => check(body)).toThrow(problem);
});

test('case 32: both spoofed names are reported at once', () => {
  const body = aMessage(aBatch({ deviceId: 'line-2', useCase: 'other' }));
  expect(() => check(body)).toThrow(/deviceId: .*'line-1', got "line-2"\nuseCase: .*'surface', got "other"/);
});

const TEN_YEARS_AHEAD = '2036-03-01T10:15:00.000Z';

test.each<[string, object, RegExp]>([
  ['a missing field', { recordId: undefined }, /recordId/],
  ['a number that JSON reads as infinite', { confidence: '1e999' }, /confidence/],
  ['a huge integer', { frameBytes: 1e300 }, /frameBytes: must be at most 1073741824, got 1e\+300/],
  ['a clock ten years ahead', { inferredAt: TEN_YEARS_AHEAD }, /inferredAt: must lie between/],
  ['a clock at 1970', { capturedAt: '1970-01-01T00:00:10Z' }, /capturedAt: must lie between/],
  ['a day that does not exist', { inferredAt: '2026-02-30T10:00:00Z' }, /inferredAt/],
  ['a class that is no name', { predictedClass: '__proto__' }, /predictedClass/],
  [
    'sums of embeddings that are no numbers',
    { embedding: { count: 10, sum: [1, '1e999'], squares: 1 } },
    /embedding\.sum\.1/,
  ],
  [
    'sums of embeddings that its frames cannot have',
    { embedding: { count: 10, sum: [100], squares: 1000 } },
    /embedding\.sum\.0: must lie within -80\.\.80/,
  ],
])('case 31: %s costs the one record, and the other 499 pass', (_, broken, problem) => {
  const good = Array.from({ length: 499 }, (_unused, index) => aResult({ recordId: `boot-${index}` }));
  const records = [...good.slice(0, 250), { ...aResult(), ...broken }, ...good.slice(250)];
  const body = aMessage({ ...aBatch(), records }).replace('"1e999"', '1e999');
  const { batch, rejected } = check(body);
  expect(batch.records).toEqual(good);
  expect(rejected).toHaveLength(1);
  expect(rejected[0]?.problems.join()).toMatch(problem);
});

test('case 31: a __proto__ key in a record is refused and pollutes nothing', () => {
  const body = aMessage(aBatch({ records: [aResult(), aResult({ recordId: 'boot-2' })] })).replace(
    '{"recordId":"boot-2"',
    '{"__proto__":{"status":"ok"},"recordId":"boot-2"',
  );
  const { batch, rejected } = check(body);
  expect(batch.records).toHaveLength(1);
  expect(rejected[0]?.problems).toEqual(["(root): unknown field '__proto__'"]);
  expect(({} as Record<string, unknown>).status).toBeUndefined();
});

test('a device that was offline for a year is not taken for a wrong clock', () => {
  const record = aResult({ capturedAt: '2025-03-05T00:00:00Z', inferredAt: '2025-03-05T00:00:00Z' });
  expect(check(aMessage(aBatch({ records: [record] }))).rejected).toEqual([]);
});

describe('[B12] a compressed batch', () => {
  const compressed = (text: string): string => deflateSync(text).toString('base64');

  test('is the batch that it was, with the records of it that are good', () => {
    const records = [aResult(), { ...aResult(), confidence: 7 }, aResult({ recordId: 'boot-2' })];
    const { batch, rejected } = check(aMessage(aCompressedBatch(aBatch({ records, confirm: true }))));
    expect(batch).toEqual(aBatch({ records: [aResult(), aResult({ recordId: 'boot-2' })], confirm: true }));
    expect(rejected).toEqual([{ record: records[1], problems: [expect.stringMatching(/^confidence: /)] }]);
  });

  test.each<[string, object, RegExp]>([
    ['of another version', { schemaVersion: 3 }, /schemaVersion: must be equal to constant, got 3/],
    ['of another encoding', { encoding: 'br' }, /encoding: must be equal to constant, got "br"/],
    ['whose records are not compressed', { records: [aResult()] }, /records: must be string/],
    ['that is damaged', { records: compressed('[]').slice(4) }, /records: must be deflate in base64/],
    [
      'that is a bomb',
      { records: compressed(' '.repeat(50_000_000)) },
      /at most 131072 bytes when decompressed/,
    ],
    ['without records', { records: compressed('[]') }, /records: must NOT have fewer than 1 items/],
    [
      'of too many records',
      { records: compressed(`[${Array(501).fill(0)}]`) },
      /NOT have more than 500 items/,
    ],
    ['of no list', { records: compressed('{"recordId":"1"}') }, /records: must be array/],
    ['of no JSON', { records: compressed('[{') }, /records: not JSON/],
    ['with an unknown field', { extra: 1 }, /unknown field 'extra'/],
    ['of an impossible number of drops', { droppedRecords: 1e300 }, /droppedRecords: must be at most/],
  ])('case 31: %s is refused with the reason', (_, field, reason) => {
    expect(() => check(aMessage({ ...aCompressedBatch(), ...field }))).toThrow(reason);
  });
});
