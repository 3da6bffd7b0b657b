/** One training or processing job, as the service remembers it. */
import type { JsonObject } from '../json';
import type { JobKind } from '../pipeline/executor';
import type { JobLog } from './job-log';
import type { JobMetrics } from './job-metrics';

export type JobStatus = 'InProgress' | 'Completed' | 'Failed' | 'Stopping' | 'Stopped';

export interface Job {
  readonly kind: JobKind;
  readonly name: string;
  readonly arn: string;
  /** The Create request. */
  readonly request: JsonObject;
  /** Everything of the job on this machine: one folder per host, each standing for /opt/ml. */
  readonly directory: string;
  readonly log: JobLog;
  readonly metrics: JobMetrics;
  readonly creationTime: Date;
  status: JobStatus;
  secondaryStatus: string;
  readonly transitions: Array<{ readonly status: string; readonly startTime: Date; endTime?: Date }>;
  lastModifiedTime: Date;
  startTime?: Date;
  endTime?: Date;
  failureReason?: string;
  exitMessage?: string | undefined;
  modelArtifacts?: string;
  /** Aborted by Stop*Job, by a time limit, or when the service stops. */
  readonly abort: AbortController;
  /** Takes the spot capacity of the attempt that is running; undefined when there is none to be taken. */
  interrupt?: (() => void) | undefined;
  ended: Promise<void>;
}

/** Why a job was aborted; the reason of its abort signal. */
export class StopRequested extends Error {
  override readonly name = 'StopRequested';
}
export class TimeLimitExceeded extends Error {
  override readonly name = 'TimeLimitExceeded';
  constructor(readonly seconds: number) {
    super(`the job exceeded MaxRuntimeInSeconds (${seconds})`);
  }
}

export class WaitLimitExceeded extends Error {
  override readonly name = 'WaitLimitExceeded';
  constructor(readonly seconds: number) {
    super(`the job exceeded MaxWaitTimeInSeconds (${seconds})`);
  }
}

export const hasEnded = (job: Job): boolean => !['InProgress', 'Stopping'].includes(job.status);
