/** What an environment holds, and what may become of it when the environment is destroyed. */

/** What can only be lost once; each needs a word of its own before anything is deleted. */
export const HOLDINGS = {
  devices: ['delete'],
  dataset: ['keep', 'export', 'delete'],
  models: ['keep', 'export', 'delete'],
  telemetry: ['keep', 'export', 'delete'],
  components: ['keep', 'delete'],
  logs: ['keep', 'delete'],
} as const;

export type Holding = keyof typeof HOLDINGS;
/** `export` writes it to a folder of this machine, then deletes it. */
export type Choice = 'keep' | 'export' | 'delete';
export type Choices = { readonly [Name in Holding]?: Choice | undefined };

/** Holdings of the data stack. */
export type DataHolding = 'dataset' | 'models' | 'telemetry';

/** Outputs of the data stack that name a bucket. */
export const BUCKETS: Readonly<Record<string, DataHolding>> = {
  DatasetBucketName: 'dataset',
  ModelBucketName: 'models',
  TelemetryBucketName: 'telemetry',
};

/** Outputs of the data stack that name a table. */
export const TABLES: Readonly<Record<string, DataHolding>> = {
  LabelTableName: 'dataset',
  ReleaseTableName: 'models',
  SketchTableName: 'telemetry',
  InventoryTableName: 'telemetry',
  EpisodeTableName: 'telemetry',
};

/** Outputs of the data stack that name a key; without the encryption key nothing that is kept can be read. */
export const KEYS: Readonly<Record<string, DataHolding | 'anything'>> = {
  SigningKeyArn: 'models',
  EncryptionKeyArn: 'anything',
};
