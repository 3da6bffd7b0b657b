/** The page's main chart: accuracy of every device over time, the release in service, and what happened. */
import type { EChartsOption } from 'echarts';
import { brokenLine, CHART_WIDTH, COLOURS, chart, endOf, INK, startOf, tickSeconds, WINDOW } from './chart';
import { clock } from './format';
import type { Html } from './html';
import type { DeviceWindow, ReportData } from './report-data';
import { shortRelease } from './words';

type EventKind = ReportData['events'][number]['kind'];

/** A shape per kind, so that the kind can be told without colour. Symbols of ECharts. */
export const EVENT_SHAPES: Readonly<Record<EventKind, { readonly symbol: string; readonly colour: string }>> =
  {
    line: { symbol: 'circle', colour: '#56B4E9' },
    training: { symbol: 'roundRect', colour: '#009E73' },
    release: { symbol: 'rect', colour: '#E69F00' },
    rollout: { symbol: 'diamond', colour: '#E69F00' },
    drift: { symbol: 'triangle', colour: '#CC79A7' },
    alarm: { symbol: 'path://M0 0H10L5 10Z', colour: '#D55E00' },
    fault: { symbol: 'path://M3 0H7L10 3V7L7 10H3L0 7V3Z', colour: '#F0E442' },
  };

const LEFT = 118;
const RIGHT = 20;
const ROW_HEIGHT = 122;
const LANE_HEIGHT = 24;
const MARKER = 20;

interface Scale {
  readonly start: number;
  readonly seconds: number;
  /** Pixels of a length of time. */
  pixels(seconds: number): number;
}

function scaleOf(data: ReportData): Scale {
  const start = startOf(data);
  const seconds = (endOf(data) - start) / 1000;
  return { start, seconds, pixels: (length) => (length / seconds) * (CHART_WIDTH - LEFT - RIGHT) };
}

/** Puts every marker into the first lane in which it does not touch the one before it. @returns lane of each, from 0 */
export function lanesOf(positions: readonly number[], width: number): number[] {
  const lastInLane: number[] = [];
  return positions.map((position) => {
    const free = lastInLane.findIndex((last) => position - last >= width);
    const lane = free >= 0 ? free : lastInLane.length;
    lastInLane[lane] = position;
    return lane;
  });
}

/** As an alarm is marked: what is wrong has this colour on the whole page. */
const TAKEN_BACK = '#D55E00';

/**
 * A release keeps its colour, by the order of their counters. One that was taken back has that of what is wrong, and the one
 * that follows, which has the bytes of the release before, has its colour.
 */
export function releaseColours({
  devices,
  rollouts,
}: Pick<ReportData, 'devices' | 'rollouts'>): Map<string, string> {
  const ids = new Set(devices.flatMap(({ windows }) => windows.map(({ releaseId }) => releaseId)));
  const wrong = new Set(
    rollouts.filter(({ outcome }) => outcome === 'rolled back').map(({ releaseId }) => releaseId),
  );
  const palette = COLOURS.filter((colour) => colour !== TAKEN_BACK);
  const colours = new Map<string, string>();
  let given = 0;
  let serving: string | undefined;
  let isBack = false;
  for (const id of [...ids].sort((left, right) => left.localeCompare(right, 'en', { numeric: true }))) {
    if (wrong.has(id)) {
      colours.set(id, TAKEN_BACK);
      isBack = true;
      continue;
    }
    if (!isBack || serving === undefined) serving = palette[given++ % palette.length] as string;
    isBack = false;
    colours.set(id, serving);
  }
  return colours;
}

interface Band {
  readonly from: number;
  readonly name: string;
  until: number;
}

/** Neighbouring windows with the same name, as one band; windows without a name belong to none. */
function bandsOf(
  windows: readonly DeviceWindow[],
  nameOf: (window: DeviceWindow) => string | undefined,
): Band[] {
  const bands: Band[] = [];
  for (const window of windows) {
    const name = nameOf(window);
    if (name === undefined) continue;
    const last = bands.at(-1);
    if (last?.name === name && window.at <= last.until + WINDOW) last.until = window.at + WINDOW;
    else bands.push({ name, from: window.at, until: window.at + WINDOW });
  }
  return bands;
}

/** As much of the name as the band has room for; 12 px letters are about 6.5 px wide. */
function fitting(name: string, width: number): string {
  if (name.length * 6.5 < width) return name;
  const counter = name.split(' ').pop() ?? '';
  return counter.length * 6.5 + 4 < width ? counter : '';
}

function releaseAreas(windows: readonly DeviceWindow[], colours: Map<string, string>, scale: Scale) {
  return bandsOf(windows, ({ releaseId }) => releaseId).map(({ from, until, name }) => [
    {
      xAxis: (from - scale.start) / 1000,
      itemStyle: { color: colours.get(name), opacity: 0.28 },
      label: {
        show: true,
        formatter: fitting(shortRelease(name), scale.pixels((until - from) / 1000)),
        position: 'bottom' as const,
        distance: 4,
        color: INK,
        fontSize: 12,
      },
    },
    { xAxis: (until - scale.start) / 1000 },
  ]);
}

function offlineAreas(windows: readonly DeviceWindow[], { start }: Scale) {
  return bandsOf(windows, ({ offlineFrames }) => (offlineFrames > 0 ? 'no network' : undefined)).map(
    ({ from, until, name }) => [
      {
        xAxis: (from - start) / 1000,
        yAxis: 0.4,
        itemStyle: {
          color: 'transparent',
          borderColor: INK,
          borderType: 'dashed' as const,
          borderWidth: 1.5,
        },
        label: {
          show: true,
          formatter: name,
          position: 'bottom' as const,
          distance: 2,
          color: INK,
          fontSize: 12,
        },
      },
      { xAxis: (until - start) / 1000, yAxis: 0.6 },
    ],
  );
}

/** Strip of numbered markers above the devices. */
function eventSeries(data: ReportData, scale: Scale, lanes: readonly number[]) {
  return {
    type: 'scatter' as const,
    xAxisIndex: 0,
    yAxisIndex: 0,
    clip: false,
    silent: true,
    data: data.events.map(({ at, kind }, index) => ({
      value: [(at - scale.start) / 1000, lanes[index] ?? 0],
      symbol: EVENT_SHAPES[kind].symbol,
      symbolSize: kind === 'rollout' || kind === 'drift' ? MARKER + 4 : MARKER,
      itemStyle: { color: EVENT_SHAPES[kind].colour, borderColor: '#222222', borderWidth: 1, opacity: 1 },
      label: {
        show: true,
        formatter: String(index + 1),
        position: 'inside' as const,
        offset: kind === 'drift' ? [0, 4] : [0, 0],
        // On the palette's colours black is readable, on the light and on the dark page.
        color: '#000000',
        fontSize: 11,
        fontWeight: 'bold' as const,
      },
    })),
  };
}

function deviceSeries(data: ReportData, scale: Scale) {
  const colours = releaseColours(data);
  return data.devices.map(({ windows }, index) => ({
    type: 'line' as const,
    xAxisIndex: index + 1,
    yAxisIndex: index + 1,
    silent: true,
    showSymbol: false,
    connectNulls: false,
    lineStyle: { width: 2, color: INK },
    data: brokenLine(windows, scale.start, ({ accuracy }) => accuracy),
    markArea: {
      silent: true,
      data: [...releaseAreas(windows, colours, scale), ...offlineAreas(windows, scale)],
    },
    markLine: {
      silent: true,
      symbol: 'none',
      label: { show: false },
      lineStyle: { color: INK, type: 'dashed' as const, width: 1, opacity: 0.45 },
      data: data.events.map(({ at }) => ({ xAxis: (at - scale.start) / 1000 })),
    },
  }));
}

function timeAxis(gridIndex: number, seconds: number, last: boolean) {
  return {
    type: 'value' as const,
    gridIndex,
    min: 0,
    max: seconds,
    interval: tickSeconds(seconds),
    show: gridIndex > 0,
    axisLabel: {
      show: last,
      // Below the names of the releases.
      margin: 24,
      showMaxLabel: false,
      color: INK,
      fontSize: 12,
      formatter: (value: number) => clock(value * 1000, 0),
    },
    axisLine: { lineStyle: { color: INK } },
    axisTick: { show: false },
    splitLine: { show: false },
  };
}

function accuracyAxis(gridIndex: number, name: string) {
  return {
    type: 'value' as const,
    gridIndex,
    min: 0,
    max: 1,
    interval: 0.5,
    name,
    nameLocation: 'middle' as const,
    nameRotate: 0,
    nameGap: 78,
    nameTextStyle: {
      color: INK,
      fontSize: 13,
      lineHeight: 17,
      align: 'center' as const,
      width: 70,
      overflow: 'truncate' as const,
    },
    axisLabel: { color: INK, fontSize: 12, formatter: (value: number) => `${value * 100} %` },
    axisLine: { lineStyle: { color: INK } },
    splitLine: { lineStyle: { color: INK, opacity: 0.25 } },
  };
}

/** Strip of markers on top (grid 0), one row per device below it (grids from 1). */
export function timelineChart(data: ReportData): Html {
  const { devices, events } = data;
  const scale = scaleOf(data);
  const positions = events.map(({ at }) => scale.pixels((at - scale.start) / 1000));
  const lanes = lanesOf(positions, MARKER + 6);
  const laneCount = Math.max(1, ...lanes.map((lane) => lane + 1));
  const stripHeight = laneCount * LANE_HEIGHT;
  const top = stripHeight + 22;
  const sides = { left: LEFT, right: RIGHT };
  const option: EChartsOption = {
    grid: [
      { ...sides, top: 10, height: stripHeight },
      ...devices.map((_, index) => ({ ...sides, top: top + index * ROW_HEIGHT, height: ROW_HEIGHT - 28 })),
    ],
    xAxis: [0, ...devices.map((_, index) => index + 1)].map((grid) =>
      timeAxis(grid, scale.seconds, grid === devices.length),
    ),
    yAxis: [
      { type: 'value' as const, gridIndex: 0, min: -0.5, max: laneCount - 0.5, show: false },
      ...devices.map(({ deviceId, group }, index) => accuracyAxis(index + 1, `${deviceId}\n${group}`)),
    ],
    series: [eventSeries(data, scale, lanes), ...deviceSeries(data, scale)] as NonNullable<
      EChartsOption['series']
    >,
  };
  const names = devices.map(({ deviceId }) => deviceId).join(', ');
  const label = `Accuracy of ${names} over time, with the release in service as bands and ${events.length} numbered events, listed below`;
  return chart('timeline', label, option, top + devices.length * ROW_HEIGHT + 24);
}
