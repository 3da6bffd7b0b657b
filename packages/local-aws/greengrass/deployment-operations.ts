/** The deployment operations of the API, over IoT jobs. */
import { randomUUID } from 'node:crypto';
import { componentVersionArn, deploymentArn, type Scope } from './arn';
import type { ComponentStore } from './component-store';
import type { DeploymentLedger, DeploymentRecord, HistoryFilter } from './deployment-ledger';
import { type DeploymentRequest, parseDeploymentRequest } from './deployment-request';
import { type DeploymentStatus, deploymentStatus, effectiveDeploymentEvent } from './deployment-status';
import { conflict, invalid, resourceNotFound } from './errors';
import type { ClientTokens } from './idempotency';
import { jobDocument } from './job-document';
import { type PageRequest, pageOf } from './page';
import type { EventSink, IotJobs, JobExecution } from './ports';
import type { TagStore } from './tag-store';

export class DeploymentOperations {
  /** Last announced state by `<job>/<thing>`: an event goes out once per state and execution. */
  private readonly announced = new Map<string, string>();
  /** Creations run one after another, so that revisions of a target replace each other in order. */
  private creating: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly scope: Scope,
    private readonly ledger: DeploymentLedger,
    private readonly components: ComponentStore,
    private readonly tags: TagStore,
    private readonly jobs: IotJobs,
    private readonly events: EventSink,
    private readonly tokens: ClientTokens,
    private readonly now: () => Date,
  ) {}

  create(body: unknown): Promise<object> {
    const request = parseDeploymentRequest(body);
    return this.tokens.run(request.clientToken, body, () => {
      const created = this.creating.then(() => this.createOnce(request));
      this.creating = created.catch(() => undefined);
      return created;
    });
  }

  async get(deploymentId: string): Promise<object> {
    const record = this.ledger.get(deploymentId);
    const { request } = record;
    return {
      ...(await this.summary(record)),
      iotJobId: record.jobId,
      iotJobArn: record.jobArn,
      components: request.components,
      deploymentPolicies: request.policies,
      iotJobConfiguration: request.iotJobConfiguration ?? {},
      tags: this.tags.of(deploymentArn(this.scope, deploymentId)),
    };
  }

  async list(query: PageRequest & { targetArn?: string; historyFilter?: string }): Promise<object> {
    const history = query.historyFilter ?? 'LATEST_ONLY';
    if (history !== 'ALL' && history !== 'LATEST_ONLY')
      throw invalid(`Invalid Input: historyFilter: must be ALL or LATEST_ONLY, got ${history}`);
    const records = this.ledger.list({ targetArn: query.targetArn, history: history as HistoryFilter });
    const { items, nextToken } = pageOf(records, query);
    return { deployments: await Promise.all(items.map((record) => this.summary(record))), nextToken };
  }

  /** Devices that have begun the deployment go on with it; the others do not get it any more. */
  async cancel(deploymentId: string): Promise<object> {
    const record = this.ledger.get(deploymentId);
    const status = await this.statusOf(record);
    if (status !== 'ACTIVE')
      throw conflict(
        'DEPLOYMENT',
        deploymentId,
        `The deployment is ${status}; only an active one can be canceled.`,
      );
    await this.cancelJob(record, false);
    return { message: 'SUCCESS' };
  }

  /** @throws ServiceError ConflictException when it is active: cancel it first */
  async delete(deploymentId: string): Promise<void> {
    const record = this.ledger.get(deploymentId);
    if ((await this.statusOf(record)) === 'ACTIVE')
      throw conflict('DEPLOYMENT', deploymentId, 'The deployment is active; cancel it before you delete it.');
    await this.jobs.delete(record.jobId);
    this.ledger.remove(deploymentId);
    this.tags.forget(deploymentArn(this.scope, deploymentId));
  }

  /** A device has changed the state of its execution of a job, which may be none of ours. */
  async executionChanged(thingName: string, jobId: string): Promise<void> {
    const record = this.ledger.byJob(jobId);
    const execution = record && (await this.jobs.execution(jobId, thingName));
    if (!record || !execution) return;
    const event = effectiveDeploymentEvent(this.scope, record, execution);
    const key = `${jobId}/${thingName}`;
    const state = `${execution.executionNumber}/${execution.status}`;
    if (!event || this.announced.get(key) === state) return;
    this.announced.set(key, state);
    await this.events.put(event);
  }

  private async createOnce(request: DeploymentRequest): Promise<object> {
    this.assertComponentsExist(request);
    const identity = {
      deploymentId: randomUUID(),
      createdAt: this.now(),
      ...this.ledger.takeRevision(request.target),
    };
    const jobId = randomUUID();
    const jobArn = await this.jobs.create({
      jobId,
      target: request.target,
      document: jobDocument(identity, request),
      configuration: request.iotJobConfiguration,
    });
    const replaced = this.ledger.add({ ...identity, jobId, jobArn, request });
    this.tags.add(deploymentArn(this.scope, identity.deploymentId), request.tags);
    // After the new job exists, so that the target is never without a deployment.
    if (replaced) await this.retire(replaced);
    return { deploymentId: identity.deploymentId, iotJobId: jobId, iotJobArn: jobArn };
  }

  /** @throws ServiceError ResourceNotFoundException naming every version that does not exist */
  private assertComponentsExist(request: DeploymentRequest): void {
    const missing = Object.entries(request.components)
      .filter(([name, { componentVersion }]) => !this.components.has(name, componentVersion))
      .map(([name, { componentVersion }]) => componentVersionArn(this.scope, name, componentVersion));
    if (missing.length > 0)
      throw resourceNotFound(
        'COMPONENT',
        missing.join(', '),
        `Component versions not found: ${missing.join(', ')}`,
      );
  }

  /** A replaced revision is taken away even from devices that have begun it: the new one contains all they need. */
  private async retire(record: DeploymentRecord): Promise<void> {
    const ended = new Set(['COMPLETED', 'CANCELED', 'FAILED']);
    const status = deploymentStatus(record, { ...(await this.factsOf(record)), latest: true });
    if (!ended.has(status)) await this.cancelJob(record, true);
  }

  private async cancelJob(record: DeploymentRecord, force: boolean): Promise<void> {
    const before = await this.jobs.executions(record.jobId);
    await this.jobs.cancel(record.jobId, force);
    const pending = before.filter(({ status }) => status === 'QUEUED' || status === 'IN_PROGRESS');
    for (const { thingName } of pending) await this.executionChanged(thingName, record.jobId);
  }

  private async summary(record: DeploymentRecord): Promise<object> {
    return {
      targetArn: record.request.target.arn,
      revisionId: String(record.revision),
      deploymentId: record.deploymentId,
      deploymentName: record.request.deploymentName,
      creationTimestamp: record.createdAt,
      deploymentStatus: await this.statusOf(record),
      isLatestForTarget: this.ledger.isLatest(record),
    };
  }

  private async statusOf(record: DeploymentRecord): Promise<DeploymentStatus> {
    return deploymentStatus(record, await this.factsOf(record));
  }

  private async factsOf(
    record: DeploymentRecord,
  ): Promise<{ latest: boolean; jobCanceled: boolean; executions: JobExecution[] }> {
    const [jobCanceled, executions] = await Promise.all([
      this.jobs.isCanceled(record.jobId),
      this.jobs.executions(record.jobId),
    ]);
    return { latest: this.ledger.isLatest(record), jobCanceled, executions };
  }
}
