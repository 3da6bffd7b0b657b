/** Sizes of the demo. The loop and the software are the same in both; only amounts and waiting times differ. */
export interface DemoSettings {
  readonly name: 'full' | 'small';
  /** Rendered images of the first dataset. */
  readonly datasetItems: number;
  /** Rendered frames for the line, per condition. */
  readonly stockItems: number;
  readonly epochs: number;
  readonly widthMultiplier: number;
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
  readonly seed: number;
}

export const FULL: DemoSettings = {
  name: 'full',
  datasetItems: 2400,
  stockItems: 1200,
  epochs: 12,
  widthMultiplier: 0.35,
  devices: { canary: ['line-1', 'line-2'], stable: ['line-3', 'line-4'] },
  framesPerSecond: 8,
  steadySeconds: 15,
  offlineSeconds: 15,
  labelDelaySeconds: 3,
  minimumAccuracy: 0.8,
  seed: 20261123,
};

export const SMALL: DemoSettings = {
  ...FULL,
  name: 'small',
  datasetItems: 1600,
  stockItems: 500,
  // Devices, line and retraining share two processors; a third fewer frames are as many as the judgements need.
  framesPerSecond: 6,
  steadySeconds: 10,
  offlineSeconds: 10,
  minimumAccuracy: 0.6,
};

/** Parts on the line, as shares: mostly good, as on a real line. */
export const CLASS_MIX = {
  normal: { good: 0.55, scratch: 0.15, dent: 0.15, stain: 0.15 },
  withCrack: { good: 0.45, scratch: 0.12, dent: 0.12, stain: 0.12, crack: 0.19 },
} as const;
