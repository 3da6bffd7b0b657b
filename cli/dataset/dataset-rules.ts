/** What a dataset must fulfil, and what its owner should know. Pure. */
import type { DatasetItem, DatasetReport } from '../../contracts';
import { SPLITS, type Split } from '../../lambda/dataset/split';

/** An item with its place. */
export type SplitItem = DatasetItem & { readonly split: Split };

export type Duplicates = DatasetReport['exactDuplicates'][number];

export interface DatasetFindings {
  readonly items: readonly SplitItem[];
  readonly corruptImages: number;
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
}

/** As in the Prepare step. More than one image in twenty is a broken transfer, not bad luck. */
export const MAXIMUM_CORRUPT_SHARE = 0.05;
/** Above it a network that never answers the small class loses less than a tenth of the accuracy. */
export const MAXIMUM_IMBALANCE = 10;
/** At 30 test items the 95 % Wilson interval of a recall of 0.9 is 0.22 wide; at 20 already 0.27. */
export const LEAST_TEST_ITEMS = 30;
const LEAST_CLASSES = 2;
const IDS_SHOWN = 5;

function listed(ids: readonly string[]): string {
  const rest = ids.length - IDS_SHOWN;
  return ids.slice(0, IDS_SHOWN).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

function corruptErrors({ items, corruptImages }: DatasetFindings, { skipCorrupt }: RuleOptions): string[] {
  if (corruptImages === 0) return [];
  const all = items.length + corruptImages;
  const found = `${corruptImages} of ${all} images are corrupt`;
  if (!skipCorrupt) return [`${found}: repair or remove them, or leave them out with --skip-corrupt`];
  const share = corruptImages / all;
  return share > MAXIMUM_CORRUPT_SHARE
    ? [`${found}, more than ${MAXIMUM_CORRUPT_SHARE * 100} %: look at how they were copied`]
    : [];
}

function classErrors(findings: DatasetFindings, { declaredClasses }: RuleOptions): string[] {
  const { classes, counts } = findings;
  const unknown = declaredClasses ? classes.filter((name) => !declaredClasses.includes(name)) : [];
  const empty = (declaredClasses ?? []).filter((name) => !classes.includes(name));
  const errors = unknown.map(
    (name) => `label: '${name}' is not one of the declared classes ${declaredClasses?.join(', ')}`,
  );
  errors.push(...empty.map((name) => `class '${name}' is empty: no image has it`));
  if (classes.length < LEAST_CLASSES) {
    return [...errors, `at least ${LEAST_CLASSES} classes are needed, got ${classes.join(', ') || 'none'}`];
  }
  for (const split of SPLITS) {
    const missing = classes.filter((name) => !counts[split][name]);
    errors.push(
      ...missing.map(
        (name) => `class '${name}' has no image in the ${split} split: it needs images of more parts`,
      ),
    );
  }
  return errors;
}

function duplicateErrors({ exactDuplicates, nearDuplicates }: DatasetFindings): string[] {
  const labels = exactDuplicates.filter((same) => same.labels.length > 1);
  const across = (found: readonly Duplicates[]) => found.filter(({ splits }) => splits.length > 1);
  const leakage = (kind: string, { ids, splits }: Duplicates) =>
    `${kind} in ${splits.join(' and ')}: ${listed(ids)}; give them one groupId, or use --group-duplicates`;
  return [
    ...labels.map((same) => `the same image is labelled ${same.labels.join(' and ')}: ${listed(same.ids)}`),
    ...across(exactDuplicates).map((same) => leakage('the same image', same)),
    ...across(nearDuplicates).map((near) => leakage('near duplicates', near)),
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
  for (const name of classes) {
    const found = counts.test[name] ?? 0;
    if (found > 0 && found < LEAST_TEST_ITEMS) {
      warnings.push(
        `class '${name}' has ${found} test items, fewer than ${LEAST_TEST_ITEMS}: its recall is measured coarsely`,
      );
    }
  }
  if (groups === items.length && groups > 1) {
    warnings.push(
      'every image is a group of its own: if several show one part, say so by groupId or --group-by',
    );
  }
  const repeated = exactDuplicates.reduce((sum, { ids }) => sum + ids.length - 1, 0);
  if (repeated > 0) warnings.push(`${repeated} items repeat the bytes of another one and add nothing`);
  for (const near of nearDuplicates.filter(({ labels }) => labels.length > 1)) {
    warnings.push(`near duplicates are labelled ${near.labels.join(' and ')}: ${listed(near.ids)}`);
  }
  return warnings;
}
