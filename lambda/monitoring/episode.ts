import { trainingExecutionId } from '../training/names';
import type { Assessment } from './assess-release';
import type { EmbeddingComparison } from './compare-embedding';
import type { FeatureComparison } from './compare-with-baseline';
import type { AccuracyEstimate } from './estimate-accuracy';
import type { Harm } from './estimate-harm';
import type { Cause } from './name-cause';

/** What an assessment rests on: everything that a person needs to agree or disagree. Records of older ones have less. */
export interface Evidence {
  readonly assessment: Assessment;
  readonly results: number;
  readonly features: readonly FeatureComparison[];
  readonly embedding?: EmbeddingComparison;
  readonly accuracy?: AccuracyEstimate;
  readonly cause?: Cause;
  readonly harm?: Harm;
  /** At most 20, the worst first. */
  readonly deviatingDevices: readonly string[];
}

export type EpisodeStatus = 'OPEN' | 'RETRAINING' | 'CLOSED';

/** Parameters of the retraining, decided once, so that a repeated start asks for the same thing. */
export interface RetrainingParameters {
  readonly datasetManifestUri: string;
  readonly championModelUri: string;
  /** Where the champion has a larger network. */
  readonly championCloudModelUri?: string;
}

/** Item of the episode table. Times are ISO timestamps. */
export interface Episode {
  readonly useCase: string;
  /** `<releaseId>-episode-<n>`; n counts the episodes of the release. */
  readonly episodeId: string;
  readonly releaseId: string;
  readonly openedAt: string;
  readonly evidence: Evidence;
  readonly status: EpisodeStatus;
  readonly retrainingStartedAt?: string;
  readonly clientRequestToken?: string;
  readonly parameters?: RetrainingParameters;
  readonly executionArn?: string;
  readonly closedAt?: string;
  readonly closedBecause?: string;
  /** Release that was trained to answer the episode, and closed it. */
  readonly answeredBy?: string;
}

/**
 * Whether the episode's own retraining has trained a release.
 * @param exportUri S3 prefix of the export that the release was built from
 */
export function isAnsweredBy({ executionArn }: Pick<Episode, 'executionArn'>, exportUri: string): boolean {
  const executionId = trainingExecutionId(exportUri);
  return executionId !== undefined && executionArn?.endsWith(`/execution/${executionId}`) === true;
}
