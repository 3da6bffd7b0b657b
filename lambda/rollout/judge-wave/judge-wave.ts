import type { Label, Release, Sketch } from '../../../contracts';
import { type Episode, isAnsweredBy } from '../../monitoring/episode';
import type { SamplingPolicy } from '../../monitoring/label-weights';
import { releaseIdOf } from '../../registry/names';
import type { StoredRelease } from '../../registry/release-items';
import { USUAL_QUORUM } from '../quorum';
import {
  currentWave,
  type DeployedWave,
  lastDeployedWave,
  planOf,
  type RolloutState,
  withNextWave,
} from '../rollout-state';
import { evidenceOf, type ReleaseEvidence, type TimeSpan } from './evidence';
import { judge } from './judge';
import { judgedBy } from './judge-escapes';
import type { JudgeLimits } from './judge-input';

export interface JudgeWavePorts {
  now(): Date;
  listThings(thingGroupName: string): Promise<string[]>;
  /** Sketches of every device whose window starts at or after `since` (ISO timestamp). */
  readSketches(releaseId: string, since: string): Promise<Sketch[]>;
  readLabels(releaseId: string): Promise<Label[]>;
  /** The open drift episode of the use case. */
  openEpisode(): Promise<OpenEpisode | undefined>;
  getRelease(counter: number): Promise<KnownRelease>;
}

/** Of a release in the table, what became of it, its S3 prefix of the export and what it makes of parts. */
export type KnownRelease = Pick<StoredRelease, 'exportUri' | 'status'> & {
  readonly release: Pick<Release, 'dispositionPolicy' | 'thresholds'>;
};

/** Of an episode, what tells whether a release answers it. */
export type OpenEpisode = Pick<Episode, 'episodeId' | 'releaseId' | 'executionArn'>;

export interface JudgeSettings {
  readonly limits: JudgeLimits;
  readonly sampling: SamplingPolicy;
  /** Width of a sketch's window. */
  readonly windowSeconds: number;
}

/**
 * Of the release before, unless it has never been accepted: the first release of all stays on its devices when it is
 * bad, since there is none to go back to, and must not excuse the next one.
 */
async function yardstickOf(
  { previousCounter }: DeployedWave,
  ports: JudgeWavePorts,
): Promise<(KnownRelease & { readonly counter: number }) | undefined> {
  if (previousCounter === undefined) return undefined;
  const stored = await ports.getRelease(previousCounter);
  return stored.status === 'IN_SERVICE' || stored.status === 'SUPERSEDED'
    ? { ...stored, counter: previousCounter }
    : undefined;
}

/** How far back the previous release counts: far enough for a sample, near enough to be today's line. */
const PREVIOUS_MILLISECONDS = 24 * 3_600_000;
const BEGINNING = new Date(0).toISOString();
/** A device has reported when it has sent this part of its share of the wave's least results. */
const LEAST_OF_SHARE = 4;

async function observe(
  releaseId: string,
  since: string,
  whole: TimeSpan,
  { devices, windowSeconds }: { readonly devices: ReadonlySet<string>; readonly windowSeconds: number },
  ports: JudgeWavePorts,
): Promise<ReleaseEvidence> {
  const [sketches, labels] = await Promise.all([
    ports.readSketches(releaseId, since),
    ports.readLabels(releaseId),
  ]);
  const ofWave = ({ deviceId }: { readonly deviceId: string }) => devices.has(deviceId);
  return evidenceOf(releaseId, sketches.filter(ofWave), labels.filter(ofWave), whole, windowSeconds);
}

function deadlineOf(wave: DeployedWave, bakeSeconds: number, decisionTimeoutSeconds: number): number {
  return Date.parse(wave.readyAt ?? wave.deployedAt) + (bakeSeconds + decisionTimeoutSeconds) * 1000;
}

/**
 * The open episode, if it is the champion's and its retraining has trained the release. No other release may disagree
 * freely while an episode is open: a wrong model would pass as a cure.
 */
async function answeredEpisode(
  state: RolloutState,
  { exportUri }: KnownRelease,
  ports: JudgeWavePorts,
): Promise<OpenEpisode | undefined> {
  const episode = await ports.openEpisode();
  if (!episode) return undefined;
  if (episode.releaseId !== `${state.useCase}-${planOf(state).championCounter}`) return undefined;
  return isAnsweredBy(episode, exportUri) ? episode : undefined;
}

/** Judges the current wave by what its devices reported, against what they reported before. */
export async function judgeWave(
  state: RolloutState,
  { limits, sampling, windowSeconds }: JudgeSettings,
  ports: JudgeWavePorts,
): Promise<RolloutState> {
  const settings = currentWave(state);
  const wave = lastDeployedWave(state);
  const things = await ports.listThings(wave.thingGroupName);
  const of = { devices: new Set(things), windowSeconds };
  const deployed = Date.parse(wave.deployedAt);
  const before = deployed - PREVIOUS_MILLISECONDS;
  const now = ports.now().getTime();
  const ready = Date.parse(wave.readyAt ?? wave.deployedAt);
  const stored = await ports.getRelease(state.counter);
  const yardstick = await yardstickOf(wave, ports);
  const [released, previous, answered] = await Promise.all([
    // Devices cannot have run it before the deployment; a window that holds that moment starts earlier.
    observe(state.releaseId, BEGINNING, { from: ready, to: now }, of, ports),
    yardstick &&
      observe(
        releaseIdOf(state.useCase, yardstick.counter),
        new Date(before).toISOString(),
        { from: before, to: deployed },
        of,
        ports,
      ),
    answeredEpisode(state, stored, ports),
  ]);
  const away = new Set(wave.setAside);
  const expected = things.filter((thing) => !away.has(thing));
  const share = Math.ceil(settings.minimumResults / Math.max(1, expected.length));
  const deadline = deadlineOf(wave, settings.bakeSeconds, settings.decisionTimeoutSeconds);
  const judgement = judge({
    released,
    ...(previous && { previous }),
    releases: {
      released: judgedBy(stored.release),
      ...(yardstick && { previous: judgedBy(yardstick.release) }),
    },
    limits,
    sampling,
    expected,
    quorum: settings.quorum ?? USUAL_QUORUM,
    minimumResults: settings.minimumResults,
    minimumResultsPerDevice: Math.ceil(share / LEAST_OF_SHARE),
    ...(answered && { answeredEpisodeId: answered.episodeId }),
    deadlinePassed: now >= deadline,
    labelDeadlinePassed: now >= deadline + (settings.labelTimeoutSeconds ?? 0) * 1000,
    decisionTimeoutSeconds: settings.decisionTimeoutSeconds,
  });
  const judged = { ...state, judgement };
  return judgement.verdict === 'PROMOTE' ? withNextWave(judged) : judged;
}
