/** What a device must know to go on after a power cut: two files, each replaced atomically. */
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DetailedDeploymentStatus, JobStatusDetails } from '../../greengrass/deployment-document';
import type { FinalJobStatus } from '../cloud/jobs-client';
import { ConfigurationStore } from '../configuration/configuration-store';
import type { InstalledComponent } from '../deployment/plan';
import { readJson, syncDirectory, writeDurably } from './durable-file';
import type { Layout } from './layout';

/** The last deployment that succeeded for one target. */
export interface TargetState {
  readonly configurationArn: string;
  readonly deploymentId: string;
  readonly revision: number;
  /** Exact versions by component. */
  readonly roots: Readonly<Record<string, string>>;
}

export interface DeviceState {
  readonly components: Readonly<Record<string, InstalledComponent>>;
  /** By target name, e.g. `thinggroup/line`. */
  readonly targets: Readonly<Record<string, TargetState>>;
}

export interface DeploymentOutcome {
  readonly jobStatus: FinalJobStatus;
  readonly detailedStatus: DetailedDeploymentStatus;
  readonly details: JobStatusDetails;
}

export interface DeploymentFailure {
  readonly message: string;
  readonly codes: readonly string[];
  readonly types: readonly string[];
}

interface RecordBase {
  readonly jobId: string;
  readonly deploymentId: string;
  readonly configurationArn: string;
  /** How often the device died while it activated this deployment. */
  readonly deaths: number;
}
/**
 * The deployment being worked on, and how far it is:
 * PREPARING nothing has changed yet; ACTIVATING the new set is being started, `previous` is the way back;
 * ROLLING_BACK the previous set is being started; FINISHED only the report to the cloud is missing.
 */
export type DeploymentRecord =
  | (RecordBase & { readonly stage: 'PREPARING' })
  | (RecordBase & { readonly stage: 'ACTIVATING'; readonly previous: DeviceState })
  | (RecordBase & {
      readonly stage: 'ROLLING_BACK';
      readonly previous: DeviceState;
      readonly failure: DeploymentFailure;
    })
  | (RecordBase & { readonly stage: 'FINISHED'; readonly outcome: DeploymentOutcome });

export class DeviceStateStore {
  readonly configuration = new ConfigurationStore(() => this.save());
  private current: DeviceState;
  private inProgress: DeploymentRecord | undefined;

  constructor(private readonly layout: Layout) {
    this.current = readJson<DeviceState>(layout.deviceState) ?? { components: {}, targets: {} };
    this.inProgress = readJson<DeploymentRecord>(layout.deploymentInProgress);
    this.adoptConfigurations();
  }

  /** With the configuration as the components have changed it since. */
  get state(): DeviceState {
    const components = Object.entries(this.current.components).map(([name, component]) => [
      name,
      { ...component, configuration: this.configuration.layers(name) },
    ]);
    return { ...this.current, components: Object.fromEntries(components) };
  }

  /** Durable first, then in force: configuration listeners hear of it afterwards. */
  commit(state: DeviceState): void {
    writeDurably(this.layout.deviceState, JSON.stringify(state));
    this.current = state;
    this.adoptConfigurations();
  }

  get record(): DeploymentRecord | undefined {
    return this.inProgress;
  }

  saveRecord(record: DeploymentRecord | undefined): void {
    const path = this.layout.deploymentInProgress;
    if (record) writeDurably(path, JSON.stringify(record));
    else {
      rmSync(path, { force: true });
      syncDirectory(dirname(path));
    }
    this.inProgress = record;
  }

  private save(): void {
    writeDurably(this.layout.deviceState, JSON.stringify(this.state));
  }

  private adoptConfigurations(): void {
    for (const [name, { configuration }] of Object.entries(this.current.components)) {
      this.configuration.replace(name, configuration);
    }
  }
}
