/** HTML text, escaped unless it is HTML already. */
export class Html {
  constructor(readonly text: string) {}
}

export type Content = Html | string | number | null | undefined | readonly Content[];

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

function textOf(content: Content): string {
  if (content === null || content === undefined) return '';
  if (content instanceof Html) return content.text;
  if (Array.isArray(content)) return content.map(textOf).join('');
  return escaped(String(content));
}

/** Tagged template: every value in it is escaped, other `html` results and lists of them are taken as they are. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(strings.map((part, index) => part + textOf(values[index])).join(''));
}

/** One section of the page with its heading and, where it helps, a sentence on how to read it. */
export function section(title: string, lead: string, ...body: readonly Content[]): Html {
  return html`<section><h2>${title}</h2>${lead ? html`<p class="lead">${lead}</p>` : ''}${body}</section>`;
}

/** A table with a caption; the first column is the row's heading. */
export function table(caption: string, head: readonly string[], rows: readonly (readonly Content[])[]): Html {
  if (rows.length === 0) return html`<p class="none">${caption}: none.</p>`;
  return html`<div class="scroll"><table><caption>${caption}</caption><thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${rows.map(
    ([first, ...rest]) => html`<tr><th scope="row">${first}</th>${rest.map((cell) => html`<td>${cell}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}
