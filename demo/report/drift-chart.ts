import type { EChartsOption } from 'echarts';
import { brokenLine, CHART_WIDTH, COLOURS, chart, endOf, INK, startOf, tickSeconds } from './chart';
import { clock } from './format';
import type { Html } from './html';
import type { ReportData } from './report-data';

/** Dashes tell the devices apart without colour. */
const DASHES: ReadonlyArray<'solid' | 'dashed' | 'dotted' | number[]> = [
  'solid',
  'dashed',
  'dotted',
  [10, 3, 2, 3],
];

/** Mean brightness and mean confidence of each device, side by side; vertical lines where an episode was opened. */
export function driftChart(data: ReportData): Html {
  const start = startOf(data);
  const span = (endOf(data) - start) / 1000;
  const episodes = data.drift.map(({ openedAt }) => (Date.parse(openedAt) - start) / 1000);
  const line = (name: string, index: number, axis: number, points: Array<[number, number | null]>) => ({
    type: 'line' as const,
    name,
    xAxisIndex: axis,
    yAxisIndex: axis,
    symbol: 'none',
    silent: true,
    lineStyle: { width: 2, color: COLOURS[index % COLOURS.length], type: DASHES[index % DASHES.length] },
    itemStyle: { color: COLOURS[index % COLOURS.length] },
    data: points,
    markLine: {
      silent: true,
      symbol: 'none',
      lineStyle: { color: INK, width: 1.5, type: 'solid' as const },
      label: { show: true, formatter: 'drift', color: INK, fontSize: 12 },
      data: index === 0 ? episodes.filter(Number.isFinite).map((xAxis) => ({ xAxis })) : [],
    },
  });
  const xAxis = (gridIndex: number) => ({
    type: 'value' as const,
    gridIndex,
    min: 0,
    max: span,
    interval: tickSeconds(span * 2),
    axisLabel: { color: INK, showMaxLabel: false, formatter: (value: number) => clock(value * 1000, 0) },
    axisLine: { lineStyle: { color: INK } },
    splitLine: { show: false },
  });
  const option: EChartsOption = {
    legend: {
      top: 0,
      left: 0,
      itemWidth: 44,
      itemStyle: { opacity: 0 },
      textStyle: { color: INK, fontSize: 13 },
    },
    grid: [
      { left: 56, right: CHART_WIDTH / 2 + 20, top: 76, bottom: 30 },
      { left: CHART_WIDTH / 2 + 56, right: 20, top: 76, bottom: 30 },
    ],
    xAxis: [xAxis(0), xAxis(1)],
    yAxis: ['mean brightness, luma 0 to 255', 'mean confidence, 0 to 1'].map((name, gridIndex) => ({
      type: 'value' as const,
      gridIndex,
      name,
      nameGap: 22,
      nameTextStyle: { color: INK, fontSize: 13, align: 'left' as const, padding: [0, 0, 0, -40] },
      scale: true,
      axisLabel: { color: INK, fontSize: 12 },
      axisLine: { lineStyle: { color: INK } },
      splitLine: { lineStyle: { color: INK, opacity: 0.25 } },
    })),
    series: data.devices.flatMap(({ deviceId, windows }, index) => [
      line(
        deviceId,
        index,
        0,
        brokenLine(windows, start, ({ meanBrightness }) => meanBrightness),
      ),
      line(
        deviceId,
        index,
        1,
        brokenLine(windows, start, ({ meanConfidence }) => meanConfidence),
      ),
    ]) as NonNullable<EChartsOption['series']>,
  };
  return chart('drift', 'Mean brightness and mean confidence of each device over time', option, 300);
}
