import { LabelTable } from '../../dataset/label-table';
import { DATASET_VARIABLES } from '../../dataset/names';
import { EpisodeTable } from '../../monitoring/episode-table';
import { MONITORING_VARIABLES } from '../../monitoring/names';
import { samplingPolicySettings } from '../../monitoring/settings';
import { REGISTRY_VARIABLES } from '../../registry/names';
import { ReleaseTable } from '../../registry/release-table';
import { dispositionPolicySettings } from '../../registry/settings';
import { documentClient, iot } from '../../shared/aws';
import { numberFromEnvironment, requireEnvironment } from '../../shared/env';
import { log } from '../../shared/log';
import { TELEMETRY_VARIABLES } from '../../telemetry/names';
import { SketchTable } from '../../telemetry/sketch-table';
import { rolloutLimits } from '../environment';
import { USUAL_THROUGHPUT_RATIO } from '../names';
import { step } from '../step';
import { listThings } from '../thing-group';
import type { JudgeLimits } from './judge-input';
import { type JudgeSettings, judgeWave } from './judge-wave';

/** Of all frames, as many more may escape as the gate lets escape of the line's defective parts. */
function judgeLimits(): JudgeLimits {
  const { goodShare, limits } = dispositionPolicySettings();
  return {
    throughputRatio: USUAL_THROUGHPUT_RATIO,
    ...rolloutLimits(),
    escapeIncrease: limits.escapeRate * (1 - goodShare),
  };
}

const settings = (): JudgeSettings => ({
  limits: judgeLimits(),
  sampling: samplingPolicySettings(),
  windowSeconds: numberFromEnvironment(TELEMETRY_VARIABLES.sketchWindowSeconds, {
    default: 3600,
    minimum: 1,
    maximum: 86_400,
  }),
});

/** State machine step: is the release good enough for the next wave? */
export const handler = step(async (state) => {
  const { useCase } = state;
  const client = documentClient();
  const sketches = new SketchTable(client, requireEnvironment(TELEMETRY_VARIABLES.sketchTable));
  const labels = new LabelTable(client, requireEnvironment(DATASET_VARIABLES.labelTable), useCase);
  const episodes = new EpisodeTable(client, requireEnvironment(MONITORING_VARIABLES.episodeTable), useCase);
  const releases = new ReleaseTable(client, requireEnvironment(REGISTRY_VARIABLES.releaseTable), useCase);
  const next = await judgeWave(state, settings(), {
    now: () => new Date(),
    listThings: (thingGroupName) => listThings(iot(), thingGroupName),
    readSketches: (releaseId, since) => sketches.read(useCase, releaseId, since),
    readLabels: (releaseId) => labels.read({ releaseId }),
    openEpisode: () => episodes.current(),
    getRelease: (counter) => releases.get(counter),
  });
  log.info('wave judged', { ...next.judgement });
  return next;
});
