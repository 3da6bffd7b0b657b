/** The Greengrass recipe of a configuration component: a document, and the script that hands it over. Pure. */
import { s3Uri } from '../../contracts/s3-address';
import { COMPONENT_PREFIX } from '../registry/names';
import { deliveryManifest } from '../rollout/delivery-manifest';
import type { NameScope } from '../shared/names';
import { contentVersion } from './content-version';
import { CONFIGURATION_FILE, configurationComponentName, inferenceComponentName } from './names';

/** Content-addressed, so that it never changes under a component that names it. */
export const configurationKey = (sha256: string): string =>
  `${COMPONENT_PREFIX}${sha256}/${CONFIGURATION_FILE}`;

export interface ConfigurationRecipeInput {
  readonly scope: Pick<NameScope, 'environmentName'>;
  readonly bucket: string;
  /** Of the document. */
  readonly sha256: string;
  /** S3 URI that ends in `/deliver-release.cjs`. */
  readonly deliverReleaseUri: string;
}

export interface ConfigurationRecipe {
  readonly componentName: string;
  /** Follows from the document and the script: who goes back to a document gets the version that devices know. */
  readonly componentVersion: string;
  /** JSON. */
  readonly recipe: string;
}

export function configurationRecipe(input: ConfigurationRecipeInput): ConfigurationRecipe {
  const { scope, bucket, sha256, deliverReleaseUri } = input;
  const componentName = configurationComponentName(scope);
  const artifactUris = [deliverReleaseUri, s3Uri(bucket, configurationKey(sha256))];
  const componentVersion = contentVersion(artifactUris.join('\n'));
  const recipe = {
    RecipeFormatVersion: '2020-01-25',
    ComponentName: componentName,
    ComponentVersion: componentVersion,
    ComponentType: 'aws.greengrass.generic',
    ComponentDescription: `Configuration ${sha256}`,
    ComponentPublisher: 'Kaizen Edge',
    ...deliveryManifest({
      componentName,
      componentVersion,
      inferenceComponentName: inferenceComponentName(scope),
      artifactUris,
    }),
  };
  return { componentName, componentVersion, recipe: JSON.stringify(recipe) };
}
