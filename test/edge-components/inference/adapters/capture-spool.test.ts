import { createHash } from 'node:crypto';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type InferenceResult, problemsOf, type UploadConfiguration } from '../../../../contracts';
import { CaptureSpool } from '../../../../edge-components/inference/src/adapters/capture-spool';
import type { Frame } from '../../../../edge-components/inference/src/ports';
import { temporaryFolder } from '../../release-fixture';
import { waitFor } from '../../wait-for';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const selection = { reasons: ['control' as const], inclusionProbability: 0.1 };
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const frame: Frame = {
  cameraId: 'camera-1',
  frameId: 'frame-1',
  capturedAt: '2026-11-23T12:00:00.000Z',
  bytes: Buffer.from('pixels of a part'),
  frameBytes: 16,
  receivedAt: 0,
};
const result: InferenceResult = {
  recordId: 'boot-1',
  frameId: 'frame-1',
  releaseId: 'line-1',
  variant: 'fp32',
  capturedAt: frame.capturedAt,
  inferredAt: frame.capturedAt,
  status: 'uncertain',
  predictedClass: 'good',
  confidence: 0.6,
  online: true,
  latencyMilliseconds: { total: 1 },
};

async function newSpool(folder = temporaryFolder(), now = () => Date.parse('2026-11-23T12:00:00Z')) {
  folders.push(folder);
  const puts: { bucket: string; key: string; body: Buffer; contentType: string }[] = [];
  const upload = { privacy: 'selected', dailyByteBudget: 5_000 } as UploadConfiguration;
  const state = { online: true };
  const spool = await CaptureSpool.open({
    folder,
    store: {
      put: async (bucket, key, body, contentType) => {
        if (!state.online) throw new Error('offline');
        puts.push({ bucket, key, body, contentType });
      },
    },
    decoder: { decode: () => Promise.reject(new Error('not used')), toJpeg: async (bytes) => bytes },
    clock: { now, monotonic: () => 0 },
    log: silent,
    useCase: 'line',
    deviceId: 'line-1',
    upload: () => upload,
    captureBucket: () => 'bucket',
    random: () => 0,
  });
  return { spool, puts, upload, state, folder };
}

test('[B6] the image goes first, its sidecar fits the contract and names its digest', async () => {
  const { spool, puts, folder } = await newSpool();
  spool.start();
  expect(spool.reserve(frame)).toBe(true);
  await spool.add('boot-1', frame, result, selection);
  await waitFor('both objects', () => puts.length === 2 && spool.waiting === 0);
  await spool.stop();
  expect(puts.map(({ bucket, key }) => [bucket, key])).toEqual([
    ['bucket', 'captures/line/line-1/boot-1.jpg'],
    ['bucket', 'captures/line/line-1/boot-1.json'],
  ]);
  const sidecar = JSON.parse((puts[1] as { body: Buffer }).body.toString());
  expect(problemsOf('capture', sidecar)).toEqual([]);
  expect(sidecar).toMatchObject({
    sha256: createHash('sha256').update(frame.bytes).digest('hex'),
    bytes: 16,
    reasons: ['control'],
    inclusionProbability: 0.1,
    predictedClass: 'good',
  });
  expect(readdirSync(folder)).toEqual(['budget.json']);
});

test('captures made offline wait on disk, also over a restart', async () => {
  const first = await newSpool();
  first.state.online = false;
  first.spool.reserve(frame);
  await first.spool.add('boot-1', frame, result, selection);
  writeFileSync(join(first.folder, 'boot-2.jpg'), 'half a pair');
  writeFileSync(join(first.folder, 'boot-3.json.tmp'), '{');
  const second = await newSpool(first.folder);
  expect(second.spool.waiting).toBe(1);
  second.spool.start();
  await waitFor('both objects', () => second.puts.length === 2);
  await second.spool.stop();
  expect(readdirSync(first.folder)).toEqual(['budget.json']);
});

test('[B6] the day budget holds over a restart, and a damaged count spends it', async () => {
  const first = await newSpool();
  let taken = 0;
  while (first.spool.reserve(frame)) taken++;
  expect(taken).toBe(4);
  const second = await newSpool();
  second.spool.reserve(frame);
  await second.spool.add('boot-1', frame, result, selection);
  const restarted = await newSpool(second.folder);
  expect(restarted.spool.bytesToday).toBe(second.spool.bytesToday);
  writeFileSync(join(second.folder, 'budget.json'), '{"day"');
  expect((await newSpool(second.folder)).spool.reserve(frame)).toBe(false);
  const tomorrow = await newSpool(second.folder, () => Date.parse('2026-11-24T00:00:00Z'));
  expect(tomorrow.spool.reserve(frame)).toBe(true);
});

test('[S8] privacy never: what waits is deleted and nothing is sent', async () => {
  const { spool, puts, upload, folder } = await newSpool();
  spool.reserve(frame);
  await spool.add('boot-1', frame, result, selection);
  upload.privacy = 'never';
  spool.start();
  await waitFor('empty spool', () => spool.waiting === 0);
  await spool.stop();
  expect(puts).toEqual([]);
  expect(readdirSync(folder)).toEqual(['budget.json']);
});
