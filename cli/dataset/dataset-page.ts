/** The report as a page with pictures. Pure. */
import type { DatasetReport } from '../../contracts';
import { SPLITS } from '../../lambda/dataset/split';
import { type Content, type Html, html } from '../shared/html';
import { pageList, pageTable, renderPage } from '../shared/page';
import { leftOutByReason } from './layouts/left-out';
import { MOST_DUPLICATE_SETS, MOST_OF_CLASS, MOST_OF_DUPLICATES, spread } from './thumbnails';
import type { DatasetUploadItem } from './upload-item';

/** Of a list; the report in JSON has all. */
const MOST_LISTED = 200;

export interface DatasetPageData {
  readonly report: DatasetReport;
  readonly items: readonly DatasetUploadItem[];
  /** Data URIs by id; of some images. */
  readonly thumbnails: ReadonlyMap<string, string>;
  /** What was imported. */
  readonly source: string;
}

function picture({ thumbnails }: DatasetPageData, id: string, caption: string): Html {
  const source = thumbnails.get(id);
  const image = source === undefined ? '' : html`<img src="${source}" alt="${caption}" loading="lazy">`;
  return html`<figure>${image}<figcaption>${caption}</figcaption></figure>`;
}

const section = (title: string, ...body: readonly Content[]): Html => html`<h2>${title}</h2>
${body}`;

function limited(lines: readonly Content[]): Content {
  const rest = lines.length - MOST_LISTED;
  return [pageList(lines.slice(0, MOST_LISTED)), rest > 0 ? html`<p class="muted">and ${rest} more</p>` : ''];
}

function verdict({ errors, warnings }: DatasetReport): Content {
  return [
    errors.length === 0
      ? html`<p>Nothing keeps this data set from being imported.</p>`
      : [
          html`<p class="bad">Not to be imported: ${errors.length} error${errors.length === 1 ? '' : 's'}.</p>`,
          limited(errors),
        ],
    warnings.length === 0 ? '' : section(`Warnings (${warnings.length})`, limited(warnings)),
  ];
}

function understood({ layout, splitting, notes, renamedClasses }: DatasetReport): Html {
  return section(
    'How the source was understood',
    pageList([
      `recognized as: ${layout}`,
      `splits: ${{ given: 'as the source gives them', hash: 'by the hash of the group', stratified: 'divided evenly by class' }[splitting]}`,
      ...renamedClasses.map(({ from, to }) => `class '${from}' is called '${to}'`),
      ...notes,
    ]),
  );
}

function classTable({ classes, counts }: DatasetReport): Html {
  const rows = classes.map((name) => {
    const bySplit = SPLITS.map((split) => counts[split][name] ?? 0);
    return [name, ...bySplit, bySplit.reduce((sum, count) => sum + count, 0)];
  });
  return section('Classes and splits', pageTable(['class', ...SPLITS, 'items'], rows));
}

function classPictures(data: DatasetPageData): Content {
  return data.report.classes.map((name) => {
    const members = data.items.filter(({ label }) => label === name);
    const shown = spread(members, MOST_OF_CLASS);
    return section(
      `${name}: ${shown.length} of ${members.length}`,
      pageList(
        shown.map(({ id, path }) => picture(data, id, path ?? id)),
        'pictures',
      ),
    );
  });
}

function duplicates(data: DatasetPageData, title: string, sets: DatasetReport['nearDuplicates']): Content {
  if (sets.length === 0) return '';
  const shown = sets.slice(0, MOST_DUPLICATE_SETS).map(({ ids, splits, labels }) => [
    html`<p>${ids.length} images in ${splits.join(' and ')}, labelled ${labels.join(' and ')}</p>`,
    pageList(
      ids.slice(0, MOST_OF_DUPLICATES).map((id) => picture(data, id, id)),
      'pictures',
    ),
  ]);
  return section(`${title} (${Math.min(sets.length, MOST_DUPLICATE_SETS)} of ${sets.length} sets)`, shown);
}

function absent({ corrupt, leftOut }: DatasetReport): Content {
  const byReason = leftOutByReason(leftOut);
  return [
    corrupt.length === 0
      ? ''
      : section(
          `Corrupt images (${corrupt.length})`,
          limited(corrupt.map(({ path, reason }) => `${path}: ${reason}`)),
        ),
    byReason.length === 0
      ? ''
      : section(
          'Left out',
          byReason.map(({ reason, files, paths }) => [
            html`<p>${files} files: ${reason}</p>`,
            limited(paths),
          ]),
        ),
  ];
}

/** @returns a whole HTML document; the same data give the same document */
export function datasetPage(data: DatasetPageData): string {
  const { report, source } = data;
  const sizes = report.sizes.map(({ width, height, items }) => [`${width} x ${height}`, items]);
  return renderPage(
    `Data set ${source}`,
    html`<p>${report.items} images in ${report.groups} groups, version <code>${report.manifestSha256.slice(0, 12)}</code></p>`,
    verdict(report),
    understood(report),
    classTable(report),
    section('Sizes', pageTable(['pixels', 'images'], sizes.slice(0, MOST_LISTED))),
    classPictures(data),
    duplicates(data, 'Near duplicates', report.nearDuplicates),
    duplicates(data, 'Same bytes', report.exactDuplicates),
    absent(report),
  );
}
