/** Greengrass's control plane in memory, and the devices that follow its deployments. */
import {
  ConflictException,
  CreateComponentVersionCommand,
  CreateDeploymentCommand,
  type CreateDeploymentCommandInput,
  DescribeComponentCommand,
  GetDeploymentCommand,
  ListDeploymentsCommand,
  ListEffectiveDeploymentsCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-greengrassv2';

interface Deployment {
  readonly deploymentId: string;
  readonly targetArn: string;
  readonly components: NonNullable<CreateDeploymentCommandInput['components']>;
  readonly clientToken?: string | undefined;
}

/** What became of a deployment on a device. */
export interface Outcome {
  readonly status: 'SUCCEEDED' | 'FAILED';
  readonly reason?: string;
}

interface Device {
  readonly group: string;
  readonly outcomes: Map<string, Outcome>;
}

export interface DeviceSide {
  /** Milliseconds until a device has done what a deployment wants; `undefined` while it is away. */
  installationTime(deviceId: string): number | undefined;
  /** What the device does with the version of the model component that a deployment brings. */
  install(deviceId: string, modelVersion: string): Outcome;
  after(milliseconds: number, wake: () => void): void;
}

const notFound = (what: string) =>
  new ResourceNotFoundException({ $metadata: {}, message: what, resourceId: what, resourceType: 'any' });

export class MemoryGreengrass {
  private readonly versions = new Map<string, Readonly<Record<string, string>>>();
  private readonly deployments: Deployment[] = [];
  private readonly devices = new Map<string, Device>();

  constructor(
    private readonly modelComponent: string,
    private readonly side: DeviceSide,
  ) {}

  addDevice(deviceId: string, group: string): void {
    this.devices.set(deviceId, { group, outcomes: new Map() });
  }

  /** Sorted, as a thing group lists them. */
  devicesOf(group: string): string[] {
    return [...this.devices].filter(([, device]) => device.group === group).map(([deviceId]) => deviceId);
  }

  /** A version that is there before the first rollout. */
  addVersion(name: string, version: string, tags: Readonly<Record<string, string>> = {}): void {
    this.versions.set(`${name}:versions:${version}`, tags);
  }

  /** Version of the model component that the group's devices are to run. */
  deployedVersion(targetArn: string): string | undefined {
    return this.latest(targetArn)?.components[this.modelComponent]?.componentVersion;
  }

  /** A device that was away follows its group now. */
  returns(deviceId: string): void {
    const { group } = this.device(deviceId);
    const deployment = this.deployments.findLast(({ targetArn }) => targetArn.endsWith(`/${group}`));
    if (deployment) this.follow(deviceId, deployment);
  }

  send(command: object): object {
    if (command instanceof CreateComponentVersionCommand) return this.createVersion(command);
    if (command instanceof DescribeComponentCommand) return this.describe(command.input.arn ?? '');
    if (command instanceof ListDeploymentsCommand) {
      const found = this.latest(command.input.targetArn ?? '');
      return { deployments: found ? [{ deploymentId: found.deploymentId }] : [] };
    }
    if (command instanceof GetDeploymentCommand) return this.get(command.input.deploymentId ?? '');
    if (command instanceof CreateDeploymentCommand) return this.deploy(command.input);
    if (command instanceof ListEffectiveDeploymentsCommand) {
      return this.effective(command.input.coreDeviceThingName ?? '');
    }
    throw new Error(`MemoryGreengrass: does not know ${command.constructor.name}`);
  }

  private createVersion({ input }: CreateComponentVersionCommand): object {
    const { ComponentName, ComponentVersion } = JSON.parse(Buffer.from(input.inlineRecipe ?? '').toString());
    const id = `${ComponentName}:versions:${ComponentVersion}`;
    if (this.versions.has(id)) {
      throw new ConflictException({ $metadata: {}, message: id, resourceId: id, resourceType: 'COMPONENT' });
    }
    this.versions.set(id, input.tags ?? {});
    return {};
  }

  private describe(arn: string): object {
    const tags = this.versions.get(arn.split(':components:')[1] ?? '');
    if (!tags) throw notFound(arn);
    return { tags, status: { componentState: 'DEPLOYABLE' } };
  }

  private get(deploymentId: string): object {
    const found = this.deployments.find((deployment) => deployment.deploymentId === deploymentId);
    if (!found) throw notFound(deploymentId);
    return { ...found, deploymentStatus: 'ACTIVE' };
  }

  private deploy({ targetArn = '', components = {}, clientToken }: CreateDeploymentCommandInput): object {
    const repeated = this.deployments.find(
      (made) => clientToken !== undefined && made.clientToken === clientToken,
    );
    if (repeated) return { deploymentId: repeated.deploymentId };
    for (const [name, { componentVersion }] of Object.entries(components)) {
      if (!this.versions.has(`${name}:versions:${componentVersion}`))
        throw notFound(`${name} ${componentVersion}`);
    }
    const deploymentId = `deployment-${this.deployments.length + 1}`;
    const deployment = { deploymentId, targetArn, components, clientToken };
    this.deployments.push(deployment);
    for (const deviceId of this.devicesOf(targetArn.split('/')[1] ?? '')) this.follow(deviceId, deployment);
    return { deploymentId };
  }

  /** A device does what its group's latest deployment wants; an older one that it had not begun is skipped. */
  private follow(deviceId: string, deployment: Deployment): void {
    const time = this.side.installationTime(deviceId);
    if (time === undefined) return;
    this.side.after(time, () => {
      if (this.latest(deployment.targetArn) !== deployment) return;
      if (this.side.installationTime(deviceId) === undefined) return;
      const { outcomes } = this.device(deviceId);
      const version = deployment.components[this.modelComponent]?.componentVersion ?? '';
      outcomes.set(deployment.deploymentId, this.side.install(deviceId, version));
    });
  }

  private effective(deviceId: string): object {
    const { outcomes } = this.device(deviceId);
    return {
      effectiveDeployments: [...outcomes].map(([deploymentId, { status, reason }]) => ({
        deploymentId,
        coreDeviceExecutionStatus: status,
        reason,
      })),
    };
  }

  private latest(targetArn: string): Deployment | undefined {
    return this.deployments.findLast((deployment) => deployment.targetArn === targetArn);
  }

  private device(deviceId: string): Device {
    const found = this.devices.get(deviceId);
    if (!found) throw notFound(deviceId);
    return found;
  }
}
