/** Gathers the figures and writes the report. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCaptures } from '../../cli/captures/captures';
import { CAPTURE_PREFIX } from '../../lambda/telemetry/names';
import type { DemoContext } from '../context';
import { readEpisodes } from '../episodes';
import { confusionOf, lostFrames, percentile, verdictsOf, windowsOf } from '../figures';
import { loadFrameStock } from '../inspection-line/frame-stock';
import { readInventory } from '../inventory';
import { accuracyOf, type Observation } from '../observations';
import { executionArns } from '../pipeline';
import { renderReport } from '../report/render-report';
import type { ReportData } from '../report/report-data';
import { summaryText } from '../report/summary';
import { measureRoundTrips, ROUND_TRIP_WHAT } from '../round-trip';
import { sizeOfObjects } from '../stored-objects';

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
  return {
    generatedAt: new Date().toISOString(),
    settingsName: context.settings.name,
    phases: context.console.phases,
    totalSeconds: context.console.totalSeconds,
    peakMemoryBytes: context.memory.peakBytes,
    events: context.events,
    devices: devicesOf(context, seen),
    accuracy: context.spans.map(({ label, from, until, deviceIds }) => {
      const within = seen.filter(
        ({ truth }) =>
          truth.shownAt >= from &&
          truth.shownAt < until &&
          (!deviceIds || deviceIds.includes(truth.deviceId)),
      );
      return {
        label,
        frames: within.length,
        accuracy: within.length === 0 ? null : accuracyOf(within),
        verdicts: verdictsOf(within),
      };
    }),
    confusions: confusionsOf(context, seen),
    rollouts: context.rollouts,
    latency: latencyOf(seen, roundTrips),
    bandwidth: await bandwidthOf(context, seen),
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
      newClasses: ['crack'].filter((name) => context.labeller.counts.has(name)),
    },
  };
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

function confusionsOf(context: DemoContext, seen: readonly Observation[]): ReportData['confusions'] {
  const ofSpan = (label: string) => {
    const span = context.spans.find((entry) => entry.label === label);
    return span ? seen.filter(({ truth }) => truth.shownAt >= span.from && truth.shownAt < span.until) : [];
  };
  return [
    confusionOf(
      'Before retraining: drifted light and the unknown class crack',
      ofSpan('light drift and crack'),
    ),
    confusionOf('After retraining: release 2 on the same line', ofSpan('after retraining')),
  ];
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

async function bandwidthOf(
  context: DemoContext,
  seen: readonly Observation[],
): Promise<ReportData['bandwidth']> {
  const bucket = context.environment.output('TelemetryBucketName');
  return {
    streamedBytes: seen.reduce((sum, { truth }) => sum + truth.bytes, 0),
    resultBytes: context.observations.lineBytes,
    captureBytes: await sizeOfObjects(context.clients.s3, bucket, CAPTURE_PREFIX),
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

const EXAMPLES_EACH = 6;

/** Frames right and wrong, spread over the run, with the image as the device saw it. */
function examplesOf(context: DemoContext, seen: readonly Observation[]): ReportData['examples'] {
  const wanted = (right: boolean) => {
    const found = seen.filter(
      ({ record, truth }) => (record.predictedClass === truth.label) === right && record.predictedClass,
    );
    const stride = Math.max(1, Math.floor(found.length / EXAMPLES_EACH));
    return found.filter((_, index) => index % stride === 0).slice(0, EXAMPLES_EACH);
  };
  return [...wanted(true), ...wanted(false)].map(({ record, truth }) => ({
    jpegBase64: context.line.imageOf(truth.frameId).toString('base64'),
    truth: truth.label,
    predicted: record.predictedClass ?? 'invalid',
    confidence: record.confidence ?? 0,
    releaseId: record.releaseId,
    right: record.predictedClass === truth.label,
  }));
}

async function refusalsOf(context: DemoContext): Promise<ReportData['refusals']> {
  const inventory = await readInventory(context);
  return [...inventory.values()].flatMap(({ deviceId, refusedReleases = [] }) =>
    refusedReleases.map(({ code, releaseId }) => ({ deviceId, code, what: releaseId ?? 'unknown release' })),
  );
}
