import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
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

test('case 58: classes are read from a release that a newer registry has written, and there are none of no release', async () => {
  client.on(GetCommand).resolves({ Item: { release: '{"schemaVersion":2,"classes":["good","dent"]}' } });
  await expect(releases.classes(2)).resolves.toEqual(['good', 'dent']);
  client.on(GetCommand).resolves({});
  await expect(releases.classes(2)).resolves.toBeUndefined();
});

describe('[B13] class codes', () => {
  const codesItem = { useCase: 'surface', item: 'class-codes' };
  const championItem = { useCase: 'surface', item: 'champion' };
  const written = () => client.commandCalls(PutCommand).map(({ args }) => args[0].input);
  const giveCodes = (classes: string[], pinned = {}) => releases.giveCodes(classes, pinned);
  beforeEach(() => {
    client.on(GetCommand).resolves({});
    client.on(PutCommand).resolves({});
  });

  test('are given once and kept with the condition that nobody has given any since', async () => {
    client.on(GetCommand, { Key: codesItem }).resolves({ Item: { codes: { good: 1 }, given: 1 } });
    await expect(giveCodes(['crack', 'good'])).resolves.toEqual({ good: 1, crack: 2 });
    expect(written()).toMatchObject([
      {
        Item: { ...codesItem, codes: { good: 1, crack: 2 }, given: 2 },
        ConditionExpression: 'attribute_not_exists(useCase) OR given = :known',
        ExpressionAttributeValues: { ':known': 1 },
      },
    ]);
  });

  test('of a use case from before there were codes are what controllers were told of its champion', async () => {
    client.on(GetCommand, { Key: championItem }).resolves({ Item: { counter: 2 } });
    client
      .on(GetCommand, { Key: { useCase: 'surface', item: 'release#000002' } })
      .resolves({ Item: { release: JSON.stringify(aRelease({ classes: ['good', 'scratch'] })) } });
    await expect(giveCodes(['crack', 'good', 'scratch'])).resolves.toEqual({ good: 1, scratch: 2, crack: 3 });
  });

  test('that somebody else has given in between are read again', async () => {
    client
      .on(GetCommand, { Key: codesItem })
      .resolvesOnce({ Item: { codes: { good: 1 }, given: 1 } })
      .resolves({ Item: { codes: { good: 1, dent: 2 }, given: 2 } });
    client
      .on(PutCommand)
      .rejectsOnce(new ConditionalCheckFailedException({ message: 'no', $metadata: {} }))
      .resolves({});
    await expect(giveCodes(['crack'])).resolves.toEqual({ good: 1, dent: 2, crack: 3 });
  });

  test('may be pinned by the configuration, but not moved by it', async () => {
    client.on(GetCommand, { Key: codesItem }).resolves({ Item: { codes: { good: 1 }, given: 1 } });
    await expect(giveCodes(['crack', 'good'], { crack: 40 })).resolves.toEqual({ good: 1, crack: 40 });
    await expect(giveCodes(['good'], { good: 3, dent: 1 })).rejects.toThrow(
      "dispositionPolicy of the configuration:\ncodes: 'good' is 1 and must stay it, got 3\ncodes: 1 is 'good' for ever, got 'dent'",
    );
  });
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
