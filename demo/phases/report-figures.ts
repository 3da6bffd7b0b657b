/** Gathers the figures and writes the report. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCaptures } from '../../cli/captures/captures';
import { bandwidthOf } from '../bandwidth';
import type { DemoContext, Span } from '../context';
import { readEpisodes } from '../episodes';
import { confusionOf, lostFrames, percentile, windowsOf } from '../figures';
import { loadFrameStock } from '../inspection-line/frame-stock';
import { readInventory } from '../inventory';
import { accuracyOf, type Observation } from '../observations';
import { examplesOf, partsOf } from '../pictures';
import { executionArns } from '../pipeline';
import { usdOfQuestions } from '../question-price';
import { renderReport } from '../report/render-report';
import type { ReportData } from '../report/report-data';
import { summaryText } from '../report/summary';
import { measureRoundTrips, ROUND_TRIP_WHAT } from '../round-trip';
import { secondOpinionFigures } from '../second-opinion-figures';
import { NEW_CLASS } from '../settings';
import { BEFORE_THE_CHANGE, turnFigures } from '../turns';
import { verdictsOf } from '../verdicts';
import { readGivenCodes } from './expect-steady-codes';

export async function reportFigures(context: DemoContext, reportFolder: string): Promise<void> {
  const data = await context.console.phase('measuring and writing the report', () => gather(context));
  const html = join(reportFolder, 'report.html');
  writeFileSync(join(reportFolder, 'report.json'), JSON.stringify(data));
  writeFileSync(html, renderReport(data));
  context.console.line(`\n${summaryText(data)}\n\nReport: ${html}`);
}

async function gather(context: DemoContext): Promise<ReportData> {
  // Devices at full rate would slow down what is measured here, and nobody looks at their results any more.
  context.line.pause();
  const roundTrips = await measureRoundTrips(
    context,
    loadFrameStock(context.images.stock.normal).map(({ jpeg }) => jpeg),
  );
  await context.observations.refresh();
  const seen = context.observations.all;
  const seenIn = (label: string) =>
    context.spans.filter((span) => span.label === label).flatMap((span) => within(seen, span));
  return {
    generatedAt: new Date().toISOString(),
    settingsName: context.settings.name,
    phases: context.console.phases,
    totalSeconds: context.console.totalSeconds,
    peakMemoryBytes: context.memory.peakBytes,
    events: [...context.events].sort((one, other) => one.at - other.at),
    devices: devicesOf(context, seen),
    accuracy: accuracyBySpan(context, seen),
    turns: context.turns.map(turnFigures),
    secondOpinions: opinionsOf(context, seen),
    codes: await readGivenCodes(context),
    parts: partsOf(context),
    confusions: context.turns.flatMap(({ number, change, after }) => [
      confusionOf(`Before retraining: ${change}, release ${number - 1}`, seenIn(change)),
      confusionOf(`Release ${number} on the same line`, seenIn(after)),
    ]),
    rollouts: context.rollouts,
    limits: limitsOf(context),
    latency: latencyOf(seen, roundTrips),
    bandwidth: await bandwidthOf(context, seen, seenIn(BEFORE_THE_CHANGE)),
    availability: availabilityOf(context, seen),
    privacy: await privacyOf(context),
    models: context.models,
    examples: examplesOf(context, seen),
    refusals: await refusalsOf(context),
    alarms: await context.alarms.account(),
    drift: (await readEpisodes(context)).map(({ openedAt, releaseId, evidence }) => ({
      openedAt,
      releaseId,
      evidence: [evidence],
    })),
    retraining: {
      executions: (await executionArns(context)).length - 1,
      labels: Object.fromEntries(context.labeller.counts),
      newClasses: [NEW_CLASS].filter((name) => context.labeller.counts.has(name)),
    },
  };
}

function within(seen: readonly Observation[], { from, until, deviceIds, releaseId }: Span): Observation[] {
  return seen.filter(
    ({ truth, record }) =>
      truth.shownAt >= from &&
      truth.shownAt < until &&
      (!deviceIds || deviceIds.includes(truth.deviceId)) &&
      (releaseId === undefined || record.releaseId === releaseId),
  );
}

function accuracyBySpan(
  { spans, config }: DemoContext,
  seen: readonly Observation[],
): ReportData['accuracy'] {
  return spans.map((span) => {
    const found = within(seen, span);
    return {
      label: span.label,
      frames: found.length,
      accuracy: found.length === 0 ? null : accuracyOf(found),
      verdicts: verdictsOf(found, config.dispositionPolicy.costs),
    };
  });
}

function opinionsOf(
  { spans, config }: DemoContext,
  seen: readonly Observation[],
): ReportData['secondOpinions'] {
  const { costs } = config.dispositionPolicy;
  return [
    { label: 'the whole run', ...secondOpinionFigures(seen, costs, usdOfQuestions) },
    ...spans.map((span) => ({
      label: span.label,
      ...secondOpinionFigures(within(seen, span), costs, usdOfQuestions),
    })),
  ];
}

/** Those that a value must not exceed; throughput has one from below. */
function limitsOf({ config }: DemoContext): ReportData['limits'] {
  const { disagreement, invalidRate, latencyRatio, accuracyDrop } = config.rollout.limits;
  return { disagreement, invalidRate, latencyRatio, accuracyDrop };
}

function devicesOf({ settings }: DemoContext, seen: readonly Observation[]): ReportData['devices'] {
  return (['canary', 'stable'] as const).flatMap((group) =>
    settings.devices[group].map((deviceId) => ({
      deviceId,
      group,
      windows: windowsOf(seen.filter(({ record }) => record.deviceId === deviceId)),
    })),
  );
}

function latencyOf(seen: readonly Observation[], roundTrips: readonly number[]): ReportData['latency'] {
  const edge = seen.map(({ record }) => record.latencyMilliseconds.total);
  return {
    edgeP50: percentile(edge, 0.5),
    edgeP99: percentile(edge, 0.99),
    cloudP50: percentile(roundTrips, 0.5),
    cloudP99: percentile(roundTrips, 0.99),
    cloudWhat: ROUND_TRIP_WHAT,
  };
}

function availabilityOf(context: DemoContext, seen: readonly Observation[]): ReportData['availability'] {
  const { deviceId, from, until } = context.outage;
  const received = new Set(seen.map(({ record }) => record.frameId));
  const shown = [...context.line.shown.values()].filter((frame) => frame.deviceId === deviceId);
  return {
    deviceId,
    offlineSeconds: (until - from) / 1000,
    offlineInferences: seen.filter(
      ({ truth }) => truth.deviceId === deviceId && truth.shownAt >= from && truth.shownAt < until,
    ).length,
    lostRecords: lostFrames(shown, received, from, until),
  };
}

async function privacyOf({ clients, environment, devices }: DemoContext): Promise<ReportData['privacy']> {
  const captures = await readCaptures(clients, environment, { unlabelledOnly: false });
  return devices.map(({ thingName }) => {
    const own = captures.filter(({ deviceId }) => deviceId === thingName);
    const byReason: Record<string, number> = {};
    for (const { reasons } of own)
      for (const reason of reasons) byReason[reason] = (byReason[reason] ?? 0) + 1;
    return {
      deviceId: thingName,
      captures: own.length,
      bytes: own.reduce((sum, { bytes }) => sum + bytes, 0),
      byReason,
    };
  });
}

async function refusalsOf(context: DemoContext): Promise<ReportData['refusals']> {
  const inventory = await readInventory(context);
  return [...inventory.values()].flatMap(({ deviceId, refusedReleases = [] }) =>
    refusedReleases.map(({ code, releaseId }) => ({ deviceId, code, what: releaseId ?? 'unknown release' })),
  );
}
