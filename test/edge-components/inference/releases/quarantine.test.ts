import fc from 'fast-check';
import type { RefusalRecord } from '../../../../edge-components/inference/src/releases/ports';
import { quarantineOf, withRefusal } from '../../../../edge-components/inference/src/releases/quarantine';
import type { RecordedCode } from '../../../../edge-components/inference/src/releases/release-transitions';

const digest = 'a'.repeat(64);
const at = '2026-11-23T12:00:00.000Z';
const payloadDigest = 'f'.repeat(64);
const record = { releaseDigest: digest, payloadDigest, code: 'LOAD_FAILED', at } as const;
const identity = { releaseDigest: digest };

test.each<[string, Record<string, string>, boolean]>([
  ['nothing was lifted', {}, true],
  ['it was lifted', { [digest]: at }, false],
  ['a later one of it was lifted', { [digest]: '2026-11-24T00:00:00.000Z' }, false],
  ['an earlier one of it was lifted', { [digest]: '2026-11-23T11:59:59.999Z' }, true],
  ['that of another release was lifted', { ['b'.repeat(64)]: at }, true],
])('[S7] a release is tried again or not, when %s', (_, lifted, isQuarantined) => {
  expect(quarantineOf([record], identity, lifted)).toEqual(isQuarantined ? record : undefined);
});

test('what may be cured elsewhere is no quarantine', () => {
  expect(quarantineOf([{ ...record, code: 'DISK_FULL' }], identity, {})).toBeUndefined();
});

test('case 43: the same signed bytes in another envelope are the same release, and lifted by the record of the first', () => {
  const other = { releaseDigest: 'b'.repeat(64), payloadDigest };
  expect(quarantineOf([record], other, {})).toBe(record);
  expect(quarantineOf([record], { ...other, payloadDigest: 'e'.repeat(64) }, {})).toBeUndefined();
  // A payload that nobody trusted has signed names no release.
  expect(quarantineOf([record], { releaseDigest: other.releaseDigest }, {})).toBeUndefined();
  expect(quarantineOf([record], other, { [digest]: at })).toBeUndefined();
});

const CURABLE: readonly RecordedCode[] = ['CLOCK_UNKNOWN', 'WRONG_TARGET', 'EXPIRED', 'DISK_FULL'];

test('case 43: whatever is refused afterwards, a quarantine stays until there is a newer one of the same release', () => {
  const refusal = fc.record({
    releaseDigest: fc.constantFrom(digest, 'b'.repeat(64), 'c'.repeat(64)),
    payloadDigest: fc.constantFrom(payloadDigest, undefined),
    code: fc.constantFrom(...CURABLE),
    at: fc.constant('2026-11-24T00:00:00.000Z'),
  });
  fc.assert(
    fc.property(fc.array(refusal, { maxLength: 40 }), (later) => {
      const all = later.reduce<RefusalRecord[]>(
        (records, { payloadDigest: payload, ...rest }) =>
          withRefusal(records, { ...rest, ...(payload && { payloadDigest: payload }) }, 4),
        [record],
      );
      expect(all.length).toBeLessThanOrEqual(4);
      expect(quarantineOf(all, identity, {})).toBe(record);
    }),
  );
  const newer = { ...record, at: '2026-11-25T00:00:00.000Z' };
  expect(withRefusal([record], newer, 4)).toEqual([newer]);
});
