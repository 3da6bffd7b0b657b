/** The component operations of the API. */
import { randomUUID } from 'node:crypto';
import { parseComponentArn, type Scope } from './arn';
import type { Candidate, ComponentStore, ComponentVersion } from './component-store';
import { invalid, resourceNotFound } from './errors';
import type { ClientTokens } from './idempotency';
import { type PageRequest, pageOf } from './page';
import type { PlatformAttributes } from './platform';
import type { ArtifactObjects } from './ports';
import {
  artifactUris,
  parseRecipe,
  type Recipe,
  type RecipeFormat,
  renderRecipe,
  withDigests,
} from './recipe';
import type { TagStore } from './tag-store';

interface CreateBody {
  readonly inlineRecipe?: string;
  readonly lambdaFunction?: unknown;
  readonly tags?: Record<string, string>;
  readonly clientToken?: string;
}

type MayRead = (uri: string) => Promise<boolean>;

const DEPLOYABLE = {
  componentState: 'DEPLOYABLE',
  message: 'NONE',
  errors: {},
  vendorGuidance: 'ACTIVE',
  vendorGuidanceMessage: 'NONE',
} as const;

export class ComponentOperations {
  /** URI by the token of a link; a link lives as long as the service. */
  private readonly links = new Map<string, string>();

  constructor(
    readonly scope: Scope,
    private readonly store: ComponentStore,
    private readonly tags: TagStore,
    private readonly artifacts: ArtifactObjects,
    private readonly tokens: ClientTokens,
    private readonly now: () => Date,
  ) {}

  /** @param mayRead whether the caller may read an object that is an artifact */
  create(body: CreateBody, mayRead: MayRead): Promise<object> {
    return this.tokens.run(body.clientToken, body, () => this.createOnce(body, mayRead));
  }

  describe(arn: string): object {
    const found = this.version(arn);
    return {
      arn: found.arn,
      componentName: found.name,
      componentVersion: found.version,
      creationTimestamp: found.createdAt,
      publisher: found.recipe.ComponentPublisher,
      description: found.recipe.ComponentDescription,
      status: DEPLOYABLE,
      platforms: platformsOf(found.recipe),
      tags: this.tags.of(found.arn),
    };
  }

  get(arn: string, format?: string): object {
    if (format !== undefined && format !== 'JSON' && format !== 'YAML')
      throw invalid(`Invalid Input: recipeOutputFormat: must be JSON or YAML, got ${format}`);
    const found = this.version(arn);
    const recipeOutputFormat: RecipeFormat = format ?? found.format;
    return {
      recipeOutputFormat,
      recipe: blob(found.recipe, recipeOutputFormat),
      tags: this.tags.of(found.arn),
    };
  }

  list(query: PageRequest & { scope?: string }): object {
    const components = this.store.latest(query.scope === 'PUBLIC' ? 'PUBLIC' : 'PRIVATE');
    const { items, nextToken } = pageOf(components, query);
    return { components: items.map(summary), nextToken };
  }

  listVersions(arn: string, query: PageRequest): object {
    const { items, nextToken } = pageOf(this.store.versions(parseComponentArn(arn).name), query);
    const componentVersions = items.map((one) => ({
      arn: one.arn,
      componentName: one.name,
      componentVersion: one.version,
    }));
    return { componentVersions, nextToken };
  }

  delete(arn: string): void {
    const found = this.version(arn);
    this.store.remove(found.name, found.version);
    this.tags.forget(found.arn);
  }

  resolve(body: {
    platform?: { attributes?: PlatformAttributes };
    componentCandidates?: Candidate[];
  }): object {
    const candidates = body.componentCandidates ?? [];
    if (candidates.length === 0 || candidates.some(({ componentName }) => typeof componentName !== 'string'))
      throw invalid('Invalid Input: componentCandidates: needs at least one, each with a componentName');
    const resolved = this.store.resolve(candidates, body.platform?.attributes ?? {});
    return {
      resolvedComponentVersions: resolved.map((one) => ({
        arn: one.arn,
        componentName: one.name,
        componentVersion: one.version,
        recipe: blob(one.recipe, 'JSON'),
        vendorGuidance: 'ACTIVE',
      })),
    };
  }

  /**
   * A link to an artifact of a component version. `artifactName` is the URI after the scheme: `bucket/key` of
   * `s3://bucket/key`. The link points back to this service, which reads the object.
   */
  artifactLink(arn: string, artifactName: string, serviceUrl: string): object {
    const found = this.version(arn);
    const uri = artifactUris(found.recipe).find((one) => one.replace(/^\w+:(\/\/)?/, '') === artifactName);
    if (!uri) throw resourceNotFound('ARTIFACT', artifactName);
    const token = randomUUID();
    this.links.set(token, uri);
    return { preSignedUrl: `${serviceUrl}/artifact-links/${token}` };
  }

  /** @throws ServiceError ResourceNotFoundException when the link was not given out */
  readLink(token: string): Promise<NodeJS.ReadableStream> {
    const uri = this.links.get(token);
    if (!uri) throw resourceNotFound('ARTIFACT', token);
    return this.artifacts.read(uri);
  }

  private async createOnce(body: CreateBody, mayRead: MayRead): Promise<object> {
    if (body.lambdaFunction !== undefined)
      throw invalid('Invalid Input: lambdaFunction: components of Lambda functions cannot be made here');
    if (typeof body.inlineRecipe !== 'string') throw invalid('Invalid Input: inlineRecipe: is required');
    const { recipe, format } = parseRecipe(Buffer.from(body.inlineRecipe, 'base64'));
    this.store.assertAbsent(recipe.ComponentName, recipe.ComponentVersion);
    const stored = withDigests(recipe, await this.digestsOf(recipe, mayRead));
    const added = this.store.add(stored, format, this.now());
    this.tags.add(added.arn, body.tags ?? {});
    return {
      arn: added.arn,
      componentName: added.name,
      componentVersion: added.version,
      creationTimestamp: added.createdAt,
      status: { componentState: 'REQUESTED', message: 'NONE', errors: {} },
    };
  }

  /** @throws ServiceError ValidationException naming every artifact that cannot be read, in AWS's words */
  private async digestsOf(recipe: Recipe, mayRead: MayRead): Promise<Map<string, Uint8Array>> {
    const uris = artifactUris(recipe).filter((uri) => uri.startsWith('s3://'));
    const digests = await Promise.all(
      uris.map(async (uri) => ({
        uri,
        sha256: (await mayRead(uri)) ? await this.artifacts.sha256(uri) : undefined,
      })),
    );
    const missing = digests.filter(({ sha256 }) => sha256 === undefined);
    if (missing.length > 0) {
      const listed = missing.map(({ uri }) => `${uri} = Specified artifact resource cannot be accessed`);
      throw invalid(`Invalid Input: Encountered following errors in Artifacts: {${listed.join(', ')}}`);
    }
    return new Map(digests.map(({ uri, sha256 }) => [uri, sha256 as Uint8Array]));
  }

  private version(arn: string): ComponentVersion {
    const { name, version } = parseComponentArn(arn);
    if (!version) throw invalid(`Invalid Input: arn: ${arn} names no version`);
    return this.store.get(name, version);
  }
}

/** Blobs travel as Base64 in REST-JSON. */
function blob(recipe: Recipe, format: RecipeFormat): string {
  return Buffer.from(renderRecipe(recipe, format)).toString('base64');
}

function platformsOf(recipe: Recipe): object[] {
  return recipe.Manifests.map(({ Name, Platform }) => ({ name: Name, attributes: Platform ?? {} }));
}

function summary(latest: ComponentVersion): object {
  return {
    arn: latest.arn.replace(/:versions:.*$/, ''),
    componentName: latest.name,
    latestVersion: {
      arn: latest.arn,
      componentVersion: latest.version,
      creationTimestamp: latest.createdAt,
      description: latest.recipe.ComponentDescription,
      publisher: latest.recipe.ComponentPublisher,
      platforms: platformsOf(latest.recipe),
    },
  };
}
