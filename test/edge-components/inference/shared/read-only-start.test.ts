/** A disk that fails is mounted read-only by Linux: what is on it can be served, and nothing can be kept. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CaptureSpool } from '../../../../edge-components/inference/src/captures/capture-spool';
import { SharpImageDecoder } from '../../../../edge-components/inference/src/models/image-decoder';
import { DiskReleaseStore } from '../../../../edge-components/inference/src/releases/release-store';
import { Outbox } from '../../../../edge-components/inference/src/results/outbox';
import { nodeDisk } from '../../../../edge-components/inference/src/shared/durable-file';
import { RunMarker } from '../../../../edge-components/inference/src/shared/run-marker';
import { type DiskCall, diskError, faultyDisk } from '../../crashing-disk';
import { silent } from '../../fake-device';
import { offeredFolder, signingKey, temporaryFolder } from '../../release-fixture';

const root = temporaryFolder();
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Folders that are there can be made again, and files can be read. */
function isRefused({ name, parameters }: DiskCall): boolean {
  if (name === 'open') return typeof parameters[1] === 'string' && parameters[1] !== 'r';
  return ['rename', 'rm', 'unlink', 'write', 'writeFile', 'appendFile', 'truncate'].includes(name);
}
const { disk } = faultyDisk((call) => (isRefused(call) ? diskError('EROFS') : undefined));
const limits = { maximumBytes: 1 << 20, batchRecords: 10, flushMilliseconds: 50, messageBytes: 5_120 };

test('case 49: a start on a read-only disk brings the release of before back, and sends what waits', async () => {
  const folder = join(root, 'device');
  const offered = join(root, 'offered');
  mkdirSync(join(root, 'models'));
  writeFileSync(join(root, 'models', 'gain-4.onnx'), 'gain 4');
  const release = await offeredFolder(offered, join(root, 'models'), signingKey(), { counter: 1 });
  const store = await DiskReleaseStore.open(join(folder, 'releases'));
  const envelope = readFileSync(join(offered, 'release.dsse.json'));
  const { digest } = await store.stage(offered, envelope, release);
  await store.commit({ digest, variant: 'fp32', milliseconds: { fp32: 1 } }, release);
  // What a kill has left is in the way of nothing.
  mkdirSync(join(folder, 'releases', 'staging-000000000000'));
  const outbox = await Outbox.open(join(folder, 'outbox'), () => limits);
  await outbox.append('{"a":1}');
  await outbox.close();
  const spool = (on = nodeDisk) =>
    CaptureSpool.open(
      {
        folder: join(folder, 'captures'),
        store: { put: async () => undefined },
        useCase: 'line',
        deviceId: 'line-1',
        upload: () => ({}) as never,
        captureBucket: () => 'captures',
        clock: { now: () => 0, monotonic: () => 0 },
        decoder: new SharpImageDecoder(),
        log: silent,
        random: () => 0,
      },
      on,
    );
  await spool();
  writeFileSync(join(folder, 'captures', 'half.jpg'), 'left by a kill');

  expect((await DiskReleaseStore.open(join(folder, 'releases'), { disk })).current?.digest).toBe(digest);
  const reopened = await Outbox.open(join(folder, 'outbox'), () => limits, { disk });
  expect(await reopened.nextBatch(true)).toMatchObject({ records: ['{"a":1}'] });
  await expect(reopened.append('{"a":2}')).rejects.toThrow('EROFS');
  expect(reopened.dropped).toBe(1);
  await spool(disk);
});

test.each(['EROFS', 'ENOSPC'] as const)(
  'case 49: a start that can leave no mark (%s) starts all the same',
  async (code) => {
    const folder = join(root, code);
    mkdirSync(folder);
    const refuse = () => Promise.reject(diskError(code));
    const marker = await RunMarker.put(folder, { writeFile: refuse, replaceFile: refuse });
    expect(marker.endedUncleanly).toBe(false);
    await marker.remove();
    await RunMarker.put(folder);
    const readOnly = await RunMarker.put(folder, {
      writeFile: () => Promise.reject(diskError('EROFS')),
      replaceFile: refuse,
    });
    expect(readOnly.endedUncleanly).toBe(true);
  },
);
