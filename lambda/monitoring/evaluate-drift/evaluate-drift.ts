/** Evaluates the release in service; opens and closes episodes. */
import type { Label, Release, Sketch } from '../../../contracts';
import { type Measurement, measured } from '../../shared/metrics';
import { mergeSketches } from '../../telemetry/sketch';
import type { Assessment } from '../assess-release';
import type { LatestAssessment } from '../assessment-table';
import { endedByItself } from '../end-episode';
import { type Episode, type Evidence, isAnsweredBy } from '../episode';
import type { Closing } from '../episode-table';
import { estimateAccuracy } from '../estimate-accuracy';
import {
  type EvaluationOptions,
  evaluateRelease,
  type FieldReference,
  type ReleaseEvaluation,
} from '../evaluate-release';
import { type FieldBaseline, fieldBaselineOf, fieldBaselineResults } from '../field-baseline';
import { MONITORING_METRICS } from '../names';
import { ownEmbeddings } from '../own-embeddings';
import { measurementsOf } from './measurements';

export interface EvaluateDriftOptions extends EvaluationOptions {
  readonly driftLookbackHours: number;
  readonly accuracyLookbackHours: number;
  readonly deviceMetricLimit: number;
}

export interface DriftDetected {
  readonly useCase: string;
  readonly episodeId: string;
  readonly releaseId: string;
  readonly evidence: Evidence;
}

export interface Champion {
  readonly release: Release;
  /** S3 prefix of the export that it was built from. */
  readonly exportUri: string;
}

export interface EvaluateDriftPorts {
  now(): Date;
  /** The release in service everywhere; `undefined` before the first. */
  champion(): Promise<Champion | undefined>;
  sketches(releaseId: string, since: string): Promise<Sketch[]>;
  labels(releaseId: string, since: string): Promise<Label[]>;
  episodes: {
    current(): Promise<Episode | undefined>;
    all(): Promise<Episode[]>;
    open(episode: Episode): Promise<boolean>;
    close(episodeId: string, closedAt: string, because: string, how?: Closing): Promise<boolean>;
  };
  fieldBaselines: {
    get(releaseId: string): Promise<FieldBaseline | undefined>;
    /** The first of a release is kept. */
    keep(baseline: FieldBaseline): Promise<void>;
  };
  /** Keeps what is said of the release, in the place of what was said before. */
  assessed(latest: LatestAssessment): Promise<void>;
  /** Names of the devices that are silent. */
  silentDevices(): Promise<readonly string[]>;
  driftDetected(detail: DriftDetected): Promise<void>;
  report(measurements: readonly Measurement[]): void;
}

export type EvaluateDriftOutcome =
  | { readonly kind: 'NO_RELEASE' }
  | {
      readonly kind: 'EVALUATED';
      readonly assessment: Assessment;
      readonly episodeId?: string;
      /** The first of them. */
      readonly silentDevices?: readonly string[];
      /** Devices whose sums of embeddings are not of the release's size, the first of them. */
      readonly otherEmbeddings?: readonly string[];
    };

const HOUR = 3_600_000;
const MOST_DEVICES_IN_EVIDENCE = 20;
const MOST_NAMED = 20;

function asksForRetraining(assessment: Assessment): boolean {
  return assessment.kind === 'DRIFT' || assessment.kind === 'ACCURACY_LOW';
}

function evidenceOf({ fleet, devices, cause }: ReleaseEvaluation): Evidence {
  return {
    assessment: fleet.assessment,
    results: fleet.sketch?.results ?? 0,
    features: fleet.features,
    ...(fleet.embedding && { embedding: fleet.embedding }),
    ...(fleet.accuracy && { accuracy: fleet.accuracy }),
    ...(cause && { cause }),
    harm: fleet.harm,
    deviatingDevices: devices
      .filter(({ assessment }) => asksForRetraining(assessment))
      .slice(0, MOST_DEVICES_IN_EVIDENCE)
      .map(({ deviceId }) => deviceId),
  };
}

/** The episode that stays open after one of an older release has been closed. */
async function closeAnswered(
  { release, exportUri }: Champion,
  ports: EvaluateDriftPorts,
): Promise<Episode | undefined> {
  const current = await ports.episodes.current();
  if (!current || current.releaseId === release.releaseId) return current;
  await ports.episodes.close(
    current.episodeId,
    ports.now().toISOString(),
    `release ${release.releaseId} is in service`,
    isAnsweredBy(current, exportUri) ? { answeredBy: release.releaseId } : {},
  );
  return undefined;
}

/**
 * What the field is compared with: of a release that answers an episode, what it was like when it was accepted. One with
 * the same bytes, which a roll-back has made, answers it as well.
 */
async function fieldReference(
  { release, exportUri }: Champion,
  sketches: readonly Sketch[],
  labels: readonly Label[],
  ports: EvaluateDriftPorts,
  options: EvaluationOptions,
): Promise<FieldReference> {
  const { releaseId } = release;
  const answered = (await ports.episodes.all()).find((episode) => isAnsweredBy(episode, exportUri));
  if (!answered) return {};
  const kept = await ports.fieldBaselines.get(releaseId);
  if (kept) return { reference: kept.sketch };
  const standing = {
    releaseId,
    answeredEpisodeId: answered.episodeId,
    hasReference: release.embedding?.reference !== undefined,
    sketch: mergeSketches(sketches),
    accuracy: estimateAccuracy(labels, options.sampling),
    baselineAccuracy: release.baseline.accuracy,
  };
  const taken = fieldBaselineOf(standing, options, ports.now());
  if (!taken) return { neededResults: fieldBaselineResults(options) };
  await ports.fieldBaselines.keep(taken);
  return { reference: taken.sketch };
}

async function openEpisode(
  evaluation: ReleaseEvaluation,
  ports: EvaluateDriftPorts,
): Promise<Episode | undefined> {
  const { useCase, releaseId } = evaluation.release;
  const earlier = (await ports.episodes.all()).filter((episode) => episode.releaseId === releaseId).length;
  const episode: Episode = {
    useCase,
    // Counted, not drawn: two evaluations at once ask for the same episode, and one of them gets it.
    episodeId: `${releaseId}-episode-${earlier + 1}`,
    releaseId,
    openedAt: ports.now().toISOString(),
    evidence: evidenceOf(evaluation),
    status: 'OPEN',
  };
  if (!(await ports.episodes.open(episode))) return undefined;
  // An event that is lost here is made good by the schedule of the retraining policy, which reads the table.
  const { episodeId, evidence } = episode;
  await ports.driftDetected({ useCase, episodeId, releaseId, evidence });
  return episode;
}

/** Whether an episode of this release is over without a new one. */
async function closeEnded(
  episode: Episode,
  { fleet }: ReleaseEvaluation,
  ports: EvaluateDriftPorts,
  options: EvaluateDriftOptions,
): Promise<boolean> {
  const now = ports.now();
  const because = endedByItself(episode, { ...fleet, ...options }, options, now);
  if (because === undefined) return false;
  return ports.episodes.close(episode.episodeId, now.toISOString(), because, { onlyWhileOpen: true });
}

/** Runs one evaluation. Repeating it changes nothing: an episode is opened once and closed once. */
export async function evaluateDrift(
  ports: EvaluateDriftPorts,
  options: EvaluateDriftOptions,
): Promise<EvaluateDriftOutcome> {
  const champion = await ports.champion();
  if (!champion) return { kind: 'NO_RELEASE' };
  const { release } = champion;
  const since = (hours: number) => new Date(ports.now().getTime() - hours * HOUR).toISOString();
  let episode = await closeAnswered(champion, ports);
  const [received, labels, silent] = await Promise.all([
    ports.sketches(release.releaseId, since(options.driftLookbackHours)),
    ports.labels(release.releaseId, since(options.accuracyLookbackHours)),
    ports.silentDevices(),
  ]);
  const { sketches, leftAside } = ownEmbeddings(release, received);
  const field = await fieldReference(champion, sketches, labels, ports, options);
  const evaluation = evaluateRelease(release, sketches, labels, options, field);
  const { assessment } = evaluation.fleet;
  if (episode && (await closeEnded(episode, evaluation, ports, options))) episode = undefined;
  if (!episode && asksForRetraining(assessment)) episode = await openEpisode(evaluation, ports);
  ports.report([
    ...measurementsOf(evaluation, options.deviceMetricLimit),
    measured(MONITORING_METRICS.openEpisodes, episode ? 1 : 0, { useCase: release.useCase }),
    measured(MONITORING_METRICS.silentDevices, silent.length, { useCase: release.useCase }),
  ]);
  await ports.assessed({
    releaseId: release.releaseId,
    assessedAt: ports.now().toISOString(),
    evidence: evidenceOf(evaluation),
  });
  return {
    kind: 'EVALUATED',
    assessment,
    ...(episode && { episodeId: episode.episodeId }),
    ...(silent.length > 0 && { silentDevices: silent.slice(0, MOST_NAMED) }),
    ...(leftAside.length > 0 && { otherEmbeddings: leftAside.slice(0, MOST_NAMED) }),
  };
}
