/** Charts as static SVG, by ECharts' server-side rendering. */

import type { EChartsOption } from 'echarts';
import { init } from 'echarts';
import { clock } from './format';
import { Html } from './html';
import type { DeviceWindow, ReportData } from './report-data';

/** Okabe and Ito's palette: distinguishable with any colour vision. */
export const COLOURS = ['#0072B2', '#E69F00', '#009E73', '#CC79A7', '#56B4E9', '#D55E00', '#F0E442'];
/** Mid grey: readable on the page's light and dark backgrounds alike. */
const INK = '#808890';
const WIDTH = 1080;

function svg(option: EChartsOption, height: number, label: string): Html {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  chart.setOption({
    animation: false,
    textStyle: { fontFamily: 'system-ui, sans-serif', color: INK },
    ...option,
  });
  const text = chart.renderToSVGString();
  chart.dispose();
  const accessible = text.replace('<svg ', `<svg role="img" aria-label="${label.replaceAll('"', "'")}" `);
  return new Html(`<figure class="chart">${accessible}</figure>`);
}

/** Releases in the order in which they appear; a release keeps its colour in all charts. */
export function releaseColours(data: ReportData): Map<string, string> {
  const releases = [
    ...new Set(data.devices.flatMap(({ windows }) => windows.map(({ releaseId }) => releaseId))),
  ].sort((left, right) => left.localeCompare(right, 'en', { numeric: true }));
  return new Map(releases.map((release, index) => [release, COLOURS[index % COLOURS.length] as string]));
}

interface Band {
  readonly from: number;
  readonly until: number;
  readonly releaseId: string;
}

function bandsOf(windows: readonly DeviceWindow[]): Band[] {
  const bands: Array<{ from: number; until: number; releaseId: string }> = [];
  for (const { at, releaseId } of windows) {
    const last = bands.at(-1);
    if (last?.releaseId === releaseId) last.until = at + 5000;
    else bands.push({ from: at, until: at + 5000, releaseId });
  }
  return bands;
}

/** Short name of a release for a narrow band: its counter. */
function shortName(releaseId: string): string {
  return `release ${releaseId.split('-').pop()}`;
}

const ROW_HEIGHT = 120;

/** Accuracy of every device over time, with the release in service as a band and the numbered events as lines. */
export function accuracyTimeline(data: ReportData): Html {
  const start = startOf(data);
  const colours = releaseColours(data);
  const { devices } = data;
  const until = Math.max(start + 1, ...devices.flatMap(({ windows }) => windows.map(({ at }) => at + 5000)));
  const grids = devices.map((_, index) => ({
    left: 96,
    right: 16,
    top: 30 + index * ROW_HEIGHT,
    height: ROW_HEIGHT - 34,
  }));
  const option: EChartsOption = {
    grid: grids,
    xAxis: devices.map((_, index) => ({
      type: 'value' as const,
      gridIndex: index,
      min: start,
      max: until,
      axisLabel: {
        show: index === devices.length - 1,
        color: INK,
        formatter: (value: number) => clock(value, start),
      },
      splitLine: { show: false },
    })),
    yAxis: devices.map(({ deviceId, group }, index) => ({
      type: 'value' as const,
      gridIndex: index,
      min: 0,
      max: 1,
      interval: 0.5,
      name: `${deviceId}\n${group}`,
      nameLocation: 'middle' as const,
      nameRotate: 0,
      nameGap: 62,
      nameTextStyle: { color: INK, fontSize: 13, align: 'center' as const },
      axisLabel: { color: INK, formatter: (value: number) => `${value * 100} %` },
      splitLine: { lineStyle: { color: INK, opacity: 0.2 } },
    })),
    series: devices.map(({ windows }, index) => ({
      type: 'line' as const,
      xAxisIndex: index,
      yAxisIndex: index,
      showSymbol: false,
      connectNulls: false,
      lineStyle: { width: 2, color: '#D55E00' },
      data: windows.map(({ at, accuracy }) => [at + 2500, accuracy]),
      markArea: {
        silent: true,
        data: bandsOf(windows).map(({ from, until: to, releaseId }) => [
          {
            xAxis: from,
            itemStyle: { color: colours.get(releaseId), opacity: 0.22 },
            label: {
              show: to - from > 20_000,
              formatter: shortName(releaseId),
              position: 'insideBottom' as const,
              color: INK,
              fontSize: 12,
            },
          },
          { xAxis: to },
        ]),
      },
      markLine: {
        silent: true,
        symbol: 'none',
        lineStyle: { color: INK, type: 'dashed' as const, width: 1 },
        label: { show: index === 0, formatter: '{b}', color: INK, fontSize: 11, position: 'end' as const },
        data: data.events.map(({ at }, number) => ({ name: String(number + 1), xAxis: at })),
      },
    })) as EChartsOption['series'],
  };
  return svg(
    option,
    44 + devices.length * ROW_HEIGHT,
    'Accuracy of each device over time, with the release in service and numbered events',
  );
}

/** Mean brightness and confidence of the frames, per device. */
export function driftChart(data: ReportData): Html {
  const start = startOf(data);
  const line = (name: string, index: number, axis: number, points: Array<[number, number | null]>) => ({
    type: 'line' as const,
    name,
    xAxisIndex: axis,
    yAxisIndex: axis,
    showSymbol: false,
    lineStyle: { width: 2, color: COLOURS[index % COLOURS.length] },
    itemStyle: { color: COLOURS[index % COLOURS.length] },
    data: points,
  });
  const axis = (gridIndex: number) => ({
    type: 'value' as const,
    gridIndex,
    min: start,
    scale: true,
    axisLabel: { color: INK, formatter: (value: number) => clock(value, start) },
    splitLine: { show: false },
  });
  const option: EChartsOption = {
    legend: { top: 0, textStyle: { color: INK } },
    grid: [
      { left: 70, right: WIDTH / 2 + 20, top: 56, bottom: 30 },
      { left: WIDTH / 2 + 60, right: 16, top: 56, bottom: 30 },
    ],
    xAxis: [axis(0), axis(1)],
    yAxis: ['mean brightness (luma 0–255)', 'mean confidence'].map((name, gridIndex) => ({
      type: 'value' as const,
      gridIndex,
      name,
      nameTextStyle: { color: INK, align: 'left' as const },
      scale: true,
      axisLabel: { color: INK },
      splitLine: { lineStyle: { color: INK, opacity: 0.2 } },
    })),
    series: data.devices.flatMap(({ deviceId, windows }, index) => [
      line(
        deviceId,
        index,
        0,
        windows.map(({ at, meanBrightness }) => [at, meanBrightness]),
      ),
      line(
        deviceId,
        index,
        1,
        windows.map(({ at, meanConfidence }) => [at, meanConfidence]),
      ),
    ]) as EChartsOption['series'],
  };
  return svg(option, 260, 'Mean brightness and mean confidence of each device over time');
}

/** The first frame or the first event, whichever came first. */
export function startOf(data: ReportData): number {
  const times = [
    ...data.events.map(({ at }) => at),
    ...data.devices.flatMap(({ windows }) => windows.map(({ at }) => at)),
  ];
  return times.length === 0 ? 0 : Math.min(...times);
}
