import { readLabels } from '../../dataset/label-table';
import { EpisodeTable } from '../../monitoring/episode-table';
import { ReleaseTable } from '../../registry/release-table';
import { documentClient, iot } from '../../shared/aws';
import { requireEnvironment } from '../../shared/env';
import { log } from '../../shared/log';
import { ENVIRONMENT_VARIABLES as VARIABLES } from '../../shared/names';
import { readSketches } from '../../telemetry/sketch-reader';
import { rolloutLimits } from '../environment';
import { step } from '../step';
import { listThings } from '../thing-group';
import { judgeWave } from './judge-wave';

/** State machine step: is the release good enough for the next wave? */
export const handler = step(async (state) => {
  const { useCase } = state;
  const client = documentClient();
  const sketchTable = requireEnvironment(VARIABLES.sketchTable);
  const labelTable = requireEnvironment(VARIABLES.labelTable);
  const episodes = new EpisodeTable(client, requireEnvironment(VARIABLES.episodeTable), useCase);
  const releases = new ReleaseTable(client, requireEnvironment(VARIABLES.releaseTable), useCase);
  const next = await judgeWave(state, rolloutLimits(), {
    now: () => new Date(),
    listThings: (thingGroupName) => listThings(iot(), thingGroupName),
    readSketches: (releaseId, since) => readSketches(client, sketchTable, useCase, releaseId, since),
    readLabels: (releaseId) => readLabels(client, labelTable, useCase, { releaseId }),
    openEpisode: () => episodes.current(),
    exportUriOf: async (counter) => (await releases.get(counter)).exportUri,
  });
  log.info('wave judged', { ...next.judgement });
  return next;
});
