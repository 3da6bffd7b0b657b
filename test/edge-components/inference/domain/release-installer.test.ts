import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ComponentConfiguration, ReleaseOffer } from '../../../../contracts';
import { SharpImageDecoder } from '../../../../edge-components/inference/src/adapters/image-decoder';
import {
  listFolder,
  ReleaseStore,
  readEnvelope,
  verifyFile,
} from '../../../../edge-components/inference/src/adapters/release-store';
import { ReleaseInstaller } from '../../../../edge-components/inference/src/domain/release-installer';
import { restoreRelease } from '../../../../edge-components/inference/src/domain/release-restore';
import {
  RELEASE_TRANSITIONS,
  type ReleaseAction,
} from '../../../../edge-components/inference/src/domain/release-transitions';
import { ServingSlot } from '../../../../edge-components/inference/src/domain/serving-slot';
import {
  type DecodedImage,
  type LoadedModel,
  ModelError,
  type ModelHost,
  type ModelSpecification,
} from '../../../../edge-components/inference/src/ports';
import {
  COMPONENT,
  expectedProbabilities,
  offeredFolder,
  type ReleaseOptions,
  signingKey,
  temporaryFolder,
  USE_CASE,
} from '../../release-fixture';

const root = temporaryFolder();
const models = join(root, 'models');
const key = signingKey();
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
let folders = 0;
const newFolder = (): string => join(root, `folder-${++folders}`);

beforeAll(() => {
  mkdirSync(models);
  for (const gain of [4, 5, 6, 7]) writeFileSync(join(models, `gain-${gain}.onnx`), `gain ${gain}`);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Stands for ONNX Runtime: the "graph" is the text `gain <n>`, and its answer is that of the formula. */
class FakeHost implements ModelHost {
  open = 0;
  milliseconds: Record<string, number> = {};
  failure: ModelError | undefined;

  async load({ path, sha256 }: ModelSpecification): Promise<LoadedModel> {
    if (this.failure) throw this.failure;
    const bytes = readFileSync(path);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
    const gain = Number(bytes.toString().split(' ')[1]);
    this.open++;
    let closed = false;
    return {
      run: async ({ pixels }: DecodedImage) => ({
        probabilities: expectedProbabilities(gain, pixels[0] as number),
        statistics: { brightness: 0, contrast: 0, sharpness: 0 },
        milliseconds: this.milliseconds[path.split('/').pop() as string] ?? 1,
      }),
      close: async () => {
        if (!closed) this.open--;
        closed = true;
      },
    };
  }
}

async function newDevice(work = newFolder()) {
  const store = await ReleaseStore.open(work);
  const slot = new ServingSlot();
  const trialHost = new FakeHost();
  const servingHost = new FakeHost();
  const ports = {
    store,
    slot,
    trialHost,
    servingHost,
    decoder: new SharpImageDecoder(),
    clock: { now: () => Date.now(), monotonic: () => 0 },
    log: silent,
    configuration: () => ({ useCase: USE_CASE, shadow: { frames: 0 } }) as ComponentConfiguration,
    trustedKeys: async () => [key.trusted],
    architecture: 'linux-x64',
    offers: { envelope: readEnvelope, list: listFolder, verifyFile },
  };
  return { work, store, slot, trialHost, servingHost, ports, installer: new ReleaseInstaller(ports) };
}

async function offer(options: ReleaseOptions): Promise<ReleaseOffer> {
  const artifactsPath = newFolder();
  await offeredFolder(artifactsPath, models, key, options);
  return {
    schemaVersion: 1,
    offerId: `offer-${folders}`,
    componentName: COMPONENT,
    componentVersion: '1.0.1',
    artifactsPath,
    offeredAt: new Date().toISOString(),
  };
}

test('the table is one chain from OFFERED to COMMITTED', () => {
  const states = ['OFFERED', ...RELEASE_TRANSITIONS.map(({ to }) => to)];
  expect(states).toEqual(['OFFERED', 'VERIFIED', 'STAGED', 'LOADED', 'SELF_TESTED', 'SWITCHED', 'COMMITTED']);
  expect(RELEASE_TRANSITIONS.map(({ from }) => from)).toEqual(states.slice(0, -1));
});

test('accepted, then already in service; nothing stays loaded but the model that serves [case 15]', async () => {
  const device = await newDevice();
  const first = await offer({ counter: 1, gain: 4, int8: 'gain-4.onnx' });
  expect(await device.installer.install(first)).toMatchObject({ verdict: 'accepted', code: 'ACCEPTED' });
  expect(await device.installer.install(first)).toMatchObject({
    verdict: 'accepted',
    code: 'ALREADY_IN_SERVICE',
  });
  expect(device.trialHost.open).toBe(0);
  expect(device.servingHost.open).toBe(1);
});

test.each([
  ['the faster int8 variant', { 'model-fp32.onnx': 4, 'model-int8.onnx': 2 }, 'gain-4.onnx', 'int8'],
  ['fp32 where int8 is no faster', { 'model-fp32.onnx': 2, 'model-int8.onnx': 4 }, 'gain-4.onnx', 'fp32'],
  [
    'fp32 where int8 fails its golden samples',
    { 'model-fp32.onnx': 4, 'model-int8.onnx': 2 },
    'gain-7.onnx',
    'fp32',
  ],
])('[S11] chooses %s, and remembers it', async (_, milliseconds, int8, variant) => {
  const device = await newDevice();
  device.trialHost.milliseconds = milliseconds;
  await device.installer.install(await offer({ counter: 1, gain: 4, int8, int8Gain: 4 }));
  expect(device.slot.current?.variant).toBe(variant);
  expect((await ReleaseStore.open(device.work)).current).toMatchObject({ variant });
});

/** How each action of the table is made to fail from outside. */
const SABOTAGE: Record<ReleaseAction, (device: Awaited<ReturnType<typeof newDevice>>) => string> = {
  verify: (device) => {
    device.ports.trustedKeys = async () => Promise.reject(new Error('no keys'));
    return 'INTERNAL_ERROR';
  },
  stage: (device) => {
    device.store.stage = async () => Promise.reject(new Error('input/output error'));
    return 'INTERNAL_ERROR';
  },
  load: (device) => {
    device.trialHost.failure = new ModelError('no answer within 20000 ms', 'gone');
    return 'LOAD_FAILED';
  },
  selfTest: (device) => {
    device.servingHost.failure = new ModelError('out of memory', 'load');
    return 'LOAD_FAILED';
  },
  switch: (device) => {
    device.slot.switchTo = () => {
      throw new Error('no switch');
    };
    return 'INTERNAL_ERROR';
  },
  commit: (device) => {
    device.store.commit = async () => Promise.reject(new Error('read-only file system'));
    return 'INTERNAL_ERROR';
  },
};

test.each(RELEASE_TRANSITIONS.map(({ action }) => action))(
  'an error in %s refuses the release; the one before serves, now and after a restart [case 2] [case 4]',
  async (action) => {
    const device = await newDevice();
    await device.installer.install(await offer({ counter: 1, gain: 4 }));
    const before = device.slot.current;
    const code = SABOTAGE[action](device);
    expect(await device.installer.install(await offer({ counter: 2, gain: 5 }))).toMatchObject({
      verdict: 'refused',
      code,
    });
    expect(device.slot.current).toBe(before);
    expect(device.trialHost.open).toBe(0);
    if (action !== 'switch') expect(device.servingHost.open).toBe(1);
    const restarted = await newDevice(device.work);
    const { active, problem } = await restoreRelease(restarted.ports);
    expect(problem).toBeUndefined();
    expect(active?.release.counter).toBe(1);
    expect(restarted.store.highestCounter).toBe(1);
  },
);

test('a downgrade is refused, a rollback by a new counter with the old bytes is taken [case 6]', async () => {
  const device = await newDevice();
  await device.installer.install(await offer({ counter: 1, gain: 4 }));
  await device.installer.install(await offer({ counter: 2, gain: 5 }));
  expect(await device.installer.install(await offer({ counter: 1, gain: 4 }))).toMatchObject({
    code: 'COUNTER_TOO_LOW',
  });
  const rollback = await offer({ counter: 3, gain: 4, overrides: { rollbackOf: 2 } });
  expect(await device.installer.install(rollback)).toMatchObject({ code: 'ACCEPTED' });
});

describe('at a start', () => {
  async function withTwoReleases() {
    const device = await newDevice();
    await device.installer.install(await offer({ counter: 1, gain: 4 }));
    await device.installer.install(await offer({ counter: 2, gain: 5 }));
    return device;
  }
  const folderOf = (work: string, digest: string | undefined): string => join(work, digest as string);

  test('a damaged current release gives way to the one before, and the status says why [case 11]', async () => {
    const { work, store } = await withTwoReleases();
    writeFileSync(join(folderOf(work, store.current?.digest), 'model-fp32.onnx'), 'gain 7');
    const { active, problem } = await restoreRelease((await newDevice(work)).ports);
    expect(active?.release.counter).toBe(1);
    expect(problem).toContain('DIGEST_MISMATCH');
  });

  test('both damaged: nothing serves, rather than something unverified', async () => {
    const { work, store } = await withTwoReleases();
    for (const reference of [store.current, store.previous]) {
      writeFileSync(join(folderOf(work, reference?.digest), 'model-fp32.onnx'), 'gain 7');
    }
    const { active, problem } = await restoreRelease((await newDevice(work)).ports);
    expect(active).toBeUndefined();
    expect(problem).toContain('cannot serve');
  });

  test('a key revoked since the installation warns, an unknown key stops the release [case 13]', async () => {
    const { work } = await withTwoReleases();
    const warned = await newDevice(work);
    warned.ports.trustedKeys = async () => [{ ...key.trusted, status: 'revoked' }];
    const kept = await restoreRelease(warned.ports);
    expect(kept.active?.release.counter).toBe(2);
    expect(kept.problem).toContain('revoked');
    const stopped = await newDevice(work);
    stopped.ports.trustedKeys = async () => [signingKey().trusted];
    expect((await restoreRelease(stopped.ports)).active).toBeUndefined();
  });

  test('an expired release that already runs keeps running [case 7]', async () => {
    const device = await newDevice();
    const yesterday = Date.now() - 86_400_000;
    const overrides = {
      createdAt: new Date(yesterday - 1000).toISOString(),
      expiresAt: new Date(yesterday + 1000).toISOString(),
    };
    device.ports.clock = { now: () => yesterday, monotonic: () => 0 };
    const first = await offer({ counter: 1, gain: 4, overrides });
    expect(await device.installer.install(first)).toMatchObject({ code: 'ACCEPTED' });
    device.ports.clock = { now: () => Date.now(), monotonic: () => 0 };
    expect(await device.installer.install(await offer({ counter: 2, gain: 4, overrides }))).toMatchObject({
      code: 'EXPIRED',
    });
    expect(await device.installer.install(first)).toMatchObject({ code: 'ALREADY_IN_SERVICE' });
    const { active } = await restoreRelease((await newDevice(device.work)).ports);
    expect(active?.release.counter).toBe(1);
  });
});
