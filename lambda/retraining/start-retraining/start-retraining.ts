/**
 * Turns the open episode into exactly one execution of the training pipeline.
 *
 * Every call looks at the state of the tables, not at the event that woke it: an event that comes twice, late or
 * never changes nothing. A start has these steps, each of which may be the last before a crash, and each of which
 * may be done again:
 *
 * 1. OPEN -> RETRAINING by a conditional write: of many callers one passes;
 * 2. merge the captures into a new dataset;
 * 3. fix the parameters: a second merge may find more labels, but the first one's answer counts;
 * 4. StartPipelineExecution with a token made of the episode's id: SageMaker answers a repeated token with the
 *    execution that it has;
 * 5. note the execution.
 */
import { createHash } from 'node:crypto';
import type { Label, Release } from '../../../contracts';
import type { Episode, RetrainingParameters } from '../../monitoring/episode';
import { evidenceInWords } from '../../monitoring/in-words';
import type { Spending } from '../../shared/spending';
import { trainingExecutionId } from '../../training/names';
import {
  classesSetAside,
  decideRetraining,
  type PipelineRun,
  type RetrainingDecision,
  type RetrainingPolicy,
} from './decide-retraining';

export interface Champion {
  readonly release: Release;
  /** `s3://<model bucket>/pipelines/<execution id>/export/`. */
  readonly exportUri: string;
  /** S3 URI of the model.tar.gz from which the larger network starts, where there is one. */
  readonly cloudModelUri?: string | undefined;
}

export interface RetrainingStarted {
  readonly useCase: string;
  readonly episodeId: string;
  readonly releaseId: string;
  readonly executionArn: string;
}

export interface StartRetrainingPorts {
  now(): Date;
  champion(): Promise<Champion | undefined>;
  /** S3 URI of the champion's model.tar.gz. */
  championModelUri(champion: Champion): Promise<string>;
  /** Every execution of the pipeline. */
  runs(): Promise<PipelineRun[]>;
  /** Undefined where the environment has no budget. */
  spending(): Promise<Spending | undefined>;
  labels(): Promise<Pick<Label, 'label' | 'labelledAt'>[]>;
  episodes: {
    current(): Promise<Episode | undefined>;
    all(): Promise<Episode[]>;
    claim(episodeId: string, clientRequestToken: string, startedAt: string): Promise<boolean>;
    fixParameters(episodeId: string, parameters: RetrainingParameters): Promise<RetrainingParameters>;
    noteExecution(episodeId: string, executionArn: string): Promise<void>;
    close(episodeId: string, closedAt: string, because: string): Promise<boolean>;
  };
  /**
   * Merges labelled captures into the dataset; answers the manifest's URI.
   * @param withoutClasses whose captures wait
   */
  mergeCaptures(withoutClasses: readonly string[]): Promise<string>;
  /** Starts the pipeline, or answers the execution that was started with the same token. */
  startPipeline(parameters: RetrainingParameters, clientRequestToken: string): Promise<string>;
  retrainingStarted(detail: RetrainingStarted): Promise<void>;
}

/** Token of the one execution of an episode; SageMaker allows 32 to 128 characters. */
export function clientRequestTokenOf(episodeId: string): string {
  return createHash('sha256').update(episodeId).digest('hex');
}

/**
 * From when on a label is news to the champion: its dataset was closed before its execution began. Where that
 * execution is no longer listed, the release's own time stands in; it is later, so that labels are rather missed
 * than counted twice.
 */
export function championDatasetClosedAt(champion: Champion, runs: readonly PipelineRun[]): Date {
  const executionId = trainingExecutionId(champion.exportUri);
  const run = executionId && runs.find(({ arn }) => arn.endsWith(`/execution/${executionId}`));
  return run ? run.startedAt : new Date(champion.release.createdAt);
}

/** Of labels that are news to the champion: how many of each class, and when the newest was given. */
function newsOf(labels: readonly Pick<Label, 'label' | 'labelledAt'>[], after: Date) {
  const newLabels = new Map<string, number>();
  const newestLabels = new Map<string, Date>();
  for (const { label, labelledAt } of labels) {
    const at = new Date(labelledAt);
    if (at <= after) continue;
    newLabels.set(label, (newLabels.get(label) ?? 0) + 1);
    const newest = newestLabels.get(label);
    if (!newest || at > newest) newestLabels.set(label, at);
  }
  return { newLabels, newestLabels };
}

function lastRetrainingAt(episodes: readonly Episode[]): Date | undefined {
  const times = episodes.flatMap(({ retrainingStartedAt }) => retrainingStartedAt ?? []).map(Date.parse);
  return times.length === 0 ? undefined : new Date(Math.max(...times));
}

async function finishStart(
  episode: Episode,
  champion: Champion,
  setAside: readonly string[],
  ports: StartRetrainingPorts,
): Promise<string> {
  const { useCase, episodeId, releaseId } = episode;
  const parameters =
    episode.parameters ??
    (await ports.episodes.fixParameters(episodeId, {
      datasetManifestUri: await ports.mergeCaptures(setAside),
      championModelUri: await ports.championModelUri(champion),
      ...(champion.cloudModelUri !== undefined && { championCloudModelUri: champion.cloudModelUri }),
    }));
  const executionArn = await ports.startPipeline(parameters, clientRequestTokenOf(episodeId));
  await ports.episodes.noteExecution(episodeId, executionArn);
  await ports.retrainingStarted({ useCase, episodeId, releaseId, executionArn });
  return executionArn;
}

export type RetrainingOutcome = RetrainingDecision & {
  readonly executionArn?: string;
  readonly setAside?: readonly string[];
  /** Of an explanation: what the monitor saw when it opened the episode, what changed and what it costs. Sentences. */
  readonly because?: readonly string[];
};

/**
 * One look at the open episode. Safe to call at any time, any number of times, at once.
 * @param isExplanation say what would be done, and of which drift, and do nothing
 */
export async function startRetraining(
  ports: StartRetrainingPorts,
  policy: RetrainingPolicy,
  isExplanation = false,
): Promise<RetrainingOutcome> {
  const [episode, champion] = await Promise.all([ports.episodes.current(), ports.champion()]);
  if (!episode || !champion) return { kind: 'SKIP', reason: 'no episode is open' };
  if (episode.releaseId !== champion.release.releaseId) {
    return { kind: 'SKIP', reason: `the episode is about ${episode.releaseId}, which has been replaced` };
  }
  const [runs, labels, episodes, spending] = await Promise.all([
    ports.runs(),
    ports.labels(),
    ports.episodes.all(),
    ports.spending(),
  ]);
  const situation = {
    now: ports.now(),
    episode,
    runs,
    lastRetrainingAt: lastRetrainingAt(episodes),
    ...newsOf(labels, championDatasetClosedAt(champion, runs)),
    championClasses: champion.release.classes,
    spending,
  };
  const decision = decideRetraining(situation, policy);
  if (isExplanation) return { ...decision, because: evidenceInWords(episode.evidence) };
  const now = () => ports.now().toISOString();
  if (decision.kind === 'ABANDON') await ports.episodes.close(episode.episodeId, now(), decision.reason);
  if (decision.kind === 'START') {
    const claimed = await ports.episodes.claim(
      episode.episodeId,
      clientRequestTokenOf(episode.episodeId),
      now(),
    );
    if (!claimed) return { kind: 'SKIP', reason: 'another invocation is starting it' };
  }
  if (decision.kind !== 'START' && decision.kind !== 'RESUME') return decision;
  const setAside = classesSetAside(situation, policy);
  const executionArn = await finishStart(episode, champion, setAside, ports);
  return { ...decision, executionArn, ...(setAside.length > 0 && { setAside }) };
}
