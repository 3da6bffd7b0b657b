import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { modelComponentName, REGISTRY_VARIABLES } from '../../lambda/registry/names';
import type { AppConfig } from '../shared/app-config';
import { HandlerFunction } from '../shared/handler-function';
import { grantPutOwnEvents } from '../shared/own-events';
import { grantSign } from '../shared/signing';
import { grantReadModelPackages } from './model-package-access';
import type { ModelRegistry } from './model-registry';

export interface ReleaseBuilderProps {
  readonly config: AppConfig;
  readonly encryptionKey: kms.IKey;
  readonly registry: ModelRegistry;
}

/** Makes a signed release of every approved model package. */
export class ReleaseBuilder extends Construct {
  readonly function: lambda.IFunction;
  readonly deadLetterQueue: sqs.IQueue;

  constructor(scope: Construct, id: string, props: ReleaseBuilderProps) {
    super(scope, id);
    const { registry, dispositionPolicy, secondOpinion } = props.config;
    const { releaseTable, signingKey, modelPackageGroupName } = props.registry;
    const builder = new HandlerFunction(this, 'BuildRelease', {
      ...props,
      handler: 'registry/build-release',
      description: 'Builds and signs the release of an approved model package, once per package',
      environment: {
        ...props.registry.bucketVariable,
        ...props.registry.releaseTableVariable,
        ...props.registry.signingKeyVariable,
        ...props.registry.modelPackageGroupVariable,
        [REGISTRY_VARIABLES.releaseLifetimeDays]: String(registry.releaseLifetimeDays),
        [REGISTRY_VARIABLES.releaseArchitectures]: registry.architectures.join(','),
        [REGISTRY_VARIABLES.dispositionPolicy]: JSON.stringify(dispositionPolicy),
        ...(secondOpinion && { [REGISTRY_VARIABLES.secondOpinionMayPass]: String(secondOpinion.mayPass) }),
      },
      timeout: Duration.minutes(5),
      memorySize: 1024,
      asynchronous: true,
    });
    props.registry.grantBuildReleases(builder.function);
    releaseTable.grantReadWriteData(builder.function);
    grantSign(signingKey, builder.function);
    grantPutOwnEvents(builder.function, props.config);
    grantReadModelPackages(builder.function, modelPackageGroupName);
    this.grantListVersions(builder.function, props.config);
    this.function = builder.function;
    this.deadLetterQueue = builder.requireDeadLetterQueue();
    // SageMaker says so again on every later edit of an approved package; the function builds only once.
    new events.Rule(this, 'PackageApproved', {
      description: 'A model package was approved',
      eventPattern: {
        source: ['aws.sagemaker'],
        detailType: ['SageMaker Model Package State Change'],
        detail: { ModelPackageGroupName: [modelPackageGroupName], ModelApprovalStatus: ['Approved'] },
      },
      targets: [
        new targets.LambdaFunction(builder.function, { deadLetterQueue: builder.requireDeadLetterQueue() }),
      ],
    });
  }

  /** The first counter follows those of which versions exist. */
  private grantListVersions(builder: lambda.Function, config: AppConfig): void {
    builder.addToRolePolicy(
      new iam.PolicyStatement({
        sid: 'ListModelComponent',
        actions: ['greengrass:ListComponentVersions'],
        resources: [
          Stack.of(this).formatArn({
            service: 'greengrass',
            resource: 'components',
            resourceName: modelComponentName(config),
            arnFormat: ArnFormat.COLON_RESOURCE_NAME,
          }),
        ],
      }),
    );
  }
}
