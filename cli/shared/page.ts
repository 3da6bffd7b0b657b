/** The frame of the pages that commands write: one HTML file that needs nothing else, no scripts, no fonts, no requests. */
import { type Content, Html, html } from './html';

const STYLE = `
:root { color-scheme: light dark; --line: #8886; --muted: #777; --bad: #b3261e; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 76rem; padding: 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; border-bottom: 1px solid var(--line); }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { padding: .25rem .75rem .25rem 0; text-align: left; vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
tbody tr { border-top: 1px solid var(--line); }
.pictures { display: flex; flex-wrap: wrap; gap: .5rem; padding: 0; list-style: none; }
figure { margin: 0; width: 8rem; font-size: .75rem; overflow-wrap: anywhere; }
figure img { display: block; width: 8rem; height: 8rem; object-fit: contain; background: #8882; }
.bad { color: var(--bad); font-weight: 600; } .muted { color: var(--muted); }
code { overflow-wrap: anywhere; }
`;

/** @returns a whole HTML document; the same contents give the same document */
export function renderPage(title: string, ...body: readonly Content[]): string {
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data: 'self'; style-src 'unsafe-inline'">
<title>${title}</title><style>${new Html(STYLE)}</style></head>
<body><h1>${title}</h1>
${body}</body></html>
`;
  return page.text;
}

/** A table; cells of numbers are aligned as numbers. */
export function pageTable(
  header: readonly string[],
  rows: readonly (readonly (string | number | Html)[])[],
): Html {
  const classOf = (column: number) => (typeof rows[0]?.[column] === 'number' ? 'number' : 'text');
  return html`<table><thead><tr>${header.map(
    (name, column) => html`<th class="${classOf(column)}">${name}</th>`,
  )}</tr></thead><tbody>${rows.map(
    (row) =>
      html`<tr>${row.map((cell, column) => html`<td class="${classOf(column)}">${cell instanceof Html ? cell : String(cell)}</td>`)}</tr>`,
  )}</tbody></table>
`;
}

export function pageList(items: readonly Content[], kind = ''): Html {
  return html`<ul class="${kind}">${items.map((item) => html`<li>${item}</li>`)}</ul>
`;
}
