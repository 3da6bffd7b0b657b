/**
 * The deployments of the account. A target has a sequence of revisions; the newest one that exists is the deployment
 * of the target, and each revision replaces the one before as a whole.
 */
import { configurationArn, type DeploymentTarget, type Scope } from './arn';
import type { DeploymentRequest } from './deployment-request';
import { resourceNotFound } from './errors';

export interface DeploymentRecord {
  readonly deploymentId: string;
  /** From 1, never reused for a target. */
  readonly revision: number;
  readonly configurationArn: string;
  readonly jobId: string;
  readonly jobArn: string;
  readonly request: DeploymentRequest;
  readonly createdAt: Date;
}

export type HistoryFilter = 'ALL' | 'LATEST_ONLY';

export class DeploymentLedger {
  private readonly records = new Map<string, DeploymentRecord>();
  private readonly lastRevision = new Map<string, number>();

  constructor(private readonly scope: Scope) {}

  /** Takes the next revision number of a target; a number taken by a deployment that then failed stays unused. */
  takeRevision(target: DeploymentTarget): { revision: number; configurationArn: string } {
    const revision = (this.lastRevision.get(target.arn) ?? 0) + 1;
    this.lastRevision.set(target.arn, revision);
    return { revision, configurationArn: configurationArn(this.scope, target, revision) };
  }

  /** @returns the deployment that this one replaces */
  add(record: DeploymentRecord): DeploymentRecord | undefined {
    const replaced = this.latestOf(record.request.target.arn);
    this.records.set(record.deploymentId, record);
    return replaced;
  }

  /** @throws ServiceError ResourceNotFoundException */
  get(deploymentId: string): DeploymentRecord {
    const record = this.records.get(deploymentId);
    if (!record) throw resourceNotFound('DEPLOYMENT', deploymentId);
    return record;
  }

  remove(deploymentId: string): void {
    this.records.delete(deploymentId);
  }

  byJob(jobId: string): DeploymentRecord | undefined {
    return [...this.records.values()].find((record) => record.jobId === jobId);
  }

  byConfigurationArn(arn: string): DeploymentRecord | undefined {
    return [...this.records.values()].find((record) => record.configurationArn === arn);
  }

  isLatest(record: DeploymentRecord): boolean {
    return this.latestOf(record.request.target.arn) === record;
  }

  /** Newest first. */
  list(filter: { targetArn?: string | undefined; history: HistoryFilter }): DeploymentRecord[] {
    return [...this.records.values()]
      .reverse()
      .filter((record) => filter.targetArn === undefined || record.request.target.arn === filter.targetArn)
      .filter((record) => filter.history === 'ALL' || this.isLatest(record));
  }

  private latestOf(targetArn: string): DeploymentRecord | undefined {
    return [...this.records.values()]
      .filter((record) => record.request.target.arn === targetArn)
      .reduce<DeploymentRecord | undefined>(
        (latest, record) => (latest && latest.revision > record.revision ? latest : record),
        undefined,
      );
  }
}
