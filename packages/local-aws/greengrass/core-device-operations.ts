/** The core device operations of the API. */
import { coreDeviceArn, parseTargetArn, type Scope } from './arn';
import type { CoreDevice, CoreDeviceRegistry, InstalledComponent } from './core-device-registry';
import { parseFleetStatus } from './core-device-registry';
import type { DeploymentLedger } from './deployment-ledger';
import { effectiveDeployment } from './deployment-status';
import { invalid, resourceNotFound } from './errors';
import { type PageRequest, pageOf } from './page';
import type { EventSink, IotJobs } from './ports';
import type { TagStore } from './tag-store';

/** Of a device that does not say. */
const CLASSIC_RUNTIME = 'aws_nucleus_classic';
const runtimeOf = ({ last }: CoreDevice): string => last.runtime ?? CLASSIC_RUNTIME;

export class CoreDeviceOperations {
  constructor(
    private readonly scope: Scope,
    private readonly registry: CoreDeviceRegistry,
    private readonly ledger: DeploymentLedger,
    private readonly tags: TagStore,
    private readonly jobs: IotJobs,
    private readonly events: EventSink,
  ) {}

  /** @throws Error when the message is not a fleet status of that thing */
  async report(thingName: string, text: string): Promise<void> {
    const event = this.registry.report(parseFleetStatus(thingName, text));
    if (event) await this.events.put(event);
  }

  get(thingName: string): object {
    const device = this.registry.get(thingName);
    return {
      ...summary(device),
      coreVersion: device.last.ggcVersion,
      tags: this.tags.of(coreDeviceArn(this.scope, thingName)),
    };
  }

  async list(
    query: PageRequest & { thingGroupArn?: string; status?: string; runtime?: string },
  ): Promise<object> {
    const members = query.thingGroupArn ? new Set(await this.membersOf(query.thingGroupArn)) : undefined;
    const devices = this.registry
      .list()
      .filter(({ thingName }) => !members || members.has(thingName))
      .filter(({ last }) => !query.status || last.overallDeviceStatus === query.status)
      .filter((device) => !query.runtime || query.runtime === runtimeOf(device));
    const { items, nextToken } = pageOf(devices, query);
    return { coreDevices: items.map(summary), nextToken };
  }

  delete(thingName: string): void {
    this.registry.remove(thingName);
    this.tags.forget(coreDeviceArn(this.scope, thingName));
  }

  /** Newest first. A thing may have deployments waiting before it has ever reported. */
  async listEffectiveDeployments(thingName: string, query: PageRequest): Promise<object> {
    const executions = await this.jobs.executionsOf(thingName);
    const effective = executions
      .flatMap((execution) => {
        const record = this.ledger.byJob(execution.jobId);
        const found = record && effectiveDeployment(record, execution);
        return found ? [found] : [];
      })
      .sort((a, b) => b.creationTimestamp.getTime() - a.creationTimestamp.getTime());
    if (effective.length === 0 && !this.registry.has(thingName))
      throw resourceNotFound('CORE_DEVICE', thingName);
    const { items, nextToken } = pageOf(effective, query);
    return { effectiveDeployments: items, nextToken };
  }

  /** The API's default is the root components only. */
  listInstalledComponents(thingName: string, query: PageRequest & { topologyFilter?: string }): object {
    const filter = query.topologyFilter ?? 'ROOT';
    if (filter !== 'ROOT' && filter !== 'ALL')
      throw invalid(`Invalid Input: topologyFilter: must be ROOT or ALL, got ${filter}`);
    const components = [...this.registry.get(thingName).components.values()].filter(
      ({ reported }) => filter === 'ALL' || reported.isRoot,
    );
    const { items, nextToken } = pageOf(components, query);
    return { installedComponents: items.map((component) => this.installed(component)), nextToken };
  }

  private installed({ reported, stateChangedAt, reportedAt }: InstalledComponent): object {
    const source = (reported.fleetConfigArns ?? []).at(-1);
    const deployment = source === undefined ? undefined : this.ledger.byConfigurationArn(source);
    return {
      componentName: reported.componentName,
      componentVersion: reported.version ?? undefined,
      lifecycleState: reported.status,
      lifecycleStateDetails: reported.componentStatusDetails?.statusReason,
      lifecycleStatusCodes: reported.componentStatusDetails?.statusCodes ?? [],
      isRoot: reported.isRoot,
      lastStatusChangeTimestamp: stateChangedAt,
      lastReportedTimestamp: reportedAt,
      lastInstallationSource: deployment?.deploymentId ?? (source === undefined ? 'LOCAL' : source),
    };
  }

  private membersOf(thingGroupArn: string): Promise<string[]> {
    const target = parseTargetArn(thingGroupArn);
    if (target.kind !== 'thinggroup')
      throw invalid(`Invalid Input: thingGroupArn: ${thingGroupArn} is a thing`);
    return this.jobs.thingsIn(target.name);
  }
}

function summary(device: CoreDevice): object {
  return {
    coreDeviceThingName: device.thingName,
    status: device.last.overallDeviceStatus,
    lastStatusUpdateTimestamp: new Date(device.last.timestamp),
    platform: device.last.platform,
    architecture: device.last.architecture,
    runtime: runtimeOf(device),
  };
}
