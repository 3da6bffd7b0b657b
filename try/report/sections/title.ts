import { unbroken } from '../../../demo/report/format';
import { type Html, html } from '../../../demo/report/html';
import type { TryReportData } from '../report-data';
import { verdictOf } from '../words';

export function titleSection(data: TryReportData): Html {
  return html`<header><p class="kicker">Kaizen Edge · a try with your own images</p>
<h1>${data.name}: what would reach the customer, and what would not</h1>
<p class="summary">${unbroken(verdictOf(data))}</p>
<p class="none">Written <time datetime="${data.generatedAt}">${data.generatedAt.slice(0, 16).replace('T', ' ')} UTC</time> from ${data.source}. Every figure was measured in this run.</p></header>
`;
}
