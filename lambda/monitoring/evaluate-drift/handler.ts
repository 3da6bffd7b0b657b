import type { Context } from 'aws-lambda';
import { readLabels } from '../../dataset/label-table';
import { documentClient } from '../../shared/aws';
import { numberFromEnvironment, requireEnvironment } from '../../shared/env';
import { putEvent } from '../../shared/events';
import { log } from '../../shared/log';
import { newMetrics, publishMetrics } from '../../shared/metrics';
import { DETAIL_TYPES, ENVIRONMENT_VARIABLES as VARIABLES } from '../../shared/names';
import { ReleaseReader } from '../../shared/releases';
import { readSketches } from '../../telemetry/sketch-reader';
import { EpisodeTable } from '../episode-table';
import { MONITORING_VARIABLES } from '../names';
import {
  type EvaluateDriftOptions,
  type EvaluateDriftOutcome,
  type EvaluateDriftPorts,
  evaluateDrift,
} from './evaluate-drift';
import type { Measurement } from './measurements';

function optionsFromEnvironment(): EvaluateDriftOptions {
  const number = (name: keyof typeof MONITORING_VARIABLES, value: number, minimum: number, maximum: number) =>
    numberFromEnvironment(MONITORING_VARIABLES[name], { default: value, minimum, maximum });
  return {
    minimumResults: number('minimumResults', 200, 1, 1e9),
    featureLimit: number('featureLimit', 0.25, 0.001, 100),
    classMixLimit: number('classMixLimit', 0.5, 0.001, 100),
    falseAlarmProbability: number('falseAlarmProbability', 0.001, 1e-12, 0.5),
    driftLookbackHours: number('driftLookbackHours', 24, 0.001, 8760),
    accuracyLookbackHours: number('accuracyLookbackHours', 168, 0.001, 8760),
    accuracyDropLimit: number('accuracyDropLimit', 0.05, 0, 1),
    minimumEffectiveLabels: number('minimumEffectiveLabels', 20, 1, 1e9),
    deviceMetricLimit: number('deviceMetricLimit', 100, 0, 10_000),
  };
}

/** One line of the log per set of dimensions: Embedded Metric Format has the dimensions per line. */
function writeMetrics(measurements: readonly Measurement[]): void {
  const groups = new Map<string, Measurement[]>();
  for (const measurement of measurements) {
    const key = JSON.stringify(measurement.dimensions);
    groups.set(key, [...(groups.get(key) ?? []), measurement]);
  }
  for (const group of groups.values()) {
    const metrics = newMetrics(group[0]?.dimensions ?? {});
    for (const { name, unit, value } of group) metrics.addMetric(name, unit, value);
    publishMetrics(metrics);
  }
}

function awsPorts(): EvaluateDriftPorts {
  const useCase = requireEnvironment(VARIABLES.useCase);
  const client = documentClient();
  const releases = new ReleaseReader(client, requireEnvironment(VARIABLES.releaseTable), useCase);
  const sketchTable = requireEnvironment(VARIABLES.sketchTable);
  const labelTable = requireEnvironment(VARIABLES.labelTable);
  return {
    now: () => new Date(),
    champion: async () => (await releases.champion())?.release,
    sketches: (releaseId, since) => readSketches(client, sketchTable, useCase, releaseId, since),
    labels: (releaseId, since) =>
      readLabels(client, labelTable, useCase, { releaseId, capturedSince: since }),
    episodes: new EpisodeTable(client, requireEnvironment(VARIABLES.episodeTable), useCase),
    driftDetected: (detail) => putEvent(DETAIL_TYPES.driftDetected, detail),
    report: writeMetrics,
  };
}

/** Schedule: one evaluation of the use case. The event is not read. */
export async function handler(_event: unknown, context: Context): Promise<EvaluateDriftOutcome> {
  log.addContext(context);
  const outcome = await evaluateDrift(awsPorts(), optionsFromEnvironment());
  log.info('evaluated', { outcome });
  return outcome;
}
