/**
 * Names that the functions and the CDK code share: `lib/` sets what the handlers read. Variables that only one
 * noun needs are in that noun's `names.ts`.
 */

/** Environment variables of the functions. */
export const ENVIRONMENT_VARIABLES = {
  environment: 'KAIZEN_ENVIRONMENT',
  useCase: 'KAIZEN_USE_CASE',
  datasetBucket: 'DATASET_BUCKET',
  modelBucket: 'MODEL_BUCKET',
  telemetryBucket: 'TELEMETRY_BUCKET',
  releaseTable: 'RELEASE_TABLE',
  labelTable: 'LABEL_TABLE',
  sketchTable: 'SKETCH_TABLE',
  episodeTable: 'EPISODE_TABLE',
  inventoryTable: 'INVENTORY_TABLE',
  signingKeyArn: 'SIGNING_KEY_ARN',
  modelPackageGroup: 'MODEL_PACKAGE_GROUP',
  pipelineName: 'PIPELINE_NAME',
} as const;

/** Source of every event that this system puts on the default bus. */
export const EVENT_SOURCE = 'com.kaizenedge';

/** Detail types of those events. */
export const DETAIL_TYPES = {
  datasetAccepted: 'Dataset Accepted',
  datasetRejected: 'Dataset Rejected',
  releaseReady: 'Release Ready',
  rolloutCompleted: 'Rollout Completed',
  rolloutRolledBack: 'Rollout Rolled Back',
  driftDetected: 'Drift Detected',
  retrainingStarted: 'Retraining Started',
} as const;

export type DetailType = (typeof DETAIL_TYPES)[keyof typeof DETAIL_TYPES];

/** CloudWatch namespace of every metric of the functions. */
export const METRIC_NAMESPACE = 'KaizenEdge';
