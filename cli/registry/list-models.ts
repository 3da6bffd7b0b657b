import { type ModelPackageSummary, paginateListModelPackages } from '@aws-sdk/client-sagemaker';
import type { Clients } from '../shared/clients';
import type { KaizenEnvironment } from '../shared/environment';
import { formatTable } from '../shared/table';
import { readReleases } from './read-lineage';

export interface ModelLine {
  readonly version: number;
  /** As SageMaker says it: PendingManualApproval, Approved, Rejected. */
  readonly approvalStatus: string;
  /** ISO timestamp. */
  readonly createdAt?: string | undefined;
  /** Releases that were made from it, with what has become of them. */
  readonly releases: readonly { readonly counter: number; readonly status: string }[];
}

const WAITS_FOR_A_PERSON = 'PendingManualApproval';

async function packagesOf(
  { sageMaker: client }: Pick<Clients, 'sageMaker'>,
  environment: KaizenEnvironment,
): Promise<ModelPackageSummary[]> {
  const ModelPackageGroupName = environment.output('ModelPackageGroupName');
  const packages: ModelPackageSummary[] = [];
  for await (const page of paginateListModelPackages({ client }, { ModelPackageGroupName })) {
    packages.push(...(page.ModelPackageSummaryList ?? []));
  }
  return packages;
}

/** Versions that a person has to decide on, the oldest first. */
export async function undecidedVersions(
  clients: Pick<Clients, 'sageMaker'>,
  environment: KaizenEnvironment,
): Promise<number[]> {
  return (await packagesOf(clients, environment))
    .filter(({ ModelApprovalStatus }) => ModelApprovalStatus === WAITS_FOR_A_PERSON)
    .map(({ ModelPackageVersion = 0 }) => ModelPackageVersion)
    .sort((left, right) => left - right);
}

/** Every model package of the use case, the newest first. */
export async function listModels(
  clients: Pick<Clients, 'sageMaker' | 'dynamoDb'>,
  environment: KaizenEnvironment,
): Promise<ModelLine[]> {
  const [packages, releases] = await Promise.all([
    packagesOf(clients, environment),
    readReleases(clients, environment),
  ]);
  return packages
    .map((summary) => ({
      version: summary.ModelPackageVersion ?? 0,
      approvalStatus: summary.ModelApprovalStatus ?? 'unknown',
      createdAt: summary.CreationTime?.toISOString(),
      releases: releases
        .filter(({ modelPackageArn }) => modelPackageArn === summary.ModelPackageArn)
        .map(({ counter, status }) => ({ counter, status })),
    }))
    .sort((left, right) => right.version - left.version);
}

/** What a person can do about a package that waits for one. */
export const decisionOn = (version: number): string =>
  `\`kaizen report ${version}\`, then \`kaizen approve ${version}\` or \`kaizen reject ${version}\``;

export function formatModels(models: readonly ModelLine[]): string {
  const rows = models.map(({ version, approvalStatus, createdAt, releases }) => [
    String(version),
    approvalStatus,
    createdAt ?? '',
    releases.map(({ counter, status }) => `${counter} (${status})`).join(', ') || 'none',
  ]);
  const waiting = models
    .filter(({ approvalStatus }) => approvalStatus === WAITS_FOR_A_PERSON)
    .map(({ version }) => `Version ${version} waits for a person: ${decisionOn(version)}`);
  return [formatTable(['version', 'status', 'created', 'releases'], rows), ...waiting].join('\n');
}
