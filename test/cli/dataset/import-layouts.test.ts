/** Sets of images as they come from the field, through the whole command. */
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runProgram } from '../../../cli/run-program';
import type { DatasetReport } from '../../../contracts';
import { problemsOf } from '../../../contracts';
import { asClients, FakeBucket, fakeCloudFormation } from '../fakes';
import { jpegOf, pngOf } from './pictures';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kaizen-layouts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const put = (path: string, bytes: Uint8Array | string): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), bytes);
};

let seed = 0;
/** A picture that no other test shows, under each of the paths. */
async function pictures(...paths: string[]): Promise<void> {
  for (const path of paths) {
    seed += 1;
    put(path, path.endsWith('.png') ? await pngOf(seed) : await jpegOf(seed));
  }
}
const numbered = (count: number, at: (index: number) => string): string[] =>
  Array.from({ length: count }, (_, index) => at(index));

interface Answer {
  readonly exitCode: number;
  /** What stands in the report, or in the error output when there is none. */
  readonly report: DatasetReport;
  readonly errors: string;
  readonly output: string;
}

async function importSet(parameters: readonly string[], s3 = new FakeBucket()): Promise<Answer> {
  const [output, errors]: [string[], string[]] = [[], []];
  const exitCode = await runProgram(['dataset', 'import', ...parameters], {
    clients: () => asClients({ cloudFormation: fakeCloudFormation(), s3 }),
    write: (text) => output.push(text),
    writeError: (text) => errors.push(text),
    now: () => new Date('2026-03-02T00:00:00Z'),
    sleep: async () => undefined,
    userName: () => 'ann',
  });
  const text = output.join('\n');
  const report = text.startsWith('{') ? JSON.parse(text).report : undefined;
  if (report) expect(problemsOf('dataset-report', report)).toEqual([]);
  return { exitCode, report, errors: errors.join('\n'), output: text };
}

const dryRun = (...options: string[]) => importSet([folder, '--dry-run', '--json', ...options]);

describe('[B27] F3: splits and masks are no classes', () => {
  test('train, val and test are kept as they are given', async () => {
    await pictures(
      ...['train', 'val', 'test'].flatMap((split) =>
        ['good', 'crack'].flatMap((label) => numbered(2, (index) => `${split}/${label}/${index}.jpg`)),
      ),
    );
    const { exitCode, report } = await dryRun();
    expect(exitCode).toBe(0);
    expect(report).toMatchObject({
      layout: 'splits',
      splitting: 'given',
      counts: {
        train: { crack: 2, good: 2 },
        validation: { crack: 2, good: 2 },
        test: { crack: 2, good: 2 },
      },
    });
  });

  test('and arrive at the gate so', async () => {
    await pictures(
      ...['train', 'val', 'test'].flatMap((split) =>
        ['good', 'crack'].map((label) => `${split}/${label}/1.jpg`),
      ),
    );
    const s3 = new FakeBucket((bucket, key) => {
      if (!key.startsWith('manifests/incoming/')) return;
      bucket.putJson('manifests/current.json', { items: 6, classes: [], key: 'accepted', source: key });
    });
    expect(await importSet([folder], s3)).toMatchObject({ exitCode: 0 });
    const [, manifest] = [...s3.objects].find(([key]) => key.startsWith('manifests/incoming/')) ?? [];
    const lines = (manifest?.toString() ?? '')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ id, split, splitGiven }) => [id.split('.')[0], split, splitGiven]).sort()).toEqual([
      ...[
        ['test', 'test', true],
        ['test', 'test', true],
        ['train', 'train', true],
        ['train', 'train', true],
      ],
      ...[
        ['val', 'validation', true],
        ['val', 'validation', true],
      ],
    ]);
  });

  test('a class that a given split lacks is refused, and the option in the words is the way out', async () => {
    await pictures(...numbered(6, (index) => `train/crack/${index}.jpg`));
    for (const split of ['train', 'val', 'test']) await pictures(`${split}/good/1.jpg`);
    const refused = await dryRun();
    expect(refused.exitCode).toBe(2);
    expect(refused.report.errors).toEqual([
      "class 'crack' has no image in the validation split: the source gives none there; divide anew with --split stratified",
      "class 'crack' has no image in the test split: the source gives none there; divide anew with --split stratified",
    ]);
    expect(await dryRun('--split', 'stratified')).toMatchObject({ exitCode: 0, report: { errors: [] } });
  });

  test('duplicates across given splits are refused; grouped they come into the split that is not trained on', async () => {
    await pictures(
      ...['train', 'val', 'test'].flatMap((split) => [`${split}/good/1.jpg`, `${split}/crack/1.jpg`]),
    );
    put('train/good/again.jpg', readFileSync(join(folder, 'test/good/1.jpg')));
    const refused = await dryRun();
    expect(refused.report.errors).toEqual([expect.stringMatching(/^the same image in train and test/)]);
    const { exitCode, report } = await dryRun('--group-duplicates');
    expect(exitCode).toBe(0);
    expect(report.counts.test).toEqual({ crack: 1, good: 2 });
  });

  test('MVTec AD: classes are those of train and test, masks are set aside and counted', async () => {
    await pictures(...numbered(6, (index) => `train/good/${index}.png`));
    await pictures(...numbered(6, (index) => `test/scratch/${index}.png`), 'test/good/0.png');
    await pictures(...numbered(3, (index) => `ground_truth/scratch/${index}_mask.png`));
    const { exitCode, report } = await dryRun('--split', 'stratified');
    expect(exitCode).toBe(0);
    expect(report).toMatchObject({
      layout: 'anomaly detection (MVTec)',
      items: 13,
      classes: ['good', 'scratch'],
      leftOut: [{ path: 'ground_truth', files: 3 }],
    });
  });

  test('splits that nobody gave cannot be asked for', async () => {
    await pictures('good/1.jpg', 'crack/1.jpg');
    expect(await dryRun('--split', 'given')).toMatchObject({
      exitCode: 2,
      errors: expect.stringContaining('the source gives no splits, it was recognized as class folders'),
    });
  });
});

test('[B27] images under two labels are one sentence for each pair of labels', async () => {
  await pictures(...numbered(3, (index) => `good/${index}.jpg`), 'crack/x.jpg');
  for (const index of [0, 1, 2]) {
    put(`crack/${index}.jpg`, readFileSync(join(folder, `good/${index}.jpg`)));
  }
  const { report } = await dryRun();
  expect(report.errors.filter((error) => error.startsWith('the same image is labelled'))).toEqual([
    'the same image is labelled crack and good: crack.0, good.0 (and 2 more such sets)',
  ]);
});

describe('[B27] F4: an image is told by its content', () => {
  test('.jfif, .jpe and no suffix are taken; other formats are refused in words', async () => {
    await pictures('good/a.jfif', 'good/b.jpe', 'good/c', 'good/d.bak', 'crack/e.JPG');
    put('good/f.bmp', Buffer.concat([Buffer.from('BM'), Buffer.alloc(60)]));
    put('good/g.dat', Buffer.from('49492a0008000000', 'hex'));
    put('good/notes.txt', 'BMW parts, second shift');
    put('good/labels.xml', '<xml/>');
    const { report } = await dryRun();
    expect(report.items).toBe(5);
    expect(report.corrupt.map(({ path, reason }) => [path, reason])).toEqual([
      ['good/f.bmp', 'is BMP: only JPEG and PNG are taken, convert it to PNG'],
      ['good/g.dat', 'is TIFF: only JPEG and PNG are taken, convert it to PNG'],
    ]);
    expect(report.leftOut).toEqual([
      { path: 'good/labels.xml', reason: 'no image, told by its content', files: 1 },
      { path: 'good/notes.txt', reason: 'no image, told by its content', files: 1 },
    ]);
  });

  test('what systems leave behind is counted by folder and named, and is no class', async () => {
    await pictures('good/1.jpg', 'crack/1.jpg');
    put('__MACOSX/good/._1.jpg', Buffer.alloc(100));
    put('__MACOSX/crack/._1.jpg', Buffer.alloc(100));
    put('good/@eaDir/1.jpg/SYNOPHOTO_THUMB_M.jpg', await jpegOf(9_999));
    put('good/Thumbs.db', 'x');
    put('.git/config', 'x');
    const { report, output } = await importSet([folder, '--dry-run']);
    expect(report).toBeUndefined();
    expect(output).toContain('2 written by macOS, no image: __MACOSX');
    expect(output).toContain('1 written by a network drive, no image of yours: good/@eaDir');
    expect(output).toContain('1 written by Windows, no image: good/Thumbs.db');
    expect(output).toContain('1 hidden: .git');
    expect(output).toMatch(/: 2 items in 2 groups/);
  });

  test('links are followed, and what cannot be read is named: none of it stops the rest', async () => {
    await pictures('store/1.jpg', 'sets/crack/2.jpg');
    symlinkSync(join(folder, 'store'), join(folder, 'sets/good'));
    symlinkSync(join(folder, 'gone.jpg'), join(folder, 'sets/crack/3.jpg'));
    symlinkSync(join(folder, 'sets'), join(folder, 'sets/crack/round'));
    const { report } = await importSet([join(folder, 'sets'), '--dry-run', '--json']);
    expect(report.items).toBe(2);
    expect(report.leftOut).toEqual([
      { path: 'crack/3.jpg', reason: expect.stringMatching(/^cannot be read: ENOENT/), files: 1 },
      { path: 'crack/round', reason: expect.stringContaining('a link to a folder'), files: 1 },
    ]);
  });

  test('a folder without anything to import says what lies there', async () => {
    put('good/notes.txt', 'x');
    expect(await dryRun()).toMatchObject({
      exitCode: 2,
      errors: expect.stringContaining('1 no image, told by its content (good/notes.txt)'),
    });
  });

  test('S3 is looked into as well', async () => {
    const s3 = new FakeBucket();
    s3.objects.set('set/good/1', await jpegOf(70));
    s3.objects.set('set/crack/2', await pngOf(71));
    s3.objects.set('set/crack/empty', Buffer.alloc(0));
    s3.objects.set('set/crack/.keep', Buffer.alloc(0));
    const { report } = await importSet(['s3://images/set', '--dry-run', '--json'], s3);
    expect(report).toMatchObject({ items: 2, leftOut: [{ path: 'crack/.keep' }, { path: 'crack/empty' }] });
  });
});

describe('[B27] F5, F15: names of files and classes', () => {
  test('names in other alphabets, long ones and those that differ in their suffix stay apart', async () => {
    await pictures(
      ...['部品①', '部品②', 'Image 1,5', 'Image 1.5', 'x'.repeat(180)].map((name) => `good/${name}.jpg`),
      ...['good/1.png', 'good/1.jpg', 'crack/1.jpg'],
    );
    const { report } = await dryRun();
    expect(report).toMatchObject({ items: 8, groups: 7 });
    expect(report.errors.join()).not.toContain('id:');
  });

  test('OK, NG and 0 are understood, and it is said; --map calls them otherwise', async () => {
    await pictures('OK/1.jpg', 'NG/1.jpg', '0/1.jpg');
    const { report } = await dryRun();
    expect(report.classes).toEqual(['0', 'ng', 'ok']);
    expect(report.renamedClasses).toEqual([
      { from: 'NG', to: 'ng' },
      { from: 'OK', to: 'ok' },
    ]);
    const map = join(folder, 'map.csv');
    writeFileSync(map, '\ufeffNG;scratch\r\nOK;good\r\n');
    const mapped = await dryRun('--map-file', map, '--map', '0=scratch');
    expect(mapped.report.classes).toEqual(['good', 'scratch']);
  });

  test('a mapping file with broken lines is refused with each of them', async () => {
    const map = join(folder, 'map.csv');
    writeFileSync(map, 'NG,Scratch\nOK\n');
    const { exitCode, errors } = await dryRun('--map-file', map);
    expect(exitCode).toBe(2);
    expect(errors).toContain("line 1: must be <name in the source>,<class>, got 'NG,Scratch'");
    expect(errors).toContain("line 2: must be <name in the source>,<class>, got 'OK'");
  });

  test('a table in UTF-16 with semicolons and backslashes', async () => {
    await pictures('good/prüfung.jpg', 'crack/2.jpg', 'crack/3.jpg');
    const table = '\ufeffLabel;File name\r\nGood;good\\prüfung.jpg\r\nCrack;crack\\2.jpg\r\n';
    put('labels.csv', Buffer.from(table, 'utf16le'));
    const { report } = await importSet([join(folder, 'labels.csv'), '--dry-run', '--json']);
    expect(report).toMatchObject({
      layout: 'table',
      items: 2,
      classes: ['crack', 'good'],
      leftOut: [{ path: 'crack/3.jpg', reason: 'an image in no line of the table', files: 1 }],
    });
  });

  test('a table in a Windows code page is read, and the guess is said', async () => {
    await pictures('prüfung.jpg', '2.jpg');
    put('labels.csv', Buffer.from('path,label\nprüfung.jpg,good\n2.jpg,crack\n', 'latin1'));
    const { report } = await importSet([join(folder, 'labels.csv'), '--dry-run', '--json']);
    expect(report.items).toBe(2);
    expect(report.notes).toEqual([expect.stringContaining('read as Windows-1252')]);
    put('labels.csv', Buffer.from('path,label\nprüfung.jpg,good\nä.jpg,crack\n', 'latin1'));
    const refused = await importSet([join(folder, 'labels.csv'), '--dry-run']);
    expect(refused.errors).toContain(
      'labels.csv: is no UTF-8 and was read as Windows-1252: if names are wrong',
    );
  });
});

describe('[B27] annotations of COCO', () => {
  const coco = (given: object) =>
    JSON.stringify({
      categories: [
        { id: 1, name: 'Scratch' },
        { id: 2, name: 'dent' },
      ],
      ...given,
    });

  beforeEach(async () => {
    await pictures(...numbered(5, (index) => `images/${index}.jpg`));
  });
  const images = numbered(4, (index) => `${index}.jpg`).map((file_name, id) => ({ id, file_name }));
  const annotations = [
    { image_id: 0, category_id: 1 },
    { image_id: 0, category_id: 1 },
    { image_id: 1, category_id: 2 },
  ];

  test('an image has the category of its annotations; one without is left out, or has the class that is said', async () => {
    put('annotations/instances_train.json', coco({ images, annotations }));
    const { report } = await dryRun();
    expect(report).toMatchObject({
      layout: 'COCO',
      items: 2,
      classes: ['dent', 'scratch'],
      splitting: 'given',
    });
    expect(report.leftOut.map(({ path, reason }) => [path, reason.slice(0, 21)])).toEqual([
      ['images/2.jpg', 'without an annotation'],
      ['images/3.jpg', 'without an annotation'],
      ['images/4.jpg', 'in no annotations'],
    ]);
    const table = join(folder, 'annotations/instances_train.json');
    const fromFile = await importSet([table, '--dry-run', '--json', '--unannotated', 'good']);
    expect(fromFile.report.classes).toEqual(['dent', 'good', 'scratch']);
    const all = await dryRun('--unannotated', 'good');
    expect(all.report.classes).toEqual(['dent', 'good', 'scratch']);
  });

  test('what is in no image, or in several classes, is said once with how often', async () => {
    const both = [...annotations, { image_id: 0, category_id: 2 }];
    const missing = [...images, { id: 8, file_name: 'x.jpg' }, { id: 9, file_name: 'y.jpg' }];
    put('coco.json', coco({ images: missing, annotations: both }));
    const { exitCode, errors } = await dryRun();
    expect(exitCode).toBe(2);
    expect(errors).toContain("there is no image (2 times: coco.json 'x.jpg', coco.json 'y.jpg')");
    expect(errors).toMatch(/several categories, and a classifier takes one: .*'0.jpg: Scratch, dent'/);
  });

  test.each([
    ['{', /not JSON/],
    ['{"images": []}', /must have the lists images, annotations and categories/],
    ['{"images": [{}], "annotations": [], "categories": []}', /each image must have id and file_name/],
  ])('%s is refused', async (text, message) => {
    put('some.json', text);
    const { exitCode, errors } = await importSet([join(folder, 'some.json'), '--dry-run']);
    expect(exitCode).toBe(2);
    expect(errors).toMatch(message);
  });
});

describe('[B27] F26: a class in every split', () => {
  test('what many classes lack is said once', async () => {
    await pictures(...numbered(8, (index) => `${index}/1.jpg`));
    const { report } = await dryRun();
    expect(report.classes).toHaveLength(8);
    expect(report.errors.length).toBeLessThanOrEqual(3);
    expect(report.errors.join('\n')).toMatch(
      /classes .* and [0-9]+ more have no image in the test split: 1 part shown/,
    );
  });

  test('few parts: refused with the option that mends it, which another seed divides differently', async () => {
    await pictures(
      ...numbered(6, (index) => `good/a${index}_1.jpg`),
      ...numbered(6, (index) => `bad/b${index}_1.jpg`),
    );
    const grouped = (...options: string[]) => dryRun('--group-by-prefix', '_', ...options);
    const refused = await grouped();
    expect(refused.exitCode).toBe(2);
    expect(refused.report.errors.join('\n')).toContain('divide them evenly with --split stratified');
    const divided = await grouped('--split', 'stratified');
    expect(divided.exitCode).toBe(0);
    expect(divided.report.counts).toEqual({
      train: { bad: 4, good: 4 },
      validation: { bad: 1, good: 1 },
      test: { bad: 1, good: 1 },
    });
    const other = await grouped('--split-seed', '7');
    expect(other.report).toMatchObject({ splitting: 'stratified', counts: divided.report.counts });
    expect(other.report.manifestSha256).not.toBe(divided.report.manifestSha256);
  });
});

test('[B27] an image that the dataset in force trains on and that comes into test is warned of', async () => {
  for (const split of ['train', 'val', 'test']) await pictures(`${split}/good/1.jpg`, `${split}/crack/1.jpg`);
  let manifest = '';
  const s3 = new FakeBucket((bucket, key) => {
    if (!key.startsWith('manifests/incoming/')) return;
    manifest = bucket.objects.get(key)?.toString() ?? '';
    bucket.objects.set('accepted', Buffer.from(manifest));
    bucket.putJson('manifests/current.json', { items: 6, classes: [], key: 'accepted', source: key });
  });
  expect(await importSet([folder], s3)).toMatchObject({ exitCode: 0, errors: '' });
  const exchangeTrainAndTest = () => {
    renameSync(join(folder, 'train/good'), join(folder, 'kept'));
    renameSync(join(folder, 'test/good'), join(folder, 'train/good'));
    renameSync(join(folder, 'kept'), join(folder, 'test/good'));
  };
  exchangeTrainAndTest();
  const { exitCode, errors } = await importSet([folder], s3);
  expect(exitCode).toBe(0);
  expect(errors).toMatch(/^warning: 1 images of the dataset in force move out of train \(test.good.1\)/);
  // And back, for a program: a warning is a line of JSON.
  exchangeTrainAndTest();
  const machine = await importSet([folder, '--json'], s3);
  expect(JSON.parse(machine.errors)).toEqual({
    warning: expect.stringMatching(/^1 images of the dataset in force move out of train/),
  });
});

test('[B27] the page shows every class, what is alike, what was left out, and text as text', async () => {
  await pictures(...numbered(30, (index) => `good/${index}.png`), 'crack/1.jpg');
  put('crack/<script>.jpg', readFileSync(join(folder, 'crack/1.jpg')));
  put('crack/broken.jpg', 'x');
  put('notes.txt', 'x');
  const page = join(folder, 'report.html');
  const { output } = await importSet([folder, '--dry-run', '--html', page]);
  expect(output).toContain(`Pictures: ${page}`);
  const text = readFileSync(page, 'utf8');
  expect(text).toContain('good: 24 of 30');
  expect(text.match(/<img src="data:image\/jpeg;base64,[^"]+"/g)?.length).toBe(24 + 2 + 2);
  for (const part of [
    'Same bytes (1 of 1 sets)',
    '128 x 128',
    'crack/broken.jpg',
    'notes.txt',
    'class folders',
  ]) {
    expect(text).toContain(part);
  }
  expect(text).not.toContain('<script>');
  expect(text).toContain('&lt;script&gt;');
});

test('[B27] a page that cannot be written is an error with the option', async () => {
  await pictures('good/1.jpg', 'bad/1.jpg');
  const { exitCode, errors } = await dryRun('--html', join(folder, 'no/such/page.html'));
  expect(exitCode).toBe(2);
  expect(errors).toContain('--html:');
});
