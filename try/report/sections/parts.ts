import { count, percent } from '../../../demo/report/format';
import { type Html, html, section } from '../../../demo/report/html';
import { table } from '../../../demo/report/table';
import type { TryReportData } from '../report-data';

type Row = NonNullable<TryReportData['inspection']>['classes'][number];

const LEGEND = html`<ul class="legend"><li><span class="decided"></span>as it should be</li><li><span class="mistaken"></span>passed or taken out wrongly</li><li><span class="looked"></span>for a person</li></ul>`;

/** The table says it too, so a screen reader skips the bar. */
function splitBar({ mayPass, shown, passed, rejected, reviewed }: Row): Html {
  const [right, wrong] = mayPass ? [passed, rejected] : [rejected, passed];
  const part = (of: number, kind: string) =>
    of === 0 ? '' : html`<span class="${kind}" style="width:${((of / shown) * 100).toFixed(1)}%"></span>`;
  return html`<span class="split" aria-hidden="true">${part(right, 'decided')}${part(wrong, 'mistaken')}${part(reviewed, 'looked')}</span>`;
}

/** What became of the parts of each class. */
export function partsSection({ inspection, passBecause }: TryReportData): Html {
  if (!inspection)
    return section(
      'parts',
      'What becomes of parts',
      '',
      html`<p class="none">No release came into service.</p>`,
    );
  const rows = inspection.classes.map((row) => [
    row.name,
    splitBar(row),
    row.mayPass ? 'pass' : 'not pass',
    count(row.shown),
    count(row.passed),
    count(row.rejected),
    count(row.reviewed),
    percent(row.shown === 0 ? null : row.right / row.shown),
  ]);
  const { unanswered, notShown } = inspection;
  return section(
    'parts',
    'What becomes of parts',
    `Each held-out image once. What may pass is ${passBecause}; every other class, and one that is new tomorrow, is taken out. A part whose class is uncertain, or that looks like none in the data set, goes to a person.`,
    LEGEND,
    table(
      'Parts by their true class',
      ['true class', 'what became of them', 'may', 'images', 'passed', 'taken out', 'review', 'right class'],
      rows,
    ),
    unanswered > 0
      ? html`<p class="note">${count(unanswered)} images were shown and had no result when this was written.</p>`
      : '',
    notShown > 0
      ? html`<p class="note">${count(notShown)} held-out images were not shown: they are more bytes than the simulated line holds.</p>`
      : '',
  );
}
