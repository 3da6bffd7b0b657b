/** What of a recipe nucleus lite can read (aws-greengrass-lite, ggl-recipe, ggl-semver, ggdeploymentd). */
import type { PlatformAttributes } from '../../greengrass/platform';
import { isObject, type Json, type JsonObject } from '../configuration/configuration-tree';

/** `file_mem` of ggl_recipe_get_from_file. */
const LARGEST_RECIPE_BYTES = 8_196;
/** GG_MAX_OBJECT_SUBOBJECTS: a list has its items, a map twice its entries, and both what these have. */
const MOST_PARTS = 255;
/** One comparison; several are separated by a space (`is_in_range`). Others are never true. */
const COMPARISON = /^(?:[<>]=?|=)?\d+\.\d+\.\d+\S*$/;
/** The library of recipes knows expressions, this nucleus does not. */
const EXPRESSION = /^\/.*\/$/;
const BUILT_IN = /^aws\.greengrass\.(?:Nucleus|TokenExchangeService|Cli)$/;

function partsOf(value: Json): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + partsOf(item), value.length);
  if (!isObject(value)) return 0;
  const members = Object.values(value) as Json[];
  return members.reduce<number>((sum, member) => sum + partsOf(member), 2 * members.length);
}

/**
 * @param text JSON, as the service hands it out
 * @returns why the nucleus cannot use the recipe, or undefined
 */
export function liteRecipeProblem(text: string): string | undefined {
  const bytes = Buffer.byteLength(text);
  if (bytes > LARGEST_RECIPE_BYTES) return `the recipe has ${bytes} bytes, more than ${LARGEST_RECIPE_BYTES}`;
  const recipe = JSON.parse(text) as JsonObject;
  const parts = partsOf(recipe);
  if (parts > MOST_PARTS)
    return `visited object's subobjects exceeds maximum: ${parts}, more than ${MOST_PARTS}`;
  return requirementProblem(recipe) ?? platformProblem(recipe);
}

function requirementProblem({ ComponentDependencies }: JsonObject): string | undefined {
  const dependencies = isObject(ComponentDependencies) ? Object.entries(ComponentDependencies) : [];
  for (const [name, dependency] of dependencies) {
    const range = String((dependency as JsonObject).VersionRequirement);
    if (!BUILT_IN.test(name) && !range.split(' ').every((part) => COMPARISON.test(part)))
      return `no version of ${name} is in the range '${range}'`;
  }
  return undefined;
}

function platformProblem({ Manifests }: JsonObject): string | undefined {
  const platforms = (Manifests as readonly JsonObject[]).map(
    ({ Platform }) => (Platform ?? {}) as PlatformAttributes,
  );
  const expression = platforms
    .flatMap((platform) => Object.values(platform))
    .find((wanted) => EXPRESSION.test(wanted));
  return expression === undefined
    ? undefined
    : `no lifecycle was found for linux: '${expression}' is no platform`;
}
