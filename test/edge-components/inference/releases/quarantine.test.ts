import { quarantineOf } from '../../../../edge-components/inference/src/releases/quarantine';

const digest = 'a'.repeat(64);
const at = '2026-11-23T12:00:00.000Z';
const record = { releaseDigest: digest, code: 'LOAD_FAILED', at } as const;

test.each<[string, Record<string, string>, boolean]>([
  ['nothing was lifted', {}, true],
  ['it was lifted', { [digest]: at }, false],
  ['a later one of it was lifted', { [digest]: '2026-11-24T00:00:00.000Z' }, false],
  ['an earlier one of it was lifted', { [digest]: '2026-11-23T11:59:59.999Z' }, true],
  ['that of another release was lifted', { ['b'.repeat(64)]: at }, true],
])('[S7] a release is tried again or not, when %s', (_, lifted, isQuarantined) => {
  expect(quarantineOf([record], digest, lifted)).toEqual(isQuarantined ? record : undefined);
});

test('what may be cured elsewhere is no quarantine', () => {
  expect(quarantineOf([{ ...record, code: 'DISK_FULL' }], digest, {})).toBeUndefined();
});
