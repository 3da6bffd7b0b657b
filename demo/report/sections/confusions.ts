import { count, percent } from '../format';
import { type Html, html, section } from '../html';
import type { ReportData } from '../report-data';
import { scrollable } from '../table';

type Confusion = ReportData['confusions'][number];

/** Strongest tint in percent: text stays readable on it, on the light and on the dark page. */
const FULL_TINT = 55;

function cell(frames: number, ofClass: number, right: boolean): Html {
  const tint = ofClass > 0 ? Math.round((frames / ofClass) * FULL_TINT) : 0;
  return html`<td class="figure${right ? ' right' : ''}" style="--tint:${tint}%">${count(frames)}</td>`;
}

function row(name: string, values: readonly number[], index: number): Html {
  const total = values.reduce((sum, value) => sum + value, 0);
  const recall = total > 0 ? (values[index] ?? 0) / total : null;
  return html`<tr><th scope="row">${name}</th>${values.map((frames, column) => cell(frames, total, column === index))}<td class="figure">${count(total)}</td><td class="figure">${percent(recall)}</td></tr>`;
}

function matrix({ title, classes, rows }: Confusion): Html {
  if (classes.length === 0) return html`<p class="none">${title}: no frames.</p>`;
  const body = classes.map((name, index) => row(name, rows[index] ?? [], index));
  return scrollable(
    title,
    html`<table class="confusion"><caption>${title}</caption><thead><tr><th scope="col">true class</th>${classes.map(
      (name) => html`<th scope="col" class="figure">${name}</th>`,
    )}<th scope="col" class="figure">frames</th><th scope="col" class="figure">recall</th></tr></thead><tbody>${body}</tbody></table>`,
  );
}

export function confusionsSection({ confusions }: Pick<ReportData, 'confusions'>): Html {
  return section(
    'confusions',
    'What was taken for what',
    'Rows are the true classes, columns the predicted ones, numbers are frames. Framed cells are right decisions; the stronger the tint, the larger the share of its row.',
    confusions.length === 0
      ? html`<p class="none">No frames to compare.</p>`
      : html`<div class="columns">${confusions.map(matrix)}</div>`,
  );
}
