/** What is there of an environment: found by looking, so that a teardown that died is resumed without notes of its own. */
import type { STACKS, VERIFICATION_STACK } from '../../lambda/shared/names';
import type { DataHolding } from './holdings';

export interface ExistingStack {
  readonly stack: (typeof STACKS)[number] | typeof VERIFICATION_STACK;
  readonly name: string;
  /** CloudFormation's, such as `UPDATE_COMPLETE`. */
  readonly status: string;
  /** Whether CloudFormation refuses to delete it. */
  readonly isProtected: boolean;
  /** Names of its log groups that exist. */
  readonly logGroups: readonly string[];
  /** Whether its template keeps them when the stack is deleted. */
  readonly keepsLogGroups: boolean;
}

export interface ExistingBucket {
  readonly holding: DataHolding;
  /** Id of the output that names it. */
  readonly output: string;
  readonly name: string;
  /** Versions and delete markers; of more than 1,000 the first page. */
  readonly versions: number;
}

export interface ExistingTable {
  readonly holding: DataHolding;
  readonly output: string;
  readonly name: string;
}

/** A resource of the data stack that holds something, or makes it readable. */
export interface DataResource {
  readonly logicalId: string;
  readonly holding: DataHolding | 'anything';
  /** What its template does with it when the stack is deleted. */
  readonly removal: 'keep' | 'delete';
}

export interface Existing {
  readonly environmentName: string;
  /** In the order of deployment. */
  readonly stacks: readonly ExistingStack[];
  /** Things of the environment's thing type. */
  readonly devices: readonly string[];
  /** Certificates to which the device policy is attached, those of the devices among them. */
  readonly certificates: number;
  /** ARNs of running executions of the training pipeline. */
  readonly trainings: readonly string[];
  /** ARNs of running rollouts. */
  readonly rollouts: readonly string[];
  /** Name of the function that starts rollouts, where nobody holds it. */
  readonly sweeper?: string | undefined;
  /** Greengrass deployments to groups and devices of the environment. */
  readonly deployments: readonly { readonly id: string; readonly isActive: boolean }[];
  /** Versions of the environment's components. */
  readonly componentVersions: readonly { readonly arn: string; readonly label: string }[];
  /** ARNs. */
  readonly modelPackages: readonly string[];
  readonly buckets: readonly ExistingBucket[];
  readonly tables: readonly ExistingTable[];
  readonly dataResources: readonly DataResource[];
}
