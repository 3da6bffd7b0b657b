import type { ReportData } from '../../demo/report/report-data';

/** So many of so many, with Wilson's 95 % interval; `of` may be 0, and then there is no share. */
export interface Share {
  readonly count: number;
  readonly of: number;
  /** 0..1. */
  readonly lower: number | null;
  readonly upper: number | null;
}

/**
 * What is wrong with a decision. escape: a defective part passes; falseReject: a good part is taken out; otherDefect: a
 * defective part is taken out, for another defect than it has; review: a person has to look.
 */
export type MistakeKind = 'escape' | 'falseReject' | 'otherDefect' | 'review';

export interface Mistake {
  readonly kind: MistakeKind;
  /** As the data set calls the image. */
  readonly name: string;
  readonly truth: string;
  /** Absent of a frame that is invalid. */
  readonly predicted?: string | undefined;
  /** 0..1. */
  readonly confidence?: number | undefined;
  /** Data URI of a small picture; only some have one. */
  readonly picture?: string | undefined;
}

/** What the four devices made of the held-out images, each shown once. */
export interface Inspection {
  readonly shown: number;
  /** Held-out images that were not shown, because there are too many bytes of them. */
  readonly notShown: number;
  /** Shown, and without a result. */
  readonly unanswered: number;
  readonly right: Share;
  readonly escapes: Share;
  readonly falseRejects: Share;
  readonly review: Share;
  readonly classes: ReadonlyArray<{
    readonly name: string;
    readonly mayPass: boolean;
    readonly shown: number;
    readonly right: number;
    readonly passed: number;
    readonly rejected: number;
    readonly reviewed: number;
  }>;
  readonly confusion: ReportData['confusions'][number];
  readonly mistakes: readonly Mistake[];
  readonly devices: ReadonlyArray<{
    readonly deviceId: string;
    readonly wave: string;
    readonly nucleus: string;
    readonly images: number;
    /** From the frame's arrival to its decision. */
    readonly medianMilliseconds: number | null;
  }>;
}

/** Everything that the page and the terminal show. JSON; no figure is computed while rendering. */
export interface TryReportData extends Pick<ReportData, 'phases' | 'totalSeconds' | 'peakMemoryBytes'> {
  /** RFC 3339. */
  readonly generatedAt: string;
  readonly name: string;
  /** As the user has named it. */
  readonly source: string;
  readonly dataset: {
    readonly layout: string;
    readonly splitting: string;
    readonly items: number;
    readonly manifestSha256: string;
    readonly classes: ReadonlyArray<{
      readonly name: string;
      readonly mayPass: boolean;
      readonly train: number;
      readonly validation: number;
      readonly test: number;
      /** Data URIs. */
      readonly pictures: readonly string[];
    }>;
    readonly sizes: readonly string[];
    /** What was renamed, left out or understood, one sentence each. */
    readonly notes: readonly string[];
    readonly warnings: readonly string[];
  };
  /** Why these classes may pass. */
  readonly passBecause: string;
  readonly training: {
    readonly script: string;
    readonly epochs: number;
    /** `128 x 128, stretch, rgb` */
    readonly input: string;
    /** The gate's sentence, or why the training failed. */
    readonly sentence: string;
    readonly registered: boolean;
    /** On the held-out images, by the training itself. Absent where it came to no measuring. */
    readonly evaluation?:
      | {
          readonly accuracy: number;
          readonly linearBaselineAccuracy: number;
          readonly confusion: ReportData['confusions'][number];
        }
      | undefined;
  };
  readonly models: ReportData['models'];
  readonly rollouts: ReportData['rollouts'];
  /** Absent where no release came into service. */
  readonly inspection?: Inspection | undefined;
  /** Of everything that the devices were shown, during the rollout too. Absent where nothing was. */
  readonly bandwidth?:
    | (Pick<ReportData['bandwidth'], 'streamedBytes' | 'resultBytes' | 'captureBytes'> & {
        readonly frames: number;
      })
    | undefined;
}
