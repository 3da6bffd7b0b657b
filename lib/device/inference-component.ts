import { join } from 'node:path';
import { CfnDeletionPolicy, type CfnResource, CustomResource, Duration, Fn, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { type ComponentConfiguration, parseContract, type UseCaseConfiguration } from '../../contracts';
import {
  readDescription,
  requireArtifacts,
} from '../../edge-components/inference/packaging/artifact-description';
import { inferenceRecipe } from '../../edge-components/inference/recipe';
import { configurationComponentName, inferenceComponentName, UNVERSIONED } from '../../lambda/device/names';
import { modelComponentName } from '../../lambda/registry/names';
import { confirmationTopic, deviceTopic, opinionTopic, questionTopic } from '../../lambda/telemetry/names';
import type { AppConfig } from '../shared/app-config';
import { HandlerFunction } from '../shared/handler-function';

/** Type of the custom resource that creates or adopts a version of the component. */
export const COMPONENT_VERSION_RESOURCE = 'Custom::GreengrassComponentVersion';

const EDGE = join(__dirname, '..', '..', 'dist', 'edge');
/** `arn:aws:greengrass:<region>:<account>:components:<name>:versions:<version>` */
const VERSION_IN_ARN = 8;
/** Of the stack's patience: Lambda tries an answer that CloudFormation did not take twice more. */
const PUBLISHED_WITHIN = Duration.minutes(20);

export interface InferenceComponentProps {
  readonly config: AppConfig;
  readonly encryptionKey: kms.IKey;
  readonly telemetryBucket: s3.Bucket;
}

/** The component that runs on every device: code and default configuration, no model. */
export class InferenceComponent extends Construct {
  readonly name: string;
  /** Follows from the artifact and the recipe, configuration included; known when it has been published. */
  readonly version: string;
  /** Where the artifacts lie. */
  readonly artifactBucket: s3.IBucket;

  constructor(scope: Construct, id: string, props: InferenceComponentProps) {
    super(scope, id);
    this.name = inferenceComponentName(props.config);
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
    const recipe = inferenceRecipe({
      componentName: this.name,
      version: UNVERSIONED,
      artifactUris,
      configuration,
    });
    const publish = this.publishFunction(props, artifacts);
    const version = new CustomResource(this, 'PublishedVersion', {
      resourceType: COMPONENT_VERSION_RESOURCE,
      serviceToken: publish.functionArn,
      serviceTimeout: PUBLISHED_WITHIN,
      properties: { Recipe: stack.toJsonString(recipe) },
    });
    version.node.addDependency(publish);
    this.version = Fn.select(VERSION_IN_ARN, Fn.split(':', version.ref));
    const { cfnOptions } = version.node.defaultChild as CfnResource;
    // Devices may still run, or go back to, an earlier version; a deployment takes over what it finds.
    cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
    cfnOptions.deletionPolicy =
      props.config.removal === 'retain' ? CfnDeletionPolicy.RETAIN : CfnDeletionPolicy.DELETE;
  }

  /**
   * Behind a custom resource, because AWS::GreengrassV2::ComponentVersion fails where the version exists: when a
   * configuration returns, and when a deployment is repeated.
   */
  private publishFunction(props: InferenceComponentProps, artifacts: readonly { asset: Asset }[]) {
    const { function: publish } = new HandlerFunction(this, 'Publish', {
      ...props,
      handler: 'device/publish-inference-component',
      description: 'Creates a version of the inference component, or finds it',
      timeout: Duration.minutes(5),
    });
    const { partition, region, account } = Stack.of(this);
    const component = `arn:${partition}:greengrass:${region}:${account}:components:${this.name}`;
    const allow = (sid: string, actions: string[], resources: string[]) =>
      publish.addToRolePolicy(new iam.PolicyStatement({ sid, actions, resources }));
    const versions = `${component}:versions:*`;
    allow('CreateVersion', ['greengrass:CreateComponentVersion'], [component]);
    allow('TagVersion', ['greengrass:TagResource'], [versions]);
    allow('ManageVersions', ['greengrass:DescribeComponent', 'greengrass:DeleteComponent'], [versions]);
    // Greengrass reads artifacts with the rights of who creates the version.
    allow(
      'ReadArtifacts',
      ['s3:GetObject'],
      artifacts.map(({ asset }) => asset.bucket.arnForObjects(asset.s3ObjectKey)),
    );
    return publish;
  }
}

/** The environment's device settings in the shape that the component reads. */
export function defaultConfiguration(config: AppConfig, captureBucket: string): ComponentConfiguration {
  const { shadowFrames, componentUpdate, statusIntervalSeconds, confirmations, ...useCase } = config.device;
  const configuration = {
    useCases: {
      [config.useCase]: {
        modelComponentName: modelComponentName(config),
        resultsTopic: deviceTopic(config, 'results', '{thingName}'),
        statusTopic: deviceTopic(config, 'status', '{thingName}'),
        confirmations: { topic: confirmationTopic(config, '{thingName}'), ...confirmations },
        ...secondOpinionConfiguration(config),
        ...useCase,
        shadow: { frames: shadowFrames },
      },
    },
    captureBucket,
    configurationComponentName: configurationComponentName(config),
    ...(componentUpdate && { componentUpdate }),
    statusIntervalSeconds,
  };
  // The bucket's name is not known before deployment: any valid one stands for it in the check.
  parseContract(
    'component-configuration',
    { ...configuration, captureBucket: 'decided-at-deployment' },
    `default configuration of ${inferenceComponentName(config)}`,
  );
  return configuration;
}

/** Whom devices ask about frames for review; nucleus lite counts every field of a recipe, so only what is configured. */
function secondOpinionConfiguration(config: AppConfig): Pick<UseCaseConfiguration, 'secondOpinion'> {
  if (!config.secondOpinion) return {};
  const { mayPass, dailyBudget, concurrency, ...settings } = config.secondOpinion;
  return {
    secondOpinion: {
      questionTopic: questionTopic(config, '{thingName}'),
      answerTopic: opinionTopic(config, '{thingName}'),
      ...settings,
    },
  };
}
