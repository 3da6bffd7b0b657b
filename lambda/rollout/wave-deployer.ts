import { createHash } from 'node:crypto';
import {
  CreateDeploymentCommand,
  type CreateDeploymentCommandInput,
  GetDeploymentCommand,
  type GetDeploymentCommandOutput,
  type GreengrassV2Client,
  ListDeploymentsCommand,
} from '@aws-sdk/client-greengrassv2';
import { deploymentProblem } from '../../contracts/recipe-limits';
import { InvalidInputError } from '../shared/errors';
import {
  type Components,
  type ComponentVersion,
  compose,
  includes,
  restarts,
  withConfiguration,
} from './compose-deployment';

/** Components may put a restart off for this long; a part under the camera is done by then. */
const NOTIFY_TIMEOUT_SECONDS = 60;
const LONGEST_NAME = 256;
/** A deployment in one of these states reaches no device any more. */
const ENDED = ['CANCELED', 'INACTIVE'];

export interface GroupDeployment {
  readonly deploymentId: string;
  readonly components: Components;
}

interface NextDeployment {
  /** The one that it replaces. */
  readonly current: GetDeploymentCommandOutput | undefined;
  readonly components: Components;
  /** Whether components may put it off. */
  readonly asks: boolean;
  readonly name: string;
}

/** Deployments of thing groups. */
export class WaveDeployer {
  constructor(private readonly greengrass: Pick<GreengrassV2Client, 'send'>) {}

  /** The deployment that the group's devices follow; `undefined` when there is none. */
  async latest(thingGroupArn: string): Promise<GetDeploymentCommandOutput | undefined> {
    const { deployments } = await this.greengrass.send(
      new ListDeploymentsCommand({ targetArn: thingGroupArn, historyFilter: 'LATEST_ONLY' }),
    );
    const deploymentId = deployments?.[0]?.deploymentId;
    if (!deploymentId) return undefined;
    return this.greengrass.send(new GetDeploymentCommand({ deploymentId }));
  }

  /**
   * Deploys our components to a group beside those of others, and answers the deployment's id. A group that has them is
   * left alone.
   * @param cause makes the request's client token: a repeated call is the same deployment
   * @throws InvalidInputError when a nucleus would leave the deployment in its queue for its size
   */
  async deploy(
    thingGroupArn: string,
    ours: readonly ComponentVersion[],
    name: string,
    cause: string,
  ): Promise<string> {
    const current = await this.latest(thingGroupArn);
    const components = current?.components ?? {};
    const reaches = current?.deploymentId && !ENDED.includes(current.deploymentStatus ?? '');
    if (reaches && current.deploymentId && includes(components, ours)) return current.deploymentId;
    return this.create(
      thingGroupArn,
      { current, components: compose(components, ours), asks: restarts(components, ours), name },
      cause,
    );
  }

  /**
   * Gives a component of a group more configuration, and answers the deployment's id. Nobody is asked: the component takes it
   * without a restart, or, on nucleus lite, with one that asks nobody anyway.
   * @throws Error when the group's devices do not follow a deployment with this component
   */
  async configure(
    thingGroupArn: string,
    componentName: string,
    configuration: object,
    name: string,
  ): Promise<string> {
    const current = await this.latest(thingGroupArn);
    if (!current?.components?.[componentName] || ENDED.includes(current.deploymentStatus ?? 'CANCELED')) {
      throw new Error(`${thingGroupArn} has no deployment with ${componentName}`);
    }
    const components = withConfiguration(current.components, componentName, configuration);
    return this.create(thingGroupArn, { current, components, asks: false, name }, current.deploymentId ?? '');
  }

  private async create(
    thingGroupArn: string,
    { current, components, asks, name }: NextDeployment,
    cause: string,
  ): Promise<string> {
    const problem = deploymentProblem(components);
    if (problem) throw new InvalidInputError(`the deployment to ${thingGroupArn} ${problem}`);
    const request: CreateDeploymentCommandInput = {
      targetArn: thingGroupArn,
      deploymentName: name.slice(0, LONGEST_NAME),
      components: { ...components },
      iotJobConfiguration: current?.iotJobConfiguration,
      deploymentPolicies: {
        failureHandlingPolicy: 'ROLLBACK',
        componentUpdatePolicy: {
          action: asks ? 'NOTIFY_COMPONENTS' : 'SKIP_NOTIFY_COMPONENTS',
          timeoutInSeconds: NOTIFY_TIMEOUT_SECONDS,
        },
      },
    };
    const clientToken = createHash('sha256')
      .update(cause)
      .update('\0')
      .update(JSON.stringify(request))
      .digest('hex');
    const { deploymentId } = await this.greengrass.send(
      new CreateDeploymentCommand({ ...request, clientToken }),
    );
    if (!deploymentId) throw new Error(`Greengrass deployed to ${thingGroupArn} without an id`);
    return deploymentId;
  }
}
