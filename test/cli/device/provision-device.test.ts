import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { decommissionDevice } from '../../../cli/device/decommission-device';
import { DeviceFolder } from '../../../cli/device/device-folder';
import { provisionDevice } from '../../../cli/device/provision-device';
import { problemsOf } from '../../../contracts';
import {
  asClients,
  awsError,
  environment,
  FakeClient,
  FakeIot,
  FakeTables,
  fakeKms,
  signingKeyId,
} from '../fakes';

let folder: string;
let iot: FakeIot;
let checkProgram: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kaizen-provision-'));
  checkProgram = `${folder}-check-device.cjs`;
  writeFileSync(checkProgram, '// stands for the program\n');
  iot = new FakeIot();
});

afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
  rmSync(checkProgram);
});

const provision = (overrides: object = {}, kms = fakeKms()) =>
  provisionDevice(asClients({ iot, kms }), environment, {
    thingName: 'line-1',
    wave: 'canary',
    folder,
    checkProgram,
    ...overrides,
  });
const file = (name: string) => readFileSync(join(folder, name), 'utf8');

test('without the program that was to be built nothing is made, and the advice is to build', async () => {
  const path = join(folder, 'none.cjs');
  await expect(provision({ checkProgram: path })).rejects.toThrow(
    `'${path}' cannot be read: ENOENT: no such file or directory, open '${path}': run npm run build`,
  );
  expect(iot.things.size).toBe(0);
});

test('a device gets its identity, its keys and the keys it trusts', async () => {
  const thing = await provision();
  expect(thing).toEqual({
    schemaVersion: 1,
    environment: 'local',
    region: 'eu-west-1',
    useCase: 'surface',
    thingName: 'line-1',
    thingArn: 'arn:aws:iot:eu-west-1:123456789012:thing/line-1',
    wave: 'canary',
    thingGroup: 'kaizen-local-canary',
    certificateId: 'cert-1',
    certificateArn: 'arn:cert/cert-1',
    roleAlias: 'kaizen-local-token-exchange',
    endpoints: {
      mqtt: { host: 'a1b2c3-ats.iot.eu-west-1.amazonaws.com', port: 8883 },
      credentials: { host: 'c4d5e6.credentials.iot.eu-west-1.amazonaws.com', port: 443 },
      dataPlane: { host: 'a1b2c3-ats.iot.eu-west-1.amazonaws.com', port: 8443 },
    },
  });
  expect(JSON.parse(file('thing.json'))).toEqual(thing);
  expect(file('private-key.pem')).toContain('secret of cert-1');
  expect(file('certificate.pem')).toContain('BEGIN CERTIFICATE');
  expect(iot.things.get('line-1')).toEqual({
    type: 'kaizen-local-core-device',
    principals: new Set(['arn:cert/cert-1']),
    groups: new Set(['kaizen-local-canary']),
  });
  expect(iot.certificates.get('cert-1')).toEqual({
    status: 'ACTIVE',
    policies: new Set(['kaizen-local-device']),
  });
});

test('[B5] trusted keys come from KMS and fit their contract', async () => {
  await provision();
  const keys = JSON.parse(file('trusted-keys.json'));
  expect(problemsOf('trusted-keys', keys)).toEqual([]);
  expect(keys.keys[0]).toMatchObject({ keyid: signingKeyId, status: 'active' });
});

test('the private key is readable by its owner only', async () => {
  await provision();
  expect(statSync(join(folder, 'private-key.pem')).mode & 0o777).toBe(0o600);
});

describe('authorities of the endpoints', () => {
  const [first = '', second = ''] = rootCertificates;
  const given = (content: string) => {
    const rootCa = join(folder, 'given.pem');
    writeFileSync(rootCa, content);
    return provision({ rootCa });
  };

  test('are those of AWS', async () => {
    await provision();
    expect(file('root-ca.pem').match(/BEGIN CERTIFICATE/g)).toHaveLength(4);
  });

  test('or those of a file, each on lines of its own', async () => {
    await given(`# ours\n${first.trim()}\n\n${second.trim()}`);
    expect(file('root-ca.pem')).toBe(`${first.trim()}\n${second.trim()}\n`);
  });

  test.each([
    ['no certificate', 'nothing', 'holds no certificate'],
    ['a broken one', `${first}\n${second.replace(/MII/, 'AAA')}`, "certificate 2 of '"],
  ])('a file with %s is refused before anything is made', async (_what, content, message) => {
    await expect(given(content)).rejects.toThrow(message);
    expect(iot.calls).toEqual([]);
  });
});

test('a repeated run changes nothing', async () => {
  const first = await provision();
  expect(await provision()).toEqual(first);
  expect(iot.certificates.size).toBe(1);
});

test.each(['AttachPolicy', 'AttachThingPrincipal', 'ListThingGroupsForThing', 'AddThingToThingGroup'])(
  'a run that was cut off at %s is finished by the next, with the same certificate',
  async (command) => {
    iot.failures.set(command, [awsError('ThrottlingException')]);
    await expect(provision()).rejects.toThrow('ThrottlingException');
    const thing = await provision();
    expect(thing.certificateId).toBe('cert-1');
    expect(iot.certificates.get('cert-1')?.policies.size).toBe(1);
    expect(iot.things.get('line-1')?.groups).toEqual(new Set(['kaizen-local-canary']));
  },
);

test('a certificate whose key could not be written is deleted', async () => {
  jest.spyOn(DeviceFolder.prototype, 'writeKeys').mockRejectedValue(new Error('disk full'));
  await expect(provision()).rejects.toThrow('disk full');
  expect(iot.certificates.size).toBe(0);
  expect(existsSync(join(folder, 'private-key.pem'))).toBe(false);
});

test('a certificate that was switched off is replaced', async () => {
  await provision();
  const first = iot.certificates.get('cert-1');
  if (first) first.status = 'INACTIVE';
  await expect(provision()).resolves.toMatchObject({ certificateId: 'cert-2' });
  expect(file('private-key.pem')).toContain('secret of cert-2');
});

test('a device changes its wave: a thing is in one group of the hierarchy', async () => {
  await provision();
  await provision({ wave: 'stable' });
  expect(iot.things.get('line-1')?.groups).toEqual(new Set(['kaizen-local-stable']));
});

test.each(['', 'a/b', 'line 1', 'a:b', 'a+', '#', '../x', 'x'.repeat(125)])(
  'case 32: thing name %p is refused before anything is made',
  async (thingName) => {
    await expect(provision({ thingName })).rejects.toThrow('thing name: must be 1 to 124');
    expect(iot.calls).toEqual([]);
  },
);

test('a folder of another device is left alone', async () => {
  await provision();
  await expect(provision({ thingName: 'line-2' })).rejects.toThrow("belongs to 'line-1' of 'local'");
  expect(iot.things.has('line-2')).toBe(false);
});

test('a thing of another type is left alone', async () => {
  iot.things.set('line-1', { type: 'printer', principals: new Set(), groups: new Set() });
  await expect(provision()).rejects.toThrow("exists and is of type 'printer'");
  expect(iot.certificates.size).toBe(0);
});

test('case 13: a signing key on another curve is refused before anything is made', async () => {
  const other = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey;
  const kms = fakeKms(other.export({ format: 'der', type: 'spki' }));
  await expect(provision({}, kms)).rejects.toThrow('no key on the curve P-256');
  expect(iot.calls).toEqual([]);
});

describe('decommissioning', () => {
  const tables = () => new FakeTables({ inventory: [{ deviceId: 'line-1' }, { deviceId: 'line-2' }] });
  const greengrass = () => new FakeClient({ DeleteCoreDevice: () => ({}) });
  const pause = async () => {};

  test('[B10] leaves nothing of the device but its data', async () => {
    await provision();
    const dynamoDb = tables();
    const clients = asClients({ iot, dynamoDb, greengrass: greengrass() });
    await decommissionDevice(clients, environment, { thingName: 'line-1', pause });
    expect(iot.things.size).toBe(0);
    expect(iot.certificates.size).toBe(0);
    expect(dynamoDb.items.inventory).toEqual([{ deviceId: 'line-2' }]);
  });

  test('finds every certificate and policy, whatever page it stands on', async () => {
    await provision();
    const { principals } = iot.things.get('line-1') ?? { principals: new Set<string>() };
    for (const id of ['second', 'third']) {
      iot.certificates.set(id, { status: 'ACTIVE', policies: new Set(['a', 'b', 'c']) });
      principals.add(`arn:cert/${id}`);
    }
    const clients = asClients({ iot, dynamoDb: tables(), greengrass: greengrass() });
    await decommissionDevice(clients, environment, { thingName: 'line-1', pause });
    expect(iot.certificates.size).toBe(0);
    expect(iot.names().filter((name) => name === 'DetachPolicy')).toHaveLength(7);
  });

  test('switches the certificate off first', async () => {
    await provision();
    iot.failures.set('ListAttachedPolicies', [awsError('ThrottlingException')]);
    const clients = asClients({ iot, dynamoDb: tables(), greengrass: greengrass() });
    await expect(decommissionDevice(clients, environment, { thingName: 'line-1', pause })).rejects.toThrow();
    expect(iot.certificates.get('cert-1')?.status).toBe('INACTIVE');
    await decommissionDevice(clients, environment, { thingName: 'line-1', pause });
    expect(iot.things.size).toBe(0);
  });

  test('waits until AWS IoT has noticed that the certificate is detached', async () => {
    await provision();
    iot.failures.set('DeleteThing', [
      awsError('InvalidRequestException'),
      awsError('InvalidRequestException'),
    ]);
    const clients = asClients({ iot, dynamoDb: tables(), greengrass: greengrass() });
    await decommissionDevice(clients, environment, { thingName: 'line-1', pause });
    expect(iot.names().filter((name) => name === 'DeleteThing')).toHaveLength(3);
  });

  test('takes a device that Greengrass has never seen', async () => {
    await provision();
    const unseen = greengrass();
    unseen.failures.set('DeleteCoreDevice', [awsError('ResourceNotFoundException')]);
    const clients = asClients({ iot, dynamoDb: tables(), greengrass: unseen });
    await decommissionDevice(clients, environment, { thingName: 'line-1', pause });
    expect(iot.things.size).toBe(0);
  });

  test('a thing that is not there is said to be so', async () => {
    const clients = asClients({ iot, dynamoDb: tables(), greengrass: greengrass() });
    await expect(decommissionDevice(clients, environment, { thingName: 'line-9', pause })).rejects.toThrow(
      "there is no thing 'line-9'",
    );
  });
});
