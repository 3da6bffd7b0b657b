/** Fleet status: what the device runs and how that is (`status/FleetStatusService.java`). */
import { join } from 'node:path';
import {
  type ComponentStatus,
  type FleetStatus,
  type FleetStatusTrigger,
  healthTopic,
} from '../greengrass/deployment-document';
import type { MqttConnection } from './cloud/mqtt-connection';
import type { Component } from './component/component';
import type { ComponentManager } from './component/component-manager';
import { type EventLog, messageOf } from './event-log';
import type { Nucleus } from './nucleus/nuclei';
import type { DeploymentRecord, DeviceStateStore, TargetState } from './storage/device-state';
import { readJson, writeDurably } from './storage/durable-file';

/** Changes this close together go into one message. */
const GATHER_MILLISECONDS = 50;

export interface HealthReporterOptions {
  readonly thingName: string;
  readonly rootPath: string;
  readonly nucleus: Nucleus;
  readonly platform: Readonly<Record<string, string>>;
  readonly intervalMilliseconds: number;
  readonly connection: MqttConnection;
  readonly components: ComponentManager;
  readonly store: DeviceStateStore;
  readonly log: EventLog;
}

type DeploymentInformation = NonNullable<FleetStatus['deploymentInformation']>;

/** @returns the part of a fleet status message that tells of one component */
export function componentStatus(
  component: Pick<Component, 'name' | 'version' | 'state' | 'statusDetails'>,
  targets: Readonly<Record<string, TargetState>>,
): ComponentStatus {
  const origins = Object.values(targets).filter(({ roots }) => Object.hasOwn(roots, component.name));
  return {
    componentName: component.name,
    version: component.version,
    status: component.state,
    isRoot: origins.length > 0,
    componentStatusDetails: component.statusDetails ?? null,
    fleetConfigArns: origins.map(({ configurationArn }) => configurationArn),
  };
}

export function deploymentInformation(
  record: Extract<DeploymentRecord, { stage: 'FINISHED' }>,
): DeploymentInformation {
  const { jobStatus, detailedStatus, details } = record.outcome;
  const cause = details['deployment-failure-cause'];
  return {
    deploymentId: record.deploymentId,
    status: jobStatus,
    statusDetails: {
      detailedStatus,
      ...(cause === undefined ? {} : { failureCause: cause }),
      errorStack: JSON.parse(details['deployment-error-stack'] ?? '[]'),
      errorTypes: JSON.parse(details['deployment-error-types'] ?? '[]'),
    },
    fleetConfigurationArnForStatus: record.configurationArn,
  };
}

export class HealthReporter {
  private readonly sequenceFile: string;
  private sequence: number;
  private readonly changed = new Set<string>();
  private gathering: NodeJS.Timeout | undefined;
  private readonly cadence: NodeJS.Timeout;
  private queue: Promise<void> = Promise.resolve();

  constructor(private readonly options: HealthReporterOptions) {
    this.sequenceFile = join(options.rootPath, 'config', 'health.json');
    this.sequence = readJson<{ sequence: number }>(this.sequenceFile)?.sequence ?? 0;
    this.cadence = setInterval(() => void this.report('CADENCE'), options.intervalMilliseconds);
  }

  /** A component's state changed; told within {@link GATHER_MILLISECONDS}, together with others. */
  componentChanged(component: Component): void {
    this.changed.add(component.name);
    this.gathering ??= setTimeout(() => {
      this.gathering = undefined;
      const names = new Set(this.changed);
      this.changed.clear();
      const broken = this.options.components.all.some((other) => names.has(other.name) && other.broken);
      void this.report(broken ? 'BROKEN_COMPONENT' : 'COMPONENT_STATUS_CHANGE', undefined, names);
    }, GATHER_MILLISECONDS);
  }

  /**
   * Sends a message, in order. While offline it is dropped: the next connection reports everything.
   * @param only names of components to tell of; all when left out
   */
  report(
    trigger: FleetStatusTrigger,
    deployment?: DeploymentInformation,
    only?: ReadonlySet<string>,
  ): Promise<void> {
    this.queue = this.queue.then(() => this.send(trigger, deployment, only));
    return this.queue;
  }

  stop(): void {
    clearInterval(this.cadence);
    clearTimeout(this.gathering);
  }

  private async send(
    trigger: FleetStatusTrigger,
    deployment: DeploymentInformation | undefined,
    only: ReadonlySet<string> | undefined,
  ): Promise<void> {
    const { thingName, connection, log } = this.options;
    const nothingToTell =
      only !== undefined && !this.options.components.all.some(({ name }) => only.has(name));
    if (!connection.isConnected || nothingToTell) return;
    try {
      await connection.publish(
        healthTopic(thingName),
        JSON.stringify(this.message(trigger, deployment, only)),
        1,
      );
    } catch (error) {
      log('healthNotSent', { trigger, reason: messageOf(error) });
    }
  }

  private message(
    trigger: FleetStatusTrigger,
    deployment: DeploymentInformation | undefined,
    only: ReadonlySet<string> | undefined,
  ): FleetStatus {
    const { thingName, nucleus, platform, components, store } = this.options;
    this.sequence += 1;
    writeDurably(this.sequenceFile, JSON.stringify({ sequence: this.sequence }));
    const all = components.all;
    return {
      ggcVersion: nucleus.version,
      runtime: nucleus.runtime,
      platform: platform.os ?? '',
      architecture: platform.architecture ?? '',
      thing: thingName,
      overallDeviceStatus: all.some(({ broken }) => broken) ? 'UNHEALTHY' : 'HEALTHY',
      sequenceNumber: this.sequence,
      timestamp: Date.now(),
      messageType: only ? 'PARTIAL' : 'COMPLETE',
      trigger,
      components: all
        .filter(({ name }) => !only || only.has(name))
        .map((component) => componentStatus(component, store.state.targets)),
      ...(deployment ? { deploymentInformation: deployment } : {}),
    };
  }
}
