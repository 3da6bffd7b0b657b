/** The ports on the AWS that Greengrass stands on: IoT Jobs, S3 and EventBridge. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  CancelJobCommand,
  CreateJobCommand,
  DeleteJobCommand,
  DescribeJobCommand,
  DescribeJobExecutionCommand,
  IoTClient,
  type JobExecutionSummary,
  paginateListJobExecutionsForJob,
  paginateListJobExecutionsForThing,
  paginateListThingsInThingGroup,
} from '@aws-sdk/client-iot';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { resourceNotFound } from './errors';
import type {
  ArtifactObjects,
  EventSink,
  IotJobs,
  JobExecution,
  JobExecutionStatus,
  JobRequest,
  ServiceEvent,
} from './ports';

export interface AwsSettings {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && error.name === 'ResourceNotFoundException';
}

function fromSummary(jobId: string, thingName: string, summary: JobExecutionSummary): JobExecution {
  return {
    jobId,
    thingName,
    status: summary.status as JobExecutionStatus,
    executionNumber: Number(summary.executionNumber ?? 1),
    queuedAt: summary.queuedAt ?? new Date(0),
    updatedAt: summary.lastUpdatedAt ?? new Date(0),
    statusDetails: {},
  };
}

/** The newest execution of each key: a thing that joined a group again has several. */
function newestOnly(executions: JobExecution[], key: (execution: JobExecution) => string): JobExecution[] {
  const newest = new Map<string, JobExecution>();
  for (const execution of executions) {
    const known = newest.get(key(execution));
    if (!known || known.executionNumber < execution.executionNumber) newest.set(key(execution), execution);
  }
  return [...newest.values()];
}

export class AwsIotJobs implements IotJobs {
  private readonly client: IoTClient;

  constructor(settings: AwsSettings) {
    this.client = new IoTClient(settings);
  }

  async create({ jobId, target, document, configuration }: JobRequest): Promise<string> {
    try {
      const answer = await this.client.send(
        new CreateJobCommand({
          jobId,
          targets: [target.arn],
          document,
          targetSelection: target.kind === 'thinggroup' ? 'CONTINUOUS' : 'SNAPSHOT',
          ...(configuration as object),
        }),
      );
      return answer.jobArn as string;
    } catch (error) {
      if (isNotFound(error)) throw resourceNotFound('TARGET', target.arn);
      throw error;
    }
  }

  async cancel(jobId: string, force: boolean): Promise<void> {
    await this.client.send(new CancelJobCommand({ jobId, force }));
  }

  async delete(jobId: string): Promise<void> {
    await this.client.send(new DeleteJobCommand({ jobId, force: true }));
  }

  async isCanceled(jobId: string): Promise<boolean> {
    const { job } = await this.client.send(new DescribeJobCommand({ jobId }));
    return job?.status === 'CANCELED';
  }

  async executions(jobId: string): Promise<JobExecution[]> {
    const found: JobExecution[] = [];
    for await (const page of paginateListJobExecutionsForJob({ client: this.client }, { jobId })) {
      for (const { thingArn, jobExecutionSummary } of page.executionSummaries ?? []) {
        const thingName = thingArn?.split(':thing/')[1];
        if (thingName && jobExecutionSummary) found.push(fromSummary(jobId, thingName, jobExecutionSummary));
      }
    }
    return newestOnly(found, ({ thingName }) => thingName);
  }

  async executionsOf(thingName: string): Promise<JobExecution[]> {
    const found: JobExecution[] = [];
    for await (const page of paginateListJobExecutionsForThing({ client: this.client }, { thingName })) {
      for (const { jobId, jobExecutionSummary } of page.executionSummaries ?? []) {
        if (jobId && jobExecutionSummary) found.push(fromSummary(jobId, thingName, jobExecutionSummary));
      }
    }
    const newest = newestOnly(found, ({ jobId }) => jobId);
    // The summaries carry no status details.
    return Promise.all(newest.map(async (one) => (await this.execution(one.jobId, thingName)) ?? one));
  }

  async execution(jobId: string, thingName: string): Promise<JobExecution | undefined> {
    try {
      const { execution } = await this.client.send(new DescribeJobExecutionCommand({ jobId, thingName }));
      if (!execution) return undefined;
      const statusDetails = execution.statusDetails?.detailsMap ?? {};
      return { ...fromSummary(jobId, thingName, execution as JobExecutionSummary), statusDetails };
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async thingsIn(thingGroupName: string): Promise<string[]> {
    try {
      const names: string[] = [];
      const pages = paginateListThingsInThingGroup(
        { client: this.client },
        { thingGroupName, recursive: true },
      );
      for await (const page of pages) names.push(...(page.things ?? []));
      return names;
    } catch (error) {
      if (isNotFound(error)) throw resourceNotFound('THING_GROUP', thingGroupName);
      throw error;
    }
  }
}

const S3_URI = /^s3:\/\/([^/]+)\/(.+)$/;

export class S3Artifacts implements ArtifactObjects {
  private readonly client: S3Client;

  constructor(settings: AwsSettings) {
    this.client = new S3Client({ ...settings, forcePathStyle: true });
  }

  async sha256(uri: string): Promise<Uint8Array | undefined> {
    try {
      const hash = createHash('sha256');
      for await (const chunk of await this.read(uri)) hash.update(chunk as Buffer);
      return hash.digest();
    } catch (error) {
      const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
      if (status === 403 || status === 404) return undefined;
      throw error;
    }
  }

  async read(uri: string): Promise<Readable> {
    const [, Bucket, Key] = S3_URI.exec(uri) ?? [];
    if (!Bucket || !Key) throw new Error(`${uri} is not an object of S3`);
    return (await this.client.send(new GetObjectCommand({ Bucket, Key }))).Body as Readable;
  }
}

export class EventBridgeSink implements EventSink {
  private readonly client: EventBridgeClient;

  constructor(
    settings: AwsSettings,
    private readonly onProblem: (message: string) => void,
  ) {
    this.client = new EventBridgeClient(settings);
  }

  /** Best effort, as AWS's own: an event that cannot be put fails no operation. */
  async put(event: ServiceEvent): Promise<void> {
    try {
      await this.putOrThrow(event);
    } catch (error) {
      this.onProblem(`event '${event.detailType}' was not put: ${(error as Error).message}`);
    }
  }

  /** EventBridge keeps the source `aws.greengrass` to the service itself: see `event_sources.py`. */
  private async putOrThrow(event: ServiceEvent): Promise<void> {
    const answer = await this.client.send(
      new PutEventsCommand({
        Entries: [
          {
            Source: 'aws.greengrass',
            DetailType: event.detailType,
            Resources: [...event.resources],
            Detail: JSON.stringify(event.detail),
          },
        ],
      }),
    );
    const refused = answer.Entries?.find((entry) => entry.ErrorCode);
    if (refused) throw new Error(refused.ErrorMessage);
  }
}
