/** Component recipes: from the bytes of CreateComponentVersion to a checked document, and back. */
import Ajv2020, { type ErrorObject } from 'ajv/dist/2020';
import YAML from 'yaml';
import { requirementProblem, versionProblem } from './component-version';
import { type FieldProblem, invalid, invalidFields } from './errors';
import type { PlatformAttributes } from './platform';
import { RECIPE_SCHEMA } from './recipe-schema';

export type RecipeFormat = 'JSON' | 'YAML';

export interface RecipeArtifact {
  readonly Uri: string;
  readonly Unarchive?: 'NONE' | 'ZIP';
  readonly Permission?: { readonly Read?: string; readonly Execute?: string };
  /** Base64 of the digest of the object as it was when the version was created. */
  readonly Digest?: string;
  /** `SHA-256`. */
  readonly Algorithm?: string;
}

export interface RecipeManifest {
  readonly Name?: string;
  readonly Platform?: PlatformAttributes;
  readonly Lifecycle?: Readonly<Record<string, unknown>>;
  readonly Selections?: readonly string[];
  readonly Artifacts?: readonly RecipeArtifact[];
}

export interface Recipe {
  readonly RecipeFormatVersion: '2020-01-25';
  readonly ComponentName: string;
  readonly ComponentVersion: string;
  readonly ComponentType?: string;
  readonly ComponentDescription?: string;
  readonly ComponentPublisher?: string;
  readonly ComponentConfiguration?: { readonly DefaultConfiguration?: Readonly<Record<string, unknown>> };
  readonly ComponentDependencies?: Readonly<
    Record<string, { readonly VersionRequirement: string; readonly DependencyType?: 'HARD' | 'SOFT' }>
  >;
  readonly Manifests: readonly RecipeManifest[];
  readonly Lifecycle?: Readonly<Record<string, unknown>>;
}

/** Quota of Greengrass V2, not adjustable (docs.aws.amazon.com/general/latest/gr/greengrassv2.html). */
export const LARGEST_RECIPE_BYTES = 16 * 1024;

const fitsSchema = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(
  RECIPE_SCHEMA,
);

/**
 * @param bytes JSON or YAML
 * @throws ServiceError ValidationException: too large, unreadable, or with every field that is wrong
 */
export function parseRecipe(bytes: Uint8Array): { recipe: Recipe; format: RecipeFormat } {
  if (bytes.byteLength > LARGEST_RECIPE_BYTES)
    throw invalid(
      `Invalid Input: the recipe has ${bytes.byteLength} bytes, the most is ${LARGEST_RECIPE_BYTES}`,
    );
  const { value, format } = decode(new TextDecoder().decode(bytes));
  const problems = fitsSchema(value)
    ? meaningProblems(value as Recipe)
    : schemaProblems(fitsSchema.errors ?? []);
  if (problems.length > 0) throw invalidFields(problems);
  return { recipe: value as Recipe, format };
}

export function renderRecipe(recipe: Recipe, format: RecipeFormat): string {
  return format === 'JSON' ? JSON.stringify(recipe) : YAML.stringify(recipe);
}

/** Every distinct artifact URI, in the order of the recipe. */
export function artifactUris(recipe: Recipe): string[] {
  return [
    ...new Set(recipe.Manifests.flatMap((manifest) => (manifest.Artifacts ?? []).map(({ Uri }) => Uri))),
  ];
}

/** The recipe as the service stores it: every artifact of S3 with the digest that devices will check. */
export function withDigests(recipe: Recipe, sha256ByUri: ReadonlyMap<string, Uint8Array>): Recipe {
  const stamped = (artifact: RecipeArtifact): RecipeArtifact => {
    const { Digest: _digest, Algorithm: _algorithm, ...authored } = artifact;
    const digest = sha256ByUri.get(artifact.Uri);
    return digest
      ? { ...authored, Digest: Buffer.from(digest).toString('base64'), Algorithm: 'SHA-256' }
      : authored;
  };
  const Manifests = recipe.Manifests.map((manifest) =>
    manifest.Artifacts ? { ...manifest, Artifacts: manifest.Artifacts.map(stamped) } : manifest,
  );
  return { ...recipe, Manifests };
}

function decode(text: string): { value: unknown; format: RecipeFormat } {
  try {
    return { value: JSON.parse(text), format: 'JSON' };
  } catch {
    try {
      return { value: YAML.parse(text), format: 'YAML' };
    } catch (error) {
      throw invalid(
        `Invalid Input: the recipe is neither JSON nor YAML: ${(error as Error).message}`,
        'CANNOT_PARSE',
      );
    }
  }
}

function schemaProblems(errors: readonly ErrorObject[]): FieldProblem[] {
  return errors.map((error) => {
    const path = error.instancePath.slice(1).replaceAll('/', '.');
    const detail =
      error.keyword === 'additionalProperties'
        ? `unknown field '${error.params.additionalProperty}'`
        : error.keyword === 'enum'
          ? `must be one of ${error.params.allowedValues.join(', ')}`
          : error.keyword === 'const'
            ? `must be ${JSON.stringify(error.params.allowedValue)}`
            : (error.message ?? error.keyword);
    return { name: path === '' ? 'recipe' : path, message: detail };
  });
}

/** Rules that a schema cannot say. */
function meaningProblems(recipe: Recipe): FieldProblem[] {
  return [
    ...versionProblems(recipe),
    ...dependencyProblems(recipe),
    ...recipe.Manifests.flatMap((manifest, index) => manifestProblems(manifest, `Manifests.${index}`)),
  ];
}

function versionProblems(recipe: Recipe): FieldProblem[] {
  const problem = versionProblem(recipe.ComponentVersion);
  return problem ? [{ name: 'ComponentVersion', message: `${recipe.ComponentVersion} ${problem}` }] : [];
}

function dependencyProblems(recipe: Recipe): FieldProblem[] {
  return Object.entries(recipe.ComponentDependencies ?? {}).flatMap(([name, { VersionRequirement }]) => {
    const problem = requirementProblem(VersionRequirement);
    const field = `ComponentDependencies.${name}.VersionRequirement`;
    return problem ? [{ name: field, message: `${VersionRequirement} ${problem}` }] : [];
  });
}

function manifestProblems(manifest: RecipeManifest, path: string): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const steps = new Set(Object.keys(manifest.Lifecycle ?? {}).map((name) => name.toLowerCase()));
  if (steps.has('run') && steps.has('startup'))
    problems.push({
      name: `${path}.Lifecycle`,
      message: 'has both run and startup; a component has one of them',
    });
  for (const [name, wanted] of Object.entries(manifest.Platform ?? {})) {
    if (!isPlatformValue(wanted))
      problems.push({ name: `${path}.Platform.${name}`, message: `${wanted} is not a regular expression` });
  }
  return problems;
}

function isPlatformValue(wanted: string): boolean {
  const pattern = /^\/(.*)\/$/.exec(wanted)?.[1];
  if (pattern === undefined) return true;
  try {
    return Boolean(new RegExp(pattern));
  } catch {
    return false;
  }
}
