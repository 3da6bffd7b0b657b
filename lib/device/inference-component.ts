import { join } from 'node:path';
import { CfnDeletionPolicy, Stack } from 'aws-cdk-lib';
import * as greengrass from 'aws-cdk-lib/aws-greengrassv2';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { type ComponentConfiguration, parseContract } from '../../contracts';
import {
  readDescription,
  requireArtifacts,
} from '../../edge-components/inference/packaging/artifact-description';
import { inferenceRecipe } from '../../edge-components/inference/recipe';
import { INFERENCE_COMPONENT_NAME } from '../../lambda/device/names';
import { modelComponentName } from '../../lambda/registry/names';
import { deviceTopic } from '../../lambda/telemetry/names';
import type { AppConfig } from '../shared/app-config';
import { contentVersion } from '../shared/content-version';

const EDGE = join(__dirname, '..', '..', 'dist', 'edge');
/** Stands for the version while the version is being computed. */
const NO_VERSION = '0.0.0';

export interface InferenceComponentProps {
  readonly config: AppConfig;
  readonly telemetryBucket: s3.Bucket;
}

/** The component that runs on every device: code and default configuration, no model. */
export class InferenceComponent extends Construct {
  readonly name = INFERENCE_COMPONENT_NAME;
  /** Follows from the artifact and the recipe, configuration included. */
  readonly version: string;
  /** Where the artifacts lie. */
  readonly artifactBucket: s3.IBucket;

  constructor(scope: Construct, id: string, props: InferenceComponentProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const artifacts = requireArtifacts(readDescription(EDGE), props.config.registry.architectures).map(
      ([architecture, { file }]) => ({
        architecture,
        asset: new Asset(this, `Artifact-${architecture}`, { path: join(EDGE, file) }),
      }),
    );
    const [first] = artifacts;
    if (!first) throw new Error('registry.architectures: must name at least one, got none');
    // All assets of a stack share one.
    this.artifactBucket = first.asset.bucket;
    const artifactUris = Object.fromEntries(
      artifacts.map(({ architecture, asset }) => [architecture, asset.s3ObjectUrl]),
    );
    const configuration = defaultConfiguration(props.config, props.telemetryBucket.bucketName);
    const recipe = (version: string) => inferenceRecipe({ version, artifactUris, configuration });
    this.version = contentVersion(JSON.stringify(stack.resolve(recipe(NO_VERSION))));
    const component = new greengrass.CfnComponentVersion(this, 'Version', {
      inlineRecipe: stack.toJsonString(recipe(this.version)),
    });
    // Devices may still run, or go back to, an earlier version.
    component.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
    component.cfnOptions.deletionPolicy =
      props.config.removal === 'retain' ? CfnDeletionPolicy.RETAIN : CfnDeletionPolicy.DELETE;
  }
}

/** The environment's device settings in the shape that the component reads. */
function defaultConfiguration(config: AppConfig, captureBucket: string): ComponentConfiguration {
  const { shadowFrames, componentUpdate, statusIntervalSeconds, ...useCase } = config.device;
  const configuration = {
    useCases: {
      [config.useCase]: {
        modelComponentName: modelComponentName(config.useCase),
        resultsTopic: deviceTopic(config, 'results', '{thingName}'),
        statusTopic: deviceTopic(config, 'status', '{thingName}'),
        ...useCase,
        shadow: { frames: shadowFrames },
      },
    },
    captureBucket,
    ...(componentUpdate && { componentUpdate }),
    statusIntervalSeconds,
  };
  // The bucket's name is not known before deployment: any valid one stands for it in the check.
  parseContract(
    'component-configuration',
    { ...configuration, captureBucket: 'decided-at-deployment' },
    `default configuration of ${INFERENCE_COMPONENT_NAME} in ${config.environmentName}`,
  );
  return configuration;
}
