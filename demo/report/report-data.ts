/** What became of parts: shares 0..1, null where there were none of their kind. */
export interface Verdicts {
  readonly goods: number;
  readonly defects: number;
  /** Of the defective parts, how many passed. */
  readonly escaped: number;
  /** Of defective parts, those that passed. */
  readonly escapes: number | null;
  /** Of defective parts, those that would have passed if novel frames did not go to a person. */
  readonly escapesAsClassified: number | null;
  /** Of good parts, those that were taken out. */
  readonly falseRejects: number | null;
  /** Of all parts, those that a person has to look at. */
  readonly review: number | null;
  /** Of all parts, good ones that passed and defective ones that were taken out. */
  readonly decidedRightly: number | null;
  /** Of a thousand parts, in the plant's unit: what errors and people's looks cost by its disposition policy. */
  readonly costPerThousand: number | null;
}

/** What second opinions came to over some frames. */
export interface SecondOpinionFigures {
  readonly frames: number;
  /** Frames that would have gone to a person without them. */
  readonly reviewed: number;
  readonly asked: number;
  readonly outcomes: {
    readonly answered: number;
    readonly late: number;
    readonly overBudget: number;
    readonly other: number;
  };
  /** Parts that an answer decided, by what they really were. */
  readonly decided: {
    readonly goodPassed: number;
    readonly goodRejected: number;
    readonly defectsPassed: number;
    readonly defectsRejected: number;
  };
  /** Of the frames that were answered, the share whose class each network named rightly. */
  readonly right: { readonly device: number | null; readonly cloud: number | null };
  /** Looks of people that were saved, less what wrong decisions cost, in the plant's unit. */
  readonly gain: number;
  /** From question to answer. */
  readonly millisecondsP50: number | null;
  readonly millisecondsP95: number | null;
  /** Of the questions, with their images. */
  readonly bytes: number;
  /** By AWS's prices. */
  readonly usdPerThousandFrames: number | null;
}

/** How long a turn of the loop took, in seconds since the first of its changes; null for what was not reached. */
export interface TurnFigures {
  /** What has changed; also the label of the span in which it has and is not answered. */
  readonly change: string;
  /** Label of the span after it. */
  readonly after: string;
  readonly toEpisode: number | null;
  readonly toRetraining: number | null;
  readonly toModel: number | null;
  /** The release that answers it is in service on every device. */
  readonly toCure: number | null;
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
  readonly turns: readonly TurnFigures[];
  /** Over spans of the run; the first is the whole of it. */
  readonly secondOpinions: ReadonlyArray<SecondOpinionFigures & { readonly label: string }>;
  /** Numbers by which controllers know the classes, and the release that gave each. */
  readonly codes: ReadonlyArray<{
    readonly className: string;
    readonly code: number;
    readonly since: string;
  }>;
  /** One part of each class as the camera saw it, by condition of the line. */
  readonly parts: ReadonlyArray<{
    readonly condition: string;
    readonly label: string;
    readonly jpegBase64: string;
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
  /** Of rollouts, by the name of the number that each bounds from above. */
  readonly limits: Readonly<Record<string, number>>;
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
    /** Images that were sent with questions. */
    readonly questionBytes: number;
    /** The same while the line ran as it should. */
    readonly steady: { readonly streamedBytes: number; readonly sentBytes: number };
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
