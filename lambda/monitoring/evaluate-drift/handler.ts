import type { Context } from 'aws-lambda';
import { LabelTable } from '../../dataset/label-table';
import { DATASET_VARIABLES } from '../../dataset/names';
import { REGISTRY_VARIABLES } from '../../registry/names';
import { ReleaseTable } from '../../registry/release-table';
import { documentClient } from '../../shared/aws';
import { numberFromEnvironment, requireEnvironment } from '../../shared/env';
import { putEvent } from '../../shared/events';
import { log } from '../../shared/log';
import { writeMetrics } from '../../shared/metrics';
import { SHARED_VARIABLES } from '../../shared/names';
import { presenceOf } from '../../telemetry/device-presence';
import { InventoryTable } from '../../telemetry/inventory-table';
import { TELEMETRY_VARIABLES } from '../../telemetry/names';
import { SketchTable } from '../../telemetry/sketch-table';
import { AssessmentTable } from '../assessment-table';
import { EpisodeTable } from '../episode-table';
import { FieldBaselineTable } from '../field-baseline-table';
import { MONITORING_EVENTS, MONITORING_VARIABLES, USUAL_EMBEDDING_LIMIT } from '../names';
import { samplingPolicySettings } from '../settings';
import {
  type EvaluateDriftOptions,
  type EvaluateDriftOutcome,
  type EvaluateDriftPorts,
  evaluateDrift,
} from './evaluate-drift';

type NumberVariable = Exclude<keyof typeof MONITORING_VARIABLES, 'episodeTable'>;

function optionsFromEnvironment(): EvaluateDriftOptions {
  const number = (name: NumberVariable, value: number, minimum: number, maximum: number) =>
    numberFromEnvironment(MONITORING_VARIABLES[name], { default: value, minimum, maximum });
  return {
    minimumResults: number('minimumResults', 200, 1, 1e9),
    featureLimit: number('featureLimit', 0.25, 0.001, 100),
    classMixLimit: number('classMixLimit', 0.5, 0.001, 100),
    embeddingLimit: number('embeddingLimit', USUAL_EMBEDDING_LIMIT, 0.001, 100),
    falseAlarmProbability: number('falseAlarmProbability', 0.001, 1e-12, 0.5),
    driftLookbackHours: number('driftLookbackHours', 24, 0.001, 8760),
    accuracyLookbackHours: number('accuracyLookbackHours', 168, 0.001, 8760),
    accuracyDropLimit: number('accuracyDropLimit', 0.05, 0, 1),
    minimumEffectiveLabels: number('minimumEffectiveLabels', 20, 1, 1e9),
    deviceMetricLimit: number('deviceMetricLimit', 0, 0, 10_000),
    sampling: samplingPolicySettings(),
  };
}

function awsPorts(): EvaluateDriftPorts {
  const useCase = requireEnvironment(SHARED_VARIABLES.useCase);
  const client = documentClient();
  const releases = new ReleaseTable(client, requireEnvironment(REGISTRY_VARIABLES.releaseTable), useCase);
  const sketches = new SketchTable(client, requireEnvironment(TELEMETRY_VARIABLES.sketchTable));
  const labels = new LabelTable(client, requireEnvironment(DATASET_VARIABLES.labelTable), useCase);
  const episodeTable = requireEnvironment(MONITORING_VARIABLES.episodeTable);
  const assessments = new AssessmentTable(client, episodeTable, useCase);
  const inventory = new InventoryTable(client, requireEnvironment(TELEMETRY_VARIABLES.inventoryTable));
  return {
    now: () => new Date(),
    silentDevices: async () =>
      (await inventory.all(useCase))
        .filter((item) => presenceOf(item, Date.now()) === 'silent')
        .map(({ deviceId }) => deviceId)
        .sort(),
    champion: async () => {
      const champion = await releases.champion();
      return champion && { release: champion.release, exportUri: champion.item.exportUri };
    },
    sketches: (releaseId, since) => sketches.read(useCase, releaseId, since),
    labels: (releaseId, since) => labels.read({ releaseId, capturedSince: since }),
    episodes: new EpisodeTable(client, episodeTable, useCase),
    fieldBaselines: new FieldBaselineTable(client, episodeTable, useCase),
    assessed: (latest) => assessments.note(latest),
    driftDetected: (detail) => putEvent(MONITORING_EVENTS.driftDetected, detail),
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
