import { seconds } from '../format';
import { type Html, html, section } from '../html';
import type { ReportData } from '../report-data';
import { table } from '../table';
import { inWords, namedNumber } from '../words';

type Rollout = ReportData['rollouts'][number];
type Wave = Rollout['waves'][number];

function verdictOf({ wave, verdict, reasons }: Wave): Html {
  return html`<h4>Wave ${wave}: ${verdict.toLowerCase().replaceAll('_', ' ')}</h4>${
    reasons.length > 0 ? html`<ul>${reasons.map((reason) => html`<li>${inWords(reason)}</li>`)}</ul>` : ''
  }`;
}

/** One row per number that any wave has, one column per wave. */
function numbersOf({ releaseId, waves }: Rollout): Html {
  const keys = [...new Set(waves.flatMap(({ numbers }) => Object.keys(numbers)))];
  return table(
    `Numbers that judged ${releaseId}`,
    ['number', ...waves.map(({ wave }) => wave)],
    keys.map((key) => [
      namedNumber(key, null).name,
      ...waves.map(({ numbers }) => namedNumber(key, numbers[key] ?? null).value),
    ]),
  );
}

function rolloutCard(rollout: Rollout): Html {
  const { releaseId, outcome, waves, seconds: duration } = rollout;
  const mark = outcome === 'rolled back' ? html`<span aria-hidden="true">↶</span> ` : '';
  return html`<article class="card"><h3>${releaseId}</h3><p class="outcome">${mark}${outcome} after ${seconds(duration)}</p>${waves.map(verdictOf)}${numbersOf(rollout)}</article>`;
}

export function rolloutsSection({ rollouts }: Pick<ReportData, 'rollouts'>): Html {
  return section(
    'rollouts',
    'Rollouts',
    'A release goes to the canary wave first. What the devices report there decides whether it goes on; silence never counts as health.',
    rollouts.length === 0
      ? html`<p class="none">No rollouts.</p>`
      : html`<div class="columns narrow">${rollouts.map(rolloutCard)}</div>`,
  );
}
