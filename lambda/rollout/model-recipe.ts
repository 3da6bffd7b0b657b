/** The Greengrass recipe of a model component: weights and the script that hands them over. Pure. */
import { recipeProblem } from '../../contracts/recipe-limits';
import { s3Uri } from '../../contracts/s3-address';
import { blobKey, DELIVER_RELEASE_FILE } from '../registry/names';
import type { StoredRelease } from '../registry/release-items';
import { InvalidInputError } from '../shared/errors';

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
  // Nucleus lite takes only manifests that name a runtime, which the classic one ignores, and knows no expressions. There
  // are two architectures: a release is for one of them or for any.
  const [only, ...others] = names;
  return { os: 'linux', runtime: '*', ...(only && others.length === 0 && { architecture: only }) };
}

/**
 * Recipe of the component version that carries a release. `startup` hands the release to the inference component and
 * waits for its verdict, so that a refused release is a failed deployment. The dependency is SOFT: a new model must not
 * restart the component that serves the old one.
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
    ComponentDependencies: {
      [inferenceComponentName]: { VersionRequirement: '>=1.0.0 <2.0.0', DependencyType: 'SOFT' },
    },
    Manifests: [
      {
        Platform: platformOf(release.target.architectures),
        Lifecycle: {
          // No number in here, so the nucleus's own 120 s, within which the script gives up by itself: with one the classic
          // nucleus runs the script again at each first deployment after a start and at each roll-back.
          startup: {
            // Nucleus lite appends a command of its own and takes the exit code of that: without the last word a refused
            // release would be a deployment that succeeded.
            Script: `node {artifacts:path}/${DELIVER_RELEASE_FILE} || exit 1`,
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
  };
  const problem = recipeProblem(recipe);
  if (problem) {
    throw new InvalidInputError(
      `the recipe of ${componentName} ${componentVersion} ${problem}: the release has ${release.files.length} files`,
    );
  }
  return JSON.stringify(recipe);
}
