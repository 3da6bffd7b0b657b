import { type Content, escaped, Html, html } from '../../cli/shared/html';

export { type Content, escaped, Html, html };

/** One section of the page with its heading and, where it helps, a sentence on how to read it. */
export function section(id: string, title: string, lead: string, ...body: readonly Content[]): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>${
    lead ? html`<p class="lead">${lead}</p>` : ''
  }${body}</section>
`;
}
