import type { Label, Sketch } from '../../../contracts';
import type { Episode } from '../../monitoring/episode';
import { releaseIdOf } from '../../registry/names';
import { mergeSketches } from '../../telemetry/sketch';
import { trainingExecutionId } from '../../training/names';
import type { RolloutLimits } from '../names';
import {
  currentWave,
  type DeployedWave,
  lastDeployedWave,
  planOf,
  type RolloutState,
  withNextWave,
} from '../rollout-state';
import { judge, type Observations } from './judge';

export interface JudgeWavePorts {
  now(): Date;
  listThings(thingGroupName: string): Promise<string[]>;
  /** Sketches of every device whose window starts at or after `since` (ISO timestamp). */
  readSketches(releaseId: string, since: string): Promise<Sketch[]>;
  readLabels(releaseId: string): Promise<Label[]>;
  /** The open drift episode of the use case. */
  openEpisode(): Promise<OpenEpisode | undefined>;
  /** S3 prefix of the export that a release was built from. */
  exportUriOf(counter: number): Promise<string>;
}

/** Of an episode, what tells whether a release answers it. */
export type OpenEpisode = Pick<Episode, 'episodeId' | 'releaseId' | 'executionArn'>;

/** How far back the previous release counts: far enough for a sample, near enough to be today's line. */
const PREVIOUS_MILLISECONDS = 24 * 3_600_000;
const BEGINNING = new Date(0).toISOString();

async function observe(
  releaseId: string,
  since: string,
  devices: ReadonlySet<string>,
  ports: JudgeWavePorts,
): Promise<Observations> {
  const [sketches, labels] = await Promise.all([
    ports.readSketches(releaseId, since),
    ports.readLabels(releaseId),
  ]);
  const ofWave = ({ deviceId }: { readonly deviceId: string }) => devices.has(deviceId);
  return { releaseId, sketch: mergeSketches(sketches.filter(ofWave)), labels: labels.filter(ofWave) };
}

function deadlineOf(wave: DeployedWave, bakeSeconds: number, decisionTimeoutSeconds: number): number {
  return Date.parse(wave.readyAt ?? wave.deployedAt) + (bakeSeconds + decisionTimeoutSeconds) * 1000;
}

/**
 * The open episode, if it is the champion's and its retraining has trained the release. No other release may disagree
 * freely while an episode is open: a wrong model would pass as a cure.
 */
async function answeredEpisode(state: RolloutState, ports: JudgeWavePorts): Promise<OpenEpisode | undefined> {
  const episode = await ports.openEpisode();
  if (!episode?.executionArn) return undefined;
  if (episode.releaseId !== `${state.useCase}-${planOf(state).championCounter}`) return undefined;
  const executionId = trainingExecutionId(await ports.exportUriOf(state.counter));
  return executionId && episode.executionArn.endsWith(`/execution/${executionId}`) ? episode : undefined;
}

/** Judges the current wave by what its devices reported, against what they reported before. */
export async function judgeWave(
  state: RolloutState,
  limits: RolloutLimits,
  ports: JudgeWavePorts,
): Promise<RolloutState> {
  const settings = currentWave(state);
  const wave = lastDeployedWave(state);
  const devices = new Set(await ports.listThings(wave.thingGroupName));
  const before = new Date(Date.parse(wave.deployedAt) - PREVIOUS_MILLISECONDS).toISOString();
  const [released, previous, answered] = await Promise.all([
    // Devices cannot have run it before the deployment; a window that holds that moment starts earlier.
    observe(state.releaseId, BEGINNING, devices, ports),
    wave.previousCounter === undefined
      ? undefined
      : observe(releaseIdOf(state.useCase, wave.previousCounter), before, devices, ports),
    answeredEpisode(state, ports),
  ]);
  const judgement = judge({
    released,
    ...(previous && { previous }),
    limits,
    minimumResults: settings.minimumResults,
    ...(answered && { answeredEpisodeId: answered.episodeId }),
    deadlinePassed:
      ports.now().getTime() >= deadlineOf(wave, settings.bakeSeconds, settings.decisionTimeoutSeconds),
    decisionTimeoutSeconds: settings.decisionTimeoutSeconds,
  });
  const judged = { ...state, judgement };
  return judgement.verdict === 'PROMOTE' ? withNextWave(judged) : judged;
}
