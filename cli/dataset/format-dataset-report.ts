import type { DatasetReport } from '../../contracts';
import { formatTable } from '../shared/table';
import { SPLITS } from './dataset-rules';

/** Of each list; the report in JSON has all. */
const MOST_SHOWN = 20;

function section(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const rest = lines.length - MOST_SHOWN;
  const more = rest > 0 ? [`  and ${rest} more`] : [];
  return [
    '',
    `${title} (${lines.length}):`,
    ...lines.slice(0, MOST_SHOWN).map((line) => `  ${line}`),
    ...more,
  ];
}

function balance({ classes, counts }: DatasetReport): string {
  const rows = classes.map((name) => {
    const bySplit = SPLITS.map((split) => counts[split][name] ?? 0);
    return [name, ...[...bySplit, bySplit.reduce((sum, count) => sum + count, 0)].map(String)];
  });
  return formatTable(['class', ...SPLITS, 'items'], rows);
}

/** The report as an operator reads it. */
export function formatDatasetReport(report: DatasetReport): string {
  const { exactDuplicates, nearDuplicates } = report;
  const duplicates = (found: DatasetReport['exactDuplicates']) =>
    found.map(({ ids, splits }) => `${ids.slice(0, MOST_SHOWN).join(', ')} (${splits.join(', ')})`);
  return [
    `Dataset ${report.manifestSha256.slice(0, 12)}: ${report.items} items in ${report.groups} groups, the largest of ${report.largestGroup}`,
    ...(report.regroupedItems > 0
      ? [`${report.regroupedItems} items moved to the group of a duplicate`]
      : []),
    '',
    balance(report),
    ...section(
      'Corrupt images',
      report.corrupt.map(({ path, reason }) => `${path}: ${reason}`),
    ),
    ...section('Same bytes', duplicates(exactDuplicates)),
    ...section('Near duplicates', duplicates(nearDuplicates)),
    ...section('Warnings', report.warnings),
    ...section('Errors', report.errors),
  ].join('\n');
}
