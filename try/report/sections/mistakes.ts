import { count, percent } from '../../../demo/report/format';
import { type Html, html, section } from '../../../demo/report/html';
import type { Mistake, MistakeKind, TryReportData } from '../report-data';

const KINDS: ReadonlyArray<{ readonly kind: MistakeKind; readonly title: string; readonly lead: string }> = [
  { kind: 'escape', title: 'Escapes', lead: 'Defective parts that pass.' },
  { kind: 'falseReject', title: 'False rejects', lead: 'Good parts that are taken out.' },
  {
    kind: 'otherDefect',
    title: 'Taken for another defect',
    lead: 'Taken out, as they should be, under the wrong name.',
  },
  {
    kind: 'review',
    title: 'For a person',
    lead: 'Not sure enough to decide, or like nothing in the data set.',
  },
];

function card({ name, truth, predicted, confidence, picture }: Mistake): Html {
  const image = picture
    ? html`<img src="${picture}" alt="Held-out image ${name}, truly ${truth}" loading="lazy">`
    : '';
  const said =
    predicted === undefined ? 'no image to a device' : `taken for ${predicted}, ${percent(confidence)} sure`;
  return html`<li class="card example">${image}<p class="said">truly ${truth}</p><p>${said}</p><p class="name">${name}</p></li>`;
}

function group(all: readonly Mistake[], { kind, title, lead }: (typeof KINDS)[number]): Html {
  const found = all.filter((mistake) => mistake.kind === kind);
  const shown = found.filter(({ picture }) => picture !== undefined);
  const rest = found.length - shown.length;
  return html`<h3>${title}: ${count(found.length)}</h3>${
    found.length === 0
      ? html`<p class="none">None.</p>`
      : html`<p class="note">${lead}</p><ul class="examples">${shown.map(card)}</ul>${
          rest > 0 ? html`<p class="none">and ${count(rest)} more, named in report.json</p>` : ''
        }`
  }`;
}

export function mistakesSection({ inspection }: TryReportData): Html {
  return section(
    'examples',
    'What to look at',
    'The images themselves say most: a wrong label, two classes that look alike, light that differs, a defect that is smaller than a pixel of the network.',
    inspection
      ? KINDS.map((kind) => group(inspection.mistakes, kind))
      : html`<p class="none">No release came into service.</p>`,
  );
}
