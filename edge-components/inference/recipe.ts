/** The Greengrass recipe of the inference component: imported at synth by the Fleet stack, so it loads nothing native. */
import type { ComponentConfiguration } from '../../contracts';
import type { EdgeArchitecture } from '../../contracts/edge-platform';
import { recipeProblem } from '../../contracts/recipe-limits';

/** Greengrass's names of the architectures. */
const GREENGRASS_ARCHITECTURES = {
  'linux-x64': 'amd64',
  'linux-arm64': 'aarch64',
} as const satisfies Record<EdgeArchitecture, string>;

export interface InferenceRecipeProps {
  /** Each environment has a component of its own: `com.kaizenedge.<environment>.Inference`. */
  readonly componentName: string;
  /** Component version, `1.<a>.<b>`, as `dist/edge/inference.json` says. */
  readonly version: string;
  /**
   * S3 URI of the zip of each architecture that was built, as `dist/edge/inference.json` says; at least one. The bucket
   * may be a CDK token, the last part of the key may not.
   */
  readonly artifactUris: Readonly<Partial<Record<EdgeArchitecture, string>>>;
  /** Default configuration; deployments merge over it. */
  readonly configuration: ComponentConfiguration;
}

/**
 * Name of the folder into which the nucleus unpacks the artifact: the file's name without `.zip`.
 * @throws Error when the name is only known at deploy time, because the start command needs it
 */
function unpackedFolder(artifactUri: string): string {
  const fileName = artifactUri.slice(artifactUri.lastIndexOf('/') + 1);
  if (!/^[A-Za-z0-9._-]+\.zip$/.test(fileName)) {
    throw new Error(`artifactUris: must end in a literal '/<name>.zip', got '${artifactUri}'`);
  }
  return fileName.slice(0, -'.zip'.length);
}

/**
 * Wildcards for the use case and the thing: the device policy, not the recipe, ties a thing to its name, and a
 * configuration document may name use cases that are not in the recipe.
 */
const topicPattern = (topic: string, useCase: string): string =>
  topic.replaceAll('{thingName}', '+').replace(`/${useCase}/`, '/+/');

/**
 * What the component may do over IPC: for each use case two topics to the cloud, one from it and one on the device,
 * with a second opinion one more each, nothing else. One policy for both directions, because nucleus lite counts the parts of a recipe: which way a topic goes,
 * the device's IoT policy says. Of wildcards nucleus lite knows only `*` on the device itself (aws-greengrass-lite,
 * modules/ggipcd/src/services/pubsub).
 */
function accessControl(componentName: string, { useCases }: ComponentConfiguration): object {
  const settings = Object.entries(useCases);
  const topics = settings.flatMap(([useCase, { resultsTopic, statusTopic, confirmations, secondOpinion }]) =>
    [
      resultsTopic,
      statusTopic,
      ...(confirmations ? [confirmations.topic] : []),
      ...(secondOpinion ? [secondOpinion.questionTopic, secondOpinion.answerTopic] : []),
    ].map((topic) => topicPattern(topic, useCase)),
  );
  const asks = settings.some(([, { secondOpinion }]) => secondOpinion);
  return {
    'aws.greengrass.ipc.mqttproxy': {
      [`${componentName}:mqttproxy:1`]: {
        policyDescription: 'Publishes results and status to AWS IoT Core, and hears what arrived.',
        operations: [
          'aws.greengrass#PublishToIoTCore',
          ...(asks || settings.some(([, { confirmations }]) => confirmations)
            ? ['aws.greengrass#SubscribeToIoTCore']
            : []),
        ],
        resources: [...new Set(topics)],
      },
    },
    'aws.greengrass.ipc.pubsub': {
      [`${componentName}:pubsub:1`]: {
        policyDescription: 'Publishes each result to other components of the device.',
        operations: ['aws.greengrass#PublishToTopic'],
        resources: ['kaizen/*/results', ...(asks ? ['kaizen/*/second-opinions'] : [])],
      },
    },
  };
}

function manifest(architecture: EdgeArchitecture, artifactUri: string, version: string): object {
  const home = `{artifacts:decompressedPath}/${unpackedFolder(artifactUri)}`;
  return {
    Platform: { os: 'linux', architecture: GREENGRASS_ARCHITECTURES[architecture], runtime: '*' },
    Lifecycle: {
      Setenv: {
        COMPONENT_VERSION: version,
        WORK_PATH: '{work:path}',
        TRUSTED_KEYS_PATH: '{kernel:rootPath}/kaizen-edge/trusted-keys.json',
      },
      // No number in here, so the nucleus's own 120 s: read back from its log after a restart, a number differs from the
      // recipe's, and the classic nucleus restarts the component with the next deployment, whatever that brings.
      startup: { Script: `exec node ${home}/main.cjs` },
    },
    Artifacts: [{ Uri: artifactUri, Unarchive: 'ZIP' }],
  };
}

/**
 * The recipe as an object; `JSON.stringify` it for an `InlineRecipe`. One manifest per architecture, so that a device
 * fetches the native files of its own only.
 *
 * `startup` runs the process in the foreground: the component counts as started when the process itself reports
 * `UpdateState RUNNING`, so a build that cannot start fails the deployment (`run` would let it succeed).
 * `runtime: "*"` lets Greengrass nucleus lite take the recipe as well as the classic nucleus.
 * @throws Error when an artifact's file name is not literal, there is no artifact, or a nucleus would refuse the recipe's size
 */
export function inferenceRecipe(props: InferenceRecipeProps): object {
  const { componentName, version, artifactUris, configuration } = props;
  const artifacts = Object.entries(artifactUris) as [EdgeArchitecture, string][];
  if (artifacts.length === 0) throw new Error('artifactUris: must name at least one artifact');
  const recipe = {
    RecipeFormatVersion: '2020-01-25',
    ComponentName: componentName,
    ComponentVersion: version,
    ComponentType: 'aws.greengrass.generic',
    ComponentDescription: 'Classifies camera frames with a signed release and reports results and health.',
    ComponentPublisher: 'Kaizen Edge',
    ComponentConfiguration: {
      DefaultConfiguration: { ...configuration, accessControl: accessControl(componentName, configuration) },
    },
    // Gives the process temporary AWS credentials for capture uploads.
    ComponentDependencies: {
      'aws.greengrass.TokenExchangeService': { VersionRequirement: '>=2.0.0 <3.0.0', DependencyType: 'HARD' },
    },
    Manifests: artifacts.map(([architecture, uri]) => manifest(architecture, uri, version)),
  };
  const problem = recipeProblem(recipe);
  if (problem) {
    throw new Error(
      `recipe: ${problem}; leave cameras and use cases to a configuration document (kaizen device configure)`,
    );
  }
  return recipe;
}
