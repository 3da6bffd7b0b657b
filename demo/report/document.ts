/** The frame of a report: one HTML file that needs nothing else, no scripts, no fonts, no requests. */
import { type Content, Html, html } from './html';
import { STYLE } from './style';

/** One section of a report, made from the report's data. */
export interface ReportSection<Data> {
  readonly id: string;
  /** What the navigation calls it. */
  readonly link: string;
  render(data: Data): Html;
}

export interface ReportDocument<Data> {
  /** Of the window. */
  readonly title: string;
  readonly head: Content;
  /** Rules beside those of every report. @default - none */
  readonly style?: string;
  /** In the order of the page. */
  readonly sections: readonly ReportSection<Data>[];
  readonly data: Data;
}

/** @returns a whole HTML document; the same contents give the same document */
export function renderDocument<Data>({
  title,
  head,
  sections,
  data,
  style = '',
}: ReportDocument<Data>): string {
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
${sections.map(({ render }) => render(data))}</main>
</body>
</html>
`.text;
}
