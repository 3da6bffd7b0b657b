import { type Html, html, section } from '../html';
import type { ReportData } from '../report-data';

const CONDITIONS: Readonly<Record<string, string>> = {
  normal: 'The line as it should be: 97 parts of 100 are good.',
  drifted: 'Under an old light: the same parts, darker, warmer and unevenly lit.',
  'broken-tool':
    'With a broken tool, under the old light: one part of five has a crack, which nobody had seen before.',
};

function row(condition: string, parts: ReportData['parts']): Html {
  const images = parts
    .filter((part) => part.condition === condition)
    .map(
      ({ label, jpegBase64 }) =>
        html`<li><img src="data:image/jpeg;base64,${jpegBase64}" alt="${label}, ${condition}"><span>${label}</span></li>`,
    );
  return html`<h3>${CONDITIONS[condition] ?? condition}</h3><ul class="parts">${images}</ul>`;
}

/** What it is all about: the parts, one of each class, as the line shows them in turn. */
export function lineSection({ parts, devices }: Pick<ReportData, 'parts' | 'devices'>): Html {
  const conditions = [...new Set(parts.map(({ condition }) => condition))];
  const watchers = devices.map(({ deviceId, group }) => html`<li>${deviceId} <small>${group}</small></li>`);
  return section(
    'line',
    'The line and its parts',
    'Each device looks at the parts of its place on the line and says at once what becomes of each. The release goes to the canary devices first.',
    watchers.length === 0 ? '' : html`<ol class="belt" aria-label="Devices along the line">${watchers}</ol>`,
    parts.length === 0
      ? html`<p class="none">No parts were rendered.</p>`
      : html`${conditions.map((condition) => row(condition, parts))}`,
  );
}
