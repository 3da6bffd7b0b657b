/** Everything that the inference component keeps on disk, on a file system that really is full. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Capture, problemsOf, type Release } from '../../contracts';
import { CaptureSpool } from '../../edge-components/inference/src/captures/capture-spool';
import { DiskReleaseStore } from '../../edge-components/inference/src/releases/release-store';
import { Outbox } from '../../edge-components/inference/src/results/outbox';
import { silent } from '../edge-components/fake-device';
import { invalidResult } from '../edge-components/inference-result';
import { offeredFolder, signingKey, temporaryFolder } from '../edge-components/release-fixture';
import { type SmallFileSystem, smallFileSystem } from '../edge-components/small-file-system';
import { waitFor } from '../edge-components/wait-for';

const MEBIBYTE = 1024 * 1024;
const FRAME = Buffer.alloc(20_000, 'pixels');
const limits = { maximumBytes: 64 * MEBIBYTE, batchRecords: 100, flushMilliseconds: 50, messageBytes: 5_120 };

let offers: string;
let small: SmallFileSystem;
const spools: CaptureSpool[] = [];
beforeAll(() => {
  offers = temporaryFolder();
});
beforeEach(() => {
  small = smallFileSystem(2 * MEBIBYTE);
});
afterEach(async () => {
  await Promise.all(spools.splice(0).map((spool) => spool.stop()));
  small.remove();
});
afterAll(() => rmSync(offers, { recursive: true, force: true }));

interface Offer {
  readonly folder: string;
  readonly envelope: Buffer;
  readonly release: Release;
}

/** A release of about `bytes`, in a folder that is not on the small file system. */
async function offer(counter: number, bytes: number): Promise<Offer> {
  const models = join(offers, `models-${counter}`);
  const folder = join(offers, `offer-${counter}`);
  mkdirSync(models);
  writeFileSync(join(models, 'gain-4.onnx'), Buffer.alloc(bytes, counter));
  const release = await offeredFolder(folder, models, signingKey(), { counter });
  return { folder, release, envelope: readFileSync(join(folder, 'release.dsse.json')) };
}

async function install(store: DiskReleaseStore, { folder, envelope, release }: Offer): Promise<string> {
  const { digest } = await store.stage(folder, envelope, release);
  await store.commit({ digest, variant: 'fp32', milliseconds: { fp32: 1 } }, release);
  return digest;
}

/** The component's state on the small file system, the cloud, and what it was told and took. */
class Device {
  outbox!: Outbox;
  captures!: CaptureSpool;
  releases!: DiskReleaseStore;
  online = false;
  readonly uploaded = new Map<string, Buffer>();
  readonly confirmed: string[] = [];
  readonly received: string[] = [];
  refused = 0;
  reportedDrops = 0;
  private next = 0;

  async open(): Promise<void> {
    const { folder, disk } = small;
    this.outbox = await Outbox.open(join(folder, 'outbox'), () => limits, { disk });
    this.releases = await DiskReleaseStore.open(join(folder, 'releases'), { disk });
    this.captures = await CaptureSpool.open(
      {
        folder: join(folder, 'captures'),
        store: {
          put: async (_, key, body) => {
            if (!this.online) throw new Error('offline');
            this.uploaded.set(key, body);
          },
        },
        decoder: { decode: () => Promise.reject(new Error('not used')), toJpeg: async (bytes) => bytes },
        clock: { now: () => Date.parse('2026-11-23T12:00:00Z'), monotonic: () => performance.now() },
        log: silent,
        useCase: 'line',
        deviceId: 'line-1',
        upload: () => ({
          privacy: 'selected',
          dailyByteBudget: 64 * MEBIBYTE,
          controlSampleProbability: 1,
          uncertaintyThreshold: 0,
          uncertainSampleProbability: 0,
        }),
        captureBucket: () => 'bucket',
        random: () => 0,
      },
      disk,
    );
    spools.push(this.captures);
    this.captures.start();
  }

  async restart(): Promise<void> {
    await this.outbox.close();
    await this.captures.stop();
    await this.open();
  }

  /** One frame: its result, and its image when it is one in ten. */
  async inspect(): Promise<void> {
    const index = this.next++;
    const json = JSON.stringify(invalidResult(index));
    await this.outbox.append(json).then(
      () => this.confirmed.push(json),
      () => this.refused++,
    );
    if (index % 10 !== 0) return;
    const frame = {
      cameraId: 'camera-1',
      frameId: `frame-${index}`,
      capturedAt: '2026-11-23T12:00:00.000Z',
      bytes: FRAME,
      frameBytes: FRAME.length,
      receivedAt: 0,
    };
    if (!this.captures.reserve(frame, 'line-1')) return;
    const selection = { reasons: ['control' as const], inclusionProbability: 1 };
    await this.captures.add(`boot-${index}`, frame, invalidResult(index), selection);
  }

  async inspectUntilFull(): Promise<void> {
    const dropped = this.captures.dropped;
    const refused = this.refused;
    while (this.refused < refused + 20 || this.captures.dropped === dropped) await this.inspect();
  }

  async send(): Promise<void> {
    for (;;) {
      const batch = await this.outbox.nextBatch(true);
      if (!batch) return;
      this.received.push(...batch.records);
      this.reportedDrops += batch.droppedRecords;
      await this.outbox.published(batch.batchId);
    }
  }

  async upload(): Promise<void> {
    this.online = true;
    const { waiting } = this.captures;
    const before = this.uploaded.size;
    this.captures.retryNow();
    await waitFor('every upload', () => this.captures.waiting === 0, 60_000);
    expect(this.uploaded.size - before).toBe(2 * waiting);
    this.online = false;
  }
}

test('case 14: a disk that fills up costs what it refuses and nothing else, and all goes on when there is room', async () => {
  const device = new Device();
  await device.open();
  const digest = await install(device.releases, await offer(1, 200_000));
  const larger = await offer(2, 600_000);

  await device.inspectUntilFull();
  await expect(device.releases.stage(larger.folder, larger.envelope, larger.release)).rejects.toMatchObject({
    code: 'DISK_FULL',
  });
  expect(readdirSync(join(small.folder, 'releases')).filter((name) => name.startsWith('staging-'))).toEqual(
    [],
  );
  expect(device.releases.current?.digest).toBe(digest);
  expect((await device.releases.read(digest)).release.counter).toBe(1);

  // The component starts on a full disk, with all that it had.
  const waiting = { records: device.outbox.records, captures: device.captures.waiting };
  expect(waiting).toEqual({ records: device.confirmed.length, captures: expect.any(Number) });
  const dropped = device.outbox.dropped;
  expect(dropped).toBe(device.refused);
  await device.restart();
  expect({ records: device.outbox.records, captures: device.captures.waiting }).toEqual(waiting);
  expect((await device.releases.read(digest)).release.counter).toBe(1);
  await device.inspectUntilFull();

  // The way to the cloud is what makes room.
  await device.send();
  await device.upload();
  expect(device.received).toEqual(device.confirmed);
  for (const [key, body] of device.uploaded) {
    if (key.endsWith('.jpg')) expect(body.equals(FRAME)).toBe(true);
    else expect(problemsOf('capture', JSON.parse(body.toString()) as Capture)).toEqual([]);
  }

  const refused = device.refused;
  for (let frames = 0; frames < 50; frames++) await device.inspect();
  expect(device.refused).toBe(refused);
  const next = await install(device.releases, larger);
  await device.restart();
  expect((await device.releases.read(next)).release.counter).toBe(2);
  expect(device.releases.previous?.digest).toBe(digest);
  await device.send();
  await device.upload();
  expect(device.received).toEqual(device.confirmed);
  expect(readdirSync(join(small.folder, 'captures'))).toEqual(['budget.json']);
}, 120_000);

test('case 14: refused records are counted to the cloud exactly, however often the disk fills up and empties', async () => {
  const device = new Device();
  await device.open();
  for (let round = 0; round < 3; round++) {
    await device.inspectUntilFull();
    await device.send();
    await device.upload();
  }
  await device.inspect();
  await device.send();
  expect(device.received).toEqual(device.confirmed);
  expect(device.refused).toBeGreaterThanOrEqual(60);
  expect(device.reportedDrops).toBe(device.refused);
}, 120_000);
