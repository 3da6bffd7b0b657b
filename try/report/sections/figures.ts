import { unbroken } from '../../../demo/report/format';
import { type Html, html, section } from '../../../demo/report/html';
import type { TryReportData } from '../report-data';
import { keyFiguresOf } from '../words';

export function figuresSection(data: TryReportData): Html {
  const cards = keyFiguresOf(data).map(
    ({ name, value, detail }) =>
      html`<div class="card"><dt>${name}</dt><dd class="value">${unbroken(value)}</dd><dd class="detail">${unbroken(detail)}</dd></div>`,
  );
  return section('figures', 'In short', '', html`<dl class="cards">${cards}</dl>`);
}
