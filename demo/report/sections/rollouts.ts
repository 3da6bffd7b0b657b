import { seconds } from '../format';
import { type Html, html, section } from '../html';
import type { ReportData } from '../report-data';
import { scrollable, table } from '../table';
import { inWords, namedNumber } from '../words';

type Rollout = ReportData['rollouts'][number];
type Wave = Rollout['waves'][number];
type Limits = ReportData['limits'];

/** The limit's line lies here; a value of twice the limit, or more, fills the bar. */
const LIMIT_PERCENT = 50;

function bar(value: number, limit: number): Html {
  const width = Math.min(100, Math.max(0, (value / limit) * LIMIT_PERCENT));
  const state = value > limit ? 'beyond' : 'within';
  return html`<span class="bar limited ${state}" aria-hidden="true"><span style="width:${width.toFixed(1)}%"></span></span>`;
}

/** Each number that has a limit, as a bar against it. */
function againstLimits({ wave, numbers }: Wave, limits: Limits): Html {
  const rows = Object.entries(limits).flatMap(([key, limit]) => {
    const value = numbers[key];
    if (typeof value !== 'number' || !Number.isFinite(value)) return [];
    const name = namedNumber(key, null).name;
    return [
      html`<tr><th scope="row">${name}</th><td class="figure">${namedNumber(key, value).value}</td><td>${bar(value, limit)}</td><td class="figure">${namedNumber(key, limit).value}</td></tr>`,
    ];
  });
  if (rows.length === 0) return html``;
  const caption = `Wave ${wave} against its limits`;
  return scrollable(
    caption,
    html`<table><caption>${caption}</caption><thead><tr><th scope="col">number</th><th scope="col" class="figure">value</th><th scope="col">line: limit</th><th scope="col" class="figure">limit</th></tr></thead><tbody>${rows}</tbody></table>`,
  );
}

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

function rolloutCard(rollout: Rollout, limits: Limits): Html {
  const { releaseId, outcome, waves, seconds: duration } = rollout;
  const mark = outcome === 'rolled back' ? html`<span aria-hidden="true">↶</span> ` : '';
  return html`<article class="card"><h3>${releaseId}</h3><p class="outcome">${mark}${outcome} after ${seconds(duration)}</p>${waves.map(
    (wave) => againstLimits(wave, limits),
  )}<details><summary>What the judge said, and all numbers</summary>${waves.map(verdictOf)}${numbersOf(rollout)}</details></article>`;
}

export function rolloutsSection({
  rollouts,
  limits = {},
}: Pick<ReportData, 'rollouts'> & Partial<Pick<ReportData, 'limits'>>): Html {
  return section(
    'rollouts',
    'Rollouts',
    'A release goes to the canary wave first. What the devices report there decides whether it goes on; silence never counts as health. Certainty counts, not the value alone: a bar may lie beyond its line by chance, or because the release answers a drift.',
    rollouts.length === 0
      ? html`<p class="none">No rollouts.</p>`
      : html`<div class="columns narrow">${rollouts.map((rollout) => rolloutCard(rollout, limits))}</div>`,
  );
}
