/** From inspected images to a report, and to the items as they would be imported. Pure. */
import type { DatasetReport } from '../../contracts';
import { acceptedManifest } from '../../lambda/dataset/accepted-manifest';
import { splitOf } from '../../lambda/dataset/split';
import {
  type DatasetFindings,
  type Duplicates,
  datasetErrors,
  datasetWarnings,
  type RuleOptions,
  SPLITS,
  type SplitItem,
} from './dataset-rules';
import { groupDuplicates } from './group-duplicates';
import type { InspectedDataset } from './inspect-dataset';
import { findNearDuplicates } from './near-duplicates';
import type { DatasetUploadItem } from './upload-item';

export interface ReportOptions extends RuleOptions {
  /** Give duplicates one group. */
  readonly groupDuplicates: boolean;
}

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

/**
 * Decides the groups and splits, looks for duplicates, and applies the rules. Nothing is random: the same images and
 * options give the same report.
 */
export function examineDataset(dataset: InspectedDataset, options: ReportOptions): DatasetExamination {
  const lines = dataset.items.map(({ line }) => line);
  const { clusters } = findNearDuplicates(dataset.items.map(({ hash }) => hash));
  const groups = options.groupDuplicates
    ? groupDuplicates(lines, clusters)
    : lines.map(({ groupId }) => groupId);
  const items = lines.map((line, index): SplitItem => {
    const groupId = groups[index] ?? line.groupId;
    return { ...line, groupId, split: splitOf(groupId) };
  });
  const groupSizes = setsBy(items, ({ groupId }) => groupId).map(({ length }) => length);
  const shown = {
    groups: groupSizes.length,
    classes: sorted(items.map(({ label }) => label)),
    counts: countsOf(items),
    imbalance: imbalanceOf(items),
    exactDuplicates: exactDuplicates(items),
    nearDuplicates: nearDuplicates(items, clusters),
  };
  const findings: DatasetFindings = { ...shown, items, corruptImages: dataset.corrupt.length };
  const report: DatasetReport = {
    schemaVersion: 1,
    manifestSha256: acceptedManifest(items).sha256,
    items: items.length,
    ...shown,
    largestGroup: groupSizes.reduce((largest, size) => Math.max(largest, size), 0),
    corrupt: [...dataset.corrupt],
    regroupedItems: items.filter(({ groupId }, index) => groupId !== lines[index]?.groupId).length,
    errors: [...dataset.problems, ...datasetErrors(findings, options)],
    warnings: datasetWarnings(findings),
  };
  return {
    report,
    items: dataset.items.map(({ source, line }, index) => ({
      ...source,
      groupId: groups[index] ?? line.groupId,
      sha256: line.sha256,
    })),
  };
}
