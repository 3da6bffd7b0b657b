import { createPublicKey } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateKeyCommand, GetPublicKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type Ministack, startMinistack } from '@kaizen-edge/local-aws';
import { parseContractJson } from '../../contracts';
import { keyIdOf, verifySignature } from '../../contracts/dsse';
import { ReleaseTable } from '../../lambda/registry/release-table';
import { KmsSigner, signRelease } from '../../lambda/registry/sign-release';
import { RolloutTable } from '../../lambda/rollout/rollout-table';
import { LOCAL_AWS_SETTINGS } from '../../scripts/local-aws';
import { aStored } from '../lambda/rollout/builders';
import { aRelease, USE_CASE } from '../lambda/shared/builders';

const TABLE = 'releases';
const [FIRST, SECOND] = ['one', 'two'].map(
  (name) => `arn:aws:states:us-east-1:000000000000:execution:${name}`,
) as [string, string];

let folder: string;
let aws: Ministack;
let kms: KMSClient;
let releases: ReleaseTable;
let rollouts: RolloutTable;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'release-table-'));
  aws = await startMinistack({
    python: LOCAL_AWS_SETTINGS.python,
    workDirectory: folder,
    onCrash: console.error,
  });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const settings = { endpoint: aws.url, region: 'us-east-1', credentials };
  kms = new KMSClient(settings);
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(settings), {
    marshallOptions: { removeUndefinedValues: true },
  });
  await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['useCase', 'item'].map((AttributeName) => ({
        AttributeName,
        AttributeType: 'S',
      })),
      KeySchema: [
        { AttributeName: 'useCase', KeyType: 'HASH' },
        { AttributeName: 'item', KeyType: 'RANGE' },
      ],
    }),
  );
  releases = new ReleaseTable(client, TABLE, USE_CASE);
  rollouts = new RolloutTable(client, TABLE, USE_CASE);
}, 60_000);

afterAll(async () => {
  await aws?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('case 33: every cause gets one counter, whoever asks and however often', async () => {
  const keys = ['package#000001', 'package#000002', 'package#000001', 'rollback#000001'];
  const claims = await Promise.all(keys.map((key) => releases.claimCounter(key, 'now')));
  const counters = claims.map(({ counter }) => counter);
  expect(counters[2]).toBe(counters[0]);
  expect([...new Set(counters)].sort()).toEqual([1, 2, 3]);
});

test('[B5] KMS signs what a device verifies', async () => {
  const { KeyMetadata } = await kms.send(
    new CreateKeyCommand({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }),
  );
  const keyArn = KeyMetadata?.Arn ?? '';
  const { body } = await signRelease(aRelease(), {}, new KmsSigner(kms, keyArn));
  const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId: keyArn }));
  const key = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' });
  const pem = key.export({ type: 'spki', format: 'pem' }).toString();

  const envelope = parseContractJson('signed-release', body.toString(), 'envelope');
  const payload = Buffer.from(envelope.payload, 'base64');
  const [signature] = envelope.signatures;
  expect(signature?.keyid).toBe(keyIdOf(pem));
  expect(JSON.parse(payload.toString())).toEqual(aRelease());
  expect(
    verifySignature(envelope.payloadType, payload, Buffer.from(signature?.sig ?? '', 'base64'), pem),
  ).toBe(true);
});

const aFailure = (executionArn: string, isFinal: boolean) => ({
  executionArn,
  isFinal,
  reason: 'throttled',
  at: new Date('2026-03-01T00:00:00Z'),
});

test('a release is claimed by one execution, and one rollout runs at a time', async () => {
  await Promise.all([releases.add(aStored(1)), releases.add(aStored(2))]);
  expect(await releases.add(aStored(1, { envelopeKey: 'another' }))).toEqual(
    expect.objectContaining({ envelopeKey: aStored(1).envelopeKey }),
  );
  expect(await rollouts.claim(1, FIRST)).toBe('CLAIMED');
  expect(await rollouts.claim(1, SECOND)).toBe('TAKEN');
  expect(await rollouts.claim(2, SECOND)).toBe('BUSY');
  expect(await rollouts.holder()).toBe(FIRST);
  expect(await rollouts.releaseStates()).toEqual([
    { counter: 1, status: 'ROLLING_OUT', executionArn: FIRST },
    { counter: 2, status: 'READY' },
  ]);
  await rollouts.unlock(SECOND);
  expect(await rollouts.holder()).toBe(FIRST);
  await rollouts.unlock(FIRST);
  expect(await rollouts.holder()).toBeUndefined();
  // Whose rollout was stopped before it began may be started again.
  expect(await rollouts.giveUp(2, aFailure(SECOND, true))).toBe('ABORTED');
  expect(await rollouts.giveUp(1, aFailure(SECOND, true))).toBeUndefined();
  expect((await rollouts.releaseStates()).map(({ status }) => status)).toEqual(['ROLLING_OUT', 'ABORTED']);
  expect(await rollouts.claim(2, SECOND)).toBe('CLAIMED');
  expect(await rollouts.end(1, SECOND, { status: 'ROLLED_BACK' })).toBe(false);
  const judgement = { verdict: 'ROLL_BACK', reasons: ['slow'], numbers: { results: 60 } } as const;
  expect(await rollouts.end(1, FIRST, { status: 'ROLLED_BACK', reason: 'slow', judgement })).toBe(true);
  await rollouts.withdraw(1, 'too late');
  expect(await releases.get(1)).toMatchObject({ status: 'ROLLED_BACK', reason: 'slow', judgement });
  await rollouts.unlock(FIRST);
  await rollouts.unlock(SECOND);
});

test('case 50: what an execution left is taken over once, and another try is counted once', async () => {
  await releases.add(aStored(3));
  expect(await rollouts.claim(3, FIRST)).toBe('CLAIMED');
  expect(await rollouts.takeOver(3, SECOND, 'another')).toBe(false);
  expect(await rollouts.takeOver(3, SECOND, FIRST)).toBe(true);
  expect(await rollouts.takeOver(3, SECOND, FIRST)).toBe(true);
  expect(await rollouts.lock()).toMatchObject({ executionArn: SECOND, counter: 3 });
  expect(await rollouts.giveUp(3, aFailure(SECOND, false))).toBe('READY');
  expect(await rollouts.giveUp(3, aFailure(SECOND, false))).toBeUndefined();
  await rollouts.unlock(SECOND);
  expect(await rollouts.takeOver(3, FIRST, SECOND)).toBe(false);
  expect(await rollouts.takeOver(3, FIRST, undefined)).toBe(true);
  await rollouts.unlock(FIRST);
});

test('case 51: who is waited for is kept with the release, and forgotten with the next failure', async () => {
  await releases.add(aStored(4));
  const absence = { devices: ['line-1'], enough: 1 };
  expect(await rollouts.giveUp(4, { ...aFailure(FIRST, false), absence })).toBe('READY');
  const state = async () => (await rollouts.releaseStates()).find(({ counter }) => counter === 4);
  expect(await state()).toMatchObject({ attempts: 1, silences: 1, awaits: absence });
  // In the pause after it, another one is the same failure.
  expect(await rollouts.giveUp(4, aFailure(SECOND, false))).toBeUndefined();
  const at = new Date('2026-03-01T01:00:00Z');
  expect(await rollouts.giveUp(4, { ...aFailure(SECOND, false), at })).toBe('READY');
  expect(await state()).toMatchObject({ attempts: 2, silences: 1 });
  expect(await state()).not.toHaveProperty('awaits');
});

test('a wave remembers what it had before, also when it is noted twice', async () => {
  await rollouts.noteWave('canary', 1);
  const noted = await rollouts.noteWave('canary', 2);
  expect(noted).toMatchObject({ counter: 2, previousCounter: 1 });
  expect(await rollouts.noteWave('canary', 2)).toMatchObject(noted);
});
