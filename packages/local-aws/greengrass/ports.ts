/** What Greengrass needs of the rest of AWS. */
import type { DeploymentTarget } from './arn';
import type { IotJobConfiguration } from './deployment-request';

/** States of an IoT job execution. */
export type JobExecutionStatus =
  | 'QUEUED'
  | 'IN_PROGRESS'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'TIMED_OUT'
  | 'REJECTED'
  | 'REMOVED'
  | 'CANCELED';

export interface JobExecution {
  readonly jobId: string;
  readonly thingName: string;
  readonly status: JobExecutionStatus;
  /** 1 for the first; a thing that leaves a group and joins again gets the next. */
  readonly executionNumber: number;
  readonly queuedAt: Date;
  readonly updatedAt: Date;
  readonly statusDetails: Readonly<Record<string, string>>;
}

export interface JobRequest {
  readonly jobId: string;
  readonly target: DeploymentTarget;
  readonly document: string;
  readonly configuration?: IotJobConfiguration | undefined;
}

export interface IotJobs {
  /**
   * CONTINUOUS for a thing group, so that things that join later get the deployment; SNAPSHOT for a thing.
   * @returns the job's ARN
   * @throws ServiceError ResourceNotFoundException when the target does not exist
   */
  create(request: JobRequest): Promise<string>;
  /** @param force also takes the job away from devices that have begun it */
  cancel(jobId: string, force: boolean): Promise<void>;
  delete(jobId: string): Promise<void>;
  isCanceled(jobId: string): Promise<boolean>;
  executions(jobId: string): Promise<JobExecution[]>;
  executionsOf(thingName: string): Promise<JobExecution[]>;
  execution(jobId: string, thingName: string): Promise<JobExecution | undefined>;
  thingsIn(groupName: string): Promise<string[]>;
}

export interface ArtifactObjects {
  /** SHA-256 of an object of S3, undefined when it cannot be read. */
  sha256(uri: string): Promise<Uint8Array | undefined>;
  /** @throws Error when it cannot be read */
  read(uri: string): Promise<NodeJS.ReadableStream>;
}

export interface ServiceEvent {
  readonly detailType: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface EventSink {
  put(event: ServiceEvent): Promise<void>;
}
