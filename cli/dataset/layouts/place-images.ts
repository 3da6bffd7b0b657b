/** Which class, and which split, the place of each image in its folder says. Pure: a list of paths in, places out. */
import type { Split } from '../../../lambda/dataset/split';
import type { Problem } from '../../shared/problems';
import { collapsed, type LeftOut } from './left-out';
import { splitNamed } from './split-names';

/** A source's content, by paths relative to it. */
export interface ImageTree {
  /** As the operator has named it, for commands that are suggested. */
  readonly source: string;
  readonly images: readonly string[];
  /** Files that are none. */
  readonly others: readonly string[];
  /** Names of the folders directly below, also of empty ones. */
  readonly folders: readonly string[];
}

export interface PlacedImage {
  readonly path: string;
  /** As the folder is called; it need not be the name of a class yet. */
  readonly label: string;
  readonly split?: Split;
}

export interface Placement {
  /** What the folder was recognized as. */
  readonly layout: string;
  readonly images: readonly PlacedImage[];
  /** Images that are none to train with, such as masks. */
  readonly leftOut: readonly LeftOut[];
  /** What was understood, for the person who has to believe it. */
  readonly notes: readonly string[];
  /** Why the images cannot be taken as they lie, with the way out. */
  readonly problems: readonly Problem[];
}

const NOTHING: Placement = { layout: '', images: [], leftOut: [], notes: [], problems: [] };
const MASKS = 'ground_truth';
/** The command that imports what lies below the source; `s3://` is no path that could be normalized. */
function importOf(source: string, below: string): string {
  const path = `${source.replace(/\/+$/, '')}/${below}`;
  return `kaizen dataset import ${/^[\w./:@-]+$/.test(path) ? path : JSON.stringify(path)}`;
}

const partsOf = (path: string): string[] => path.split('/');
const firstOf = (path: string): string => partsOf(path)[0] ?? '';
const quoted = (names: Iterable<string>): string => [...names].map((name) => `'${name}'`).join(', ');
/** Different values of the part of each path at a depth, sorted; files are no folders. */
function foldersAt(paths: readonly string[], depth: number): string[] {
  return [...new Set(paths.flatMap((path) => partsOf(path).slice(0, -1)[depth] ?? []))].sort();
}

/** The layout as a whole, so at no place of its own. */
const refused = (layout: string, problem: string): Placement => ({
  ...NOTHING,
  layout,
  problems: [{ place: '', problem }],
});

/** A row says what it makes of a tree, or that it is not its layout. */
type LayoutRow = (tree: ImageTree) => Placement | undefined;

/** Boxes around objects: another task, whose class per image nobody has said. */
const boxes: LayoutRow = ({ images, others }) => {
  const ofYolo = others.some((path) => /(^|\/)labels\/.*\.txt$/i.test(path));
  const ofVoc = others.some((path) => /(^|\/)Annotations\/[^/]*\.xml$/i.test(path));
  const besideImages = images.some((path) => /(^|\/)(images|JPEGImages)\//i.test(path));
  if (!besideImages || !(ofYolo || ofVoc)) return undefined;
  return refused(
    'boxes',
    `${ofYolo ? "'labels' holds boxes of YOLO" : "'Annotations' holds boxes of Pascal VOC"}: a classifier takes one class per image; write a table (path,label) and import that`,
  );
};

/** Good parts to train with, defects to test with, masks beside them: MVTec AD and its like. */
const anomaly: LayoutRow = ({ images, folders }) => {
  const tops = foldersAt(images, 0);
  const inside = (split: Split) => images.filter((path) => splitNamed(firstOf(path)) === split);
  const trained = foldersAt(inside('train'), 1);
  const tested = foldersAt(inside('test'), 1);
  const fits =
    tops.length > 0 &&
    tops.every((name) => splitNamed(name) !== undefined) &&
    trained.length === 1 &&
    tested.includes(trained[0] ?? '') &&
    (tested.length > 1 || folders.includes(MASKS));
  if (!fits) return undefined;
  return {
    ...inClasses(images, 1),
    layout: 'anomaly detection (MVTec)',
    notes: [
      `only ${quoted(trained)} is in train, as detectors of anomalies want it: a classifier needs every class there, so these splits are not kept`,
    ],
  };
};

/** `train/good/1.jpg`: ImageFolder, YOLO classify, exports of labelling tools. */
const splits: LayoutRow = ({ images }) => {
  const tops = foldersAt(images, 0);
  if (tops.length === 0 || !tops.every((name) => splitNamed(name) !== undefined)) return undefined;
  const { images: placed, problems } = inClasses(images, 1);
  const given = placed.map((image) => {
    const split = splitNamed(firstOf(image.path));
    return split === undefined ? image : { ...image, split };
  });
  return { ...NOTHING, layout: 'splits', images: given, problems };
};

/** `bottle/train/good/1.jpg`, `cable/train/good/1.jpg`: several data sets side by side. */
const collection: LayoutRow = ({ source, images }) => {
  const tops = foldersAt(images, 0);
  const isSet = images.every((path) => {
    const [, second = '', third, fourth] = partsOf(path);
    return (
      (splitNamed(second) !== undefined || second === MASKS) && third !== undefined && fourth !== undefined
    );
  });
  if (tops.length === 0 || !isSet) return undefined;
  const example = importOf(source, tops[0] ?? '');
  return refused(
    'collection',
    `${quoted(tops)} ${tops.length === 1 ? 'is a data set' : 'are data sets'} with splits of ${tops.length === 1 ? 'its' : 'their'} own: import ${tops.length === 1 ? 'that' : 'each by itself'}, such as '${example}'`,
  );
};

/** `good/train/1.jpg`: the splits lie inside the classes. */
const splitsInClasses: LayoutRow = ({ images }) => {
  const fits = images.every(
    (path) => partsOf(path).length > 2 && splitNamed(partsOf(path)[1] ?? '') !== undefined,
  );
  if (images.length === 0 || !fits) return undefined;
  const placed = images.map((path) => {
    const split = splitNamed(partsOf(path)[1] ?? '');
    return { path, label: firstOf(path), ...(split === undefined ? {} : { split }) };
  });
  return { ...NOTHING, layout: 'splits inside classes', images: placed };
};

/** A folder `test` beside `good` and `bad`: class or split, only a person knows. */
const ambiguous: LayoutRow = ({ images }) => {
  const tops = foldersAt(images, 0);
  const splitLike = tops.filter((name) => splitNamed(name) !== undefined);
  const others = tops.filter((name) => splitNamed(name) === undefined);
  if (splitLike.length === 0 || others.length === 0) return undefined;
  return refused(
    'ambiguous',
    `${quoted(splitLike)} ${splitLike.length === 1 ? 'is the name of a split' : 'are names of splits'}, ${quoted(others)} ${others.length === 1 ? 'is' : 'are'} not: put the classes into the folders of the splits, rename what is a class, or import a table (path,label,split)`,
  );
};

/** Everything in one folder, as archives unpack: its folders may be the classes, and only a person knows. */
const wrapped: LayoutRow = ({ source, images }) => {
  const tops = foldersAt(images, 0);
  const [top] = tops;
  const isDeep = images.every((path) => partsOf(path).length > 2);
  if (top === undefined || tops.length > 1 || !isDeep) return undefined;
  return refused(
    'wrapped',
    `every image lies in '${top}': when its folders (${quoted(foldersAt(images, 1).slice(0, 5))}) are the classes or splits, import them with '${importOf(source, top)}'`,
  );
};

const loose: LayoutRow = ({ source, images, others }) => {
  if (images.length === 0 || images.some((path) => path.includes('/'))) return undefined;
  const table = others.find((path) => /\.(csv|tsv)$/i.test(path));
  return refused(
    'loose',
    table === undefined
      ? 'no image lies in a folder, and the folder is the class: make one folder per class, or a table (path,label)'
      : `no image lies in a folder, and the folder is the class: if the table says the classes, import it with '${importOf(source, table)}'`,
  );
};

/** `good/1.jpg`, `good/left/1.jpg`: the first folder is the class. */
const classes: LayoutRow = ({ images, folders }) => {
  const placed = inClasses(images, 0);
  const used = new Set([...foldersAt(images, 0), MASKS]);
  const empty = folders.filter((folder) => !used.has(folder));
  return {
    ...placed,
    layout: 'class folders',
    problems: [
      ...placed.problems,
      ...empty.map((folder) => ({
        place: folder,
        problem: `class '${folder}' is empty: its folder holds no image`,
      })),
    ],
  };
};

/** The folder at a depth is the class; deeper ones are free. */
function inClasses(images: readonly string[], depth: number): Placement {
  const label = (path: string): string | undefined => partsOf(path).slice(0, -1)[depth];
  return {
    ...NOTHING,
    images: images.flatMap((path) => {
      const name = label(path);
      return name === undefined ? [] : [{ path, label: name }];
    }),
    problems: images
      .filter((path) => label(path) === undefined)
      .map((path) => ({ place: path, problem: 'lies in no folder, and the folder is the class' })),
  };
}

/** In this order: the first that takes a tree decides. */
const ROWS: readonly LayoutRow[] = [
  ...[boxes, anomaly, splits, collection, splitsInClasses],
  ...[ambiguous, wrapped, loose, classes],
];

/** Recognizes the layout. Every image is in the answer once: placed, left out, or in a folder that is refused. */
export function placeImages(tree: ImageTree): Placement {
  const isMask = (path: string) => partsOf(path).slice(0, -1).includes(MASKS);
  const masks = tree.images.filter(isMask);
  const images = tree.images.filter((path) => !isMask(path));
  const placement = ROWS.reduce<Placement | undefined>(
    (found, row) => found ?? row({ ...tree, images }),
    undefined,
  );
  const leftOut = masks.map((path) => ({
    path: partsOf(path)
      .slice(0, partsOf(path).indexOf(MASKS) + 1)
      .join('/'),
    reason: 'masks of defects: a classifier does not use them, keep them for later',
    files: 1,
  }));
  return { ...(placement ?? NOTHING), leftOut: collapsed(leftOut) };
}
