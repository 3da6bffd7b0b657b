import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runProgram } from '../../../cli/run-program';
import { type DatasetReport, parseContractJson } from '../../../contracts';
import { acceptManifest } from '../../../lambda/dataset/accept-manifest/accept-manifest';
import { splitOf } from '../../../lambda/dataset/split';
import { FakeDatasetBucket } from '../../lambda/dataset/fake-dataset-bucket';
import { asClients, FakeBucket, fakeCloudFormation } from '../fakes';
import { blackPng, jpegOf, pngOf } from './pictures';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kaizen-import-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const CLASSES = ['good', 'dent'];
const SPLITS = ['train', 'validation', 'test'] as const;

/** The n-th part whose group falls into a split. */
function partIn(split: string, number = 0): string {
  const parts = Array.from({ length: 200 }, (_, index) => `part${index}`);
  return parts.filter((part) => splitOf(part) === split)[number] ?? '';
}

const put = (path: string, bytes: Uint8Array | string) => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), bytes);
};

/** A class in every split: `good/part3_0.jpg`. */
async function putDataset(): Promise<void> {
  for (const [index, split] of SPLITS.entries()) {
    put(`good/${partIn(split)}_0.jpg`, await jpegOf(10 + index));
    put(`dent/${partIn(split, 1)}_0.png`, await pngOf(20 + index));
  }
}

const gate = () =>
  new FakeBucket((bucket, key) => {
    if (!key.startsWith('manifests/incoming/')) return;
    bucket.putJson('manifests/current.json', { items: 6, classes: CLASSES, key: 'accepted', source: key });
  });

async function run(parameters: readonly string[], s3 = gate()) {
  const [output, errors]: [string[], string[]] = [[], []];
  const report = join(folder, '..', `${folder.split('/').pop()}-report.json`);
  const exitCode = await runProgram(['dataset', ...parameters, '--report', report], {
    clients: () => asClients({ cloudFormation: fakeCloudFormation(), s3 }),
    write: (text) => output.push(text),
    writeError: (text) => errors.push(text),
    now: () => new Date('2026-03-02T00:00:00Z'),
    sleep: async () => undefined,
    userName: () => 'ann',
  });
  let written: DatasetReport | undefined;
  try {
    written = parseContractJson('dataset-report', readFileSync(report, 'utf8'), 'the report');
    rmSync(report);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return { exitCode, output: output.join('\n'), errors: errors.join('\n'), report: written, s3 };
}

const importFolder = (...options: string[]) => run(['import', folder, '--group-by-prefix', '_', ...options]);
const uploaded = (s3: FakeBucket) =>
  [...s3.objects.keys()].filter((key) => !key.startsWith('manifests/current'));

describe('a dataset without errors', () => {
  beforeEach(putDataset);

  test('[B27] is looked at by the image policy that it will be trained with', async () => {
    const { report } = await importFolder('--dry-run', '--image-policy', '{"width": 1024, "height": 64}');
    expect(report?.warnings).toContainEqual(expect.stringMatching(/fewer pixels than 1024x64/));
    expect(report?.warnings).toContainEqual(expect.stringMatching(/^proportions: 6 items are stretched/));
    const refused = await importFolder('--image-policy', '{"fit": "zoom", "width": 2}');
    expect(refused.exitCode).not.toBe(0);
    expect(refused.errors).toMatch(/width: must be >= 64, got 2[\s\S]*fit: must be one of stretch/);
    const beyond = '{"region": {"x": 0.5, "y": 0, "width": 0.6, "height": 1}}';
    expect((await importFolder('--image-policy', beyond)).errors).toContain(
      'region.width: must be at most 1 - x',
    );
  });

  test('is reported, uploaded and accepted', async () => {
    const { exitCode, output, report, s3 } = await importFolder();
    expect(exitCode).toBe(0);
    expect(output).toContain('6 items in 6 groups');
    expect(output).toContain('Accepted 6 items of good, dent: accepted');
    expect(report).toMatchObject({
      items: 6,
      classes: ['dent', 'good'],
      counts: { train: { dent: 1, good: 1 }, validation: { dent: 1, good: 1 }, test: { dent: 1, good: 1 } },
      imbalance: 1,
      errors: [],
    });
    expect(uploaded(s3).filter((key) => key.endsWith('.png'))).toHaveLength(3);
    expect(uploaded(s3).filter((key) => key.endsWith('.jpg'))).toHaveLength(3);
  });

  test("has the version that the gate's manifest will have", async () => {
    const { report, s3 } = await importFolder();
    const [key = ''] = uploaded(s3).filter((name) => name.endsWith('.jsonl'));
    const bucket = new FakeDatasetBucket();
    const lines = (s3.objects.get(key)?.toString() ?? '').trim().split('\n');
    // Only the bytes' digests matter here, so the gate is told what they are.
    bucket.digest = async (image) => /([0-9a-f]{64})/.exec(image)?.[1];
    await acceptManifest(bucket.upload('imported', lines), bucket);
    expect((await bucket.currentDataset())?.manifestSha256).toBe(report?.manifestSha256);
  });

  test('is not uploaded by a dry run, which needs no environment', async () => {
    const { exitCode, output, report, s3 } = await importFolder('--dry-run');
    expect(exitCode).toBe(0);
    expect(output).toContain('Nothing was uploaded (--dry-run)');
    expect(report?.items).toBe(6);
    expect(s3.calls).toEqual([]);
  });

  test('comes from S3 as well, and under the earlier name of the command', async () => {
    const bucket = gate();
    for (const [index, split] of SPLITS.entries()) {
      bucket.objects.set(`in/good/${partIn(split)}_0.jpg`, await jpegOf(10 + index));
      bucket.objects.set(`in/dent/${partIn(split, 1)}_0.png`, await pngOf(20 + index));
    }
    const { exitCode, report } = await run(['upload', 's3://images/in/', '--group-by-prefix', '_'], bucket);
    expect(exitCode).toBe(0);
    expect(report).toMatchObject({ items: 6, groups: 6 });
    const table = [
      'path,label,groupId',
      ...SPLITS.map((split) => `good/${partIn(split)}_0.jpg,good,${partIn(split)}`),
    ];
    table.push(...SPLITS.map((split) => `dent/${partIn(split, 1)}_0.png,dent,${partIn(split, 1)}`));
    bucket.objects.set('in/items.csv', Buffer.from(table.join('\n')));
    const fromTable = await run(['import', 's3://images/in/items.csv', '--dry-run'], bucket);
    expect(fromTable.report).toMatchObject({ items: 6, groups: 6, errors: [] });
  });

  test('warns of an imbalance above 10 and of few test items', async () => {
    for (let number = 0; number < 40; number++) {
      put(`good/${partIn('train', 2 + (number % 40))}_${number}.png`, await pngOf(100 + number));
    }
    const { exitCode, report } = await importFolder('--dry-run');
    expect(exitCode).toBe(0);
    expect(report?.warnings.join('\n')).toContain('class balance: the largest class has 14.3 times');
    expect(report?.warnings.join('\n')).toContain(
      "fewer than 30 test items, so that recall is measured coarsely: 'dent' (1), 'good' (1)",
    );
  });

  test.each<[string, () => Promise<void>, RegExp]>([
    [
      'a truncated image',
      async () => put(`good/${partIn('train')}_1.jpg`, (await jpegOf(50)).subarray(0, 700)),
      /cannot be decoded/,
    ],
    ['a 1x1 image', async () => put(`good/${partIn('train')}_1.png`, blackPng(1, 1)), /1x1 pixels/],
    [
      'an image of 100 megapixels',
      async () => put(`good/${partIn('train')}_1.png`, blackPng(10_000, 10_000)),
      /10000x10000 pixels, more than 16777216/,
    ],
    ['an empty file', async () => put(`good/${partIn('train')}_1.jpg`, ''), /is empty/],
    ['a GIF', async () => put(`good/${partIn('train')}_1.gif`, 'GIF89a'), /is GIF/],
  ])('with %s is refused, and the image is listed with its reason', async (_, spoil, reason) => {
    await spoil();
    const { exitCode, output, report, s3 } = await importFolder();
    expect(exitCode).toBe(2);
    expect(report?.corrupt).toEqual([
      { id: expect.any(String), path: expect.stringContaining('_1.'), reason: expect.stringMatching(reason) },
    ]);
    expect(output).toMatch(reason);
    expect(report?.errors).toEqual([expect.stringContaining('1 of 7 images are corrupt: repair')]);
    expect(uploaded(s3)).toEqual([]);
  });

  test('leaves corrupt images out when asked to, unless they are more than one in twenty', async () => {
    put(`good/${partIn('train')}_1.jpg`, '');
    const refused = await importFolder('--skip-corrupt');
    expect(refused.exitCode).toBe(2);
    expect(refused.report?.errors).toEqual([
      '1 of 7 images are corrupt, more than 5 %: look at how they were copied (1 is empty (0 bytes))',
    ]);
    for (let number = 0; number < 14; number++) {
      put(`good/${partIn('train')}_x${number}.png`, await pngOf(200 + number));
    }
    const { exitCode, report, s3 } = await importFolder('--skip-corrupt');
    expect(exitCode).toBe(0);
    expect(report).toMatchObject({ items: 20, corrupt: [{ reason: 'is empty (0 bytes)' }], errors: [] });
    expect(uploaded(s3).filter((key) => key.startsWith('images/'))).toHaveLength(20);
  });

  test('with one image in two splits is refused; with --group-duplicates it comes into one', async () => {
    put(`good/${partIn('test', 2)}_0.jpg`, readFileSync(join(folder, `good/${partIn('train')}_0.jpg`)));
    const { exitCode, report, s3 } = await importFolder();
    expect(exitCode).toBe(2);
    expect(report?.errors).toEqual([expect.stringMatching(/^the same image in train and test: /)]);
    expect(report?.exactDuplicates).toMatchObject([{ splits: ['train', 'test'], labels: ['good'] }]);
    expect(uploaded(s3)).toEqual([]);
    const grouped = await importFolder('--group-duplicates');
    expect(grouped).toMatchObject({ exitCode: 0, report: { regroupedItems: 1, groups: 6, errors: [] } });
    expect(grouped.report?.exactDuplicates[0]?.splits).toHaveLength(1);
  });

  test('with near duplicates in two splits is refused; with --group-duplicates they come into one', async () => {
    put(`good/${partIn('test', 2)}_0.jpg`, await jpegOf(10, 40));
    const { exitCode, report } = await importFolder();
    expect(exitCode).toBe(2);
    expect(report?.errors).toEqual([expect.stringMatching(/^near duplicates in train and test: /)]);
    const grouped = await importFolder('--group-duplicates');
    expect(grouped).toMatchObject({ exitCode: 0, report: { regroupedItems: 1, errors: [] } });
    expect(grouped.report?.nearDuplicates[0]?.splits).toHaveLength(1);
  });

  test('with one image under two labels is refused, grouped or not, and both are named', async () => {
    put(`dent/${partIn('train')}_1.jpg`, readFileSync(join(folder, `good/${partIn('train')}_0.jpg`)));
    for (const options of [[], ['--group-duplicates']]) {
      const { exitCode, report } = await importFolder(...options);
      expect(exitCode).toBe(2);
      expect(report?.errors).toEqual([expect.stringMatching(/^the same image is labelled dent and good: /)]);
    }
  });

  test('with a label that is not declared, or a declared class without an image, is refused', async () => {
    const { exitCode, report } = await importFolder('--classes', 'good, scratch');
    expect(exitCode).toBe(2);
    expect(report?.errors).toEqual([
      "label: 'dent' is not one of the declared classes good, scratch",
      "class 'scratch' is empty: no image has it",
    ]);
  });

  test('with an empty class folder is refused', async () => {
    mkdirSync(join(folder, 'scratch'));
    const { exitCode, errors } = await importFolder();
    expect(exitCode).toBe(2);
    expect(errors).toContain("class 'scratch' is empty: its folder holds no image");
  });

  test('with a class that a split lacks is refused before anything is uploaded', async () => {
    put(`scratch/${partIn('train')}_5.png`, await pngOf(300));
    const { report, s3 } = await importFolder();
    expect(report?.errors).toEqual([
      "class 'scratch' has no image in the validation split: 1 part shown, 3 needed: one per split",
      "class 'scratch' has no image in the test split: 1 part shown, 3 needed: one per split",
    ]);
    expect(uploaded(s3)).toEqual([]);
  });

  test('with an image that has no class, or no group, is refused', async () => {
    put('loose.jpg', 'x');
    put('good/nameless.jpg', 'x');
    const { exitCode, errors } = await importFolder();
    expect(exitCode).toBe(2);
    expect(errors).toContain('loose.jpg: lies in no folder, and the folder is the class');
    expect(errors).toContain('good/nameless.jpg: the group rule does not fit it');
  });
});

test('one class only is refused', async () => {
  for (const split of SPLITS) put(`good/${partIn(split)}_0.png`, await pngOf(10 + SPLITS.indexOf(split)));
  const { exitCode, report } = await importFolder();
  expect(exitCode).toBe(2);
  expect(report?.errors).toEqual(['at least 2 classes are needed, got good']);
});

test('[B27] files that differ in their suffix alone are two images of one part', async () => {
  await putDataset();
  const part = partIn('train');
  put(`good/${part}_0.png`, await pngOf(77));
  const { exitCode, report, s3 } = await run(['import', folder]);
  expect(exitCode).toBe(2);
  expect(report).toMatchObject({ items: 7, groups: 6, largestGroup: 2 });
  expect(uploaded(s3)).toEqual([]);
});

test.each([
  ['two group rules', ['--group-by', 'x', '--group-by-prefix', '_'], /cannot be used with/],
  ['a rule that is none', ['--group-by', '('], /--group-by: Invalid regular expression/],
])('%s are refused', async (_, options, message) => {
  await putDataset();
  const { exitCode, errors } = await run(['import', folder, ...options]);
  expect(exitCode).toBe(2);
  expect(errors).toMatch(message);
});
