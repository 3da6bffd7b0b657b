/** The Greengrass recipe of com.kaizenedge.Inference: imported at synth by the Fleet stack, so it loads nothing native. */
import type { ComponentConfiguration } from '../../contracts';

/** The architectures that the artifact can hold, by our name and by Greengrass's. */
const GREENGRASS_ARCHITECTURES = { 'linux-x64': 'amd64', 'linux-arm64': 'aarch64' } as const;
export type EdgeArchitecture = keyof typeof GREENGRASS_ARCHITECTURES;

const COMPONENT_NAME = 'com.kaizenedge.Inference';

/** Time until `UpdateState RUNNING`. A cold start takes about a second; an SD card and a full outbox take longer. */
const STARTUP_TIMEOUT_SECONDS = 60;

export interface InferenceRecipeProps {
  /** Component version, `1.<a>.<b>`, as `dist/edge/inference.json` says. */
  readonly version: string;
  /** S3 URI of `inference.zip`. The bucket may be a CDK token, the last part of the key may not. */
  readonly artifactUri: string;
  /** Default configuration; deployments merge over it. */
  readonly configuration: ComponentConfiguration;
  /**
   * What the artifact was built for, as `dist/edge/inference.json` says.
   * @default - linux-x64
   */
  readonly architectures?: readonly EdgeArchitecture[];
}

/**
 * Name of the folder into which the nucleus unpacks the artifact: the file's name without `.zip`.
 * @throws Error when the name is only known at deploy time, because the start command needs it
 */
function unpackedFolder(artifactUri: string): string {
  const fileName = artifactUri.slice(artifactUri.lastIndexOf('/') + 1);
  if (!/^[A-Za-z0-9._-]+\.zip$/.test(fileName)) {
    throw new Error(`artifactUri: must end in a literal '/<name>.zip', got '${artifactUri}'`);
  }
  return fileName.slice(0, -'.zip'.length);
}

/** `{thingName}` becomes the one-level wildcard: the device policy, not the recipe, ties a thing to its name. */
const topicPattern = (topic: string): string => topic.replaceAll('{thingName}', '+');

/** What the component may do over IPC: two topics to the cloud, one on the device. Nothing else. */
function accessControl(configuration: ComponentConfiguration): object {
  const localResults = `kaizen/${configuration.useCase}/results`;
  return {
    'aws.greengrass.ipc.mqttproxy': {
      [`${COMPONENT_NAME}:mqttproxy:1`]: {
        policyDescription: 'Publishes result batches and device status to AWS IoT Core.',
        operations: ['aws.greengrass#PublishToIoTCore'],
        resources: [topicPattern(configuration.resultsTopic), topicPattern(configuration.statusTopic)],
      },
    },
    'aws.greengrass.ipc.pubsub': {
      [`${COMPONENT_NAME}:pubsub:1`]: {
        policyDescription: 'Publishes each result to other components of the device.',
        operations: ['aws.greengrass#PublishToTopic'],
        resources: [localResults],
      },
    },
  };
}

/**
 * The recipe as an object; `JSON.stringify` it for an `InlineRecipe`. Below the 16 KB that Greengrass allows.
 *
 * `startup` runs the process in the foreground: the component counts as started when the process itself reports
 * `UpdateState RUNNING`, so a build that cannot start fails the deployment (`run` would let it succeed).
 * `runtime: "*"` lets Greengrass nucleus lite take the recipe as well as the classic nucleus.
 * @throws Error when the artifact's file name is not literal
 */
export function inferenceRecipe(props: InferenceRecipeProps): object {
  const { version, artifactUri, configuration, architectures = ['linux-x64'] } = props;
  const home = `{artifacts:decompressedPath}/${unpackedFolder(artifactUri)}`;
  return {
    RecipeFormatVersion: '2020-01-25',
    ComponentName: COMPONENT_NAME,
    ComponentVersion: version,
    ComponentType: 'aws.greengrass.generic',
    ComponentDescription: 'Classifies camera frames with a signed release and reports results and health.',
    ComponentPublisher: 'Kaizen Edge',
    ComponentConfiguration: {
      DefaultConfiguration: { ...configuration, accessControl: accessControl(configuration) },
    },
    // Gives the process temporary AWS credentials for capture uploads.
    ComponentDependencies: {
      'aws.greengrass.TokenExchangeService': { VersionRequirement: '^2.0.0', DependencyType: 'HARD' },
    },
    Manifests: architectures.map((architecture) => ({
      Platform: { os: 'linux', architecture: GREENGRASS_ARCHITECTURES[architecture], runtime: '*' },
      Lifecycle: {
        Setenv: {
          COMPONENT_VERSION: version,
          WORK_PATH: '{work:path}',
          TRUSTED_KEYS_PATH: '{kernel:rootPath}/kaizen-edge/trusted-keys.json',
        },
        startup: { Script: `exec node ${home}/main.cjs`, Timeout: STARTUP_TIMEOUT_SECONDS },
      },
      Artifacts: [{ Uri: artifactUri, Unarchive: 'ZIP' }],
    })),
  };
}
