import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { CaptureMerge } from '../dataset/capture-merge';
import { ManifestGate } from '../dataset/manifest-gate';
import { ReleaseBuilder } from '../registry/release-builder';
import type { AppConfig } from '../shared/app-config';
import { stackProps } from '../shared/stack-props';
import { TrainingPipeline } from '../training/training-pipeline';
import type { DataStack } from './data-stack';

/** From a manifest to a signed release. */
export class TrainingStack extends Stack {
  readonly pipeline: TrainingPipeline;
  readonly captureMerge: CaptureMerge;
  readonly releaseBuilder: ReleaseBuilder;

  constructor(scope: Construct, config: AppConfig, data: DataStack) {
    super(
      scope,
      'Training',
      stackProps(config, 'training', 'Manifest gate, training pipeline, release builder'),
    );
    const shared = { config, encryptionKey: data.encryptionKey };
    const gate = new ManifestGate(this, 'ManifestGate', { ...shared, dataset: data.dataset });
    this.captureMerge = new CaptureMerge(this, 'CaptureMerge', {
      ...shared,
      dataset: data.dataset,
      telemetry: data.telemetry,
    });
    this.pipeline = new TrainingPipeline(this, 'Pipeline', {
      ...shared,
      dataset: data.dataset,
      modelBucket: data.registry.bucket,
      modelPackageGroupName: data.registry.modelPackageGroupName,
    });
    this.releaseBuilder = new ReleaseBuilder(this, 'ReleaseBuilder', { ...shared, registry: data.registry });
    const { cloudVariant } = config.training;
    for (const [id, value] of Object.entries({
      PipelineName: this.pipeline.pipelineName,
      PipelineRoleArn: this.pipeline.role.roleArn,
      BuildReleaseFunctionName: this.releaseBuilder.function.functionName,
      AcceptManifestFunctionName: gate.function.functionName,
      MergeCapturesFunctionName: this.captureMerge.function.functionName,
      ...(cloudVariant && { CloudWidthMultiplier: String(cloudVariant.widthMultiplier) }),
    })) {
      new CfnOutput(this, id, { value });
    }
  }
}
