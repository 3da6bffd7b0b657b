import { DescribeModelPackageCommand } from '@aws-sdk/client-sagemaker';
import type { Context, EventBridgeEvent } from 'aws-lambda';
import { documentClient, greengrass, kms, s3, sagemaker } from '../../shared/aws';
import { componentArn } from '../../shared/component-arn';
import { deployedEnvironment, requireEnvironment } from '../../shared/env';
import { InvalidInputError } from '../../shared/errors';
import { putEvent } from '../../shared/events';
import { log } from '../../shared/log';
import { type NameScope, SHARED_VARIABLES } from '../../shared/names';
import { ModelBucket } from '../model-bucket';
import { modelComponentName, REGISTRY_EVENTS, REGISTRY_VARIABLES } from '../names';
import { highestPublishedCounter } from '../published-counters';
import { ReleaseTable } from '../release-table';
import {
  dispositionPolicySettings,
  releaseArchitectures,
  releaseLifetimeDays,
  secondOpinionRule,
} from '../settings';
import { KmsSigner } from '../sign-release';
import { type BuildReleasePorts, buildRelease, type ModelPackage } from './build-release';

/** The fields that we read of "SageMaker Model Package State Change". */
interface PackageStateChange {
  readonly ModelPackageArn?: unknown;
  readonly ModelPackageGroupName?: unknown;
}

async function describePackage(arn: string): Promise<ModelPackage> {
  const found = await sagemaker().send(new DescribeModelPackageCommand({ ModelPackageName: arn }));
  if (!found.ModelPackageArn || found.ModelPackageVersion === undefined) {
    throw new InvalidInputError(`model package ${arn} has no version: it belongs to no group`);
  }
  return {
    arn: found.ModelPackageArn,
    version: found.ModelPackageVersion,
    approvalStatus: found.ModelApprovalStatus ?? 'absent',
    metadata: found.CustomerMetadataProperties ?? {},
    modelUri: found.InferenceSpecification?.Containers?.[0]?.ModelDataUrl,
  };
}

function awsPorts(scope: NameScope, functionArn: string): BuildReleasePorts {
  const bucket = new ModelBucket(s3(), requireEnvironment(REGISTRY_VARIABLES.modelBucket));
  return {
    now: () => new Date(),
    describePackage,
    readText: (location) => bucket.readText(location),
    hash: (location) => bucket.hash(location),
    keep: (source, etag, key) => bucket.keep(source, etag, key),
    putEnvelope: (key, body) => bucket.put(key, body),
    signer: new KmsSigner(kms(), requireEnvironment(REGISTRY_VARIABLES.signingKeyArn)),
    releases: new ReleaseTable(
      documentClient(),
      requireEnvironment(REGISTRY_VARIABLES.releaseTable),
      scope.useCase,
    ),
    highestPublished: () =>
      highestPublishedCounter(greengrass(), componentArn(functionArn, modelComponentName(scope))),
    announce: (detail) => putEvent(REGISTRY_EVENTS.releaseReady, detail),
  };
}

/** EventBridge: a model package of our group was approved, or an approved one was edited. */
export async function handler(
  event: EventBridgeEvent<string, PackageStateChange>,
  context: Context,
): Promise<{ counter: number; releaseId: string }> {
  log.addContext(context);
  const { ModelPackageArn: arn, ModelPackageGroupName: group } = event.detail;
  const expectedGroup = requireEnvironment(REGISTRY_VARIABLES.modelPackageGroup);
  if (typeof arn !== 'string' || group !== expectedGroup) {
    throw new InvalidInputError(
      `detail: must name a package of group '${expectedGroup}', got ModelPackageArn ${JSON.stringify(arn)} of group ${JSON.stringify(group)}`,
    );
  }
  const useCase = requireEnvironment(SHARED_VARIABLES.useCase);
  const settings = {
    ...deployedEnvironment(),
    useCase,
    lifetimeDays: releaseLifetimeDays(),
    architectures: releaseArchitectures(),
    dispositionPolicy: dispositionPolicySettings(),
    secondOpinion: secondOpinionRule(),
  };
  const { release, status } = await buildRelease(
    arn,
    settings,
    awsPorts(settings, context.invokedFunctionArn),
  );
  log.info('release built', { releaseId: release.releaseId, status, modelPackageArn: arn });
  return { counter: release.counter, releaseId: release.releaseId };
}
