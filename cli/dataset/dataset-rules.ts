/** What a dataset must fulfil, and what its owner should know. Pure. */
import type { DatasetItem, DatasetReport } from '../../contracts';
import { SPLITS, type Split } from '../../lambda/dataset/split';
import type { Splitting } from './assign-splits';

/** An item with its place. */
export type SplitItem = DatasetItem & { readonly split: Split };

export type Duplicates = DatasetReport['exactDuplicates'][number];

export interface DatasetFindings {
  readonly items: readonly SplitItem[];
  readonly corrupt: readonly { readonly path: string; readonly reason: string }[];
  readonly classes: readonly string[];
  readonly counts: DatasetReport['counts'];
  readonly groups: number;
  readonly imbalance: number;
  readonly exactDuplicates: readonly Duplicates[];
  readonly nearDuplicates: readonly Duplicates[];
}

export interface RuleOptions {
  /** Classes that the dataset must have, and no other. @default - any */
  readonly declaredClasses?: readonly string[] | undefined;
  /** Leave corrupt images out instead of refusing the dataset. */
  readonly skipCorrupt: boolean;
  /** How the items came into their splits. */
  readonly splitting: Splitting;
}

/** As in the Prepare step. More than one image in twenty is a broken transfer, not bad luck. */
export const MAXIMUM_CORRUPT_SHARE = 0.05;
/** Above it a network that never answers the small class loses less than a tenth of the accuracy. */
export const MAXIMUM_IMBALANCE = 10;
/** At 30 test items the 95 % Wilson interval of a recall of 0.9 is 0.22 wide; at 20 already 0.27. */
export const LEAST_TEST_ITEMS = 30;
const LEAST_CLASSES = 2;
const IDS_SHOWN = 5;
const WAY_FROM_HASH = 'import images of more parts, or divide them evenly with --split stratified';
const WAY_FROM_GIVEN = 'the source gives none there; divide anew with --split stratified';

function listed(ids: readonly string[]): string {
  const rest = ids.length - IDS_SHOWN;
  return ids.slice(0, IDS_SHOWN).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

/** `12 is BMP: ..., 3 cannot be decoded: ...`: each reason with how often, the most frequent first. */
function reasonsOf(corrupt: DatasetFindings['corrupt']): string {
  const counts = new Map<string, number>();
  for (const { reason } of corrupt) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const most = [...counts].sort(([, left], [, right]) => right - left).slice(0, IDS_SHOWN);
  return most.map(([reason, count]) => `${count} ${reason}`).join('; ');
}

function corruptErrors({ items, corrupt }: DatasetFindings, { skipCorrupt }: RuleOptions): string[] {
  if (corrupt.length === 0) return [];
  const all = items.length + corrupt.length;
  const found = `${corrupt.length} of ${all} images are corrupt`;
  if (!skipCorrupt) {
    return [`${found}: repair or remove them, or leave them out with --skip-corrupt (${reasonsOf(corrupt)})`];
  }
  const share = corrupt.length / all;
  return share > MAXIMUM_CORRUPT_SHARE
    ? [
        `${found}, more than ${MAXIMUM_CORRUPT_SHARE * 100} %: look at how they were copied (${reasonsOf(corrupt)})`,
      ]
    : [];
}

function classErrors(findings: DatasetFindings, { declaredClasses, splitting }: RuleOptions): string[] {
  const { classes } = findings;
  const unknown = declaredClasses ? classes.filter((name) => !declaredClasses.includes(name)) : [];
  const empty = (declaredClasses ?? []).filter((name) => !classes.includes(name));
  const errors = unknown.map(
    (name) => `label: '${name}' is not one of the declared classes ${declaredClasses?.join(', ')}`,
  );
  errors.push(...empty.map((name) => `class '${name}' is empty: no image has it`));
  if (classes.length < LEAST_CLASSES) {
    return [...errors, `at least ${LEAST_CLASSES} classes are needed, got ${classes.join(', ') || 'none'}`];
  }
  return [...errors, ...emptySplitErrors(findings, splitting)];
}

/** Classes that a split lacks, with the way out that there is: a class of too few parts cannot be in every split. */
function emptySplitErrors({ items, classes, counts }: DatasetFindings, splitting: Splitting): string[] {
  const groupsOf = (name: string) =>
    new Set(items.flatMap(({ label, groupId }) => (label === name ? [groupId] : []))).size;
  const way = splitting === 'given' ? WAY_FROM_GIVEN : WAY_FROM_HASH;
  return SPLITS.flatMap((split) => {
    const byAdvice = new Map<string, string[]>();
    for (const name of classes.filter((each) => !counts[split][each])) {
      const groups = groupsOf(name);
      const shown = `${groups} ${groups === 1 ? 'part' : 'parts'}`;
      const advice = groups < SPLITS.length ? `${shown} shown, ${SPLITS.length} needed: one per split` : way;
      byAdvice.set(advice, [...(byAdvice.get(advice) ?? []), `'${name}'`]);
    }
    return [...byAdvice].map(
      ([advice, names]) =>
        `${names.length === 1 ? 'class' : 'classes'} ${listed(names)} ${names.length === 1 ? 'has' : 'have'} no image in the ${split} split: ${advice}`,
    );
  });
}

/** One sentence for all of a kind: a set of video frames has thousands of near duplicates. */
function leakage(kind: string, found: readonly Duplicates[]): string[] {
  const across = found.filter(({ splits }) => splits.length > 1);
  const [first] = across;
  if (!first) return [];
  const rest = across.length - 1;
  const more = rest > 0 ? ` (and ${rest} more such sets)` : '';
  return [
    `${kind} in ${first.splits.join(' and ')}: ${listed(first.ids)}${more}; give them one groupId, or use --group-duplicates`,
  ];
}

/** One sentence for each combination of labels. */
function contradictions(kind: string, found: readonly Duplicates[]): string[] {
  const byLabels = new Map<string, Duplicates[]>();
  for (const set of found.filter(({ labels }) => labels.length > 1)) {
    const labels = set.labels.join(' and ');
    byLabels.set(labels, [...(byLabels.get(labels) ?? []), set]);
  }
  return [...byLabels].map(([labels, [first, ...more]]) => {
    const rest = more.length > 0 ? ` (and ${more.length} more such sets)` : '';
    return `${kind} labelled ${labels}: ${listed(first?.ids ?? [])}${rest}`;
  });
}

function duplicateErrors({ exactDuplicates, nearDuplicates }: DatasetFindings): string[] {
  return [
    ...contradictions('the same image is', exactDuplicates),
    ...leakage('the same image', exactDuplicates),
    ...leakage('near duplicates', nearDuplicates),
  ];
}

/** Why the dataset must not be imported; empty when it may be. */
export function datasetErrors(findings: DatasetFindings, options: RuleOptions): string[] {
  return [
    ...corruptErrors(findings, options),
    ...classErrors(findings, options),
    ...duplicateErrors(findings),
  ];
}

/** What does no harm yet, but limits what a model can learn or an evaluation can show. */
export function datasetWarnings(findings: DatasetFindings): string[] {
  const { items, classes, counts, groups, imbalance, exactDuplicates, nearDuplicates } = findings;
  const warnings: string[] = [];
  if (imbalance > MAXIMUM_IMBALANCE) {
    warnings.push(
      `class balance: the largest class has ${imbalance.toFixed(1)} times the items of the smallest, more than ${MAXIMUM_IMBALANCE}`,
    );
  }
  const coarse = classes.filter((name) => (counts.test[name] ?? LEAST_TEST_ITEMS) < LEAST_TEST_ITEMS);
  if (coarse.length > 0) {
    const each = coarse.map((name) => `'${name}' (${counts.test[name]})`);
    warnings.push(
      `fewer than ${LEAST_TEST_ITEMS} test items, so that recall is measured coarsely: ${listed(each)}`,
    );
  }
  if (groups === items.length && groups > 1) {
    warnings.push(
      'every image is a group of its own: if several show one part, say so by groupId or --group-by',
    );
  }
  const repeated = exactDuplicates.reduce((sum, { ids }) => sum + ids.length - 1, 0);
  if (repeated > 0) warnings.push(`${repeated} items repeat the bytes of another one and add nothing`);
  warnings.push(...contradictions('near duplicates are', nearDuplicates));
  return warnings;
}
