/** The Greengrass recipe of a model component: weights and the script that hands them over. Pure. */
import { s3Uri } from '../../contracts/s3-address';
import { blobKey, DELIVER_RELEASE_FILE } from '../registry/names';
import type { StoredRelease } from '../registry/release-items';
import { InvalidInputError } from '../shared/errors';

/** Quota of Greengrass V2, not adjustable (docs.aws.amazon.com/general/latest/gr/greengrassv2.html). */
const LARGEST_RECIPE_BYTES = 16 * 1024;
/** Loading and the golden samples take seconds; a device under load may need minutes. */
const STARTUP_TIMEOUT_SECONDS = 300;

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

/** The files are the same for every architecture, so one manifest takes those that the release is made for. */
function platformOf(architectures: readonly string[]): Record<string, string> {
  const names = architectures.map((name) => GREENGRASS_ARCHITECTURES[name] ?? name);
  const every = Object.values(GREENGRASS_ARCHITECTURES).every((name) => names.includes(name));
  // Nucleus lite takes only manifests that name a runtime; the classic nucleus ignores the attribute.
  return { os: 'linux', runtime: '*', ...(!every && { architecture: `/${names.join('|')}/` }) };
}

/**
 * Recipe of the component version that carries a release. `startup` hands the release to the inference component and
 * waits for its verdict, so that a refused release is a failed deployment. The dependency is SOFT: a new model must not
 * restart the component that serves the old one.
 * @throws InvalidInputError when the recipe is larger than Greengrass takes
 */
export function modelRecipe(input: ModelRecipeInput): string {
  const { stored, modelBucket, deliverReleaseUri, inferenceComponentName } = input;
  const { release, componentName, componentVersion } = stored;
  const artifacts = [
    deliverReleaseUri,
    s3Uri(modelBucket, stored.envelopeKey),
    ...release.files.map(({ sha256, name }) => s3Uri(modelBucket, blobKey(sha256, name))),
  ];
  const recipe = JSON.stringify({
    RecipeFormatVersion: '2020-01-25',
    ComponentName: componentName,
    ComponentVersion: componentVersion,
    ComponentType: 'aws.greengrass.generic',
    ComponentDescription: `Release ${release.releaseId} of ${release.useCase}`,
    ComponentPublisher: 'Kaizen Edge',
    ComponentDependencies: {
      [inferenceComponentName]: { VersionRequirement: '^1.0.0', DependencyType: 'SOFT' },
    },
    Manifests: [
      {
        Platform: platformOf(release.target.architectures),
        Lifecycle: {
          startup: {
            Script: `node {artifacts:path}/${DELIVER_RELEASE_FILE}`,
            Timeout: STARTUP_TIMEOUT_SECONDS,
            Setenv: {
              ARTIFACTS_PATH: '{artifacts:path}',
              INBOX_PATH: `{kernel:rootPath}/work/${inferenceComponentName}/inbox`,
              COMPONENT_NAME: componentName,
              COMPONENT_VERSION: componentVersion,
            },
          },
        },
        Artifacts: artifacts.map((Uri) => ({ Uri })),
      },
    ],
  });
  const bytes = Buffer.byteLength(recipe);
  if (bytes > LARGEST_RECIPE_BYTES) {
    throw new InvalidInputError(
      `the recipe of ${componentName} ${componentVersion} has ${bytes} bytes with ${release.files.length} files, Greengrass takes ${LARGEST_RECIPE_BYTES}`,
    );
  }
  return recipe;
}
