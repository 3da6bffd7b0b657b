import type { Rule } from './rule';

/** "Component recipe size" of the service quotas. */
const LARGEST_RECIPE_BYTES = 16_384;
/** Semantic versioning, of which Greengrass takes at most 64 characters. */
const VERSION = /^\d{1,6}\.\d{1,6}\.\d{1,6}([-+][\w.+-]*)?$/;

/** Where recipes lie: in components, or in custom resources that create them. */
export interface RecipePlace {
  readonly type: string;
  /** Property with the recipe as JSON. */
  readonly property: string;
}

interface Recipe {
  readonly RecipeFormatVersion?: string;
  readonly ComponentName?: string;
  readonly ComponentVersion?: string;
  readonly ComponentDependencies?: Readonly<Record<string, { readonly VersionRequirement?: string }>>;
  readonly ComponentConfiguration?: {
    readonly DefaultConfiguration?: {
      readonly accessControl?: Readonly<Record<string, Readonly<Record<string, Authorization>>>>;
    };
  };
  readonly Manifests?: readonly Manifest[];
}
interface Authorization {
  readonly operations?: readonly string[];
  readonly resources?: readonly string[];
}
interface Manifest {
  readonly Platform?: { readonly os?: string; readonly architecture?: string };
  readonly Lifecycle?: object;
  readonly Artifacts?: readonly { readonly Uri?: string }[];
}

function problemsOfManifests(manifests: readonly Manifest[]): string[] {
  if (manifests.length === 0) return ['Manifests'];
  return manifests.flatMap(({ Platform, Lifecycle, Artifacts = [] }, index) => {
    const at = `Manifests.${index}`;
    return [
      ...(Platform?.os ? [] : [`${at}.Platform.os`]),
      ...(Object.keys(Lifecycle ?? {}).length > 0 ? [] : [`${at}.Lifecycle`]),
      ...(JSON.stringify(Lifecycle ?? {}).includes('"RequiresPrivilege":true')
        ? [`${at}.RequiresPrivilege`]
        : []),
      ...Artifacts.filter(({ Uri = '' }) => !/^(s3|docker|greengrass):/.test(Uri)).map(
        () => `${at}.Artifacts.Uri`,
      ),
    ];
  });
}

function problemsOf(text: string): string[] {
  let recipe: Recipe;
  try {
    recipe = JSON.parse(text);
  } catch {
    return ['no JSON'];
  }
  const { accessControl = {} } = recipe.ComponentConfiguration?.DefaultConfiguration ?? {};
  const wild = Object.values(accessControl)
    .flatMap((service) => Object.entries(service))
    .filter(([, { operations = [], resources = [] }]) => [...operations, ...resources].includes('*'));
  return [
    ...(Buffer.byteLength(text) > LARGEST_RECIPE_BYTES ? [`${Buffer.byteLength(text)} bytes`] : []),
    ...(recipe.RecipeFormatVersion === '2020-01-25' ? [] : ['RecipeFormatVersion']),
    ...(/^[\w.-]{1,128}$/.test(recipe.ComponentName ?? '') ? [] : ['ComponentName']),
    ...(VERSION.test(recipe.ComponentVersion ?? '') ? [] : ['ComponentVersion']),
    ...Object.entries(recipe.ComponentDependencies ?? {})
      .filter(([, { VersionRequirement }]) => !VersionRequirement)
      .map(([name]) => `ComponentDependencies.${name}.VersionRequirement`),
    ...wild.map(([name]) => `accessControl.${name}`),
    ...problemsOfManifests(recipe.Manifests ?? []),
  ];
}

/** What Greengrass refuses in a recipe, and what a component need not have. */
export const greengrassRecipe = (...more: readonly RecipePlace[]): Rule => ({
  id: 'GG1',
  description:
    'Greengrass refuses the recipe, or the component has more rights than it needs: at most 16 KB, the format 2020-01-25, a semantic version, a version requirement per dependency, a lifecycle and an operating system per manifest, artifacts from S3, no RequiresPrivilege, no * in accessControl.',
  source: 'https://docs.aws.amazon.com/greengrass/v2/developerguide/component-recipe-reference.html',
  check: (application) =>
    [{ type: 'AWS::GreengrassV2::ComponentVersion', property: 'InlineRecipe' }, ...more].flatMap(
      ({ type, property }) =>
        application
          .resources(type)
          .filter(({ properties }) => properties[property] !== undefined)
          .flatMap((resource) =>
            problemsOf(application.text(resource.stack, resource.properties[property])).map((found) => ({
              resource,
              found,
            })),
          ),
    ),
});
