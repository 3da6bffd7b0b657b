/** What became of parts, 0..1; null where there were none of their kind. */
export interface Verdicts {
  /** Of defective parts, those that passed. */
  readonly escapes: number | null;
  /** Of defective parts, those that would have passed if novel frames did not go to a person. */
  readonly escapesAsClassified: number | null;
  /** Of good parts, those that were taken out. */
  readonly falseRejects: number | null;
  /** Of all parts, those that a person has to look at. */
  readonly review: number | null;
}

/** Everything that the report and the summary show. JSON; no figure is computed while rendering. */
export interface ReportData {
  /** RFC 3339. */
  readonly generatedAt: string;
  readonly settingsName: string;
  readonly phases: ReadonlyArray<{ readonly name: string; readonly seconds: number }>;
  readonly totalSeconds: number;
  /** Highest sum of resident memory over all processes of the demo, sampled. */
  readonly peakMemoryBytes: number;
  readonly events: ReadonlyArray<{
    /** Milliseconds since the epoch. */
    readonly at: number;
    readonly what: string;
    readonly kind: 'line' | 'release' | 'rollout' | 'drift' | 'training' | 'fault' | 'alarm';
  }>;
  readonly devices: ReadonlyArray<{
    readonly deviceId: string;
    readonly group: string;
    readonly windows: readonly DeviceWindow[];
  }>;
  readonly accuracy: ReadonlyArray<{
    readonly label: string;
    readonly frames: number;
    /** Against the simulator's truth, 0..1; null without frames. */
    readonly accuracy: number | null;
    readonly verdicts: Verdicts;
  }>;
  readonly confusions: ReadonlyArray<{
    readonly title: string;
    readonly classes: readonly string[];
    /** rows[i][j]: frames of class i that were predicted as class j. */
    readonly rows: ReadonlyArray<readonly number[]>;
  }>;
  readonly rollouts: ReadonlyArray<{
    readonly releaseId: string;
    readonly outcome: string;
    readonly waves: ReadonlyArray<{
      readonly wave: string;
      readonly verdict: string;
      readonly reasons: readonly string[];
      readonly numbers: Readonly<Record<string, number | null>>;
    }>;
    readonly seconds: number;
  }>;
  readonly latency: {
    readonly edgeP50: number;
    readonly edgeP99: number;
    readonly cloudP50: number;
    readonly cloudP99: number;
    /** What the cloud's time contains, and what not. */
    readonly cloudWhat: string;
  };
  readonly bandwidth: {
    readonly streamedBytes: number;
    readonly resultBytes: number;
    readonly captureBytes: number;
  };
  readonly availability: {
    readonly deviceId: string;
    readonly offlineSeconds: number;
    readonly offlineInferences: number;
    readonly lostRecords: number;
  };
  readonly privacy: ReadonlyArray<{
    readonly deviceId: string;
    readonly captures: number;
    readonly bytes: number;
    readonly byReason: Readonly<Record<string, number>>;
  }>;
  readonly models: ReadonlyArray<{
    readonly releaseId: string;
    readonly testAccuracy: number;
    readonly linearBaselineAccuracy: number;
    readonly variants: ReadonlyArray<{
      readonly name: string;
      readonly bytes: number;
      readonly milliseconds: number;
      readonly accuracy: number;
    }>;
  }>;
  readonly examples: ReadonlyArray<{
    readonly jpegBase64: string;
    readonly truth: string;
    readonly predicted: string;
    readonly confidence: number;
    readonly releaseId: string;
    readonly right: boolean;
  }>;
  readonly refusals: ReadonlyArray<{
    readonly deviceId: string;
    readonly code: string;
    readonly what: string;
  }>;
  readonly alarms: ReadonlyArray<{
    /** The alarm's entry in the runbook. */
    readonly heading: string;
    readonly severity: 'high' | 'low';
    /** What the alarm says of itself. */
    readonly sentence: string;
    /** What it went off for. */
    readonly because: string;
    /** CloudWatch's words. */
    readonly reason: string;
    /** Milliseconds since the epoch. */
    readonly from: number;
    /** null when it had not ended with the run. */
    readonly until: number | null;
    /** When its message reached the topic's subscriber; null for an alarm that calls nobody, and before anybody was subscribed. */
    readonly calledAt: number | null;
  }>;
  readonly drift: ReadonlyArray<{
    readonly openedAt: string;
    readonly releaseId: string;
    readonly evidence: readonly string[];
  }>;
  readonly retraining: {
    readonly executions: number;
    readonly labels: Readonly<Record<string, number>>;
    readonly newClasses: readonly string[];
  };
}

/** Five seconds of one device. */
export interface DeviceWindow {
  /** Start, milliseconds since the epoch. */
  readonly at: number;
  readonly frames: number;
  readonly accuracy: number | null;
  /** The release that most frames of the window were decided by. */
  readonly releaseId: string;
  readonly meanConfidence: number | null;
  /** Mean luma, 0..255. */
  readonly meanBrightness: number | null;
  readonly offlineFrames: number;
}
