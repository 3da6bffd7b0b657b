/** What the judge looks at. */
import type { JudgedBy } from '../../monitoring/estimate-escapes';
import type { SamplingPolicy } from '../../monitoring/label-weights';
import type { RolloutLimits } from '../names';
import type { ReleaseEvidence } from './evidence';

/** Both releases, as far as they say which parts pass. */
export interface JudgedReleases {
  readonly released: JudgedBy;
  readonly previous?: JudgedBy | undefined;
}

/** The limits of the configuration, with what follows from its disposition policy. */
export interface JudgeLimits extends Required<RolloutLimits> {
  /** By how much the escapes of a release may exceed those of the one before, as a share of all frames. */
  readonly escapeIncrease: number;
}

export interface JudgeInput {
  readonly released: ReleaseEvidence;
  /** What the wave ran before; absent on its first release. */
  readonly previous?: ReleaseEvidence;
  readonly releases: JudgedReleases;
  readonly limits: JudgeLimits;
  /** By which devices choose frames for labels. */
  readonly sampling: SamplingPolicy;
  /** Devices of the wave from which results are expected: those that were not set aside. */
  readonly expected: readonly string[];
  /** Share of these that has to report. */
  readonly quorum: number;
  /** Of the wave. */
  readonly minimumResults: number;
  /** With fewer a device has not reported: a quarter of its share of `minimumResults`. */
  readonly minimumResultsPerDevice: number;
  /** The open drift episode whose retraining has trained this release; the previous one is then no yardstick. */
  readonly answeredEpisodeId?: string;
  /** Whether the time in which to decide is over. */
  readonly deadlinePassed: boolean;
  /** Whether the time is over in which labels may still come. */
  readonly labelDeadlinePassed: boolean;
  readonly decisionTimeoutSeconds: number;
}
