/** Model package groups and their versions. */
import type { Arns } from './arn';
import { nameInArn } from './arn';
import { conflict, invalid } from './errors';
import { isObject, type JsonObject, listOf, objectOf } from './json';

export interface ModelPackageGroup {
  readonly name: string;
  readonly arn: string;
  readonly description?: string | undefined;
  readonly creationTime: Date;
  nextVersion: number;
}

export interface ModelPackage {
  readonly group: string;
  readonly version: number;
  readonly arn: string;
  /** The Create request with the updates applied. */
  request: JsonObject;
  readonly creationTime: Date;
  lastModifiedTime?: Date;
}

/** Fields that an update can change, and that its event lists. */
export const UPDATABLE_FIELDS = [
  'ModelApprovalStatus',
  'ApprovalDescription',
  'CustomerMetadataProperties',
  'InferenceSpecification',
  'ModelLifeCycle',
  'SourceUri',
] as const;

export interface ModelRegistryOptions {
  readonly arns: Arns;
  readonly now: () => Date;
  readonly objectExists: (uri: string) => Promise<boolean>;
  readonly onChange: (modelPackage: ModelPackage, updatedFields: readonly string[]) => void;
}

export class ModelRegistry {
  private readonly groups = new Map<string, ModelPackageGroup>();
  private readonly packages = new Map<string, ModelPackage>();

  constructor(private readonly options: ModelRegistryOptions) {}

  createGroup(name: string, description?: string): ModelPackageGroup {
    const arn = this.options.arns.modelPackageGroup(name);
    if (this.groups.has(arn)) throw invalid(`Model Package Group already exists: ${arn}`);
    const group = { name, arn, description, creationTime: this.options.now(), nextVersion: 1 };
    this.groups.set(arn, group);
    return group;
  }

  group(nameOrArn: string): ModelPackageGroup {
    const arn = this.options.arns.modelPackageGroup(nameInArn(nameOrArn));
    const group = this.groups.get(arn);
    if (!group) throw invalid(`ModelPackageGroup ${arn} does not exist.`);
    return group;
  }

  /** The version that the group's next package gets; the first where there is no such group. */
  nextVersion(nameOrArn: string): number {
    return this.groups.get(this.options.arns.modelPackageGroup(nameInArn(nameOrArn)))?.nextVersion ?? 1;
  }

  listGroups = (): ModelPackageGroup[] => [...this.groups.values()];

  deleteGroup(nameOrArn: string): void {
    const group = this.group(nameOrArn);
    if (this.listPackages().some((candidate) => candidate.group === group.name)) {
      throw conflict(`Model Package Group ${group.arn} cannot be deleted while it has model packages.`);
    }
    this.groups.delete(group.arn);
  }

  /** @throws SageMakerError ValidationException when a container's model data is not in S3 */
  async createPackage(request: JsonObject): Promise<ModelPackage> {
    const group = this.group(String(request.ModelPackageGroupName));
    for (const container of listOf(objectOf(request.InferenceSpecification).Containers).filter(isObject)) {
      const { ModelDataUrl } = container;
      if (typeof ModelDataUrl === 'string' && !(await this.options.objectExists(ModelDataUrl))) {
        throw invalid(`Could not find model data at ${ModelDataUrl}.`);
      }
    }
    const version = group.nextVersion++;
    const created: ModelPackage = {
      group: group.name,
      version,
      arn: this.options.arns.modelPackage(group.name, version),
      request: { ModelApprovalStatus: 'PendingManualApproval', ...request },
      creationTime: this.options.now(),
    };
    this.packages.set(created.arn, created);
    this.options.onChange(created, []);
    return created;
  }

  package(arn: string): ModelPackage {
    const found = this.packages.get(arn);
    if (!found) throw invalid(`ModelPackage ${arn} does not exist.`);
    return found;
  }

  listPackages = (): ModelPackage[] => [...this.packages.values()];

  /** Every update is announced, also one that changes nothing: so does SageMaker. */
  updatePackage(arn: string, update: JsonObject): ModelPackage {
    const found = this.package(arn);
    const fields = UPDATABLE_FIELDS.filter((field) => update[field] !== undefined);
    const changed = Object.fromEntries(fields.map((field) => [field, update[field]]));
    const remove = listOf(update.CustomerMetadataPropertiesToRemove);
    const metadata = {
      ...objectOf(found.request.CustomerMetadataProperties),
      ...objectOf(update.CustomerMetadataProperties),
    };
    for (const key of remove) delete metadata[String(key)];
    found.request = { ...found.request, ...changed, CustomerMetadataProperties: metadata };
    found.lastModifiedTime = this.options.now();
    const alsoMetadata = remove.length > 0 && !fields.includes('CustomerMetadataProperties');
    this.options.onChange(found, alsoMetadata ? [...fields, 'CustomerMetadataProperties'] : fields);
    return found;
  }

  deletePackage(arn: string): void {
    this.packages.delete(this.package(arn).arn);
  }
}
