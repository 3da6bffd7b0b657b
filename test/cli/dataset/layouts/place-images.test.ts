import fc from 'fast-check';
import { type ImageTree, placeImages } from '../../../../cli/dataset/layouts/place-images';

const SOURCE = './parts';

/** A tree of images, with their top folders. */
function tree(
  images: readonly string[],
  others: readonly string[] = [],
  folders: readonly string[] = [],
): ImageTree {
  const tops = images.flatMap((path) => (path.includes('/') ? [path.split('/')[0] ?? ''] : []));
  return { source: SOURCE, images, others, folders: [...new Set([...tops, ...folders])] };
}

const place = (...given: Parameters<typeof tree>) => placeImages(tree(...given));

describe('[B27] layouts that are taken', () => {
  test.each<[string, string[], string, (string | undefined)[][]]>([
    [
      'class folders',
      ['good/1.jpg', 'dent/left/2.jpg'],
      'class folders',
      [
        ['good', undefined],
        ['dent', undefined],
      ],
    ],
    [
      'splits (ImageFolder, YOLO classify)',
      ['train/good/1.jpg', 'val/good/2.jpg', 'test/dent/3.jpg'],
      'splits',
      [
        ['good', 'train'],
        ['good', 'validation'],
        ['dent', 'test'],
      ],
    ],
    [
      'splits in another case and spelling',
      ['Training/a/1.jpg', 'VALID/b/2.jpg'],
      'splits',
      [
        ['a', 'train'],
        ['b', 'validation'],
      ],
    ],
    [
      'splits inside classes',
      ['good/train/1.jpg', 'dent/test/2.jpg'],
      'splits inside classes',
      [
        ['good', 'train'],
        ['dent', 'test'],
      ],
    ],
    [
      'MVTec AD: its splits have no defect to train with, and are not kept',
      ['train/good/1.png', 'test/good/2.png', 'test/scratch/3.png'],
      'anomaly detection (MVTec)',
      [
        ['good', undefined],
        ['good', undefined],
        ['scratch', undefined],
      ],
    ],
  ])('%s', (_, images, layout, expected) => {
    const placement = place(images);
    expect(placement.problems).toEqual([]);
    expect(placement.layout).toBe(layout);
    expect(placement.images.map(({ label, split }) => [label, split])).toEqual(expected);
  });

  test('masks are set aside, counted, and never a class', () => {
    const { images, leftOut } = place([
      ...['train/good/1.png', 'test/good/2.png', 'test/scratch/3.png'],
      ...['ground_truth/scratch/3_mask.png', 'ground_truth/scratch/4_mask.png'],
    ]);
    expect(images).toHaveLength(3);
    expect(leftOut).toEqual([{ path: 'ground_truth', reason: expect.stringMatching(/^masks/), files: 2 }]);
  });
});

describe('[B27] layouts that are refused once, with the way out', () => {
  test.each<[string, string[], string[], RegExp]>([
    [
      'splits beside a class',
      ['train/good/1.jpg', 'scratch/2.jpg'],
      [],
      /'train' is the name of a split, 'scratch' is not/,
    ],
    [
      'a folder around everything',
      ['set/good/1.jpg', 'set/dent/2.jpg'],
      [],
      /every image lies in 'set': .*'dent', 'good'.* 'kaizen dataset import \.\/parts\/set'/,
    ],
    [
      'several data sets',
      ['bottle/train/good/1.png', 'cable/train/good/1.png', 'cable/ground_truth/bent/1.png'],
      [],
      /'bottle', 'cable' are data sets .* 'kaizen dataset import \.\/parts\/bottle'/,
    ],
    ['no folder', ['1.jpg', '2.jpg'], [], /make one folder per class, or a table/],
    [
      'no folder, but a table',
      ['1.jpg', '2.jpg'],
      ['labels.csv'],
      /'kaizen dataset import \.\/parts\/labels.csv'/,
    ],
    ['boxes of YOLO', ['images/train/1.jpg'], ['labels/train/1.txt'], /holds boxes of YOLO/],
    ['boxes of Pascal VOC', ['JPEGImages/1.jpg'], ['Annotations/1.xml'], /holds boxes of Pascal VOC/],
  ])('%s', (_, images, others, problem) => {
    const placement = place(images, others);
    expect(placement.images).toEqual([]);
    expect(placement.problems).toEqual([{ place: '', problem: expect.stringMatching(problem) }]);
  });

  test.each([
    ['s3://bucket/in/', 'set', 'kaizen dataset import s3://bucket/in/set'],
    ['./my parts', 'the set', 'kaizen dataset import "./my parts/the set"'],
  ])('the command below %s can be run as it stands', (source, top, command) => {
    const images = [`${top}/good/1.jpg`, `${top}/dent/1.jpg`];
    const [problem] = placeImages({ source, images, others: [], folders: [top] }).problems;
    expect(problem?.problem).toContain(`'${command}'`);
  });

  test('an image beside the folders, and a class without an image', () => {
    const { images, problems } = place(['loose.jpg', 'good/1.jpg', 'dent/1.jpg'], [], ['empty']);
    expect(images).toHaveLength(2);
    expect(problems.map(({ place: where, problem }) => `${where}: ${problem}`)).toEqual([
      'loose.jpg: lies in no folder, and the folder is the class',
      "empty: class 'empty' is empty: its folder holds no image",
    ]);
  });
});

const NAMES = ['good', 'dent', 'train', 'val', 'test', 'ground_truth', 'images', 'labels', 'set'];
const path = fc
  .tuple(fc.array(fc.constantFrom(...NAMES), { maxLength: 4 }), fc.nat(9))
  .map(([folders, number]) => [...folders, `${number}.jpg`].join('/'));

test('[B27] every image is placed once, left out, or refused in words: none is lost, none is made up', () => {
  fc.assert(
    fc.property(fc.uniqueArray(path, { maxLength: 12 }), (images) => {
      const { images: placed, leftOut, problems } = place(images);
      const paths = placed.map((image) => image.path);
      expect(new Set(paths).size).toBe(paths.length);
      expect(images).toEqual(expect.arrayContaining(paths));
      const masks = leftOut.reduce((sum, { files }) => sum + files, 0);
      if (problems.length === 0) expect(paths.length + masks).toBe(images.length);
      for (const { label } of placed) expect(label).not.toBe('');
    }),
    { seed: 1 },
  );
});

test('[B27] no class is ever called as a split or a folder of masks', () => {
  fc.assert(
    fc.property(fc.uniqueArray(path, { minLength: 1, maxLength: 12 }), (images) => {
      const { images: placed, layout } = place(images);
      if (layout !== 'class folders') return;
      for (const { label } of placed) expect(['train', 'val', 'test', 'ground_truth']).not.toContain(label);
    }),
    { seed: 1 },
  );
});
