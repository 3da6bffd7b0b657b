/** The resource names of Greengrass V2 and the IoT resources that it targets. */
import { invalid } from './errors';

/** Where the service runs; every ARN it makes carries both. */
export interface Scope {
  readonly region: string;
  readonly accountId: string;
}

export interface DeploymentTarget {
  readonly arn: string;
  readonly kind: 'thing' | 'thinggroup';
  readonly name: string;
}

export function componentArn(scope: Scope, name: string): string {
  return `arn:aws:greengrass:${scope.region}:${scope.accountId}:components:${name}`;
}

export function componentVersionArn(scope: Scope, name: string, version: string): string {
  return `${componentArn(scope, name)}:versions:${version}`;
}

export function deploymentArn(scope: Scope, deploymentId: string): string {
  return `arn:aws:greengrass:${scope.region}:${scope.accountId}:deployments:${deploymentId}`;
}

export function coreDeviceArn(scope: Scope, thingName: string): string {
  return `arn:aws:greengrass:${scope.region}:${scope.accountId}:coreDevices:${thingName}`;
}

/** The nucleus takes the group name of a deployment from this (`configuration:thinggroup/<group>:<revision>`). */
export function configurationArn(scope: Scope, target: DeploymentTarget, revision: number): string {
  return `arn:aws:greengrass:${scope.region}:${scope.accountId}:configuration:${target.kind}/${target.name}:${revision}`;
}

const COMPONENT_ARN = /^arn:[^:]*:greengrass:[^:]*:(?:aws|\d+):components:([^:]+)(?::versions:([^:]+))?$/;
const TARGET_ARN = /^arn:[^:]*:iot:[^:]*:\d+:(thing|thinggroup)\/(.+)$/;

/** @throws ServiceError ValidationException when `arn` names no component */
export function parseComponentArn(arn: string): { name: string; version?: string } {
  const match = COMPONENT_ARN.exec(arn);
  if (!match?.[1]) throw invalid(`Invalid Input: ${arn} is not the ARN of a component`);
  return { name: match[1], ...(match[2] !== undefined && { version: match[2] }) };
}

/** @throws ServiceError ValidationException when `arn` is neither of a thing nor of a thing group */
export function parseTargetArn(arn: string): DeploymentTarget {
  const match = TARGET_ARN.exec(arn);
  if (!match?.[1] || !match[2])
    throw invalid(`Invalid Input: ${arn} is not the ARN of a thing or a thing group`);
  return { arn, kind: match[1] as DeploymentTarget['kind'], name: match[2] };
}
