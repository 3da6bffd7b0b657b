import { count } from '../../../demo/report/format';
import { type Html, html, section } from '../../../demo/report/html';
import { table } from '../../../demo/report/table';
import type { TryReportData } from '../report-data';

const SPLITTING: Readonly<Record<string, string>> = {
  given: 'as the source gives them',
  hash: 'by the part that they show',
  stratified: 'evenly by class',
};

const list = (title: string, lines: readonly string[]): Html =>
  lines.length === 0
    ? html``
    : html`<h3>${title}</h3><ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`;

export function datasetSection({ dataset, source }: TryReportData): Html {
  const { classes, items, layout, splitting, manifestSha256, sizes, notes, warnings } = dataset;
  return section(
    'dataset',
    'The data set',
    `${count(items)} images of ${source}, recognized as ${layout}; divided ${SPLITTING[splitting] ?? splitting}. Held-out images are the test column: neither the training nor its choices have seen them.`,
    table(
      `Data set ${manifestSha256.slice(0, 12)}`,
      ['class', 'may', 'train', 'validation', 'test', 'images'],
      classes.map(({ name, mayPass, train, validation, test }) => [
        name,
        mayPass ? 'pass' : 'not pass',
        count(train),
        count(validation),
        count(test),
        count(train + validation + test),
      ]),
    ),
    html`<div class="columns">${classes.map(
      ({ name, pictures }) =>
        html`<figure class="strip"><figcaption>${name}</figcaption>${pictures.map(
          (picture) => html`<img src="${picture}" alt="An image of class ${name}" width="64" height="64">`,
        )}</figure>`,
    )}</div>`,
    list('Pixels', sizes),
    list('Warnings', warnings),
    list('How it was understood', notes),
  );
}
