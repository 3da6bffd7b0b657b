import type { DatasetReport } from '../../contracts';
import { SPLITS } from '../../lambda/dataset/split';
import { formatTable } from '../shared/table';
import { leftOutByReason } from './layouts/left-out';

/** Of each list; the report in JSON has all. */
const MOST_SHOWN = 20;
/** Of what was left out, for each reason. */
const MOST_PATHS = 5;
/** Of sizes, the most frequent first. */
const MOST_SIZES = 3;

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

const SPLITTING = {
  given: 'splits as the source gives them',
  hash: 'splits by the hash of the group',
  stratified: 'splits divided evenly by class',
} as const;

function sizeLine({ sizes }: DatasetReport): string[] {
  if (sizes.length === 0) return [];
  const shown = sizes.slice(0, MOST_SIZES).map(({ width, height, items }) => `${width}x${height} (${items})`);
  const rest = sizes.length - MOST_SIZES;
  return [`Pixels: ${shown.join(', ')}${rest > 0 ? ` and ${rest} more sizes` : ''}`];
}

function leftOutLines({ leftOut }: DatasetReport): string[] {
  return leftOutByReason(leftOut).map(({ reason, files, paths }) => {
    const rest = paths.length - MOST_PATHS;
    return `${files} ${reason}: ${paths.slice(0, MOST_PATHS).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
  });
}

/** The report as an operator reads it. */
export function formatDatasetReport(report: DatasetReport): string {
  const { exactDuplicates, nearDuplicates } = report;
  const duplicates = (found: DatasetReport['exactDuplicates']) =>
    found.map(({ ids, splits }) => `${ids.slice(0, MOST_SHOWN).join(', ')} (${splits.join(', ')})`);
  return [
    `Dataset ${report.manifestSha256.slice(0, 12)}: ${report.items} items in ${report.groups} groups, the largest of ${report.largestGroup}`,
    `Recognized as ${report.layout}; ${SPLITTING[report.splitting]}`,
    ...report.renamedClasses.map(({ from, to }) => `Class '${from}' is called '${to}'`),
    ...report.notes.map((note) => `Note: ${note}`),
    ...sizeLine(report),
    ...(report.regroupedItems > 0
      ? [`${report.regroupedItems} items moved to the group of a duplicate`]
      : []),
    '',
    balance(report),
    ...section('Left out', leftOutLines(report)),
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
