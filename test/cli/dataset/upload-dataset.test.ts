import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDatasetSource } from '../../../cli/dataset/read-source';
import { uploadDataset } from '../../../cli/dataset/upload-dataset';
import type { DatasetUploadItem } from '../../../cli/dataset/upload-item';
import { problemsOf } from '../../../contracts';
import { CURRENT_KEY, incomingKey, rejectedKey } from '../../../lambda/dataset/names';
import { asClients, awsError, environment, FakeBucket } from '../fakes';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kaizen-dataset-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const jpeg = (content: string) => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.from(content)]);
const digestOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

const item = (id: string, bytes = jpeg(id), overrides: object = {}): DatasetUploadItem => ({
  id,
  groupId: id,
  label: 'good',
  origin: 'rendered',
  capturedAt: '2026-03-01T00:00:00.000Z',
  read: async () => bytes,
  ...overrides,
});

/** The gate of the dataset, which accepts or rejects what comes in. */
function gate(problems?: { line: number; problem: string }[]): FakeBucket {
  return new FakeBucket((bucket, key) => {
    const name = /^manifests\/incoming\/(.+)\.jsonl$/.exec(key)?.[1];
    if (!name) return;
    if (problems) bucket.putJson(rejectedKey(name), { manifest: key, problems });
    else {
      const items = bucket.objects.get(key)?.toString().trim().split('\n').length;
      bucket.putJson(CURRENT_KEY, { items, classes: ['good'], key: 'accepted', source: key });
    }
  });
}

const upload = (s3: FakeBucket, items: DatasetUploadItem[], options: object = {}) =>
  uploadDataset(asClients({ s3 }), environment, { items, pause: async () => {}, ...options });
const keysOf = (s3: FakeBucket, prefix: string) =>
  [...s3.objects.keys()].filter((key) => key.startsWith(prefix));

test('images go under their digests, then the manifest, and the gate answers', async () => {
  const s3 = gate();
  await expect(upload(s3, [item('a'), item('b')])).resolves.toMatchObject({ items: 2, key: 'accepted' });
  const digest = digestOf(jpeg('a'));
  expect(s3.objects.get(`images/sha256/${digest.slice(0, 2)}/${digest}.jpg`)).toEqual(jpeg('a'));
  const [manifest = ''] = keysOf(s3, 'manifests/incoming/');
  const lines = (s3.objects.get(manifest)?.toString() ?? '').trim().split('\n');
  for (const line of lines) expect(problemsOf('dataset-item', JSON.parse(line))).toEqual([]);
  const written = s3.calls.filter(({ name }) => name === 'PutObject').map(({ input }) => String(input.Key));
  expect(written.at(-1)).toBe(manifest);
});

test('[B27] a split that the source gave is in the line, and marked as given', async () => {
  const s3 = gate();
  await upload(s3, [item('a', jpeg('a'), { split: 'test' }), item('b')]);
  const [manifest = ''] = keysOf(s3, 'manifests/incoming/');
  const lines = (s3.objects.get(manifest)?.toString() ?? '')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines[0]).toMatchObject({ split: 'test', splitGiven: true });
  expect(lines[1]).not.toHaveProperty('split');
});

test('an image that is there already, or comes twice, is no problem', async () => {
  const s3 = gate();
  await upload(s3, [item('a')]);
  await upload(s3, [item('a'), item('twin', jpeg('a')), item('b')]);
  expect(keysOf(s3, 'images/')).toHaveLength(2);
});

test('a PNG keeps its format: suffix of the key and content type', async () => {
  const s3 = gate();
  const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1]);
  await upload(s3, [item('a', png), item('b')]);
  const digest = digestOf(png);
  const key = `images/sha256/${digest.slice(0, 2)}/${digest}.png`;
  expect(s3.objects.get(key)).toEqual(png);
  const put = s3.calls.find(({ input }) => input.Key === key);
  expect(put?.input.ContentType).toBe('image/png');
});

test('thousands of images are uploaded, at most so many at once', async () => {
  let [open, most] = [0, 0];
  const items = Array.from({ length: 2000 }, (_, index) =>
    item(`i${index}`, jpeg(String(index)), {
      read: async () => {
        most = Math.max(most, ++open);
        await new Promise(setImmediate);
        open--;
        return jpeg(String(index));
      },
    }),
  );
  const s3 = gate();
  await upload(s3, items, { concurrency: 32 });
  expect(keysOf(s3, 'images/')).toHaveLength(2000);
  expect(most).toBe(32);
});

test('every broken item is reported, and no manifest is written', async () => {
  const s3 = gate();
  const message = await upload(s3, [
    item('a'),
    item('b', Buffer.from('PNG')),
    item('c', jpeg('c'), { sha256: 'd'.repeat(64) }),
    item('d', jpeg('d'), { label: 'No Class' }),
    item('e', jpeg('e'), { read: async () => Promise.reject(new Error('ENOENT: e.jpg')) }),
  ]).then(String, (error: Error) => error.message);
  expect(message).toContain('b: the image is neither JPEG nor PNG');
  expect(message).toContain('c: sha256: the image has');
  expect(message).toContain('d: label: must match pattern');
  expect(message).toContain('e: the image cannot be read: ENOENT: e.jpg');
  expect(keysOf(s3, 'manifests/')).toEqual([]);
});

test('an upload that fails leaves the dataset as it was', async () => {
  const s3 = gate();
  s3.failures.set('PutObject', [awsError('AccessDenied')]);
  await expect(upload(s3, [item('a')])).rejects.toThrow('AccessDenied');
  expect(keysOf(s3, 'manifests/')).toEqual([]);
});

test('a rejection is reported with the lines of the gate', async () => {
  const s3 = gate([{ line: 1, problem: 'id: is not unique' }]);
  await expect(upload(s3, [item('a')])).rejects.toThrow(/the gate rejected .* line 1: id: is not unique/);
});

test('a gate that is silent is an error after the time given, however often it is asked', async () => {
  const pauses: number[] = [];
  const s3 = new FakeBucket();
  const pause = async (milliseconds: number) => {
    pauses.push(milliseconds);
  };
  await expect(upload(s3, [item('a')], { pause, timeoutSeconds: 5 })).rejects.toThrow('has not answered');
  expect(pauses.reduce((sum, milliseconds) => sum + milliseconds, 0)).toBe(5000);
});

test('an earlier dataset in force is not taken for the answer', async () => {
  const s3 = new FakeBucket();
  s3.putJson(CURRENT_KEY, { items: 1, classes: [], source: incomingKey('other') });
  await expect(upload(s3, [item('a')], { timeoutSeconds: 1 })).rejects.toThrow('has not answered');
});

describe('sources', () => {
  const line = (overrides: object) =>
    JSON.stringify({
      id: 'a',
      groupId: 'part-1',
      key: 'images/a.jpg',
      sha256: digestOf(jpeg('a')),
      label: 'good',
      origin: 'rendered',
      capturedAt: '2026-03-01T00:00:00.000Z',
      ...overrides,
    });

  test('a manifest, or the folder that holds it, with images beside it', async () => {
    mkdirSync(join(folder, 'images'));
    writeFileSync(join(folder, 'images', 'a.jpg'), jpeg('a'));
    writeFileSync(join(folder, 'manifest.jsonl'), `${line({})}\n\n`);
    for (const source of [folder, join(folder, 'manifest.jsonl')]) {
      const { items } = await readDatasetSource(source);
      expect(items).toMatchObject([{ id: 'a', groupId: 'part-1', label: 'good' }]);
      expect(await items[0]?.read()).toEqual(jpeg('a'));
    }
  });

  test('[B27] a manifest whose splits were given keeps them; those that the gate assigned are assigned again', async () => {
    mkdirSync(join(folder, 'images'));
    writeFileSync(join(folder, 'images', 'a.jpg'), jpeg('a'));
    const given = line({ split: 'test', splitGiven: true });
    writeFileSync(join(folder, 'manifest.jsonl'), `${given}\n${line({ id: 'b', split: 'train' })}\n`);
    const { items, layout } = await readDatasetSource(folder);
    expect(layout).toBe('manifest');
    expect(items.map(({ split }) => split)).toEqual(['test', undefined]);
  });

  test('a folder with a subfolder per class', async () => {
    for (const name of ['good', 'dent']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'good', '1.jpg'), jpeg('1'));
    writeFileSync(join(folder, 'dent', '1.JPEG'), jpeg('2'));
    writeFileSync(join(folder, 'dent', 'notes.txt'), 'no image');
    const { items } = await readDatasetSource(folder);
    expect(items.map(({ id, label, origin }) => [id, label, origin])).toEqual([
      ['dent.1', 'dent', 'imported'],
      ['good.1', 'good', 'imported'],
    ]);
  });

  test('every broken line is reported; a key may not lead out of the folder', async () => {
    const manifest = join(folder, 'manifest.jsonl');
    writeFileSync(
      manifest,
      `${line({})}\nnonsense\n${line({ key: 'a/../../b.jpg' })}\n${line({ label: 7 })}\n`,
    );
    const message = await readDatasetSource(manifest).then(String, (error: Error) => error.message);
    expect(message).toContain('line 2: not JSON');
    expect(message).toContain("line 3: key: leads out of the manifest's folder");
    expect(message).toContain('line 4: label: must be string');
    expect(message).not.toContain('line 1');
  });

  test('a folder without images, another file, and nothing are refused', async () => {
    await expect(readDatasetSource(folder)).rejects.toThrow(
      'holds neither manifest.jsonl nor a JPEG or PNG image',
    );
    writeFileSync(join(folder, 'data.xml'), '');
    await expect(readDatasetSource(join(folder, 'data.xml'))).rejects.toThrow('ending in .jsonl');
    await expect(readDatasetSource(join(folder, 'absent'))).rejects.toThrow('there is no file or folder');
  });
});
