/** Deterministic stand-ins for the ports of Greengrass. */
import { resourceNotFound } from '../../greengrass/errors';
import type {
  EventSink,
  IotJobs,
  JobExecution,
  JobExecutionStatus,
  JobRequest,
  ServiceEvent,
} from '../../greengrass/ports';

const EPOCH = new Date(0);

/** IoT Jobs with thing groups, in memory. */
export class FakeJobs implements IotJobs {
  readonly requests: JobRequest[] = [];
  readonly deleted: string[] = [];
  private readonly canceled = new Set<string>();
  private readonly states = new Map<string, JobExecution>();

  constructor(private readonly groups: Record<string, string[]>) {}

  async create(request: JobRequest): Promise<string> {
    const { kind, name, arn } = request.target;
    const things = kind === 'thing' ? [name] : this.groups[name];
    if (!things) throw resourceNotFound('TARGET', arn);
    this.requests.push(request);
    for (const thingName of things) this.set(request.jobId, thingName, 'QUEUED');
    return `arn:job/${request.jobId}`;
  }

  set(
    jobId: string,
    thingName: string,
    status: JobExecutionStatus,
    statusDetails: Record<string, string> = {},
  ): void {
    this.states.set(`${jobId}/${thingName}`, {
      jobId,
      thingName,
      status,
      executionNumber: 1,
      queuedAt: EPOCH,
      updatedAt: EPOCH,
      statusDetails,
    });
  }

  async cancel(jobId: string, force: boolean): Promise<void> {
    this.canceled.add(jobId);
    for (const { thingName, status } of await this.executions(jobId))
      if (status === 'QUEUED' || (force && status === 'IN_PROGRESS')) this.set(jobId, thingName, 'CANCELED');
  }

  async delete(jobId: string): Promise<void> {
    this.deleted.push(jobId);
  }

  async isCanceled(jobId: string): Promise<boolean> {
    return this.canceled.has(jobId);
  }

  async executions(jobId: string): Promise<JobExecution[]> {
    return [...this.states.values()].filter((one) => one.jobId === jobId);
  }

  async executionsOf(thingName: string): Promise<JobExecution[]> {
    return [...this.states.values()].filter((one) => one.thingName === thingName);
  }

  async execution(jobId: string, thingName: string): Promise<JobExecution | undefined> {
    return this.states.get(`${jobId}/${thingName}`);
  }

  async thingsIn(groupName: string): Promise<string[]> {
    return this.groups[groupName] ?? [];
  }
}

export class FakeEvents implements EventSink {
  readonly received: ServiceEvent[] = [];

  async put(event: ServiceEvent): Promise<void> {
    this.received.push(event);
  }

  /** `<status> <deployment>` of every effective deployment event. */
  get statuses(): string[] {
    return this.received.map(({ detail }) => `${detail.coreDeviceExecutionStatus} ${detail.deploymentId}`);
  }
}
