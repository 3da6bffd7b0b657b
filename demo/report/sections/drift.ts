import { startOf } from '../chart';
import { driftChart } from '../drift-chart';
import { clock, count, countedInWords } from '../format';
import { type Html, html, section } from '../html';
import type { ReportData } from '../report-data';
import { table } from '../table';
import { inWords } from '../words';

export function driftSection(data: ReportData): Html {
  const start = startOf(data);
  const { executions, labels, newClasses } = data.retraining;
  const names = Object.keys(labels);
  const episodes = data.drift.map(
    ({ openedAt, releaseId, evidence }) =>
      html`<article class="card"><h3>Episode opened at ${clock(Date.parse(openedAt), start)}, ${releaseId}</h3><ul>${evidence.map(
        (text) => html`<li>${inWords(text)}</li>`,
      )}</ul></article>`,
  );
  return section(
    'drift',
    'Drift, and what it led to',
    'What the devices report about their images moves away from the baseline that the release carries. The monitor decides from telemetry and labels; it never sees the truth.',
    data.devices.length === 0 ? html`<p class="none">No device reported anything.</p>` : driftChart(data),
    data.drift.length === 0
      ? html`<p class="none">No drift episode was opened.</p>`
      : html`<div class="columns">${episodes}</div>`,
    html`<p>The policy started ${countedInWords(executions, 'retraining')}${
      newClasses.length > 0 ? html`; new in the dataset: <strong>${newClasses.join(', ')}</strong>` : ''
    }.</p>`,
    table(
      'Labels that people gave to captured images during the run',
      ['class', ...names],
      names.length === 0 ? [] : [['labels', ...names.map((name) => count(labels[name]))]],
    ),
  );
}
