import { type Content, Html, html } from './html';

/** A figure with its unit, or the dash of a figure that is not there: aligned right, so that digits line up. */
const FIGURE = /^(–|(?:< )?[\d.,]+( min [\d.]+)?( ?(%|ms|s|B|kB|MB|GB|×))?)$/;

function isFigure(cell: Content): boolean {
  return typeof cell === 'number' || (typeof cell === 'string' && FIGURE.test(cell));
}

/** Room for a wide thing on a narrow screen: it scrolls by itself, with the keyboard too, and the page does not. */
export function scrollable(label: string, body: Content): Html {
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">${body}</div>`;
}

/** A table with a caption; the first column is the row's heading. Without rows, a sentence that says so. */
export function table(caption: string, head: readonly string[], rows: readonly (readonly Content[])[]): Html {
  if (rows.length === 0) return html`<p class="none">${caption}: none.</p>`;
  const figures = head.map((_, column) => column > 0 && rows.every((row) => isFigure(row[column])));
  const alignment = (column: number) => new Html(figures[column] ? ' class="figure"' : '');
  const body = rows.map(
    ([first, ...rest]) =>
      html`<tr><th scope="row">${first}</th>${rest.map((cell, index) => html`<td${alignment(index + 1)}>${cell}</td>`)}</tr>`,
  );
  return scrollable(
    caption,
    html`<table><caption>${caption}</caption><thead><tr>${head.map(
      (name, column) => html`<th scope="col"${alignment(column)}>${name}</th>`,
    )}</tr></thead><tbody>${body}</tbody></table>`,
  );
}
