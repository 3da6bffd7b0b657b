import { unbroken } from '../format';
import { type Html, html, section } from '../html';
import { keyFigures } from '../key-figures';
import type { ReportData } from '../report-data';

export function keyFiguresSection(data: ReportData): Html {
  const cards = keyFigures(data).map(
    ({ name, value, detail }) =>
      html`<div class="card"><dt>${name}</dt><dd class="value">${unbroken(value)}</dd><dd class="detail">${unbroken(detail)}</dd></div>`,
  );
  return section('figures', 'What it came to', '', html`<dl class="cards">${cards}</dl>`);
}
