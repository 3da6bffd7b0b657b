import { LabelTable } from '../../dataset/label-table';
import { DATASET_VARIABLES } from '../../dataset/names';
import { EpisodeTable } from '../../monitoring/episode-table';
import { MONITORING_VARIABLES } from '../../monitoring/names';
import { REGISTRY_VARIABLES } from '../../registry/names';
import { ReleaseTable } from '../../registry/release-table';
import { documentClient, iot } from '../../shared/aws';
import { requireEnvironment } from '../../shared/env';
import { log } from '../../shared/log';
import { TELEMETRY_VARIABLES } from '../../telemetry/names';
import { SketchTable } from '../../telemetry/sketch-table';
import { rolloutLimits } from '../environment';
import { step } from '../step';
import { listThings } from '../thing-group';
import { judgeWave } from './judge-wave';

/** State machine step: is the release good enough for the next wave? */
export const handler = step(async (state) => {
  const { useCase } = state;
  const client = documentClient();
  const sketches = new SketchTable(client, requireEnvironment(TELEMETRY_VARIABLES.sketchTable));
  const labels = new LabelTable(client, requireEnvironment(DATASET_VARIABLES.labelTable), useCase);
  const episodes = new EpisodeTable(client, requireEnvironment(MONITORING_VARIABLES.episodeTable), useCase);
  const releases = new ReleaseTable(client, requireEnvironment(REGISTRY_VARIABLES.releaseTable), useCase);
  const next = await judgeWave(state, rolloutLimits(), {
    now: () => new Date(),
    listThings: (thingGroupName) => listThings(iot(), thingGroupName),
    readSketches: (releaseId, since) => sketches.read(useCase, releaseId, since),
    readLabels: (releaseId) => labels.read({ releaseId }),
    openEpisode: () => episodes.current(),
    exportUriOf: async (counter) => (await releases.get(counter)).exportUri,
  });
  log.info('wave judged', { ...next.judgement });
  return next;
});
