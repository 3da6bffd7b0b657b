/** The part of a recipe that components have in common which hand something over and end. Pure. */
import { DELIVER_RELEASE_FILE } from '../registry/names';

export interface Delivery {
  readonly componentName: string;
  readonly componentVersion: string;
  readonly inferenceComponentName: string;
  /** S3 URIs, of which one ends in `/deliver-release.cjs`. */
  readonly artifactUris: readonly string[];
  /** Platform beside the operating system; every one by default. */
  readonly architecture?: string | undefined;
}

/**
 * A recipe's dependencies and manifest. `startup` offers the artifacts to the inference component and waits for its
 * verdict, so that a refused offer is a failed deployment. The dependency is SOFT: a new version must not restart the
 * component that serves.
 */
export function deliveryManifest(delivery: Delivery) {
  const { componentName, componentVersion, inferenceComponentName, artifactUris, architecture } = delivery;
  return {
    ComponentDependencies: {
      [inferenceComponentName]: { VersionRequirement: '>=1.0.0 <2.0.0', DependencyType: 'SOFT' },
    },
    Manifests: [
      {
        // Nucleus lite takes only manifests that name a runtime, which the classic one ignores, and knows no expressions.
        Platform: { os: 'linux', runtime: '*', ...(architecture && { architecture }) },
        Lifecycle: {
          // No number in here, so the nucleus's own 120 s, within which the script gives up by itself: with one the classic
          // nucleus runs the script again at each first deployment after a start and at each roll-back.
          startup: {
            // Nucleus lite appends a command of its own and takes the exit code of that: without the last word a refused
            // offer would be a deployment that succeeded.
            Script: `node {artifacts:path}/${DELIVER_RELEASE_FILE} || exit 1`,
            Setenv: {
              ARTIFACTS_PATH: '{artifacts:path}',
              INBOX_PATH: `{kernel:rootPath}/work/${inferenceComponentName}/inbox`,
              COMPONENT_NAME: componentName,
              COMPONENT_VERSION: componentVersion,
            },
          },
        },
        Artifacts: artifactUris.map((Uri) => ({ Uri })),
      },
    ],
  };
}
