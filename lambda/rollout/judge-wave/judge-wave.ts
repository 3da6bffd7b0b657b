import type { Label, Sketch } from '../../../contracts';
import { mergeSketches } from '../../monitoring/sketch';
import type { RolloutLimits } from '../names';
import {
  currentWave,
  type DeployedWave,
  lastDeployedWave,
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
  /** Id of the open drift episode of the use case. */
  openEpisodeId(): Promise<string | undefined>;
}

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
  const [released, previous, openEpisodeId] = await Promise.all([
    // Devices cannot have run it before the deployment; a window that holds that moment starts earlier.
    observe(state.releaseId, BEGINNING, devices, ports),
    wave.previousCounter === undefined
      ? undefined
      : observe(`${state.useCase}-${wave.previousCounter}`, before, devices, ports),
    ports.openEpisodeId(),
  ]);
  const judgement = judge({
    released,
    ...(previous && { previous }),
    limits,
    minimumResults: settings.minimumResults,
    ...(openEpisodeId !== undefined && { openEpisodeId }),
    deadlinePassed:
      ports.now().getTime() >= deadlineOf(wave, settings.bakeSeconds, settings.decisionTimeoutSeconds),
    decisionTimeoutSeconds: settings.decisionTimeoutSeconds,
  });
  const judged = { ...state, judgement };
  return judgement.verdict === 'PROMOTE' ? withNextWave(judged) : judged;
}
