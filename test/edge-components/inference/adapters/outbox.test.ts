import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { Outbox, type OutboxLimits } from '../../../../edge-components/inference/src/adapters/outbox';
import { encodeRecord, salvage } from '../../../../edge-components/inference/src/domain/outbox-records';
import { crashingDisk } from '../../crashing-disk';
import { temporaryFolder } from '../../release-fixture';

const limits: OutboxLimits = { maximumBytes: 1_000_000, batchRecords: 4, flushMilliseconds: 50 };
const folders: string[] = [];
const newFolder = (): string => {
  const folder = temporaryFolder();
  folders.push(folder);
  return folder;
};
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const record = (index: number): string => JSON.stringify({ index });
const indexOf = (json: string): number => (JSON.parse(json) as { index: number }).index;
const segmentsOf = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .sort();

async function sendAll(outbox: Outbox): Promise<{ indices: number[]; dropped: number; ids: string[] }> {
  const indices: number[] = [];
  const ids: string[] = [];
  let dropped = 0;
  for (let batch = await outbox.nextBatch(true); batch; batch = await outbox.nextBatch(true)) {
    indices.push(...batch.records.map(indexOf));
    ids.push(batch.batchId);
    dropped += batch.droppedRecords;
    await outbox.acknowledge(batch.batchId);
  }
  return { indices, dropped, ids };
}

test('records come out in order, in batches of at most the configured number', async () => {
  const outbox = await Outbox.open(newFolder(), () => limits);
  await Promise.all(Array.from({ length: 10 }, (_, index) => outbox.append(record(index))));
  const first = await outbox.nextBatch(true);
  expect(first?.records).toHaveLength(4);
  expect(await outbox.nextBatch(true)).toEqual(first);
  expect((await sendAll(outbox)).indices).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(outbox.records).toBe(0);
  await outbox.close();
});

test('an unfinished batch is due only after the flush interval', async () => {
  let time = 0;
  const outbox = await Outbox.open(
    newFolder(),
    () => limits,
    () => time,
  );
  await outbox.append(record(1));
  expect(await outbox.nextBatch()).toBeUndefined();
  time = 50;
  expect((await outbox.nextBatch())?.records).toEqual([record(1)]);
  await outbox.close();
});

test('a flush takes the appends that are under way along', async () => {
  const outbox = await Outbox.open(newFolder(), () => limits);
  const appends = [outbox.append(record(1)), outbox.append(record(2))];
  expect((await outbox.nextBatch(true))?.records).toEqual([record(1), record(2)]);
  await Promise.all(appends);
  await outbox.close();
});

test('a batch sent again after a crash has the same id and records', async () => {
  const folder = newFolder();
  const before = await Outbox.open(folder, () => limits);
  for (let index = 0; index < 6; index++) await before.append(record(index));
  const first = await before.nextBatch(true);
  await before.close();
  const after = await Outbox.open(folder, () => limits);
  expect(await after.nextBatch(true)).toEqual(first);
  await after.acknowledge(first?.batchId as string);
  const rest = await sendAll(after);
  expect(rest.indices).toEqual([4, 5]);
  await after.close();
});

test('ids never repeat, also when the outbox was empty at the restart', async () => {
  const folder = newFolder();
  const ids: string[] = [];
  for (let start = 0; start < 5; start++) {
    const outbox = await Outbox.open(folder, () => limits);
    await outbox.append(record(start));
    ids.push(...(await sendAll(outbox)).ids);
    await outbox.close();
  }
  expect(new Set(ids).size).toBe(5);
  expect(ids).toEqual([...ids].sort());
});

test('a full outbox lets the oldest go and counts them; the next batch reports the count once [case 29]', async () => {
  const folder = newFolder();
  const small = { ...limits, maximumBytes: 400 };
  const outbox = await Outbox.open(folder, () => small);
  for (let index = 0; index < 60; index++) await outbox.append(record(index));
  expect(outbox.bytes).toBeLessThanOrEqual(400);
  const dropped = outbox.dropped;
  await outbox.close();
  const restarted = await Outbox.open(folder, () => small);
  const sent = await sendAll(restarted);
  expect(sent.dropped).toBe(dropped);
  expect(sent.indices).toEqual(Array.from({ length: 60 - dropped }, (_, index) => index + dropped));
});

test('a damaged segment: what is readable is sent, what is not is counted and put aside [case 30]', async () => {
  const folder = newFolder();
  const before = await Outbox.open(folder, () => limits);
  for (let index = 0; index < 8; index++) await before.append(record(index));
  await before.close();
  const path = join(folder, segmentsOf(folder)[0] as string);
  const bytes = readFileSync(path);
  bytes[12] = (bytes[12] as number) ^ 0xff;
  writeFileSync(path, bytes);
  const after = await Outbox.open(folder, () => limits);
  expect(after.corrupted).toBe(1);
  expect(await sendAll(after)).toMatchObject({ indices: [1, 2, 3, 4, 5, 6, 7], dropped: 1 });
  expect(readdirSync(join(folder, 'quarantine'))).toHaveLength(1);
});

test('a disk that is full refuses the record, counts it, and takes the next when there is room again [case 14]', async () => {
  const folder = newFolder();
  const full = (): Error => Object.assign(new Error('no space'), { code: 'ENOSPC' });
  let room = true;
  const { disk } = crashingDisk(Number.POSITIVE_INFINITY);
  const limited = {
    ...disk,
    open: (async (...parameters: Parameters<typeof disk.open>) => {
      const isAppend = parameters[1] === 'ax';
      if (isAppend && !room) throw full();
      return disk.open(...parameters);
    }) as typeof disk.open,
  };
  const outbox = await Outbox.open(folder, () => limits, undefined, limited);
  room = false;
  await expect(outbox.append(record(1))).rejects.toThrow('no space');
  room = true;
  await outbox.append(record(2));
  expect(await sendAll(outbox)).toMatchObject({ indices: [2], dropped: 1 });
  await outbox.close();
});

test('whatever the bytes, salvaging answers, and finds every whole record among noise [case 30]', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.nat(1000),
          fc.string({ maxLength: 20 }).map((text) => text.replaceAll('\n', '')),
        ),
      ),
      (lines) => {
        const written = lines.map((line) =>
          typeof line === 'number' ? encodeRecord(record(line)) : `${line}\n`,
        );
        const { records } = salvage(Buffer.from(written.join('')));
        expect(records.map(indexOf)).toEqual(lines.filter((line) => typeof line === 'number'));
      },
    ),
  );
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void salvage(Buffer.from(bytes))));
});

/** What the test does to the outbox; `crash` kills it after so many further disk calls. */
type Step = { kind: 'append' } | { kind: 'acknowledge' } | { kind: 'crash'; after: number };

test('any interleaving of append, send, acknowledge and crash: no confirmed record is lost, none is sent under two ids', async () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.constant<Step>({ kind: 'append' }) },
    { weight: 2, arbitrary: fc.constant<Step>({ kind: 'acknowledge' }) },
    { weight: 1, arbitrary: fc.nat(12).map<Step>((after) => ({ kind: 'crash', after })) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const folder = newFolder();
      const confirmed = new Set<number>();
      const received = new Map<number, string>();
      let next = 0;
      const receive = (batchId: string, records: readonly string[]): void => {
        for (const json of records) {
          const known = received.get(indexOf(json));
          expect(known === undefined || known === batchId).toBe(true);
          received.set(indexOf(json), batchId);
        }
      };
      const act = async (outbox: Outbox, { kind }: Step): Promise<void> => {
        if (kind === 'append') {
          const index = next++;
          await outbox.append(record(index));
          confirmed.add(index);
        } else if (kind === 'acknowledge') {
          const batch = await outbox.nextBatch(true);
          if (!batch) return;
          receive(batch.batchId, batch.records);
          await outbox.acknowledge(batch.batchId);
        }
      };
      let outbox = await Outbox.open(folder, () => limits);
      for (const [position, current] of steps.entries()) {
        if (current.kind !== 'crash') {
          await act(outbox, current);
          continue;
        }
        // Runs the next step on a disk that dies under it, then starts again from what is there.
        await outbox.close();
        const dying = crashingDisk(current.after);
        try {
          const victim = await Outbox.open(folder, () => limits, undefined, dying.disk);
          await act(victim, steps[position + 1] ?? { kind: 'append' });
          await act(victim, { kind: 'append' });
        } catch (error) {
          expect((error as Error).name).toBe('Crash');
        }
        await dying.bury();
        outbox = await Outbox.open(folder, () => limits);
      }
      for (let batch = await outbox.nextBatch(true); batch; batch = await outbox.nextBatch(true)) {
        receive(batch.batchId, batch.records);
        await outbox.acknowledge(batch.batchId);
      }
      await outbox.close();
      for (const index of confirmed) expect(received.has(index)).toBe(true);
    }),
    { numRuns: 60 },
  );
});
