import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { PIPELINE_PREFIX } from '../../lambda/training/names';
import type { DatasetStore } from '../dataset/dataset-store';
import { serviceRole } from '../shared/service-role';
import { TUNING_STEP_NAME } from './pipeline-definition';

/** Pipelines name their jobs so: `pipelines-<execution id>-<step>-<suffix>`. */
const JOB_NAMES = 'pipelines-*';
/** Tuning jobs have at most 32 characters, without the prefix: execution id, step, suffix. */
const TUNING_JOB_NAMES = `*${TUNING_STEP_NAME}*`;
const JOB_METRIC_NAMESPACES = ['/aws/sagemaker/TrainingJobs', '/aws/sagemaker/ProcessingJobs'];
/** `<account>.dkr.ecr.<region>.amazonaws.com/<repository>:<tag>` */
const ECR_IMAGE = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([^:@]+)[:@]/;

export interface PipelineRoleProps {
  readonly dataset: DatasetStore;
  readonly modelBucket: s3.Bucket;
  readonly encryptionKey: kms.IKey;
  readonly modelPackageGroupName: string;
  readonly source: Asset;
  readonly image: string;
  /** Whether the pipeline searches hyperparameters. */
  readonly tuning: boolean;
}

/**
 * What the pipeline and its jobs may do: run jobs under their own names, read the accepted dataset, write below
 * `pipelines/` of the model bucket, and register in one group what waits for approval. They cannot approve it.
 */
export class PipelineRole extends Construct {
  readonly role: iam.Role;

  constructor(scope: Construct, id: string, props: PipelineRoleProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const sagemaker = (resource: string, resourceName: string) =>
      stack.formatArn({ service: 'sagemaker', resource, resourceName });
    const jobs = [sagemaker('training-job', JOB_NAMES), sagemaker('processing-job', JOB_NAMES)];
    const packages = [
      sagemaker('model-package-group', props.modelPackageGroupName),
      sagemaker('model-package', `${props.modelPackageGroupName}/*`),
    ];
    this.role = serviceRole(
      this,
      'Role',
      'sagemaker.amazonaws.com',
      `arn:${stack.partition}:sagemaker:${stack.region}:${stack.account}:*`,
    );
    this.allow(
      'RunJobs',
      [
        ...['Create', 'Describe', 'Stop'].flatMap((verb) => [
          `sagemaker:${verb}TrainingJob`,
          `sagemaker:${verb}ProcessingJob`,
        ]),
        'sagemaker:AddTags',
      ],
      jobs,
    );
    if (props.tuning) {
      // The tuning job makes its training jobs itself, with the role that it is given.
      this.allow(
        'TuneHyperparameters',
        [
          ...['Create', 'Describe', 'Stop'].map((verb) => `sagemaker:${verb}HyperParameterTuningJob`),
          'sagemaker:ListTrainingJobsForHyperParameterTuningJob',
          'sagemaker:AddTags',
        ],
        [sagemaker('hyper-parameter-tuning-job', TUNING_JOB_NAMES)],
      );
    }
    // The user's script runs with this role: what it registers waits for a person.
    this.allow('RegisterModels', ['sagemaker:CreateModelPackage'], packages, {
      StringEquals: { 'sagemaker:ModelApprovalStatus': 'PendingManualApproval' },
    });
    this.allow('ReadModels', ['sagemaker:DescribeModelPackage', 'sagemaker:AddTags'], packages);
    this.allow('FindGroup', ['sagemaker:DescribeModelPackageGroup'], packages.slice(0, 1));
    this.allow('GiveJobsThisRole', ['iam:PassRole'], [this.role.roleArn], {
      StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' },
    });
    this.allowData(props);
    this.allowContainers(stack, props.image);
  }

  private allowData({ dataset, modelBucket, encryptionKey, source }: PipelineRoleProps): void {
    dataset.grantReadAccepted(this.role);
    const written = `${PIPELINE_PREFIX}*`;
    this.allow('UseModels', ['s3:GetObject', 's3:PutObject'], [modelBucket.arnForObjects(written)]);
    this.allowList('ListModels', modelBucket, [written]);
    this.allow('ReadCode', ['s3:GetObject'], [source.bucket.arnForObjects(source.s3ObjectKey)]);
    this.allowList('ListCode', source.bucket, [source.s3ObjectKey]);
    this.allow(
      'UseKey',
      ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'],
      [encryptionKey.keyArn],
    );
  }

  private allowContainers(stack: Stack, image: string): void {
    const logs = JOB_METRIC_NAMESPACES.map(
      (group) => `arn:${stack.partition}:logs:${stack.region}:${stack.account}:log-group:${group}*`,
    );
    this.allow(
      'WriteLogs',
      ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
      logs,
    );
    // These two actions know no resources.
    this.allow('WriteMetrics', ['cloudwatch:PutMetricData'], ['*'], {
      StringLike: { 'cloudwatch:namespace': JOB_METRIC_NAMESPACES },
    });
    const [, account, region, repository] = ECR_IMAGE.exec(image) ?? [];
    if (repository === undefined) return;
    this.allow('LogInToRegistry', ['ecr:GetAuthorizationToken'], ['*']);
    this.allow(
      'PullImage',
      ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
      [`arn:${stack.partition}:ecr:${region}:${account}:repository/${repository}`],
    );
  }

  private allow(
    sid: string,
    actions: string[],
    resources: string[],
    conditions?: iam.PolicyStatementProps['conditions'],
  ): void {
    this.role.addToPolicy(
      new iam.PolicyStatement({ sid, actions, resources, ...(conditions && { conditions }) }),
    );
  }

  private allowList(sid: string, bucket: Pick<s3.IBucket, 'bucketArn'>, prefixes: string[]): void {
    this.allow(sid, ['s3:ListBucket'], [bucket.bucketArn], { StringLike: { 's3:prefix': prefixes } });
  }
}
