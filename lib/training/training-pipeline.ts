import { join } from 'node:path';
import { type Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import * as sagemaker from 'aws-cdk-lib/aws-sagemaker';
import { Construct } from 'constructs';
import { pipelineName } from '../../lambda/training/names';
import type { DatasetStore } from '../dataset/dataset-store';
import type { AppConfig } from '../shared/app-config';
import { JobRoles } from './job-roles';
import { trainingPipelineDefinition } from './pipeline-definition';
import { PipelineRole } from './pipeline-role';
import { TrainingSource } from './training-source';

const NO_CHAMPION_FILE = join(__dirname, '..', '..', 'training', 'no-champion.none');

export interface TrainingPipelineProps {
  readonly config: AppConfig;
  readonly dataset: DatasetStore;
  /** Everything that jobs make goes below `pipelines/`. */
  readonly modelBucket: s3.Bucket;
  readonly encryptionKey: kms.IKey;
  readonly modelPackageGroupName: string;
}

/** From an accepted manifest to a registered model that waits for approval. */
export class TrainingPipeline extends Construct {
  readonly pipelineName: string;
  readonly pipelineArn: string;
  /** The pipeline's own; its jobs have others. */
  readonly role: iam.IRole;

  constructor(scope: Construct, id: string, props: TrainingPipelineProps) {
    super(scope, id);
    const { config } = props;
    const stack = Stack.of(this);
    const { network } = config.training;
    const source = new TrainingSource(this, 'Source', network?.isolation?.python);
    const noChampion = network?.isolation && new Asset(this, 'NoChampion', { path: NO_CHAMPION_FILE });
    const jobs = new JobRoles(this, 'Jobs', {
      ...props,
      training: config.training,
      assets: [source.asset, ...(noChampion ? [noChampion] : [])],
    });
    const { role } = new PipelineRole(this, 'Access', {
      ...props,
      jobRoles: jobs.arns,
      tuning: config.training.tuning !== undefined,
    });
    const definition = trainingPipelineDefinition({
      config,
      datasetBucketName: props.dataset.bucket.bucketName,
      modelBucketName: props.modelBucket.bucketName,
      modelPackageGroupName: props.modelPackageGroupName,
      sourceUri: source.asset.s3ObjectUrl,
      sourceSha256: source.sha256,
      ...(noChampion && { noChampionUri: noChampion.s3ObjectUrl }),
      jobRoleArns: jobs.arns,
      encryptionKeyArn: props.encryptionKey.keyArn,
    });
    this.pipelineName = pipelineName(config);
    const pipeline = new sagemaker.CfnPipeline(this, 'Pipeline', {
      pipelineName: this.pipelineName,
      pipelineDescription: `Trains, evaluates, exports and registers models of ${config.useCase}`,
      pipelineDefinition: { PipelineDefinitionBody: stack.toJsonString(definition) },
      roleArn: role.roleArn,
    });
    // An execution may start as soon as the pipeline is there; its roles are then complete.
    pipeline.node.addDependency(role, jobs);
    this.pipelineArn = stack.formatArn({
      service: 'sagemaker',
      resource: 'pipeline',
      resourceName: this.pipelineName,
    });
    this.role = role;
  }

  /** Executions that failed; SageMaker writes it. */
  metricFailed(period: Duration): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: 'AWS/Sagemaker/ModelBuildingPipeline',
      metricName: 'ExecutionFailed',
      dimensionsMap: { PipelineName: this.pipelineName },
      statistic: 'Sum',
      period,
    });
  }
}
