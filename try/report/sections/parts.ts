import { count, percent } from '../../../demo/report/format';
import { type Html, html, section } from '../../../demo/report/html';
import { table } from '../../../demo/report/table';
import type { TryReportData } from '../report-data';

/** What became of the parts of each class. */
export function partsSection({ inspection, passBecause }: TryReportData): Html {
  if (!inspection)
    return section(
      'parts',
      'What becomes of parts',
      '',
      html`<p class="none">No release came into service.</p>`,
    );
  const rows = inspection.classes.map(({ name, mayPass, shown, passed, rejected, reviewed, right }) => [
    name,
    mayPass ? 'pass' : 'reject',
    count(shown),
    count(passed),
    count(rejected),
    count(reviewed),
    percent(shown === 0 ? null : right / shown),
  ]);
  const { unanswered, notShown } = inspection;
  return section(
    'parts',
    'What becomes of parts',
    `Each held-out image once. What may pass is ${passBecause}; every other class, and one that is new tomorrow, is taken out. A part whose class is uncertain, or that looks like none in the data set, goes to a person.`,
    table(
      'Parts by their true class',
      ['true class', 'should', 'images', 'passed', 'taken out', 'review', 'right class'],
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
