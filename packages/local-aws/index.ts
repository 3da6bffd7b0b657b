/** What this package offers. Everything else in it is its own affair. */
export { describeAlarmsAsOf } from './cloudwatch/describe-alarms';
export { iotCoreOver } from './core-device/cloud/iot-core';
export { coreDeviceCommand } from './core-device/command';
export { type ErrorHistory, withError } from './core-device/component/lifecycle-table';
export type { CoreDeviceConfig } from './core-device/config';
// A nucleus without a cloud, for tests of components.
export { type EventStreamMessage, encodeFrame, FrameDecoder } from './core-device/ipc/frame-codec';
export { createIpcServices, IpcError, type IpcServer, startIpcServer } from './core-device/ipc/server';
export { NUCLEI, type NucleusName } from './core-device/nucleus/nuclei';
export { parseRecipe } from './greengrass/recipe';
export type { AccessCheck } from './iam/iam';
export { REQUIRED_ACCESS } from './iam/required-access';
export { runLocalAws } from './launcher/command';
export { type Ministack, type MinistackOptions, startMinistack } from './launcher/ministack';
export { type ReachableAws, reachableAws, shellVariables } from './launcher/shell-variables';
export {
  LOCAL_ACCOUNT_ID,
  LOCAL_CREDENTIALS,
  LOCAL_REGION,
  type LocalAws,
  type LocalAwsOptions,
  startLocalAws,
} from './launcher/start-local-aws';
export type { Interpreter } from './sagemaker/interpreter';
export { JobMetrics } from './sagemaker/jobs/job-metrics';
export type { Json, JsonObject } from './sagemaker/json';
export { parsePipelineDefinition } from './sagemaker/pipeline/definition';
export { flatten } from './sagemaker/pipeline/plan';
export { type Rehearsal, type RehearsalOptions, rehearsePipeline } from './sagemaker/rehearse-pipeline';
export type { SageMakerProgress } from './sagemaker/start-sagemaker';
export { freePort } from './shared/free-port';
export type { RunningService } from './shared/running-service';
export { SupervisedProcess, type SupervisedProcessOptions } from './shared/supervised-process';
