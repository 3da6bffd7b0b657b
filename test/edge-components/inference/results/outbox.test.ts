import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { compressRecords } from '../../../../contracts/compressed-records';
import {
  type Batch,
  Outbox,
  type OutboxLimits,
} from '../../../../edge-components/inference/src/results/outbox';
import {
  envelopeBytes,
  LARGEST_MESSAGE_BYTES,
  METERING_UNIT_BYTES,
  resultsMessage,
} from '../../../../edge-components/inference/src/results/results-message';
import { type Disk, nodeDisk } from '../../../../edge-components/inference/src/shared/durable-file';
import { crashingDisk, diskError, faultyDisk, needsRoom } from '../../crashing-disk';
import { temporaryFolder } from '../../release-fixture';
import { resultsIn } from '../../results-messages';

const limits: OutboxLimits = {
  maximumBytes: 1_000_000,
  batchRecords: 4,
  flushMilliseconds: 50,
  messageBytes: 5120,
};
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

/**
 * A record of this many bytes, or somewhat more when it is too small for its fields. It does not compress: in a message it
 * has about the same size.
 */
const sized = (index: number, bytes: number): string => {
  const length = Math.max(0, bytes - JSON.stringify({ index, filler: '' }).length);
  const digests = Array.from({ length: Math.ceil(length / 43) }, (_, part) =>
    createHash('sha256').update(`${index} ${part}`).digest('base64url'),
  );
  return JSON.stringify({ index, filler: digests.join('').slice(0, length) });
};

async function sendAll(
  outbox: Outbox,
  sent = new Map<number, string>(),
): Promise<{ indices: number[]; dropped: number; ids: string[] }> {
  const indices: number[] = [];
  const ids: string[] = [];
  let dropped = 0;
  // As the sender does: a disk that fails once is tried again.
  const next = (): Promise<Batch | undefined> => outbox.nextBatch(true).catch(() => outbox.nextBatch(true));
  for (let batch = await next(); batch; batch = await next()) {
    indices.push(...batch.records.map(indexOf));
    for (const json of batch.records) sent.set(indexOf(json), batch.batchId);
    ids.push(batch.batchId);
    dropped += batch.droppedRecords;
    await outbox.published(batch.batchId);
  }
  return { indices, dropped, ids };
}

/** A batch of a life before may have been sent in it, so what was dropped since is told by one of this life. */
async function sendAllAndOneMore(outbox: Outbox, sent?: Map<number, string>): ReturnType<typeof sendAll> {
  const all = await sendAll(outbox, sent);
  await outbox.append(record(Number.MAX_SAFE_INTEGER));
  const { dropped } = await sendAll(outbox);
  return { ...all, dropped: all.dropped + dropped };
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

test('a camera that never pauses fills its batches: what comes during a write goes into the same one', async () => {
  const writes: (() => void)[] = [];
  const open: Disk['open'] = async (...parameters) => {
    const handle = await nodeDisk.open(...parameters);
    const datasync = handle.datasync.bind(handle);
    const released = () => new Promise<void>((resolve) => writes.push(resolve));
    return Object.assign(handle, { datasync: () => released().then(datasync) });
  };
  const folder = newFolder();
  const large = { ...limits, batchRecords: 50, flushMilliseconds: 60_000 };
  const outbox = await Outbox.open(folder, () => large, { disk: { ...nodeDisk, open } });
  const appends: Promise<void>[] = [];
  for (let index = 0; index < 20; index += 2) {
    appends.push(outbox.append(record(index)), outbox.append(record(index + 1)));
    while (writes.length === 0) await new Promise(setImmediate);
    // While one is being written the next come.
    appends.push(outbox.append(record(100 + index)));
    writes.shift()?.();
  }
  const ended = Promise.all(appends);
  let isEnded = false;
  void ended.then(() => {
    isEnded = true;
  });
  while (!isEnded) {
    writes.shift()?.();
    await new Promise(setImmediate);
  }
  expect(segmentsOf(folder)).toHaveLength(1);
  expect(outbox.records).toBe(30);
  await outbox.close();
});

test('an unfinished batch is due only after the flush interval', async () => {
  let time = 0;
  const outbox = await Outbox.open(newFolder(), () => limits, { monotonic: () => time });
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
  await after.published(first?.batchId as string);
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
  const sent = await sendAllAndOneMore(restarted);
  expect(sent.dropped).toBe(dropped);
  expect(sent.indices).toEqual(Array.from({ length: 60 - dropped }, (_, index) => index + dropped));
});

test('[L5] a batch that may have been sent in a life before tells no new drops: the cloud counts its id once', async () => {
  const folder = newFolder();
  const before = await Outbox.open(folder, () => limits);
  await before.append(record(0));
  await before.nextBatch(true);
  await before.close();
  const after = await Outbox.open(folder, () => limits);
  await expect(after.append('no record')).rejects.toThrow('JSON object');
  await after.append(record(1));
  expect((await after.nextBatch(true))?.droppedRecords).toBe(0);
  await after.published((await after.nextBatch(true))?.batchId as string);
  expect((await after.nextBatch(true))?.droppedRecords).toBe(1);
  await after.close();
});

test('[L5] several batches on their way each keep what they tell, also when they are sent again', async () => {
  let time = 0;
  const outbox = await Outbox.open(newFolder(), () => limits, {
    monotonic: () => time,
    resendMilliseconds: () => 100,
  });
  const told: number[] = [];
  for (let index = 0; index < 3; index++) {
    await outbox.append('no record').catch(() => undefined);
    await outbox.append(record(index));
    const batch = (await outbox.nextBatch(true)) as Batch;
    told.push(batch.droppedRecords);
    await outbox.published(batch.batchId);
  }
  expect(told).toEqual([1, 1, 1]);
  expect(outbox.records).toBe(3);
  time = 100;
  const again = await outbox.nextBatch(true);
  expect(again).toMatchObject({ droppedRecords: 1, isSentAgain: true, records: [record(0)] });
  await outbox.confirm({ stream: again?.batchId.slice(0, 17) as string, received: [[1, 3]] });
  expect(outbox.records).toBe(0);
  expect(await outbox.nextBatch(true)).toBeUndefined();
  await outbox.close();
});

test('[L5] a full outbox lets the oldest go, sent or not, and hands on what it has told', async () => {
  const outbox = await Outbox.open(newFolder(), () => ({ ...limits, maximumBytes: 400 }), {
    resendMilliseconds: () => 1_000,
  });
  await outbox.append('no record').catch(() => undefined);
  await outbox.append(record(0));
  const first = (await outbox.nextBatch(true)) as Batch;
  expect(first.droppedRecords).toBe(1);
  await outbox.published(first.batchId);
  for (let index = 1; index < 60; index++) await outbox.append(record(index));
  const { dropped } = outbox;
  expect(dropped).toBeGreaterThan(40);
  expect((await sendAll(outbox)).dropped).toBe(dropped);
  await outbox.close();
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
  expect(await sendAllAndOneMore(after)).toMatchObject({ indices: [1, 2, 3, 4, 5, 6, 7], dropped: 1 });
  expect(readdirSync(join(folder, 'quarantine'))).toHaveLength(1);
});

/** One life of an outbox with everything that touches the disk: refused, sent, dropped and acknowledged records. */
async function live(
  outbox: Outbox,
  told: { confirmed: Set<number>; refused: Set<number>; sent: Map<number, string>; reported: number },
): Promise<void> {
  const append = async (index: number): Promise<void> => {
    try {
      await outbox.append(sized(index, 150));
      told.confirmed.add(index);
    } catch {
      told.refused.add(index);
    }
  };
  const send = async (): Promise<void> => {
    const batch = await outbox.nextBatch(true);
    if (!batch) return;
    for (const json of batch.records) {
      const known = told.sent.get(indexOf(json));
      expect(known === undefined || known === batch.batchId).toBe(true);
      told.sent.set(indexOf(json), batch.batchId);
    }
    await outbox.published(batch.batchId);
    told.reported += batch.droppedRecords;
  };
  const first = told.confirmed.size + told.refused.size;
  for (let index = first; index < first + 9; index++) await append(index);
  await send();
  for (let index = first + 9; index < first + 12; index++) await append(index);
  await send();
  await outbox.close();
}

const newTold = () => ({
  confirmed: new Set<number>(),
  refused: new Set<number>(),
  sent: new Map<number, string>(),
  reported: 0,
});
/** Three segments of three records each are too much: one is dropped. */
const tight = { ...limits, batchRecords: 3, maximumBytes: 1_200 };

test('a kill before any disk call of a life: what was confirmed is sent or counted as dropped [case 30]', async () => {
  const damaged = async (): Promise<string> => {
    const folder = newFolder();
    const before = await Outbox.open(folder, () => tight);
    for (let index = -6; index < 0; index++) await before.append(sized(index, 150));
    await before.close();
    const path = join(folder, segmentsOf(folder)[0] as string);
    writeFileSync(path, readFileSync(path, 'utf8').replace('"index":-5', '"index":-9'));
    return folder;
  };
  for (let calls = 0; ; calls++) {
    const folder = await damaged();
    const told = newTold();
    const dying = crashingDisk(calls);
    try {
      await live(await Outbox.open(folder, () => tight, { disk: dying.disk }), told);
    } catch (error) {
      expect((error as Error).name).toBe('Crash');
    }
    await dying.bury();
    const after = await Outbox.open(folder, () => tight);
    const rest = await sendAllAndOneMore(after, told.sent);
    const lost = [...told.confirmed].filter((index) => !told.sent.has(index));
    expect(rest.dropped + told.reported).toBeGreaterThanOrEqual(lost.length);
    expect(rest.indices).toEqual([...rest.indices].sort((left, right) => left - right));
    await after.close();
    if (dying.used() <= calls) break;
    expect(calls).toBeLessThan(500);
  }
}, 60_000);

describe.each(['ENOSPC', 'EIO'] as const)('case 14: a disk that answers %s', (code) => {
  test('at any one call: nothing that was confirmed is lost, what was refused is counted, and the rest goes on', async () => {
    for (let failing = 0; ; failing++) {
      const folder = newFolder();
      const told = newTold();
      const faulty = faultyDisk(({ index }) => (index === failing ? diskError(code) : undefined));
      const outbox = await Outbox.open(folder, () => limits, { disk: faulty.disk }).catch(() => undefined);
      if (outbox) {
        await live(outbox, told).catch(() => live(outbox, told));
        const rest = await sendAll(outbox, told.sent);
        expect([...told.confirmed].filter((index) => !told.sent.has(index))).toEqual([]);
        expect(rest.dropped + told.reported).toBe(told.refused.size);
      }
      if (faulty.used() <= failing) break;
      expect(failing).toBeLessThan(500);
    }
  }, 60_000);

  test('to every call that needs room: what is there is sent all the same, and writing goes on when there is room', async () => {
    const folder = newFolder();
    let full = false;
    const { disk } = faultyDisk((call) => (full && needsRoom(call) ? diskError(code) : undefined));
    const outbox = await Outbox.open(folder, () => limits, { disk });
    for (let index = 0; index < 6; index++) await outbox.append(record(index));
    full = true;
    for (let index = 6; index < 9; index++) {
      await expect(outbox.append(record(index))).rejects.toThrow(code);
    }
    // The count of drops has its room already, and is reported with what is there.
    expect(await sendAll(outbox)).toMatchObject({ indices: [0, 1, 2, 3, 4, 5], dropped: 3 });
    full = false;
    await outbox.append(record(9));
    expect(await sendAll(outbox)).toMatchObject({ indices: [9], dropped: 0 });
    expect(outbox.dropped).toBe(3);
    await outbox.close();
    expect(segmentsOf(folder)).toEqual([]);
  });

  test('from the start on: the outbox opens, sends what is there, and takes records when it can', async () => {
    const folder = newFolder();
    const before = await Outbox.open(folder, () => limits);
    for (let index = 0; index < 6; index++) await before.append(record(index));
    await before.close();
    const path = join(folder, segmentsOf(folder)[0] as string);
    writeFileSync(path, readFileSync(path, 'utf8').replace('"index":1', '"index":7'));
    let full = true;
    const { disk } = faultyDisk((call) =>
      full && needsRoom(call) && call.name !== 'mkdir' ? diskError(code) : undefined,
    );
    const outbox = await Outbox.open(folder, () => limits, { disk });
    await expect(outbox.append(record(6))).rejects.toThrow(code);
    expect((await sendAll(outbox)).indices).toEqual([0, 2, 3, 4, 5]);
    full = false;
    await outbox.append(record(7));
    // The damaged record and the refused one.
    expect(await sendAll(outbox)).toMatchObject({ indices: [7], dropped: 2 });
    await outbox.close();
  });
});

describe('case 14: a write that cannot be synced', () => {
  const failing = (...names: string[]) => {
    let isFailing = false;
    const { disk } = faultyDisk(({ name }) =>
      isFailing && names.includes(name) ? diskError('EIO') : undefined,
    );
    return { disk, fail: (value: boolean) => (isFailing = value) };
  };

  test('is not confirmed, is counted, and is not sent: not now', async () => {
    // Not even cutting it off again works.
    const { disk, fail } = failing('datasync', 'truncate');
    const outbox = await Outbox.open(newFolder(), () => limits, { disk });
    await outbox.append(record(0));
    fail(true);
    await expect(outbox.append(record(1))).rejects.toThrow('EIO');
    fail(false);
    await outbox.append(record(2));
    expect(await sendAll(outbox)).toMatchObject({ indices: [0, 2], dropped: 1 });
  });

  test('and not after the next start', async () => {
    const folder = newFolder();
    const { disk, fail } = failing('datasync');
    const before = await Outbox.open(folder, () => limits, { disk });
    await before.append(record(0));
    fail(true);
    await expect(before.append(record(1))).rejects.toThrow('EIO');
    await before.close();
    const after = await Outbox.open(folder, () => limits);
    expect(await sendAllAndOneMore(after)).toMatchObject({ indices: [0], dropped: 1 });
  });
});

test('case 14: the oldest that make room on a full disk are counted, also over a restart', async () => {
  const folder = newFolder();
  const { disk } = faultyDisk(({ name, parameters }) =>
    isFull && name === 'open' && String(parameters[0]).endsWith('dropped.json.tmp')
      ? diskError('ENOSPC')
      : undefined,
  );
  let isFull = false;
  let current = limits;
  const before = await Outbox.open(folder, () => current, {
    // Deleting a segment makes room.
    disk: {
      ...disk,
      rm: async (...all: Parameters<typeof disk.rm>) => {
        await disk.rm(...all);
        if (String(all[0]).endsWith('.log')) isFull = false;
      },
    },
  });
  for (let index = 0; index < 8; index++) await before.append(sized(index, 100));
  current = { ...limits, maximumBytes: 700 };
  isFull = true;
  await before.append(sized(8, 100));
  await before.close();
  const after = await Outbox.open(folder, () => limits);
  expect(await sendAllAndOneMore(after)).toMatchObject({ indices: [4, 5, 6, 7, 8], dropped: 4 });
});

test('a batch that is sent again is the same, whatever has become of its file', async () => {
  const folder = newFolder();
  const outbox = await Outbox.open(folder, () => limits);
  for (let index = 0; index < 4; index++) await outbox.append(record(index));
  const first = await outbox.nextBatch();
  writeFileSync(join(folder, segmentsOf(folder)[0] as string), 'damaged\n');
  expect(await outbox.nextBatch()).toEqual(first);
});

test('case 30: damage is counted once, however often the component starts', async () => {
  const folder = newFolder();
  const before = await Outbox.open(folder, () => limits);
  for (let index = 0; index < 4; index++) await before.append(record(index));
  await before.close();
  const path = join(folder, segmentsOf(folder)[0] as string);
  writeFileSync(path, readFileSync(path, 'utf8').replace('"index":1', '"index":7'));
  const corrupted = [];
  for (let start = 0; start < 3; start++) corrupted.push((await Outbox.open(folder, () => limits)).corrupted);
  expect(corrupted).toEqual([1, 0, 0]);
  expect(await sendAllAndOneMore(await Outbox.open(folder, () => limits))).toMatchObject({
    indices: [0, 2, 3],
    dropped: 1,
  });
});

describe('case 30: a segment that cannot be read', () => {
  const unreadable = async (): Promise<{ folder: string; name: string }> => {
    const folder = newFolder();
    const before = await Outbox.open(folder, () => limits);
    for (let index = 0; index < 8; index++) await before.append(record(index));
    await before.close();
    return { folder, name: segmentsOf(folder)[0] as string };
  };

  test('while it waits: after three attempts its records are counted, and the next ones go', async () => {
    let broken = '';
    const { disk } = faultyDisk(({ name, parameters }) =>
      broken && name === 'readFile' && String(parameters[0]).endsWith(broken) ? diskError('EIO') : undefined,
    );
    const { folder, name } = await unreadable();
    const outbox = await Outbox.open(folder, () => limits, { disk });
    broken = name;
    for (const _ of [1, 2]) await expect(outbox.nextBatch()).rejects.toThrow('EIO');
    expect(await sendAllAndOneMore(outbox)).toMatchObject({ indices: [4, 5, 6, 7], dropped: 4 });
    expect(outbox.corrupted).toBe(4);
    expect(readdirSync(join(folder, 'quarantine'))).toEqual([name]);
  });

  test('that is readable at the third attempt is sent', async () => {
    let attempts = 0;
    const { disk } = faultyDisk(({ name, parameters }) =>
      name === 'readFile' && String(parameters[0]).endsWith('.log') && ++attempts > 2 && attempts < 5
        ? diskError('EIO')
        : undefined,
    );
    const { folder } = await unreadable();
    const outbox = await Outbox.open(folder, () => limits, { disk });
    for (const _ of [1, 2]) await expect(outbox.nextBatch()).rejects.toThrow('EIO');
    expect((await sendAll(outbox)).indices).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(outbox.corrupted).toBe(0);
  });

  test('at the start: the component starts, and at least one record is counted', async () => {
    const { folder, name } = await unreadable();
    const { disk } = faultyDisk(({ parameters, name: call }) =>
      call === 'readFile' && String(parameters[0]).endsWith(name) ? diskError('EIO') : undefined,
    );
    const outbox = await Outbox.open(folder, () => limits, { disk });
    expect(outbox.corrupted).toBe(1);
    expect((await sendAll(outbox)).indices).toEqual([4, 5, 6, 7]);
  });

  test('because somebody has deleted it: its records are counted at once', async () => {
    const { folder, name } = await unreadable();
    const outbox = await Outbox.open(folder, () => limits);
    rmSync(join(folder, name));
    expect(await sendAllAndOneMore(outbox)).toMatchObject({ indices: [4, 5, 6, 7], dropped: 4 });
  });

  test('because it was damaged while it waited: the rest of it goes, under its id', async () => {
    const { folder, name } = await unreadable();
    const outbox = await Outbox.open(folder, () => limits);
    const path = join(folder, name);
    writeFileSync(path, readFileSync(path).subarray(0, -5));
    expect(await sendAllAndOneMore(outbox)).toMatchObject({ indices: [0, 1, 2, 4, 5, 6, 7], dropped: 1 });
    expect(readdirSync(join(folder, 'quarantine'))).toEqual([name]);
  });
});

test('appends, sending and the bound at the same time: every record is sent once or counted once [case 29]', async () => {
  const outbox = await Outbox.open(newFolder(), () => ({ ...limits, maximumBytes: 1_000 }));
  const sent: number[] = [];
  let reported = 0;
  let appending = true;
  /** The network takes a batch each time that so many bursts have come: meanwhile others are dropped, but not this one. */
  let takes = 0;
  const sender = (async () => {
    for (;;) {
      const batch = await outbox.nextBatch(true);
      if (!batch && !appending) return;
      if (!batch || (takes === 0 && appending)) {
        await new Promise((resolve) => setImmediate(resolve));
        continue;
      }
      takes--;
      sent.push(...batch.records.map(indexOf));
      reported += batch.droppedRecords;
      await outbox.published(batch.batchId);
    }
  })();
  for (let burst = 0; burst < 40; burst++) {
    await Promise.all(Array.from({ length: 10 }, (_, index) => outbox.append(record(burst * 10 + index))));
    if (burst % 4 === 3) takes++;
  }
  appending = false;
  await sender;
  expect(sent).toEqual([...new Set(sent)].sort((left, right) => left - right));
  expect(outbox.dropped).toBeGreaterThan(0);
  expect(sent.length + outbox.dropped).toBe(400);
  await outbox.append(record(400));
  reported += (await sendAll(outbox)).dropped;
  expect(reported).toBe(outbox.dropped);
  await outbox.close();
});

/** What the test does to the outbox; `crash` kills it after so many further disk calls. */
type Step = { kind: 'append' } | { kind: 'published' } | { kind: 'split' } | { kind: 'crash'; after: number };

test('any interleaving of append, send, acknowledge, split and crash: no confirmed record is lost, none is sent under two ids', async () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.constant<Step>({ kind: 'append' }) },
    { weight: 2, arbitrary: fc.constant<Step>({ kind: 'published' }) },
    { weight: 2, arbitrary: fc.constant<Step>({ kind: 'split' }) },
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
        } else if (kind === 'published') {
          const batch = await outbox.nextBatch(true);
          if (!batch) return;
          receive(batch.batchId, batch.records);
          await outbox.published(batch.batchId);
        } else if (kind === 'split') {
          const batch = await outbox.nextBatch(true);
          // One that was taken was not too large, and a single record would be dropped.
          if (batch && batch.records.length > 1 && !received.has(indexOf(batch.records[0] as string)))
            await outbox.split(batch.batchId);
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
          const victim = await Outbox.open(folder, () => limits, { disk: dying.disk });
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
        await outbox.published(batch.batchId);
      }
      await outbox.close();
      for (const index of confirmed) expect(received.has(index)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('[L6] a batch that is split comes as two, in order, before what follows, also over a restart', async () => {
  const folder = newFolder();
  const outbox = await Outbox.open(folder, () => limits);
  for (let index = 0; index < 6; index++) await outbox.append(record(index));
  const whole = await outbox.nextBatch();
  await outbox.split(whole?.batchId as string);
  const half = await outbox.nextBatch();
  expect(half).toMatchObject({ batchId: `${whole?.batchId}a`, records: [record(0), record(1)] });
  await outbox.split(half?.batchId as string);
  expect(outbox.records).toBe(6);
  expect(outbox.bytes).toBe(
    segmentsOf(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0),
  );
  await outbox.close();
  const { indices, ids, dropped } = await sendAll(await Outbox.open(folder, () => limits));
  expect(indices).toEqual([0, 1, 2, 3, 4, 5]);
  expect(ids.slice(0, 3)).toEqual([`${whole?.batchId}aa`, `${whole?.batchId}ab`, `${whole?.batchId}b`]);
  expect(dropped).toBe(0);
});

test('[L6] a single record that no message can hold is dropped and counted', async () => {
  const outbox = await Outbox.open(newFolder(), () => limits);
  for (let index = 0; index < 2; index++) await outbox.append(sized(index, 6_000));
  const first = await outbox.nextBatch();
  await outbox.split(first?.batchId as string);
  expect(await outbox.nextBatch(true)).toMatchObject({ records: [sized(1, 6_000)], droppedRecords: 1 });
  await outbox.close();
});

describe('a message', () => {
  const head = { useCase: 'surface-inspection', deviceId: 'line-1', sentAt: '2026-11-25T12:00:00.000Z' };
  const options = { envelopeBytes: envelopeBytes(head.useCase, head.deviceId) };
  const messageOf = ({ batchId, droppedRecords, records }: Batch): string =>
    resultsMessage({ ...head, batchId, droppedRecords }, records);
  async function messagesOf(outbox: Outbox): Promise<Batch[]> {
    const batches: Batch[] = [];
    for (let batch = await outbox.nextBatch(true); batch; batch = await outbox.nextBatch(true)) {
      batches.push(batch);
      await outbox.published(batch.batchId);
    }
    return batches;
  }
  /** As the component writes it; some frames are invalid, chosen for upload or answered twice. */
  const real = (index: number): string =>
    JSON.stringify({
      recordId: `1f2e3d4c5b6a-${index}`,
      frameId: `line-1-${String(index).padStart(7, '0')}`,
      cameraId: 'camera-1',
      releaseId: 'surface-inspection-12',
      variant: 'int8',
      capturedAt: '2026-11-25T12:00:00.000Z',
      inferredAt: '2026-11-25T12:00:00.012Z',
      ...(index % 10 === 0
        ? { status: 'invalid', reason: 'Input buffer contains unsupported image format' }
        : { status: 'ok', predictedClass: 'scratch', confidence: Math.abs(Math.cos(index)) }),
      online: true,
      latencyMilliseconds: { decode: 2.31, inference: 1.874, total: 4.52 },
      image: {
        brightness: 127 + 50 * Math.sin(index),
        contrast: 41 + 10 * Math.sin(3 * index),
        sharpness: 9 + 2 * Math.sin(5 * index),
      },
      ...(index % 3 === 0 && {
        shadow: { releaseId: 'surface-inspection-11', predictedClass: 'good', confidence: 0.61 },
      }),
      frameBytes: 5321,
      ...(index % 7 === 0 && { captureId: `1f2e3d4c5b6a-${index}` }),
    });

  test('never exceeds its limit unless it is a single record; nothing is lost, repeated or reordered', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 20, max: 3_000 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 2_048, max: 8_192 }),
        fc.integer({ min: 1, max: 500 }),
        fc.boolean(),
        async (sizes, messageBytes, batchRecords, atOnce) => {
          const outbox = await Outbox.open(
            newFolder(),
            () => ({ ...limits, batchRecords, messageBytes }),
            options,
          );
          const appends = [];
          for (const [index, bytes] of sizes.entries()) {
            appends.push(outbox.append(sized(index, bytes)));
            if (!atOnce) await appends.at(-1);
          }
          await Promise.all(appends);
          const batches = await messagesOf(outbox);
          for (const batch of batches) {
            expect(batch.records.length).toBeLessThanOrEqual(batchRecords);
            if (batch.records.length > 1) {
              expect(Buffer.byteLength(messageOf(batch))).toBeLessThanOrEqual(messageBytes);
            }
          }
          expect(batches.flatMap(({ records }) => records.map(indexOf))).toEqual(
            sizes.map((_, index) => index),
          );
          await outbox.close();
        },
      ),
      { numRuns: 40 },
    );
  });

  test('counts the bytes of its envelope at their longest: no head makes it larger', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z][a-z0-9-]{0,39}$/),
        fc.stringMatching(/^[a-zA-Z0-9_-]{1,124}$/),
        fc.date({ noInvalidDate: true }),
        fc.maxSafeNat(),
        (useCase, deviceId, sentAt, droppedRecords) => {
          const batchId = '00000001-0123abcd-00000001';
          const message = resultsMessage(
            { useCase, deviceId, batchId, sentAt: sentAt.toISOString(), droppedRecords },
            [],
          );
          const beside = Buffer.byteLength(message) - compressRecords([]).length;
          expect(beside).toBeLessThanOrEqual(envelopeBytes(useCase, deviceId));
        },
      ),
    );
    expect(envelopeBytes('u'.repeat(40), 'd'.repeat(124))).toBeLessThanOrEqual(512);
  });

  test('[B12] of real records fits the contract, one metering unit and nucleus lite, and has no room for one more', async () => {
    const outbox = await Outbox.open(newFolder(), () => ({ ...limits, batchRecords: 500 }), options);
    const records = Array.from({ length: 300 }, (_, index) => real(index));
    for (const json of records) await outbox.append(json);
    const batches = await messagesOf(outbox);
    await outbox.close();
    expect(batches.flatMap((batch) => batch.records)).toEqual(records);
    for (const [index, batch] of batches.entries()) {
      const message = messageOf(batch);
      expect(resultsIn(message).records.map((record) => JSON.stringify(record))).toEqual(batch.records);
      // With base64 and the rest of the IPC message below 10,000 bytes.
      expect(Math.ceil(Buffer.byteLength(message) / 3) * 4).toBeLessThan(9_400);
      expect(Buffer.byteLength(message)).toBeLessThanOrEqual(METERING_UNIT_BYTES);
      const [next] = batches[index + 1]?.records ?? [];
      if (!next) continue;
      const withNext = options.envelopeBytes + compressRecords([...batch.records, next]).length;
      expect(withNext).toBeGreaterThan(METERING_UNIT_BYTES);
    }
    // Ten of them fill a message that is not compressed.
    expect(batches.length).toBeLessThan(300 / 40);
  });

  test('of one record that is larger than the limit goes, alone and in its place', async () => {
    const outbox = await Outbox.open(newFolder(), () => ({ ...limits, batchRecords: 500 }), options);
    for (const [index, bytes] of [100, 125_000, 100, 100].entries()) await outbox.append(sized(index, bytes));
    const batches = await messagesOf(outbox);
    expect(batches.map(({ records }) => records.map(indexOf))).toEqual([[0], [1], [2, 3]]);
    expect(Buffer.byteLength(messageOf(batches[1] as Batch))).toBeLessThanOrEqual(LARGEST_MESSAGE_BYTES);
  });

  test.each([
    ['that no broker takes', sized(0, 131_000), 'a record of 131000 bytes fits no message of 131072 bytes'],
    [
      'that the cloud would not decompress',
      JSON.stringify({ index: 0, filler: 'x'.repeat(131_072) }),
      'a record of 131095 bytes fits no message of 131072 bytes',
    ],
    ['that is no JSON object', '[1]', 'a record must be a JSON object on one line'],
    ['on two lines', '{"index":\n0}', 'a record must be a JSON object on one line'],
  ])('holds no record %s: it is refused and counted', async (_, json, problem) => {
    const outbox = await Outbox.open(newFolder(), () => limits, options);
    await expect(outbox.append(json)).rejects.toThrow(problem);
    await outbox.append(record(1));
    expect(await sendAll(outbox)).toMatchObject({ indices: [1], dropped: 1 });
    await outbox.close();
  });

  test('has the limits that were in force when its segment was opened', async () => {
    let current = { ...limits, batchRecords: 500, messageBytes: 4_096 };
    const outbox = await Outbox.open(newFolder(), () => current, options);
    await outbox.append(sized(0, 1_000));
    current = { ...current, messageBytes: 2_048, batchRecords: 2 };
    for (let index = 1; index < 8; index++) await outbox.append(sized(index, index < 4 ? 1_000 : 100));
    expect((await messagesOf(outbox)).map(({ records }) => records.map(indexOf))).toEqual([
      [0, 1, 2],
      [3, 4],
      [5, 6],
      [7],
    ]);
  });
});
