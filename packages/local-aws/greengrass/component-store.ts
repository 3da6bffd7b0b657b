/** The component versions of the account, and those of AWS. Versions are immutable: they come and go, they never change. */
import { componentArn, componentVersionArn, type Scope } from './arn';
import { newestFirst, resolveVersion } from './component-version';
import { conflict, resourceNotFound } from './errors';
import { type PlatformAttributes, platformFits } from './platform';
import { PUBLIC_COMPONENTS } from './public-components';
import type { Recipe, RecipeFormat } from './recipe';

export interface ComponentVersion {
  readonly arn: string;
  readonly name: string;
  readonly version: string;
  /** With the digests of its artifacts. */
  readonly recipe: Recipe;
  /** In which its author wrote it. */
  readonly format: RecipeFormat;
  readonly createdAt: Date;
}

/** What a device asks to have resolved. */
export interface Candidate {
  readonly componentName: string;
  readonly componentVersion?: string;
  readonly versionRequirements?: Readonly<Record<string, string>>;
}

/** A recipe without manifests (a group of dependencies) runs everywhere. */
function runsOn({ Manifests }: Recipe, platform: PlatformAttributes): boolean {
  return Manifests.length === 0 || Manifests.some((manifest) => platformFits(manifest.Platform, platform));
}

export class ComponentStore {
  private readonly components = new Map<string, Map<string, ComponentVersion>>();

  constructor(private readonly scope: Scope) {
    const ofAws = { ...scope, accountId: 'aws' };
    for (const recipe of PUBLIC_COMPONENTS) this.put(ofAws, recipe, 'JSON', new Date(0));
  }

  /** @throws ServiceError ConflictException when the version exists */
  assertAbsent(name: string, version: string): void {
    const arn = this.components.get(name)?.get(version)?.arn;
    if (arn) throw conflict('COMPONENT', arn, `Component [${name} : ${version}] for account already exists`);
  }

  add(recipe: Recipe, format: RecipeFormat, createdAt: Date): ComponentVersion {
    this.assertAbsent(recipe.ComponentName, recipe.ComponentVersion);
    return this.put(this.scope, recipe, format, createdAt);
  }

  private put(scope: Scope, recipe: Recipe, format: RecipeFormat, createdAt: Date): ComponentVersion {
    const { ComponentName: name, ComponentVersion: version } = recipe;
    const arn = componentVersionArn(scope, name, version);
    const added: ComponentVersion = { arn, name, version, recipe, format, createdAt };
    const versions = this.components.get(name) ?? new Map<string, ComponentVersion>();
    this.components.set(name, versions.set(version, added));
    return added;
  }

  has(name: string, version: string): boolean {
    return this.components.get(name)?.has(version) ?? false;
  }

  /** @throws ServiceError ResourceNotFoundException */
  get(name: string, version: string): ComponentVersion {
    const found = this.components.get(name)?.get(version);
    if (!found) throw resourceNotFound('COMPONENT', componentVersionArn(this.scope, name, version));
    return found;
  }

  /** @throws ServiceError ResourceNotFoundException */
  remove(name: string, version: string): void {
    this.get(name, version);
    const versions = this.components.get(name);
    versions?.delete(version);
    if (versions?.size === 0) this.components.delete(name);
  }

  /** Newest version of every component, by name. */
  latest(scope: 'PUBLIC' | 'PRIVATE'): ComponentVersion[] {
    const account = scope === 'PUBLIC' ? 'aws' : this.scope.accountId;
    return [...this.components.keys()]
      .sort()
      .map((name) => this.versions(name)[0] as ComponentVersion)
      .filter(({ arn }) => arn.split(':')[4] === account);
  }

  /**
   * Newest first.
   * @throws ServiceError ResourceNotFoundException
   */
  versions(name: string): ComponentVersion[] {
    const versions = this.components.get(name);
    if (!versions) throw resourceNotFound('COMPONENT', componentArn(this.scope, name));
    return [...versions.values()].sort((a, b) => newestFirst(a.version, b.version));
  }

  /**
   * One version per candidate that runs on the platform and satisfies every requirement.
   * @throws ServiceError ResourceNotFoundException naming the first component that has none
   */
  resolve(candidates: readonly Candidate[], platform: PlatformAttributes): ComponentVersion[] {
    return candidates.map((candidate) => this.resolveOne(candidate, platform));
  }

  private resolveOne(candidate: Candidate, platform: PlatformAttributes): ComponentVersion {
    const { componentName: name, versionRequirements: requirements = {} } = candidate;
    const runnable = [...(this.components.get(name)?.values() ?? [])].filter(({ recipe }) =>
      runsOn(recipe, platform),
    );
    const available = runnable.map(({ version }) => version);
    const version = resolveVersion(available, requirements, candidate.componentVersion);
    if (version === undefined) throw this.nothingFits(name, requirements, platform);
    return this.get(name, version);
  }

  private nothingFits(
    name: string,
    requirements: Readonly<Record<string, string>>,
    platform: PlatformAttributes,
  ) {
    const wanted = Object.entries(requirements).map(([by, range]) => `${range} (${by})`);
    const message =
      `No version of ${name} satisfies ${wanted.join(', ') || 'any version'} ` +
      `on ${Object.entries(platform)
        .map(([attribute, value]) => `${attribute}=${value}`)
        .join(', ')}.`;
    return resourceNotFound('COMPONENT', componentArn(this.scope, name), message);
  }
}
