/**
 * The components of AWS's own that recipes of ours may depend on. The classic nucleus has them inside and asks for their
 * recipes all the same, so a registry without them resolves nothing.
 */
import type { Recipe } from './recipe';

function partOfTheNucleus(ComponentName: string, ComponentVersion: string, type: string): Recipe {
  return {
    RecipeFormatVersion: '2020-01-25',
    ComponentName,
    ComponentVersion,
    ComponentType: `aws.greengrass.${type}`,
    ComponentPublisher: 'AWS',
    Manifests: [],
  };
}

/** Versions that the real nucleus 2.18.0 reports of itself. */
export const PUBLIC_COMPONENTS: readonly Recipe[] = [
  partOfTheNucleus('aws.greengrass.Nucleus', '2.18.0', 'nucleus'),
  partOfTheNucleus('aws.greengrass.TokenExchangeService', '2.0.3', 'plugin'),
];
