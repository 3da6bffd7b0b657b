import { percent } from '../format';
import { type Html, html, section } from '../html';
import type { ReportData } from '../report-data';
import { counterOf } from '../words';

type Example = ReportData['examples'][number];

function card({ jpegBase64, truth, predicted, confidence, releaseId, right }: Example): Html {
  const verdict = right ? '✓ right' : '✗ wrong';
  return html`<li class="card example"><img src="data:image/jpeg;base64,${jpegBase64}" alt="Part on the line, truly ${truth}"><p class="outcome">${verdict}</p><dl><dt>truth</dt><dd>${truth}</dd><dt>predicted</dt><dd>${predicted}</dd><dt>confidence</dt><dd>${percent(confidence)}</dd><dt>release</dt><dd>${counterOf(releaseId)}</dd></dl></li>`;
}

function group(title: string, examples: readonly Example[]): Html {
  return html`<h3>${title}</h3>${
    examples.length === 0
      ? html`<p class="none">None.</p>`
      : html`<ul class="examples">${examples.map(card)}</ul>`
  }`;
}

export function examplesSection({ examples }: ReportData): Html {
  return section(
    'examples',
    'Examples',
    'Frames as the devices saw them, spread over the run.',
    group(
      'Right',
      examples.filter(({ right }) => right),
    ),
    group(
      'Wrong',
      examples.filter(({ right }) => !right),
    ),
  );
}
