import { createHash } from 'node:crypto';
import type { Capture, Label } from '../../../contracts';
import golden from '../../../contracts/examples/merged-dataset.json';
import { acceptManifest } from '../../../lambda/dataset/accept-manifest/accept-manifest';
import {
  type MergeCapturesPorts,
  mergeCaptures,
} from '../../../lambda/dataset/merge-captures/merge-captures';
import { imageKey } from '../../../lambda/dataset/names';
import { splitOf } from '../../../lambda/dataset/split';
import { captureImageKey, captureSidecarKey } from '../../../lambda/telemetry/names';
import { aLabel, DEVICE, USE_CASE } from '../shared/builders';
import { FakeDatasetBucket, sha256Of } from './fake-dataset-bucket';

let bucket: FakeDatasetBucket;
let telemetry: Map<string, string>;
let labels: Label[];

const ports = (): MergeCapturesPorts => ({
  currentDataset: () => bucket.currentDataset(),
  readManifest: async (key) => (await bucket.openManifest(key)).lines,
  readLabels: async () => labels,
  readSidecar: async (key) => telemetry.get(key),
  async hashCapture(key) {
    const body = telemetry.get(key);
    return body === undefined ? undefined : { sha256: sha256Of(body), etag: `"${key}"` };
  },
  async copyCapture(captureKey, etag, key) {
    expect(etag).toBe(`"${captureKey}"`);
    await bucket.put(key, telemetry.get(captureKey) ?? '');
  },
  putManifest: (key, body) => bucket.put(key, body),
  accept: (key) => acceptManifest(key, bucket),
  uriOf: (key) => `s3://datasets/${key}`,
});

/** A capture in the telemetry bucket, and its label. */
function capture(
  captureId: string,
  overrides: Partial<Label> = {},
  frameId = `frame-of-${captureId}`,
): Label {
  const picture = `capture ${captureId}`;
  const label = aLabel({
    captureId,
    label: 'good',
    sha256: sha256Of(picture),
    imageKey: captureImageKey(USE_CASE, { deviceId: DEVICE, captureId }),
    ...overrides,
  });
  const sidecar: Capture = {
    schemaVersion: 1,
    captureId,
    deviceId: DEVICE,
    useCase: USE_CASE,
    frameId,
    releaseId: label.releaseId,
    capturedAt: label.capturedAt,
    reasons: label.reasons,
    inclusionProbability: label.inclusionProbability,
    sha256: sha256Of(picture),
    bytes: picture.length,
  };
  telemetry.set(captureImageKey(USE_CASE, { deviceId: DEVICE, captureId }), picture);
  telemetry.set(captureSidecarKey(USE_CASE, { deviceId: DEVICE, captureId }), JSON.stringify(sidecar));
  return label;
}

beforeEach(async () => {
  bucket = new FakeDatasetBucket();
  telemetry = new Map();
  labels = [];
  const items = [bucket.anItem('one'), bucket.anItem('two', { label: 'scratch' })];
  await acceptManifest(bucket.upload('first', items), bucket);
  bucket.tick();
});

async function currentItems() {
  const current = await bucket.currentDataset();
  const body = bucket.objects.get(current?.key ?? '')?.body ?? '';
  return body
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** Merged here, prepared in training/tests/test_prepare.py. */
describe('the golden merge', () => {
  test('[S13] a new class joins: the manifest is the one that Prepare is tested with', async () => {
    bucket = new FakeDatasetBucket();
    const put = (store: (key: string, body: string) => unknown, key: string, sha256: string) =>
      store(key, golden.images[sha256 as keyof typeof golden.images]);
    const digestOf = (body: string) => createHash('sha256').update(body, 'base64').digest('hex');
    bucket.digest = async (key) => digestOf(bucket.objects.get(key)?.body ?? '');
    for (const { key, sha256 } of golden.items) put((at, body) => bucket.put(at, body), key, sha256);
    await acceptManifest(bucket.upload('first', golden.items), bucket);
    bucket.tick();
    labels = golden.captures.map(({ captureId, frameId, ...given }) => {
      const label = capture(captureId, given, frameId);
      put((at, body) => telemetry.set(at, body), label.imageKey, label.sha256);
      return label;
    });
    const hashCapture = async (key: string) => ({
      sha256: digestOf(telemetry.get(key) ?? ''),
      etag: `"${key}"`,
    });

    await expect(mergeCaptures({ ...ports(), hashCapture })).resolves.toMatchObject({
      addedItems: 3,
      newClasses: ['crack'],
      skipped: [],
    });
    expect(await currentItems()).toEqual(golden.manifest);
    expect((await bucket.currentDataset())?.classes).toEqual(golden.classes);
  });
});

describe('merging labelled captures', () => {
  test('[S13] adds them under their digest, and names the new class', async () => {
    labels = [capture('c1'), capture('c2', { label: 'crack' })];
    const answer = await mergeCaptures(ports());

    expect(answer).toMatchObject({ addedItems: 2, newClasses: ['crack'], skipped: [] });
    const current = await bucket.currentDataset();
    expect(answer.manifestUri).toBe(`s3://datasets/${current?.key}`);
    expect(answer.manifestSha256).toBe(current?.manifestSha256);
    expect(current).toMatchObject({ items: 4, classes: ['crack', 'good', 'scratch'] });
    const added = (await currentItems()).find(({ id }) => id === 'c2');
    expect(added).toMatchObject({
      groupId: 'frame-of-c2',
      origin: 'captured',
      split: splitOf('frame-of-c2'),
    });
    expect(bucket.objects.has(imageKey(sha256Of('capture c2')))).toBe(true);
  });

  test('keeps every item and split that was there', async () => {
    const before = await currentItems();
    labels = [capture('c1')];
    await mergeCaptures(ports());
    expect((await currentItems()).slice(0, before.length)).toEqual(before);
  });

  test('[B27] keeps splits that the source gave, and puts further pictures of a part where the source put it', async () => {
    const given = { split: splitOf('part') === 'test' ? 'train' : 'test', splitGiven: true } as const;
    const items = [
      bucket.anItem('one', { ...given, groupId: 'part' }),
      bucket.anItem('two', { label: 'scratch' }),
    ];
    await acceptManifest(bucket.upload('given', items), bucket);
    bucket.tick();
    labels = [capture('c1', {}, 'part'), capture('c2')];
    await expect(mergeCaptures(ports())).resolves.toMatchObject({ addedItems: 2 });
    expect((await currentItems()).map(({ id, split, splitGiven }) => [id, split, splitGiven])).toEqual([
      ['one', given.split, true],
      ['two', splitOf('two'), undefined],
      ['c1', given.split, true],
      ['c2', splitOf('frame-of-c2'), undefined],
    ]);
  });

  test('adds nothing the second time', async () => {
    labels = [capture('c1')];
    const first = await mergeCaptures(ports());
    bucket.tick();
    const before = bucket.snapshot();

    await expect(mergeCaptures(ports())).resolves.toEqual({ ...first, addedItems: 0, newClasses: [] });
    expect(bucket.snapshot()).toBe(before);
  });

  test('gives the same answer when it is repeated after a crash before the gate', async () => {
    labels = [capture('c1')];
    const crashing = { ...ports(), accept: () => Promise.reject(new Error('crash')) };
    await expect(mergeCaptures(crashing)).rejects.toThrow('crash');
    await expect(mergeCaptures(ports())).resolves.toMatchObject({ addedItems: 1 });
  });

  test('takes a picture once, however many captures show it', async () => {
    labels = [capture('c1'), { ...capture('c1'), captureId: 'c9' }];
    await expect(mergeCaptures(ports())).resolves.toMatchObject({ addedItems: 1 });
  });

  test('does not take a picture again that the dataset has, under whatever name', async () => {
    labels = [capture('c1')];
    await mergeCaptures(ports());
    bucket.tick();
    labels = [{ ...capture('c1'), captureId: 'c9' }];
    await expect(mergeCaptures(ports())).resolves.toMatchObject({ addedItems: 0, skipped: [] });
    expect((await currentItems()).filter(({ sha256 }) => sha256 === sha256Of('capture c1'))).toHaveLength(1);
  });

  test('skips a picture with two labels and names both, whichever way they come', async () => {
    const twins = [capture('c1'), { ...capture('c1'), captureId: 'c9', label: 'scratch' }];
    const reason = "label: the same image is 'good' as capture c1 and 'scratch' as capture c9";
    for (const given of [twins, [...twins].reverse()]) {
      labels = [...given, capture('c2')];
      const answer = await mergeCaptures(ports());
      bucket.tick();
      expect(answer.skipped).toEqual([
        { captureId: 'c1', reason },
        { captureId: 'c9', reason },
      ]);
    }
    expect((await currentItems()).map(({ id }) => id)).toEqual(['one', 'two', 'c2']);
  });

  test('skips a picture that the dataset has under another label, and names both', async () => {
    labels = [capture('c1')];
    await mergeCaptures(ports());
    bucket.tick();
    labels = [capture('c1', { label: 'scratch' })];
    await expect(mergeCaptures(ports())).resolves.toMatchObject({
      addedItems: 0,
      skipped: [
        {
          captureId: 'c1',
          reason: "label: the same image is 'good' in the dataset and 'scratch' as capture c1",
        },
      ],
    });
  });

  test.each<[string, () => Label, string]>([
    [
      'an image that is gone',
      () => {
        const label = capture('bad');
        telemetry.delete(label.imageKey);
        return label;
      },
      'there is no image',
    ],
    [
      'a sidecar that is gone',
      () => {
        const label = capture('bad');
        telemetry.delete(label.imageKey.replace('.jpg', '.json'));
        return label;
      },
      'there is no sidecar',
    ],
    [
      'a sidecar that breaks its contract',
      () => {
        const label = capture('bad');
        telemetry.set(label.imageKey.replace('.jpg', '.json'), '{}');
        return label;
      },
      "does not fit the contract 'capture'",
    ],
    ['an image with other bytes', () => capture('bad', { sha256: 'c'.repeat(64) }), 'the label says'],
    [
      'an image of another use case',
      () => capture('bad', { imageKey: 'captures/other/x/bad.jpg' }),
      'must be a capture of',
    ],
  ])('skips %s, takes the others, and says why', async (_, broken, reason) => {
    labels = [capture('good'), broken()];
    const answer = await mergeCaptures(ports());
    expect(answer.addedItems).toBe(1);
    expect(answer.skipped).toEqual([{ captureId: 'bad', reason: expect.stringContaining(reason) }]);
  });

  test('case 56: a capture with the id of an item that is there is set aside, and the others are taken', async () => {
    // Another picture.
    labels = [capture('one'), capture('three')];
    const answer = await mergeCaptures(ports());
    expect(answer.addedItems).toBe(1);
    expect(answer.skipped).toEqual([
      { captureId: 'one', reason: expect.stringContaining("id: 'one' is used in line 1") },
    ]);
    expect((await currentItems()).map(({ id }) => id)).toEqual(['one', 'two', 'three']);
  });

  test('case 56: with nothing but such captures the dataset stays as it is, and nobody throws', async () => {
    const current = await bucket.currentDataset();
    labels = [capture('one')];
    await expect(mergeCaptures(ports())).resolves.toMatchObject({
      addedItems: 0,
      manifestUri: `s3://datasets/${current?.key}`,
    });
    expect(await bucket.currentDataset()).toEqual(current);
  });

  test('case 58: captures of a class that is to wait do, unless the dataset has it', async () => {
    labels = [capture('a', { label: 'scrach' }), capture('b', { label: 'scratch' }), capture('c')];
    const answer = await mergeCaptures(ports(), ['scrach', 'scratch']);
    expect(answer).toMatchObject({
      addedItems: 2,
      newClasses: [],
      skipped: [{ captureId: 'a', reason: "label: the new class 'scrach' has too few labels yet" }],
    });
  });

  test('says what the gate objects to in the dataset itself, and leaves it as it was', async () => {
    const current = await bucket.currentDataset();
    labels = [capture('three')];
    const problems = [{ line: 1, problem: 'key: there is no object' }];
    const accept = async () => ({ outcome: 'REJECTED', reportKey: 'report', problems }) as const;
    await expect(mergeCaptures({ ...ports(), accept })).rejects.toThrow('line 1: key: there is no object');
    expect(await bucket.currentDataset()).toEqual(current);
  });

  test('needs a dataset to begin with', async () => {
    bucket = new FakeDatasetBucket();
    await expect(mergeCaptures(ports())).rejects.toThrow('there is no dataset yet');
  });
});
