import type { ClassMix } from './inspection-line/draw-part';

/** What the line goes through before the loop answers it: the light drifts, the tool breaks, or both. */
export type Change = 'light' | 'tool';

/** A turn of the loop after the first: changes of the line, in the order in which they come. */
export type Turn = readonly [Change, ...Change[]];

/** Sizes of the demo. The loop and the software are the same in both; only amounts and waiting times differ. */
export interface DemoSettings {
  readonly name: 'full' | 'small';
  /** Rendered images of the first dataset. */
  readonly datasetItems: number;
  /** Rendered frames for the line, per condition. */
  readonly stockItems: number;
  readonly epochs: number;
  readonly widthMultiplier: number;
  /** Of the network in the cloud that devices ask for second opinions. */
  readonly cloudWidthMultiplier: number;
  readonly devices: { readonly canary: readonly string[]; readonly stable: readonly string[] };
  readonly framesPerSecond: number;
  /** How long the line runs normally before it changes. */
  readonly steadySeconds: number;
  /** For how long one device has no network. */
  readonly offlineSeconds: number;
  /** A human labels a capture this long after it was taken. */
  readonly labelDelaySeconds: number;
  /** The gate's minimum; a model from few images and few epochs is held to less. */
  readonly minimumAccuracy: number;
  /**
   * Of what is new or uncertain, the share that a device sends as captures, and how many bytes of them a day. All turns of a
   * run are on one day: what the first has spent, the second lacks.
   */
  readonly captures: { readonly probability: number; readonly dailyBytes: number };
  /** Those that follow the first. */
  readonly turns: readonly Turn[];
  readonly seed: number;
}

export const FULL: DemoSettings = {
  name: 'full',
  // Two networks are trained on them, twice, and the whole run is to take eight minutes on two processors.
  datasetItems: 1500,
  stockItems: 1000,
  epochs: 12,
  widthMultiplier: 0.35,
  // An epoch takes a fifth longer than the devices' (0.10 s of a processor for half a batch, 0.08 s).
  cloudWidthMultiplier: 0.5,
  devices: { canary: ['line-1', 'line-2'], stable: ['line-3', 'line-4'] },
  framesPerSecond: 8,
  steadySeconds: 10,
  offlineSeconds: 10,
  labelDelaySeconds: 3,
  minimumAccuracy: 0.7,
  // The labels of the one turn within half a minute, and then those of the control sample only: who decides about a
  // retraining looks once a minute, and what is not there by then waits for the next look.
  captures: { probability: 0.3, dailyBytes: 550_000 },
  // A turn is minutes of training: here one retraining answers both changes.
  turns: [['light', 'tool']],
  seed: 20261123,
};

export const SMALL: DemoSettings = {
  ...FULL,
  name: 'small',
  // With a second network to train beside, a change is answered within four minutes on two processors.
  datasetItems: 1400,
  stockItems: 500,
  // Devices, line and retraining share two processors; a third fewer frames are as many as the judgements need.
  framesPerSecond: 6,
  minimumAccuracy: 0.6,
  // Fewer frames are streamed, of which a tenth in bytes may be sent; and more slowly, so that enough of it is left for
  // the crack.
  captures: { probability: 0.2, dailyBytes: 370_000 },
};

/** Each change is answered by itself, which is a third turn of the loop. */
export const THREE_TURNS: Pick<DemoSettings, 'turns' | 'captures'> = {
  turns: [['light'], ['tool']],
  // Labels for a turn within a minute, and enough left for the next, however long the first has taken.
  captures: { probability: 0.15, dailyBytes: 4_000_000 },
};

/** Parts on the line, as shares: 97 % of them good, as on a line that earns its keep. */
export const YIELD = 0.97;

/** The class that a broken tool makes, and that nobody had seen before. */
export const NEW_CLASS = 'crack';

const USUAL_DEFECTS = { scratch: 0.01, dent: 0.01, stain: 0.01 };

export const CLASS_MIX = {
  normal: { good: YIELD, ...USUAL_DEFECTS },
  /** While the tool is broken every fifth part cracks, which no line would bear for longer than it has to. */
  brokenTool: { good: 0.77, ...USUAL_DEFECTS, [NEW_CLASS]: 0.2 },
  /** Once it has been mended: a crack is as rare as any other defect. */
  mendedTool: { good: 0.96, ...USUAL_DEFECTS, [NEW_CLASS]: 0.01 },
} as const satisfies Record<string, ClassMix>;

/**
 * What is rendered of each class, as shares of the stock: so many of the rare ones that what a model makes of them does
 * not hang on five pictures. How often the line shows them is {@link CLASS_MIX}'s to say.
 */
export const STOCK_SHARES = {
  normal: { good: 0.4, scratch: 0.2, dent: 0.2, stain: 0.2 },
  brokenTool: { good: 0.4, scratch: 0.12, dent: 0.12, stain: 0.12, [NEW_CLASS]: 0.24 },
} as const satisfies Record<string, ClassMix>;
