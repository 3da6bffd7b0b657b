/** From inspected images to a report, and to the items as they would be imported. Pure. */
import type { DatasetItem, DatasetReport } from '../../contracts';
import { acceptedManifest } from '../../lambda/dataset/accepted-manifest';
import { SPLITS } from '../../lambda/dataset/split';
import { assignSplits, splitConflicts } from './assign-splits';
import {
  type DatasetFindings,
  type Duplicates,
  datasetErrors,
  datasetWarnings,
  type RuleOptions,
  type SplitItem,
} from './dataset-rules';
import { groupDuplicates } from './group-duplicates';
import type { InspectedDataset } from './inspect-dataset';
import { findNearDuplicates } from './near-duplicates';
import type { DatasetUploadItem } from './upload-item';

export interface ReportOptions extends RuleOptions {
  /** Give duplicates one group. */
  readonly groupDuplicates: boolean;
  /** Of what is divided evenly. */
  readonly splitSeed: number;
}

/** What is known of the source besides its images. */
export type SourceFacts = Pick<DatasetReport, 'layout' | 'renamedClasses' | 'leftOut' | 'notes'>;

export interface DatasetExamination {
  readonly report: DatasetReport;
  /** What may be uploaded when the report has no error: without corrupt images, in their groups, with digests. */
  readonly items: readonly DatasetUploadItem[];
}

/** Items with the same key, sets in the order of their first item. */
function setsBy(items: readonly SplitItem[], keyOf: (item: SplitItem) => string): SplitItem[][] {
  const sets = new Map<string, SplitItem[]>();
  for (const item of items) {
    const members = sets.get(keyOf(item));
    if (members) members.push(item);
    else sets.set(keyOf(item), [item]);
  }
  return [...sets.values()];
}

const sorted = (values: Iterable<string>): string[] => [...new Set(values)].sort();

function duplicatesOf(members: readonly SplitItem[]): Duplicates {
  return {
    ids: members.map(({ id }) => id),
    splits: SPLITS.filter((split) => members.some((member) => member.split === split)),
    labels: sorted(members.map(({ label }) => label)),
  };
}

function exactDuplicates(items: readonly SplitItem[]): Duplicates[] {
  return setsBy(items, ({ sha256 }) => sha256)
    .filter((members) => members.length > 1)
    .map(duplicatesOf);
}

/** Clusters that are more than one picture stored several times. */
function nearDuplicates(items: readonly SplitItem[], clusters: readonly (readonly number[])[]): Duplicates[] {
  return clusters
    .map((cluster) => cluster.flatMap((index) => items[index] ?? []))
    .filter((members) => new Set(members.map(({ sha256 }) => sha256)).size > 1)
    .map(duplicatesOf);
}

function countsOf(items: readonly SplitItem[]): DatasetReport['counts'] {
  const counts: DatasetReport['counts'] = { train: {}, validation: {}, test: {} };
  for (const { split, label } of [...items].sort((left, right) => (left.label < right.label ? -1 : 1))) {
    counts[split][label] = (counts[split][label] ?? 0) + 1;
  }
  return counts;
}

function imbalanceOf(items: readonly SplitItem[]): number {
  const sizes = setsBy(items, ({ label }) => label).map(({ length }) => length);
  return sizes.length === 0 ? 0 : Math.max(...sizes) / Math.min(...sizes);
}

function sizesOf(items: InspectedDataset['items']): DatasetReport['sizes'] {
  const counts = new Map<string, DatasetReport['sizes'][number]>();
  for (const { width, height } of items) {
    const key = `${width}x${height}`;
    counts.set(key, { width, height, items: (counts.get(key)?.items ?? 0) + 1 });
  }
  return [...counts.values()].sort(
    (left, right) => right.items - left.items || right.width * right.height - left.width * left.height,
  );
}

interface DividedDataset {
  readonly items: readonly SplitItem[];
  /** Clusters of images that look alike. */
  readonly clusters: readonly (readonly number[])[];
  readonly notes: readonly string[];
  readonly problems: readonly string[];
}

/** Decides the groups, and then the splits of the groups. */
function divide(
  lines: readonly DatasetItem[],
  dataset: InspectedDataset,
  options: ReportOptions,
): DividedDataset {
  const { splitting, splitSeed } = options;
  const { clusters } = findNearDuplicates(dataset.items.map(({ hash }) => hash));
  const groups = options.groupDuplicates
    ? groupDuplicates(lines, clusters)
    : lines.map(({ groupId }) => groupId);
  const grouped = lines.map((line, index) => ({ ...line, groupId: groups[index] ?? line.groupId }));
  const { places, notes } = assignSplits(grouped, splitting, splitSeed);
  const items = grouped.map(({ split: _split, splitGiven: _given, ...line }, index): SplitItem => {
    const { split = 'train', given = false } = places[index] ?? {};
    return { ...line, split, ...(given ? { splitGiven: true } : {}) };
  });
  // Before duplicates were joined: across the source's splits these come into the strictest one, as was asked for.
  const problems = splitting === 'given' ? splitConflicts(lines) : [];
  return { items, clusters, notes, problems };
}

/**
 * Decides the groups and splits, looks for duplicates, and applies the rules. Nothing is random: the same images and
 * options give the same report.
 */
export function examineDataset(
  dataset: InspectedDataset,
  facts: SourceFacts,
  options: ReportOptions,
): DatasetExamination {
  const lines = dataset.items.map(({ line }) => line);
  const { items, clusters, notes, problems } = divide(lines, dataset, options);
  const groupSizes = setsBy(items, ({ groupId }) => groupId).map(({ length }) => length);
  const shown = {
    groups: groupSizes.length,
    classes: sorted(items.map(({ label }) => label)),
    counts: countsOf(items),
    imbalance: imbalanceOf(items),
    exactDuplicates: exactDuplicates(items),
    nearDuplicates: nearDuplicates(items, clusters),
  };
  const findings: DatasetFindings = { ...shown, items, corrupt: dataset.corrupt };
  const report: DatasetReport = {
    schemaVersion: 1,
    layout: facts.layout,
    splitting: options.splitting,
    renamedClasses: [...facts.renamedClasses],
    leftOut: [...facts.leftOut],
    notes: [...facts.notes, ...notes],
    sizes: sizesOf(dataset.items),
    manifestSha256: acceptedManifest(items).sha256,
    items: items.length,
    ...shown,
    largestGroup: groupSizes.reduce((largest, size) => Math.max(largest, size), 0),
    corrupt: [...dataset.corrupt],
    regroupedItems: items.filter(({ groupId }, index) => groupId !== lines[index]?.groupId).length,
    errors: [...dataset.problems, ...problems, ...datasetErrors(findings, options)],
    warnings: datasetWarnings(findings),
  };
  return { report, items: uploadItems(dataset, items) };
}

/** As the manifest will have them: in their groups, with their digests, and with those splits that the gate cannot know. */
function uploadItems(dataset: InspectedDataset, items: readonly SplitItem[]): DatasetUploadItem[] {
  return dataset.items.map(({ source, line }, index) => {
    const { split: _given, ...rest } = source;
    const { groupId, split, splitGiven } = items[index] ?? line;
    const told = splitGiven && split !== undefined ? { split } : {};
    return { ...rest, groupId, sha256: line.sha256, ...told };
  });
}
