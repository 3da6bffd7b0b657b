import { DynamoDBDocumentClient, GetCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import {
  counterOf,
  counterOfItem,
  releaseItemKey,
  waveItemKey,
  waveOfItem,
} from '../../../lambda/registry/names';
import { ReleaseTable } from '../../../lambda/registry/release-table';
import { aRelease } from '../shared/builders';

const client = mockClient(DynamoDBDocumentClient);
const releases = new ReleaseTable(client as never, 'releases', 'surface');

beforeEach(() => client.reset());

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

test('release keys sort by counter, and tell it', () => {
  expect(releaseItemKey(7)).toBe('release#000007');
  expect(counterOfItem(releaseItemKey(7))).toBe(7);
  expect(counterOfItem('champion')).toBeUndefined();
});

test('the key of a wave tells its name', () => {
  expect(waveOfItem(waveItemKey('canary'))).toBe('canary');
  expect(waveOfItem(releaseItemKey(7))).toBeUndefined();
});

test('there is no champion before the first rollout', async () => {
  client.on(GetCommand).resolves({});
  await expect(releases.champion()).resolves.toBeUndefined();
});

test('the champion comes with its release', async () => {
  client
    .on(GetCommand, { Key: { useCase: 'surface', item: 'champion' } })
    .resolves({ Item: { counter: 2, modelPackageVersion: 1, exportUri: 's3://models/e/' } });
  client
    .on(GetCommand, { Key: { useCase: 'surface', item: 'release#000002' } })
    .resolves({ Item: { release: JSON.stringify(aRelease()) } });
  await expect(releases.champion()).resolves.toMatchObject({ item: { counter: 2 }, release: aRelease() });
});

test('a champion whose release is missing is an error, not silence', async () => {
  client.on(GetCommand).resolves({});
  client.on(GetCommand, { Key: { useCase: 'surface', item: 'champion' } }).resolves({ Item: { counter: 2 } });
  await expect(releases.champion()).rejects.toThrow('release 2, is not in the table');
});

test('a stored release that breaks its contract is refused', async () => {
  client.on(GetCommand).resolves({ Item: { release: '{"schemaVersion":1}' } });
  await expect(releases.find(2)).rejects.toThrow("release 2 of surface does not fit the contract 'release'");
});

describe('[C9] the first counter of a table', () => {
  const counterOfClaim = () =>
    client.commandCalls(TransactWriteCommand)[0]?.args[0].input.TransactItems?.[0]?.Put?.Item?.counter;
  beforeEach(() => client.on(TransactWriteCommand).resolves({}));

  test.each([
    ['follows the versions that are there', 41, 42],
    ['is 1 where there are none', 0, 1],
  ])('%s', async (_, published, counter) => {
    client.on(GetCommand).resolves({});
    await expect(releases.claimCounter('package#000001', 'now', async () => published)).resolves.toEqual({
      counter,
      claimedAt: 'now',
    });
    expect(counterOfClaim()).toBe(counter);
  });

  test('is the only one for which Greengrass is asked', async () => {
    client.on(GetCommand).resolves({});
    client.on(GetCommand, { Key: { useCase: 'surface', item: 'counter' } }).resolves({ Item: { value: 7 } });
    const highestPublished = jest.fn();
    await releases.claimCounter('package#000001', 'now', highestPublished);
    expect(counterOfClaim()).toBe(8);
    expect(highestPublished).not.toHaveBeenCalled();
  });
});
