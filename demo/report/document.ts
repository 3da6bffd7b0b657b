/** The frame of a report: one HTML file that needs nothing else, no scripts, no fonts, no requests. */
import { type Content, Html, html } from './html';
import { STYLE } from './style';

export interface ReportDocument {
  /** Of the window. */
  readonly title: string;
  readonly head: Content;
  /** Rules beside those of every report. @default - none */
  readonly style?: string;
  readonly sections: ReadonlyArray<{
    readonly id: string;
    /** What the navigation calls it. */
    readonly link: string;
    readonly body: Html;
  }>;
}

/** @returns a whole HTML document; the same contents give the same document */
export function renderDocument({ title, head, sections, style = '' }: ReportDocument): string {
  const links = sections.map(({ id, link }) => html`<li><a href="#${id}">${link}</a></li>`);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${new Html(STYLE + style)}</style>
</head>
<body>
${head}<nav aria-label="Sections"><ul>${links}</ul></nav>
<main>
${sections.map(({ body }) => body)}</main>
</body>
</html>
`.text;
}
