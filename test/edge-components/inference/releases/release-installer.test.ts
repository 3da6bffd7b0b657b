import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Release, ReleaseOffer } from '../../../../contracts';
import { ModelError } from '../../../../edge-components/inference/src/ports';
import type { ComparedTimes } from '../../../../edge-components/inference/src/releases/challenge';
import { restoreRelease } from '../../../../edge-components/inference/src/releases/release-restore';
import { DiskReleaseStore } from '../../../../edge-components/inference/src/releases/release-store';
import { type FakeDevice, newFakeDevice, offerOf } from '../../fake-device';
import { offeredFolder, type ReleaseOptions, signingKey, temporaryFolder } from '../../release-fixture';

const root = temporaryFolder();
const models = join(root, 'models');
const key = signingKey();
let folders = 0;
const newFolder = (): string => join(root, `folder-${++folders}`);

beforeAll(() => {
  mkdirSync(models);
  for (const gain of [-4, 4, 5, 6, 7]) writeFileSync(join(models, `gain-${gain}.onnx`), `gain ${gain}`);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const newDevice = (work = newFolder()): Promise<FakeDevice> => newFakeDevice(work, key);

async function offer(options: ReleaseOptions): Promise<ReleaseOffer> {
  const artifactsPath = newFolder();
  await offeredFolder(artifactsPath, models, key, options);
  return offerOf(artifactsPath);
}

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
  expect((await DiskReleaseStore.open(device.work)).current).toMatchObject({ variant });
});

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

describe('[B13] V1: codes that controllers know', () => {
  const withCodes = (classes: string[], codes: Record<string, number>): Partial<Release> => ({
    classes,
    thresholds: Object.fromEntries(classes.map((name) => [name, 0.6])),
    dispositionPolicy: {
      codes,
      classes: Object.fromEntries(classes.map((name) => [name, 'review'])),
      novel: 'review',
    },
  });

  test.each([
    [
      'a class that moved',
      withCodes(['bright', 'dark'], { bright: 2, dark: 1 }),
      "'bright' is 1 and must stay it",
    ],
    [
      'a code that is used again',
      withCodes(['bright', 'dull'], { bright: 1, dull: 2 }),
      "2 is 'dark' for ever",
    ],
  ])('%s is refused, and the release before goes on', async (_, overrides, message) => {
    const device = await newDevice();
    await device.installer.install(await offer({ counter: 1, gain: 4 }));
    const verdict = await device.installer.install(await offer({ counter: 2, gain: 5, overrides }));
    expect(verdict).toMatchObject({ code: 'CODES_MOVED', message: expect.stringContaining(message) });
    expect(device.store.current).toMatchObject({ digest: device.slot.current?.digest });
    expect(device.slot.current?.release.counter).toBe(1);
  });

  test('are those of every release that was ever accepted, not of the last two', async () => {
    const device = await newDevice();
    const install = async (counter: number, classes: string[], codes: Record<string, number>) =>
      device.installer.install(await offer({ counter, gain: 4, overrides: withCodes(classes, codes) }));
    expect(await install(1, ['bright', 'dark'], { bright: 1, dark: 2 })).toMatchObject({ code: 'ACCEPTED' });
    for (const counter of [2, 3, 4]) {
      expect(await install(counter, ['bright', 'dull'], { bright: 1, dull: 3 })).toMatchObject({
        code: 'ACCEPTED',
      });
    }
    expect(await install(5, ['bright', 'dim'], { bright: 1, dim: 2 })).toMatchObject({
      code: 'CODES_MOVED',
      message: expect.stringContaining("2 is 'dark' for ever, got 'dim'"),
    });
  });
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

test('a clock that was set back installs nothing, and keeps what runs [case 7]', async () => {
  const device = await newDevice();
  expect(await device.installer.install(await offer({ counter: 1, gain: 4 }))).toMatchObject({
    code: 'ACCEPTED',
  });
  const monthAgo = Date.now() - 30 * 86_400_000;
  const old = {
    createdAt: new Date(monthAgo - 3_600_000).toISOString(),
    expiresAt: new Date(monthAgo + 3_600_000).toISOString(),
  };
  // By a clock of a month ago this release would not have expired yet.
  device.ports.clock = { now: () => monthAgo, monotonic: () => 0 };
  const verdict = await device.installer.install(await offer({ counter: 2, gain: 5, overrides: old }));
  expect(verdict).toMatchObject({ code: 'CLOCK_UNKNOWN', message: expect.stringContaining('before') });
  expect(device.slot.current?.release.counter).toBe(1);
  const restarted = await newDevice(device.work);
  expect(restarted.store.latestTime).toBeGreaterThan(monthAgo + 86_400_000);
});

test('case 42: a clock that was once at 2099 keeps no later release out', async () => {
  const device = await newDevice();
  expect(await device.installer.install(await offer({ counter: 1, gain: 4 }))).toMatchObject({
    code: 'ACCEPTED',
  });
  device.ports.clock = { now: () => Date.UTC(2099, 0, 1), monotonic: () => 0 };
  expect(await device.installer.install(await offer({ counter: 2, gain: 5 }))).toMatchObject({
    code: 'EXPIRED',
  });
  const lasting = { expiresAt: '2100-01-01T00:00:00.000Z' };
  expect(
    await device.installer.install(await offer({ counter: 3, gain: 5, overrides: lasting })),
  ).toMatchObject({ code: 'ACCEPTED' });
  device.ports.clock = { now: () => Date.now(), monotonic: () => 0 };
  expect(await device.installer.install(await offer({ counter: 4, gain: 6 }))).toMatchObject({
    code: 'ACCEPTED',
  });
  expect((await newDevice(device.work)).store.latestTime).toBeLessThanOrEqual(Date.now());
});

describe('case 43: a quarantine', () => {
  /** The release fails its golden samples, and nothing that comes later makes it better. */
  async function quarantined() {
    const device = await newDevice();
    device.trialHost.failure = new ModelError('ONNX Runtime refuses the file', 'load');
    const bad = await offer({ counter: 2, gain: 5 });
    expect(await device.installer.install(bad)).toMatchObject({ code: 'LOAD_FAILED' });
    device.trialHost.failure = undefined;
    expect(await device.installer.install(bad)).toMatchObject({ code: 'QUARANTINED' });
    return { device, bad };
  }

  test('outlives a refusal for the clock', async () => {
    const { device, bad } = await quarantined();
    device.ports.clock = { now: () => 0, monotonic: () => 0 };
    expect(await device.installer.install(bad)).toMatchObject({ code: 'CLOCK_UNKNOWN' });
    device.ports.clock = { now: () => Date.now(), monotonic: () => 0 };
    expect(await device.installer.install(bad)).toMatchObject({ code: 'QUARANTINED' });
    expect(await (await newDevice(device.work)).installer.install(bad)).toMatchObject({
      code: 'QUARANTINED',
    });
  });

  test.each([
    ['a blank behind the envelope', (text: string) => `${text} `],
    ['the envelope written otherwise', (text: string) => JSON.stringify(JSON.parse(text), null, 2)],
  ])('is not by-passed by %s', async (_, rewrite) => {
    const { device, bad } = await quarantined();
    const path = join(bad.artifactsPath, 'release.dsse.json');
    writeFileSync(path, rewrite(readFileSync(path, 'utf8')));
    expect(await device.installer.install(bad)).toMatchObject({ code: 'QUARANTINED' });
  });

  test('does not hold for the same files under a higher counter, which somebody has signed anew [case 41]', async () => {
    const { device } = await quarantined();
    expect(await device.installer.install(await offer({ counter: 3, gain: 5 }))).toMatchObject({
      code: 'ACCEPTED',
    });
  });
});

test('a variant for another architecture is not tried', async () => {
  const device = await newDevice();
  const offered = await offer({
    counter: 1,
    gain: 4,
    int8: 'gain-4.onnx',
    overrides: {
      variants: [
        { name: 'fp32', file: 'model-fp32.onnx', precision: 'fp32' },
        { name: 'int8', file: 'model-int8.onnx', precision: 'int8', architectures: ['linux-arm64'] },
      ],
    },
  });
  device.trialHost.milliseconds = { 'model-fp32.onnx': 9, 'model-int8.onnx': 1 };
  expect(await device.installer.install(offered)).toMatchObject({ code: 'ACCEPTED' });
  expect(device.trialHost.loads).toBe(1);
  expect(device.slot.current?.variant).toBe('fp32');
});

test('a release whose process was ended from outside is not passed over for the one before [case 5]', async () => {
  const device = await newDevice();
  await device.installer.install(await offer({ counter: 1, gain: 4 }));
  await device.installer.install(await offer({ counter: 2, gain: 5 }));
  const next = await newDevice(device.work);
  next.servingHost.failure = new ModelError('inference process ended with SIGKILL: from outside', 'gone');
  const { active, problem } = await restoreRelease(next.ports);
  expect(active).toBeUndefined();
  expect(problem).toMatch(/^release \w{12} cannot serve: .* from outside$/);
  next.servingHost.failure = new ModelError('inference process ended with SIGSEGV', 'gone', true);
  next.servingHost.load = async (specification) => {
    const { failure } = next.servingHost;
    next.servingHost.failure = undefined;
    if (failure) throw failure;
    return device.servingHost.load(specification);
  };
  expect((await restoreRelease(next.ports)).active?.release.counter).toBe(1);
});

describe('a challenge', () => {
  /** Lets every model answer frames of `level` until the installation has ended. */
  async function whileFramesCome<Result>(
    device: FakeDevice,
    level: number,
    work: Promise<Result>,
    times?: ComparedTimes,
  ) {
    let done = false;
    const ended = work.finally(() => {
      done = true;
    });
    const image = { width: 24, height: 16, pixels: new Uint8Array(24 * 16 * 3).fill(level) };
    while (!done) {
      await new Promise(setImmediate);
      const active = device.slot.current;
      const beside = device.slot.runBeside(image);
      if (!active || !beside) continue;
      const [own, other] = await Promise.all([active.model.run(image), beside.inference]);
      const bright = (probabilities: readonly number[]): boolean => (probabilities[0] ?? 0) >= 0.5;
      beside.compared(bright(own.probabilities) === bright(other.probabilities), times);
    }
    return ended;
  }

  test('that is won lets the new release in, and counts the frames [B3]', async () => {
    const device = await newDevice();
    await device.installer.install(await offer({ counter: 1, gain: 4 }));
    device.settings.challenger = {
      ...device.settings.challenger,
      frames: 5,
      maximumDisagreement: 0,
      timeoutSeconds: 60,
    };
    const work = device.installer.install(await offer({ counter: 2, gain: 5 }));
    expect(await whileFramesCome(device, 200, work)).toMatchObject({ code: 'ACCEPTED' });
    expect(device.challenges).toEqual([['brightness-test-2', { frames: 5, disagreements: 0 }]]);
    expect(device.trialHost.open).toBe(0);
    expect(device.servingHost.open).toBe(1);
  });

  test('that is lost refuses with the numbers and does not quarantine [B3]', async () => {
    const device = await newDevice();
    await device.installer.install(await offer({ counter: 1, gain: 4 }));
    device.settings.challenger = {
      ...device.settings.challenger,
      frames: 5,
      maximumDisagreement: 0.2,
      timeoutSeconds: 60,
    };
    // The graph of the opposite sign: its golden samples say so too, so only the line can tell.
    const offered = await offer({ counter: 2, gain: -4 });
    expect(await whileFramesCome(device, 200, device.installer.install(offered))).toMatchObject({
      code: 'CHALLENGE_LOST',
      message: 'answers 5 of 5 frames (100.0 %) differently from the release in service; allowed are 20.0 %',
    });
    expect(device.slot.current?.release.counter).toBe(1);
    device.settings.challenger = {
      ...device.settings.challenger,
      frames: 0,
      maximumDisagreement: 1,
      timeoutSeconds: 60,
    };
    expect(await device.installer.install(offered)).toMatchObject({ code: 'ACCEPTED' });
  });

  test('without frames ends at its time limit, and what was seen decides', async () => {
    const device = await newDevice();
    await device.installer.install(await offer({ counter: 1, gain: 4 }));
    device.settings.challenger = {
      ...device.settings.challenger,
      frames: 5,
      maximumDisagreement: 0,
      timeoutSeconds: 0.05,
      minimumFrames: 0,
    };
    expect(await device.installer.install(await offer({ counter: 2, gain: 5 }))).toMatchObject({
      code: 'ACCEPTED',
    });
    expect(device.challenges).toEqual([['brightness-test-2', { frames: 0, disagreements: 0 }]]);
  });

  test('case 46: with fewer frames than its minimum refuses, and does not quarantine', async () => {
    const device = await newDevice();
    await device.installer.install(await offer({ counter: 1, gain: 4 }));
    device.settings.challenger = { ...device.settings.challenger, frames: 200, timeoutSeconds: 0.05 };
    const offered = await offer({ counter: 2, gain: 5 });
    expect(await device.installer.install(offered)).toMatchObject({
      code: 'CHALLENGE_LOST',
      message: 'was compared with the release in service on 0 frames in the time that it had; needed are 20',
    });
    device.settings.challenger = { ...device.settings.challenger, frames: 0 };
    expect(await device.installer.install(offered)).toMatchObject({ code: 'ACCEPTED' });
  });

  test.each([
    [700, 'CHALLENGE_LOST'],
    [4, 'ACCEPTED'],
  ])('case 46: %i times as slow as the release in service: %s', async (slower, code) => {
    const device = await newDevice();
    await device.installer.install(await offer({ counter: 1, gain: 4 }));
    device.settings.challenger = { ...device.settings.challenger, frames: 30 };
    const times = { own: 3, other: 3 * slower };
    const work = device.installer.install(await offer({ counter: 2, gain: 5 }));
    const verdict = await whileFramesCome(device, 200, work, times);
    expect(verdict.code).toBe(code);
    if (code === 'ACCEPTED') return;
    expect(verdict.message).toBe(
      'takes 700.0 times as long for a frame as the release in service; allowed are 5 times',
    );
    expect(device.challenges).toEqual([
      ['brightness-test-2', { frames: 30, disagreements: 0, latencyRatio: slower }],
    ]);
  });

  test('whose model fails on a frame is a failed load, and quarantines', async () => {
    const device = await newDevice();
    await device.installer.install(await offer({ counter: 1, gain: 4 }));
    device.settings.challenger = {
      ...device.settings.challenger,
      frames: 5,
      maximumDisagreement: 1,
      timeoutSeconds: 60,
    };
    const offered = await offer({ counter: 2, gain: 5 });
    const { load } = device.trialHost;
    device.trialHost.load = async (specification) => {
      const model = await load.call(device.trialHost, specification);
      const { run } = model;
      let runs = 0;
      // Two golden samples and eleven timed runs; then the line's frames.
      model.run = (image) =>
        ++runs > 13 ? Promise.reject(new ModelError('no answer within 20000 ms', 'gone', true)) : run(image);
      return model;
    };
    const work = device.installer.install(offered);
    const image = { width: 24, height: 16, pixels: new Uint8Array(24 * 16 * 3) };
    const frames = setInterval(() => device.slot.runBeside(image)?.inference.catch(() => undefined), 1);
    expect(await work).toMatchObject({ code: 'LOAD_FAILED' });
    clearInterval(frames);
    expect(await device.installer.install(offered)).toMatchObject({ code: 'QUARANTINED' });
  });
});
