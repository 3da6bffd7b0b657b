import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Release } from '../../../../contracts';
import { DiskReleaseStore } from '../../../../edge-components/inference/src/releases/release-store';
import { sha256Of } from '../../../../edge-components/inference/src/releases/release-verification';
import { nodeDisk } from '../../../../edge-components/inference/src/shared/durable-file';
import { crashingDisk } from '../../crashing-disk';
import { offeredFolder, signingKey, temporaryFolder } from '../../release-fixture';

const root = temporaryFolder();
const models = join(root, 'models');
const key = signingKey();
let folders = 0;
const newFolder = (): string => join(root, `folder-${++folders}`);

beforeAll(() => {
  // The store does not look into a graph: any bytes will do.
  mkdirSync(models);
  for (const gain of [4, 5, 6]) writeFileSync(join(models, `gain-${gain}.onnx`), Buffer.alloc(5000, gain));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Offered {
  readonly folder: string;
  readonly release: Release;
  readonly envelope: Buffer;
}

async function offered(counter: number, gain: number, overrides: Partial<Release> = {}): Promise<Offered> {
  const folder = newFolder();
  const release = await offeredFolder(folder, models, key, { counter, gain, overrides });
  return { folder, release, envelope: readFileSync(join(folder, 'release.dsse.json')) };
}

async function install(store: DiskReleaseStore, { folder, release, envelope }: Offered): Promise<string> {
  const { digest } = await store.stage(folder, envelope, release);
  await store.commit({ digest, variant: 'fp32', milliseconds: { fp32: 1 } }, release);
  await store.collectGarbage();
  return digest;
}

test('a committed release is read back whole; the one before is kept, older ones are deleted', async () => {
  const folder = newFolder();
  const store = await DiskReleaseStore.open(folder);
  const digests = [];
  for (const [counter, gain] of [
    [1, 4],
    [2, 5],
    [3, 6],
  ] as const) {
    digests.push(await install(store, await offered(counter, gain)));
  }
  const after = await DiskReleaseStore.open(folder);
  expect(after.current).toEqual({ digest: digests[2], variant: 'fp32', milliseconds: { fp32: 1 } });
  expect(after.previous?.digest).toBe(digests[1]);
  expect(after.highestCounter).toBe(3);
  expect((await after.read(digests[2] as string)).release.counter).toBe(3);
  expect(
    readdirSync(folder)
      .filter((name) => name.length === 64)
      .sort(),
  ).toEqual(digests.slice(1).sort());
});

test('a kill before any disk call of an installation leaves one of the two releases, whole [case 1] [case 2]', async () => {
  const first = await offered(1, 4);
  const second = await offered(2, 5);
  const outcomes = new Set<string>();
  for (let calls = 0; ; calls++) {
    const folder = newFolder();
    await install(await DiskReleaseStore.open(folder), first);
    const dying = crashingDisk(calls);
    let finished = false;
    try {
      await install(await DiskReleaseStore.open(folder, { disk: dying.disk }), second);
      finished = true;
    } catch (error) {
      expect((error as Error).name).toBe('Crash');
    }
    await dying.bury();
    const after = await DiskReleaseStore.open(folder);
    const current = await after.read(after.current?.digest as string);
    expect([sha256Of(first.envelope), sha256Of(second.envelope)]).toContain(current.digest);
    expect(after.highestCounter).toBeGreaterThanOrEqual(current.release.counter);
    expect(readdirSync(folder).filter((name) => name.startsWith('staging-'))).toEqual([]);
    outcomes.add(current.release.releaseId);
    // The offer is taken again after a kill, and must succeed.
    expect(await install(after, second)).toBe(sha256Of(second.envelope));
    if (finished) break;
    expect(calls).toBeLessThan(200);
  }
  expect(outcomes.size).toBe(2);
});

test('a disk that fills up at any call refuses with DISK_FULL or fails, and keeps the release before [case 14]', async () => {
  const first = await offered(1, 4);
  const second = await offered(2, 5);
  const full = (): Error => Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  for (let calls = 0; ; calls++) {
    const folder = newFolder();
    await install(await DiskReleaseStore.open(folder), first);
    const filling = crashingDisk(calls, full);
    let done = false;
    try {
      const store = await DiskReleaseStore.open(folder, { disk: filling.disk });
      await store.stage(second.folder, second.envelope, second.release);
      done = true;
    } catch (error) {
      expect(['DISK_FULL', 'ENOSPC']).toContain((error as { code: string }).code);
    }
    await filling.bury();
    const after = await DiskReleaseStore.open(folder);
    expect((await after.read(after.current?.digest as string)).release.counter).toBe(1);
    if (done) break;
  }
});

test.each<[string, string, (folder: string) => void]>([
  [
    'DIGEST_MISMATCH',
    'a flipped bit of the same size',
    (folder) => writeFileSync(join(folder, 'model-fp32.onnx'), Buffer.alloc(5000, 5)),
  ],
  ['SIZE_MISMATCH', 'a file cut short', (folder) => truncateSync(join(folder, 'model-fp32.onnx'), 100)],
  [
    'SIZE_MISMATCH',
    'a file that grew',
    (folder) => writeFileSync(join(folder, 'model-fp32.onnx'), Buffer.alloc(50_000, 4)),
  ],
  ['FILE_MISSING', 'a file deleted', (folder) => rmSync(join(folder, 'golden-0.png'))],
  [
    'FILE_MISSING',
    'a symbolic link in its place',
    (folder) => {
      rmSync(join(folder, 'golden-0.png'));
      symlinkSync('/etc/hostname', join(folder, 'golden-0.png'));
    },
  ],
])(
  '%s: %s, in the offered folder and in the store [case 10] [case 11] [case 12]',
  async (code, _, damage) => {
    const source = await offered(1, 4);
    const store = await DiskReleaseStore.open(newFolder());
    const { digest, folder } = await store.stage(source.folder, source.envelope, source.release);
    damage(folder);
    await expect(store.read(digest)).rejects.toMatchObject({ code });
    damage(source.folder);
    await expect(store.stage(source.folder, source.envelope, source.release)).rejects.toMatchObject({ code });
  },
);

test('refusals are remembered across restarts; only those of the model itself quarantine', async () => {
  const folder = newFolder();
  const store = await DiskReleaseStore.open(folder);
  const at = '2026-11-23T12:00:00.000Z';
  await store.recordRefusal({ releaseDigest: 'a'.repeat(64), code: 'GOLDEN_SAMPLE_MISMATCH', at });
  await store.recordRefusal({ releaseDigest: 'b'.repeat(64), code: 'COUNTER_TOO_LOW', at });
  const after = await DiskReleaseStore.open(folder);
  expect(after.quarantineOf({ releaseDigest: 'a'.repeat(64) })?.code).toBe('GOLDEN_SAMPLE_MISMATCH');
  expect(after.quarantineOf({ releaseDigest: 'b'.repeat(64) })).toBeUndefined();
  for (let index = 0; index < 30; index++) {
    await after.recordRefusal({ releaseDigest: index.toString(16).padStart(64, '0'), code: 'EXPIRED', at });
  }
  expect(after.refusals).toHaveLength(16);
  // A quarantine outlives refusals that cost nothing to find out again.
  expect(after.quarantineOf({ releaseDigest: 'a'.repeat(64) })?.code).toBe('GOLDEN_SAMPLE_MISMATCH');
});

test('a lost or damaged counter is found again from the releases that are kept [case 6]', async () => {
  const folder = newFolder();
  await install(await DiskReleaseStore.open(folder), await offered(7, 4));
  for (const text of ['', 'garbage', '-1']) {
    writeFileSync(join(folder, 'highest-counter'), text);
    expect((await DiskReleaseStore.open(folder)).highestCounter).toBe(7);
  }
});

test('[B13] codes of classes that have gone survive restarts; lost ones are found in the releases that are kept', async () => {
  const folder = newFolder();
  const withCodes = (counter: number, second: string, code: number) =>
    offered(counter, 4, {
      classes: ['bright', second],
      thresholds: { bright: 0.6, [second]: 0.6 },
      dispositionPolicy: {
        codes: { bright: 1, [second]: code },
        classes: { bright: 'pass', [second]: 'reject' },
        novel: 'review',
      },
    });
  const store = await DiskReleaseStore.open(folder);
  await install(store, await withCodes(1, 'dark', 2));
  await install(store, await withCodes(2, 'dull', 3));
  await install(store, await withCodes(3, 'dim', 4));
  const all = { bright: 1, dark: 2, dull: 3, dim: 4 };
  expect((await DiskReleaseStore.open(folder)).classCodes).toEqual(all);
  for (const text of ['', 'garbage', '[1]', '{"bright":"1"}']) {
    writeFileSync(join(folder, 'class-codes.json'), text);
    expect((await DiskReleaseStore.open(folder)).classCodes).toEqual({ bright: 1, dull: 3, dim: 4 });
  }
});

test('room is asked for before anything is written; the releases that are kept never give way [case 14]', async () => {
  const folder = newFolder();
  let releaseBytes = Number.MAX_SAFE_INTEGER;
  let free = Number.MAX_SAFE_INTEGER;
  const store = await DiskReleaseStore.open(folder, {
    limits: () => ({ releaseBytes, reserveBytes: 1_000_000 }),
    freeBytes: async () => free,
  });
  const first = await install(store, await offered(1, 4));
  const second = await install(store, await offered(2, 5));
  const third = await offered(3, 6);
  const stage = () => store.stage(third.folder, third.envelope, third.release);

  releaseBytes = 20_000;
  await expect(stage()).rejects.toMatchObject({
    code: 'DISK_FULL',
    message: expect.stringMatching(/needs \d+ bytes beside \d+ bytes .* storage.releaseBytes is 20000$/),
  });
  releaseBytes = Number.MAX_SAFE_INTEGER;
  free = 1_004_000;
  await expect(stage()).rejects.toMatchObject({
    code: 'DISK_FULL',
    message: expect.stringMatching(/storage.reserveBytes is 1000000; 1004000 bytes are free$/),
  });
  expect(
    readdirSync(folder)
      .filter((name) => name.length === 64)
      .sort(),
  ).toEqual([first, second].sort());
  free = Number.MAX_SAFE_INTEGER;
  await expect(stage()).resolves.toMatchObject({ release: { counter: 3 } });
});

type Opening = Parameters<typeof nodeDisk.open>;
type OpenFile = Awaited<ReturnType<typeof nodeDisk.open>>;

/** A disk that hands out files only after `change`. */
const diskWith = (change: (handle: OpenFile, opening: Opening) => void): typeof nodeDisk => ({
  ...nodeDisk,
  open: async (...opening: Opening) => {
    const handle = await nodeDisk.open(...opening);
    change(handle, opening);
    return handle;
  },
});

function delayWrites(handle: OpenFile, milliseconds: number): void {
  const write = handle.writeFile.bind(handle);
  handle.writeFile = async (...written) => {
    await setTimeout(milliseconds);
    return write(...written);
  };
}

async function expectGivenUp(disk: typeof nodeDisk, gain: number): Promise<void> {
  const folder = newFolder();
  const store = await DiskReleaseStore.open(folder, { disk, longestRead: 20 });
  const source = await offered(1, gain);
  await expect(store.stage(source.folder, source.envelope, source.release)).rejects.toMatchObject({
    code: 'TOO_SLOW',
    message: "'model-fp32.onnx' gave no data for 20 ms",
  });
  expect(readdirSync(folder)).toEqual([]);
}

test('a file that gives no data is given up, and nothing is left behind [case 10]', async () => {
  const slow = diskWith((handle, [path, flags]) => {
    if (String(path).endsWith('model-fp32.onnx') && typeof flags === 'number') {
      handle.read = () => new Promise<never>(() => undefined);
    }
  });
  await expectGivenUp(slow, 4);
});

test.each([1, 524_288, 524_289, 1_048_577, 1_500_000])(
  'a file of %i bytes is copied byte for byte, however slow the writing [case 10]',
  async (bytes) => {
    const content = randomBytes(bytes);
    writeFileSync(join(models, 'gain-7.onnx'), content);
    // The next chunk has been read by then.
    const slow = diskWith((handle) => delayWrites(handle, 5));
    const store = await DiskReleaseStore.open(newFolder(), { disk: slow });
    const source = await offered(1, 7);
    const stored = await store.stage(source.folder, source.envelope, source.release);
    expect((await store.readFile(stored, 'model-fp32.onnx')).equals(content)).toBe(true);
    await expect(store.read(stored.digest)).resolves.toMatchObject({ digest: stored.digest });
  },
);

test('a file whose second chunk does not come while the first is written is given up [case 10]', async () => {
  writeFileSync(join(models, 'gain-7.onnx'), randomBytes(1_500_000));
  const halting = diskWith((handle) => {
    const read = handle.read.bind(handle) as (...given: unknown[]) => ReturnType<typeof handle.read>;
    let reads = 0;
    handle.read = ((...given: unknown[]) =>
      ++reads === 1 ? read(...given) : new Promise<never>(() => undefined)) as typeof handle.read;
    delayWrites(handle, 60);
  });
  await expectGivenUp(halting, 7);
});

test('a time that has passed is remembered, written at most once an hour, and never goes back [case 7]', async () => {
  const folder = newFolder();
  const store = await DiskReleaseStore.open(folder);
  const noon = Date.parse('2026-11-23T12:00:00.000Z');
  await store.noteTime(noon);
  await store.noteTime(noon + 60_000);
  await store.noteTime(noon - 86_400_000);
  expect(store.latestTime).toBe(noon + 60_000);
  expect((await DiskReleaseStore.open(folder)).latestTime).toBe(noon);
  writeFileSync(join(folder, 'passed-time'), 'garbage');
  expect((await DiskReleaseStore.open(folder)).latestTime).toBe(0);
});

test('case 42: what a clock has said to an earlier component counts no more; what is signed does', async () => {
  const folder = newFolder();
  const release = await offered(1, 4);
  await install(await DiskReleaseStore.open(folder), release);
  writeFileSync(join(folder, 'latest-time'), '2099-01-01T00:00:00.000Z');
  const store = await DiskReleaseStore.open(folder);
  expect(store.latestTime).toBe(Date.parse(release.release.createdAt));
  expect(readdirSync(folder)).not.toContain('latest-time');
});

test('a release that is taken back gives way to the one before, for good [case 5]', async () => {
  const folder = newFolder();
  const store = await DiskReleaseStore.open(folder);
  const first = await install(store, await offered(1, 4));
  const second = await install(store, await offered(2, 5));
  const at = '2026-11-23T12:00:00.000Z';
  const reason = 'inference process ended with SIGSEGV';
  await store.revert({ releaseDigest: second, code: 'ENDED_ITS_PROCESS', reason, at });
  const after = await DiskReleaseStore.open(folder);
  expect(after.current?.digest).toBe(first);
  expect(after.previous).toBeUndefined();
  expect(after.quarantineOf({ releaseDigest: second })).toMatchObject({ code: 'ENDED_ITS_PROCESS', reason });
  await after.revert({ releaseDigest: first, code: 'LOAD_FAILED', at });
  expect((await DiskReleaseStore.open(folder)).current).toBeUndefined();
});

test.each([
  ['refused.json', '{}'],
  ['refused.json', '[null]'],
  ['refused.json', '[7, {"releaseDigest": 7}, [], {"code": "LOAD_FAILED"}]'],
  ['probation.json', '7'],
  ['current.json', '[null]'],
  ['current.json', '{"current": null, "previous": 7}'],
  ['current.json', '{"current": {"digest": "../elsewhere", "variant": "fp32", "milliseconds": {}}}'],
  ['class-codes.json', '[null]'],
])('case 49: a %s that is %s counts as absent, and keeps no release out', async (name, text) => {
  const folder = newFolder();
  await install(await DiskReleaseStore.open(folder), await offered(1, 4));
  writeFileSync(join(folder, name), text);
  const store = await DiskReleaseStore.open(folder);
  expect(store.refusals).toEqual([]);
  expect(await store.probation()).toBeUndefined();
  expect(store.current === undefined).toBe(name === 'current.json');
  expect(store.quarantineOf({ releaseDigest: 'a'.repeat(64) })).toBeUndefined();
  expect(await install(store, await offered(2, 5))).toBe(store.current?.digest);
});
