import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { counterOf, ReleaseReader, releaseItemKey } from '../../../lambda/shared/releases';
import { aRelease } from './builders';

const table = mockClient(DynamoDBDocumentClient);
const reader = new ReleaseReader(table as never, 'releases', 'surface');

beforeEach(() => table.reset());

test.each([
  ['surface-1', 1],
  ['surface-999999', 999_999],
  ['surface-0', undefined],
  ['surface-01', undefined],
  ['surface-1000000', undefined],
  ['surface-', undefined],
  ['other-1', undefined],
])('counter of %s is %p', (releaseId, counter) => {
  expect(counterOf('surface', releaseId)).toBe(counter);
});

test('release keys sort by counter', () => {
  expect(releaseItemKey(7)).toBe('release#000007');
});

test('there is no champion before the first rollout', async () => {
  table.on(GetCommand).resolves({});
  await expect(reader.champion()).resolves.toBeUndefined();
});

test('the champion comes with its release', async () => {
  table
    .on(GetCommand, { Key: { useCase: 'surface', item: 'champion' } })
    .resolves({ Item: { counter: 2, modelPackageVersion: 1, exportUri: 's3://models/e/' } });
  table
    .on(GetCommand, { Key: { useCase: 'surface', item: 'release#000002' } })
    .resolves({ Item: { release: JSON.stringify(aRelease()) } });
  await expect(reader.champion()).resolves.toMatchObject({ item: { counter: 2 }, release: aRelease() });
});

test('a champion whose release is missing is an error, not silence', async () => {
  table.on(GetCommand).resolves({});
  table.on(GetCommand, { Key: { useCase: 'surface', item: 'champion' } }).resolves({ Item: { counter: 2 } });
  await expect(reader.champion()).rejects.toThrow('release 2, is not in the table');
});

test('a stored release that breaks its contract is refused', async () => {
  table.on(GetCommand).resolves({ Item: { release: '{"schemaVersion":1}' } });
  await expect(reader.release(2)).rejects.toThrow("release 2 of surface does not fit the contract 'release'");
});
