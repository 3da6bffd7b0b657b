/** Names of the rollout: its state machine, variables, events. */
import { environmentPrefix, type NameScope } from '../shared/names';

/** One machine for all use cases of an environment. */
export const stateMachineName = (scope: Pick<NameScope, 'environmentName'>): string =>
  `${environmentPrefix(scope)}-rollout`;

/**
 * Its log group. Under this prefix one entry of the account's resource policy of CloudWatch Logs covers every state
 * machine; others add one each to a policy of at most 5,120 characters, and the last deployment fails
 * (docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html).
 */
export const stateMachineLogGroup = (scope: Pick<NameScope, 'environmentName'>): string =>
  `/aws/vendedlogs/states/${stateMachineName(scope)}`;

/** Detail types of its events. */
export const ROLLOUT_EVENTS = {
  completed: 'Rollout Completed',
  rolledBack: 'Rollout Rolled Back',
} as const;

/** Errors with which an execution ends; whoever finishes what it left reads them. */
export const ROLLOUT_ERRORS = {
  /** A release was taken back, as a verdict or a step that failed demanded. */
  rolledBack: 'RolledBack',
  /** No device has had the release, or the first one ever cannot be taken back. */
  notRolledOut: 'NotRolledOut',
  /** Every wave has the release, and the release table does not say so. */
  inServiceNotRecorded: 'InServiceNotRecorded',
  /** Waves may have a release that is to be taken back. */
  rollBackNotFinished: 'RollBackNotFinished',
} as const;

/** Why a release is taken back: whether it had a part in it. */
export const WAYS_BACK = {
  verdict: 'The devices or a verdict demand it.',
  failure: 'A step of the rollout gave up.',
  silence: 'Too few devices answered to judge it.',
} as const;
export type WayBack = (typeof WAYS_BACK)[keyof typeof WAYS_BACK];
/** Those in which the release had no part. */
export const INNOCENT_WAYS_BACK: readonly string[] = [WAYS_BACK.failure, WAYS_BACK.silence];

/** Errors of our functions that another try does not cure. */
export const HOPELESS_ERRORS = ['InvalidInputError', 'ConfigurationError', 'ContractError'] as const;

/** What an execution may be started for, beside the rollout of a release. */
const RESUMPTIONS = ['COMPLETE', 'TAKE_BACK'] as const;
export type Resumption = (typeof RESUMPTIONS)[number];
export const isResumption = (value: unknown): value is Resumption =>
  RESUMPTIONS.some((resumption) => resumption === value);

/** Tag of a version of the model component: SHA-256 of the envelope of its release, whose files it fixes. */
export const RELEASE_TAG = 'release-sha256';

export const ROLLOUT_VARIABLES = {
  /** JSON: the waves in the order of deployment, see {@link WaveSettings}. */
  waves: 'ROLLOUT_WAVES',
  /** JSON: see {@link RolloutLimits}. */
  limits: 'ROLLOUT_LIMITS',
  stateMachineArn: 'ROLLOUT_STATE_MACHINE_ARN',
  inferenceComponentName: 'INFERENCE_COMPONENT_NAME',
  inferenceComponentVersion: 'INFERENCE_COMPONENT_VERSION',
  /** S3 URI of the startup script as the deployment uploaded it. */
  deliverReleaseSourceUri: 'DELIVER_RELEASE_SOURCE_URI',
  /** Content-addressed S3 URI in the model bucket from which devices get it. */
  deliverReleaseUri: 'DELIVER_RELEASE_URI',
} as const;

/** How one wave is rolled out. */
export interface WaveSettings {
  readonly name: string;
  readonly thingGroupName: string;
  readonly thingGroupArn: string;
  readonly bakeSeconds: number;
  readonly installTimeoutSeconds: number;
  readonly decisionTimeoutSeconds: number;
  readonly minimumResults: number;
  /** Share of the wave's devices without which it does not go on, above 0. @default 0.9 */
  readonly quorum?: number;
  /** After the time to decide, for how long labels are waited for that would settle it. @default 0 */
  readonly labelTimeoutSeconds?: number;
}

/** How much worse than the release before a release may be; shares are 0..1. */
export interface RolloutLimits {
  /** Share of shadowed frames on which the new release contradicts the previous one. */
  readonly disagreement: number;
  readonly invalidRate: number;
  /** Median latency, new / previous. */
  readonly latencyRatio: number;
  /** Accuracy on labels, previous - new. */
  readonly accuracyDrop: number;
  /** Results in a busy window, new / previous: less is a failure. @default 0.3 */
  readonly throughputRatio?: number;
}

/** A line may run slower than yesterday; at less than a third of it something is wrong. */
export const USUAL_THROUGHPUT_RATIO = 0.3;
