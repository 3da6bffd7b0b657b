import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DropFile } from '../../../../edge-components/inference/src/results/drop-file';
import { Outbox } from '../../../../edge-components/inference/src/results/outbox';
import { nodeDisk } from '../../../../edge-components/inference/src/shared/durable-file';
import { type DiskCall, diskError, faultyDisk, needsRoom } from '../../crashing-disk';
import { temporaryFolder } from '../../release-fixture';

const root = temporaryFolder();
let folders = 0;
function newFolder(): string {
  const folder = join(root, `folder-${++folders}`);
  mkdirSync(folder);
  return folder;
}
afterAll(() => rmSync(root, { recursive: true, force: true }));

const limits = { maximumBytes: 1 << 20, batchRecords: 10, flushMilliseconds: 50, messageBytes: 5_120 };
let isFull = false;
/** The folder is there: making it again takes nothing. */
const isRefused = (call: DiskCall): boolean => isFull && call.name !== 'mkdir' && needsRoom(call);
const { disk } = faultyDisk((call) => (isRefused(call) ? diskError('ENOSPC') : undefined));
beforeEach(() => {
  isFull = false;
});

test('case 49: what a full disk has refused is counted although the component is killed before there is room', async () => {
  const folder = newFolder();
  const outbox = await Outbox.open(folder, () => limits, { disk });
  await outbox.append('{"a":0}');
  isFull = true;
  for (let index = 1; index <= 5; index++) {
    await expect(outbox.append(`{"a":${index}}`)).rejects.toThrow('ENOSPC');
  }
  // Killed: nothing of the process before is asked any more, and the disk is as full as it was.
  const next = await Outbox.open(folder, () => limits, { disk });
  isFull = false;
  await next.append('{"a":6}');
  const batches: (number | undefined)[] = [];
  for (let batch = await next.nextBatch(true); batch; batch = await next.nextBatch(true)) {
    batches.push(batch.droppedRecords);
    await next.published(batch.batchId);
  }
  // The batch of before may have been sent before the kill: it takes no new count.
  expect(batches).toEqual([0, 5]);
});

test('the count that was written last is read, wherever it was written', async () => {
  const folder = newFolder();
  const file = new DropFile(folder, disk);
  expect(await file.read()).toEqual({ unreported: 0, reported: {} });
  expect(await file.write({ unreported: 1, reported: {} })).toBe(true);
  isFull = true;
  expect(await file.write({ unreported: 2, reported: { batch: 3 } })).toBe(true);
  isFull = false;
  expect(await new DropFile(folder, disk).read()).toEqual({ unreported: 2, reported: { batch: 3 } });
  const later = new DropFile(folder, disk);
  await later.read();
  await later.write({ unreported: 7, reported: {} });
  expect(await new DropFile(folder, disk).read()).toEqual({ unreported: 7, reported: {} });
});

test.each([
  ['cut off', (text: string) => text.slice(0, 30)],
  ['of another checksum', (text: string) => text.replace('"unreported":2', '"unreported":9')],
  ['empty', () => ''],
])('a write in place that is %s leaves the count before it', async (_, damage) => {
  const folder = newFolder();
  const file = new DropFile(folder, disk);
  await file.read();
  await file.write({ unreported: 1, reported: {} });
  isFull = true;
  await file.write({ unreported: 2, reported: {} });
  const path = join(folder, 'dropped.room');
  writeFileSync(path, damage(readFileSync(path, 'utf8')));
  expect(await new DropFile(folder, nodeDisk).read()).toEqual({ unreported: 1, reported: {} });
});

test('what a disk does not take at all, and what has no room, is said not to be written', async () => {
  const folder = newFolder();
  isFull = true;
  expect(await new DropFile(folder, disk).write({ unreported: 1, reported: {} })).toBe(false);
  isFull = false;
  const file = new DropFile(folder, disk);
  await file.read();
  isFull = true;
  const reported = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`batch-${index}`, 1]));
  expect(await file.write({ unreported: 0, reported })).toBe(false);
  expect(await file.write({ unreported: 4, reported: {} })).toBe(true);
});
