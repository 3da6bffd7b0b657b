/**
 * The wire between the Greengrass cloud and a core device: the job document that a deployment arrives in, the job
 * status details that come back, and the fleet status message on the health topic. Field names are those of the
 * public nucleus: `deployment/converter/DeploymentDocumentConverter.java`, `deployment/IotJobsHelper.java`,
 * `status/model/*.java` of aws-greengrass/aws-greengrass-nucleus.
 */

export type FailureHandlingPolicy = 'ROLLBACK' | 'DO_NOTHING';
export type ComponentUpdateAction = 'NOTIFY_COMPONENTS' | 'SKIP_NOTIFY_COMPONENTS';

/** One root component of a deployment. */
export interface ComponentUpdate {
  /** Exact version, e.g. `1.0.7`. */
  readonly version: string;
  readonly configurationUpdate?: {
    /** Merged into the component's configuration after `reset`. Parsed JSON, not the JSON text of CreateDeployment. */
    readonly merge?: Readonly<Record<string, unknown>>;
    /** JSON pointers set back to the recipe's defaults; `""` resets everything. */
    readonly reset?: readonly string[];
  };
  readonly runWith?: {
    readonly posixUser?: string;
    readonly windowsUser?: string;
    /** memory in KiB, cpus as a fraction of cores. */
    readonly systemResourceLimits?: { readonly memory?: number; readonly cpus?: number };
  };
}

/** The IoT job document of one deployment, as the nucleus receives it. */
export interface DeploymentDocument {
  readonly deploymentId: string;
  readonly deploymentName?: string;
  /** `arn:aws:greengrass:<region>:<account>:configuration:thinggroup/<group>:<revision>` (or `thing/<thing>`). */
  readonly configurationArn: string;
  readonly components: Readonly<Record<string, ComponentUpdate>>;
  readonly failureHandlingPolicy: FailureHandlingPolicy;
  /** timeout in seconds. */
  readonly componentUpdatePolicy: { readonly timeout: number; readonly action: ComponentUpdateAction };
  /** timeout in seconds. */
  readonly configurationValidationPolicy: { readonly timeout: number };
  readonly requiredCapabilities: readonly string[];
  /** Milliseconds since the epoch. The device orders deployments of different groups by it. */
  readonly creationTimestamp: number;
}

/** `detailed-deployment-status` of a finished deployment (nucleus `DeploymentResult.DeploymentStatus`). */
export type DetailedDeploymentStatus =
  | 'SUCCESSFUL'
  | 'FAILED_NO_STATE_CHANGE'
  | 'FAILED_ROLLBACK_NOT_REQUESTED'
  | 'FAILED_ROLLBACK_COMPLETE'
  | 'FAILED_UNABLE_TO_ROLLBACK'
  | 'REJECTED';

/**
 * `statusDetails` of a job execution update. IoT Jobs allows string values only, so the two lists are JSON text.
 * Keys: nucleus `DeploymentService.java` (DEPLOYMENT_*_KEY).
 */
export interface JobStatusDetails {
  readonly 'detailed-deployment-status': DetailedDeploymentStatus;
  /** The whole cause as one line; absent on success. */
  readonly 'deployment-failure-cause'?: string;
  /** JSON array of error codes from outermost to innermost, e.g. `["DEPLOYMENT_FAILURE","COMPONENT_UPDATE_ERROR"]`. */
  readonly 'deployment-error-stack'?: string;
  /** JSON array, e.g. `["USER_COMPONENT_ERROR"]`. */
  readonly 'deployment-error-types'?: string;
}

/** Life cycle state of an installed component (nucleus `dependency/State.java`). */
export type ComponentState =
  | 'NEW'
  | 'INSTALLED'
  | 'STARTING'
  | 'RUNNING'
  | 'STOPPING'
  | 'ERRORED'
  | 'BROKEN'
  | 'FINISHED';

/** One component in a fleet status message. */
export interface ComponentStatus {
  readonly componentName: string;
  /** `null` of the classic nucleus's `main`, which is no component of the service. */
  readonly version: string | null;
  readonly status: ComponentState;
  readonly isRoot: boolean;
  /** Given when the state needs an explanation, e.g. statusCodes `["STARTUP_ERROR"]`. */
  readonly componentStatusDetails?: {
    readonly statusCodes: readonly string[];
    readonly statusReason: string;
  } | null;
  /** `configurationArn`s of the deployments that brought this component. */
  readonly fleetConfigArns: readonly string[];
}

export type OverallDeviceStatus = 'HEALTHY' | 'UNHEALTHY';
/** COMPLETE lists every component (absent ones were removed); PARTIAL lists only what changed. */
export type FleetStatusMessageType = 'COMPLETE' | 'PARTIAL';
export type FleetStatusTrigger =
  | 'LOCAL_DEPLOYMENT'
  | 'THING_DEPLOYMENT'
  | 'THING_GROUP_DEPLOYMENT'
  | 'BROKEN_COMPONENT'
  | 'COMPONENT_STATUS_CHANGE'
  | 'RECONNECT'
  | 'NUCLEUS_LAUNCH'
  | 'NETWORK_RECONFIGURE'
  | 'CADENCE';

/** The message on {@link healthTopic}. */
export interface FleetStatus {
  readonly ggcVersion: string;
  /** The classic nucleus does not say. */
  readonly runtime?: string;
  /** e.g. `linux`. */
  readonly platform: string;
  /** e.g. `amd64`, `aarch64`. */
  readonly architecture: string;
  readonly thing: string;
  readonly overallDeviceStatus: OverallDeviceStatus;
  /** Grows by one with every message, and goes back after a roll-back and at a new start. */
  readonly sequenceNumber: number;
  /** Milliseconds since the epoch; an earlier one is late and is ignored. */
  readonly timestamp: number;
  readonly messageType: FleetStatusMessageType;
  readonly trigger: FleetStatusTrigger;
  readonly components: readonly ComponentStatus[];
  readonly deploymentInformation?: {
    readonly deploymentId?: string;
    /** Job execution status: SUCCEEDED, FAILED, REJECTED, CANCELED. */
    readonly status: string;
    readonly statusDetails?: {
      readonly detailedStatus?: string;
      readonly failureCause?: string;
      readonly errorStack?: readonly string[];
      readonly errorTypes?: readonly string[];
    };
    readonly fleetConfigurationArnForStatus: string;
    readonly unchangedRootComponents?: readonly string[];
  };
}

/** Topic on which a core device reports its {@link FleetStatus}. */
export function healthTopic(thingName: string): string {
  return `$aws/things/${thingName}/greengrassv2/health/json`;
}
