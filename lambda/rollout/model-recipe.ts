/** The Greengrass recipe of a model component: weights and the script that hands them over. Pure. */
import { recipeProblem } from '../../contracts/recipe-limits';
import { s3Uri } from '../../contracts/s3-address';
import { blobKey } from '../registry/names';
import type { StoredRelease } from '../registry/release-items';
import { InvalidInputError } from '../shared/errors';
import { deliveryManifest } from './delivery-manifest';

/** Architectures by our name and by Greengrass's. */
const GREENGRASS_ARCHITECTURES: Readonly<Record<string, string>> = {
  'linux-x64': 'amd64',
  'linux-arm64': 'aarch64',
};

export interface ModelRecipeInput {
  readonly stored: StoredRelease;
  readonly modelBucket: string;
  /** S3 URI that ends in `/deliver-release.cjs`. */
  readonly deliverReleaseUri: string;
  readonly inferenceComponentName: string;
}

/** The files are the same for every architecture: there are two, and a release is for one of them or for any. */
function onlyArchitecture(architectures: readonly string[]): string | undefined {
  const [only, ...others] = architectures.map((name) => GREENGRASS_ARCHITECTURES[name] ?? name);
  return others.length === 0 ? only : undefined;
}

/**
 * Recipe of the component version that carries a release.
 * @throws InvalidInputError when a nucleus would refuse the recipe's size
 */
export function modelRecipe(input: ModelRecipeInput): string {
  const { stored, modelBucket, deliverReleaseUri, inferenceComponentName } = input;
  const { release, componentName, componentVersion } = stored;
  const artifacts = [
    deliverReleaseUri,
    s3Uri(modelBucket, stored.envelopeKey),
    ...release.files.map(({ sha256, name }) => s3Uri(modelBucket, blobKey(sha256, name))),
  ];
  const recipe = {
    RecipeFormatVersion: '2020-01-25',
    ComponentName: componentName,
    ComponentVersion: componentVersion,
    ComponentType: 'aws.greengrass.generic',
    ComponentDescription: `Release ${release.releaseId} of ${release.useCase}`,
    ComponentPublisher: 'Kaizen Edge',
    ...deliveryManifest({
      componentName,
      componentVersion,
      inferenceComponentName,
      artifactUris: artifacts,
      architecture: onlyArchitecture(release.target.architectures),
    }),
  };
  const problem = recipeProblem(recipe);
  if (problem) {
    throw new InvalidInputError(
      `the recipe of ${componentName} ${componentVersion} ${problem}: the release has ${release.files.length} files`,
    );
  }
  return JSON.stringify(recipe);
}
