/** What the API says about deployments, derived from their IoT jobs: the jobs are the only state. */
import { coreDeviceArn, type Scope } from './arn';
import type { DeploymentRecord } from './deployment-ledger';
import type { JobExecution, JobExecutionStatus, ServiceEvent } from './ports';

export type DeploymentStatus = 'ACTIVE' | 'COMPLETED' | 'CANCELED' | 'FAILED' | 'INACTIVE';

export type EffectiveStatus =
  | 'QUEUED'
  | 'IN_PROGRESS'
  | 'SUCCEEDED'
  | 'COMPLETED'
  | 'FAILED'
  | 'REJECTED'
  | 'CANCELED'
  | 'TIMED_OUT';

/**
 * A replaced revision is INACTIVE. A deployment to a thing ends with its only execution; one to a group stays ACTIVE,
 * because things may join at any time.
 */
export function deploymentStatus(
  record: DeploymentRecord,
  facts: { latest: boolean; jobCanceled: boolean; executions: readonly Pick<JobExecution, 'status'>[] },
): DeploymentStatus {
  if (!facts.latest) return 'INACTIVE';
  if (facts.jobCanceled) return 'CANCELED';
  if (record.request.target.kind === 'thinggroup') return 'ACTIVE';
  const status = facts.executions[0]?.status;
  if (status === 'SUCCEEDED') return 'COMPLETED';
  if (status === 'CANCELED') return 'CANCELED';
  return status === 'FAILED' || status === 'REJECTED' || status === 'TIMED_OUT' ? 'FAILED' : 'ACTIVE';
}

/** SUCCEEDED is said of deployments to groups, COMPLETED of those to things. REMOVED executions are not effective. */
export function effectiveStatus(
  record: DeploymentRecord,
  status: JobExecutionStatus,
): EffectiveStatus | undefined {
  if (status === 'REMOVED') return undefined;
  return status === 'SUCCEEDED' && record.request.target.kind === 'thing' ? 'COMPLETED' : status;
}

export interface EffectiveStatusDetails {
  readonly errorStack: readonly string[];
  readonly errorTypes: readonly string[];
}

function stringList(text: string | undefined): string[] {
  if (text === undefined) return [];
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.map(String) : [text];
  } catch {
    // Older nuclei write a plain string.
    return [text];
  }
}

/** `<detailed status>: <cause>`, as the nucleus reported them; undefined when it has reported nothing. */
export function reasonOf(execution: JobExecution): string | undefined {
  const { 'detailed-deployment-status': status, 'deployment-failure-cause': cause } = execution.statusDetails;
  return [status, cause].filter(Boolean).join(': ') || undefined;
}

export function statusDetailsOf(execution: JobExecution): EffectiveStatusDetails | undefined {
  const { 'deployment-error-stack': stack, 'deployment-error-types': types } = execution.statusDetails;
  if (stack === undefined && types === undefined) return undefined;
  return { errorStack: stringList(stack), errorTypes: stringList(types) };
}

export interface EffectiveDeployment {
  readonly deploymentId: string;
  readonly deploymentName: string;
  readonly iotJobId: string;
  readonly iotJobArn: string;
  readonly targetArn: string;
  readonly coreDeviceExecutionStatus: EffectiveStatus;
  readonly reason?: string | undefined;
  readonly creationTimestamp: Date;
  readonly modifiedTimestamp: Date;
  readonly statusDetails?: EffectiveStatusDetails | undefined;
}

export function effectiveDeployment(
  record: DeploymentRecord,
  execution: JobExecution,
): EffectiveDeployment | undefined {
  const status = effectiveStatus(record, execution.status);
  if (!status) return undefined;
  return {
    deploymentId: record.deploymentId,
    deploymentName: record.request.deploymentName ?? '',
    iotJobId: record.jobId,
    iotJobArn: record.jobArn,
    targetArn: record.request.target.arn,
    coreDeviceExecutionStatus: status,
    reason: reasonOf(execution),
    creationTimestamp: record.createdAt,
    modifiedTimestamp: execution.updatedAt,
    statusDetails: statusDetailsOf(execution),
  };
}

const ANNOUNCED: ReadonlySet<EffectiveStatus> = new Set([
  'SUCCEEDED',
  'COMPLETED',
  'FAILED',
  'REJECTED',
  'CANCELED',
]);

/**
 * The event of a finished execution; undefined while it runs.
 * docs.aws.amazon.com/greengrass/v2/developerguide/deployment-health-notifications.html
 */
export function effectiveDeploymentEvent(
  scope: Scope,
  record: DeploymentRecord,
  execution: JobExecution,
): ServiceEvent | undefined {
  const status = effectiveStatus(record, execution.status);
  if (!status || !ANNOUNCED.has(status)) return undefined;
  return {
    detailType: 'Greengrass V2 Effective Deployment Status Change',
    resources: [coreDeviceArn(scope, execution.thingName)],
    detail: {
      deploymentId: record.deploymentId,
      coreDeviceExecutionStatus: status,
      statusDetails: statusDetailsOf(execution) ?? { errorStack: [], errorTypes: [] },
      reason: reasonOf(execution) ?? status,
    },
  };
}
