/** Charts as static SVG, by ECharts' server-side rendering: nothing runs in the reader's browser. */
import type { EChartsOption } from 'echarts';
import { init } from 'echarts';
import { escaped, Html, html } from './html';
import type { ReportData } from './report-data';

/** Okabe and Ito's palette: distinguishable with any colour vision. Colour is never the only mark. */
export const COLOURS = ['#0072B2', '#E69F00', '#009E73', '#CC79A7', '#56B4E9', '#D55E00', '#F0E442'] as const;

/** Stands for the page's text colour: replaced by `currentColor`, so that charts follow the light and the dark page. */
export const INK = '#123456';

export const CHART_WIDTH = 1080;

/** @param name identifies the chart in the page; ids in the SVG begin with it, so they are the same in every run */
export function chart(name: string, label: string, option: EChartsOption, height: number): Html {
  const instance = init(null, null, { renderer: 'svg', ssr: true, width: CHART_WIDTH, height });
  instance.setOption({
    animation: false,
    textStyle: { fontFamily: 'system-ui, sans-serif', color: INK },
    ...option,
  });
  const text = instance.renderToSVGString();
  instance.dispose();
  const svg = text
    .replaceAll(new RegExp(INK, 'gi'), 'currentColor')
    .replaceAll(/zr\d+-/g, `${name}-`)
    // Classes and their style sheet serve the mouse on a live chart; they are numbered anew in every run.
    .replaceAll(/<style\b.*?<\/style>/gs, '')
    .replaceAll(/ (?:class|pointer-events)="[^"]*"/g, '')
    .replace(/<svg width="\d+" height="\d+"/, `<svg viewBox="0 0 ${CHART_WIDTH} ${height}"`)
    .replace('<svg ', `<svg role="img" aria-label="${escaped(label)}" `);
  return html`<figure class="chart scroll" tabindex="0" role="region" aria-label="${label}">${new Html(svg)}</figure>`;
}

/** The first frame or the first event, whichever came first; milliseconds since the epoch. */
export function startOf(data: ReportData): number {
  const times = [
    ...data.events.map(({ at }) => at),
    ...data.devices.flatMap(({ windows }) => windows.map(({ at }) => at)),
  ];
  return times.reduce((least, at) => Math.min(least, at), times[0] ?? 0);
}

/** The end of the last window or the last event; at least a second after the start. */
export function endOf(data: ReportData): number {
  const times = [
    ...data.events.map(({ at }) => at),
    ...data.devices.flatMap(({ windows }) => windows.map(({ at }) => at + WINDOW)),
  ];
  return times.reduce((greatest, at) => Math.max(greatest, at), startOf(data) + 1000);
}

/** Length of a DeviceWindow in milliseconds. */
export const WINDOW = 5000;

/** Seconds between ticks: the smallest round step that gives at most twelve. */
export function tickSeconds(spanSeconds: number): number {
  return (
    [5, 10, 15, 30, 60, 120, 300, 600].find((step) => spanSeconds / step <= 12) ??
    Math.ceil(spanSeconds / 12 / 3600) * 3600
  );
}

/** Points of a line; where windows are missing the line breaks instead of pretending to know. */
export function brokenLine<Window extends { readonly at: number }>(
  windows: readonly Window[],
  start: number,
  value: (window: Window) => number | null,
): Array<[number, number | null]> {
  return windows.flatMap((window, index) => {
    const point: [number, number | null] = [(window.at + WINDOW / 2 - start) / 1000, value(window)];
    const before = windows[index - 1];
    const gap = before !== undefined && window.at - before.at > 2 * WINDOW;
    return gap ? [[(before.at + WINDOW - start) / 1000, null] as [number, null], point] : [point];
  });
}
