import {
  type ModelApprovalStatus,
  type ModelPackageSummary,
  paginateListModelPackages,
  UpdateModelPackageCommand,
} from '@aws-sdk/client-sagemaker';
import type { Clients } from '../shared/clients';
import type { KaizenEnvironment } from '../shared/environment';
import { InputError } from '../shared/errors';

export interface ModelPackageDecision {
  /** Version of the model package in the group, 1 and up. */
  readonly version: number;
  /** Kept with the package: who reads the registry in two years wants to know. */
  readonly reason?: string | undefined;
}

export interface DecidedModelPackage {
  readonly arn: string;
  readonly previous: ModelApprovalStatus | undefined;
}

/** @throws InputError when the group has no such version */
export async function findPackage(
  client: Clients['sageMaker'],
  group: string,
  version: number,
): Promise<ModelPackageSummary & { readonly arn: string }> {
  for await (const page of paginateListModelPackages({ client }, { ModelPackageGroupName: group })) {
    const found = page.ModelPackageSummaryList?.find((summary) => summary.ModelPackageVersion === version);
    if (found?.ModelPackageArn) return { ...found, arn: found.ModelPackageArn };
  }
  throw new InputError(`model package version: ${version} is not in the group '${group}'`);
}

async function decide(
  clients: Pick<Clients, 'sageMaker'>,
  environment: KaizenEnvironment,
  decision: ModelPackageDecision,
  status: 'Approved' | 'Rejected',
): Promise<DecidedModelPackage> {
  const group = environment.output('ModelPackageGroupName');
  const found = await findPackage(clients.sageMaker, group, decision.version);
  await clients.sageMaker.send(
    new UpdateModelPackageCommand({
      ModelPackageArn: found.arn,
      ModelApprovalStatus: status,
      ApprovalDescription: decision.reason,
    }),
  );
  return { arn: found.arn, previous: found.ModelApprovalStatus };
}

/**
 * Approves a model package: the registry then builds, signs and rolls out a release.
 * @throws InputError when the group has no such version
 */
export function approveModelPackage(
  clients: Pick<Clients, 'sageMaker'>,
  environment: KaizenEnvironment,
  decision: ModelPackageDecision,
): Promise<DecidedModelPackage> {
  return decide(clients, environment, decision, 'Approved');
}

/**
 * Rejects a model package. A release that was built from it earlier is not taken back.
 * @throws InputError when the group has no such version
 */
export function rejectModelPackage(
  clients: Pick<Clients, 'sageMaker'>,
  environment: KaizenEnvironment,
  decision: ModelPackageDecision,
): Promise<DecidedModelPackage> {
  return decide(clients, environment, decision, 'Rejected');
}
