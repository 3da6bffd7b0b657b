import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { PIPELINE_PREFIX } from '../../lambda/training/names';
import { serviceRole } from '../shared/service-role';
import type { JobRoleArns } from './job-roles';
import { TUNING_STEP_NAME } from './pipeline-definition';

/** Pipelines name their jobs so: `pipelines-<execution id>-<step>-<suffix>`. */
const JOB_NAMES = 'pipelines-*';
/** Tuning jobs have at most 32 characters, without the prefix: execution id, step, suffix. */
const TUNING_JOB_NAMES = `*${TUNING_STEP_NAME}*`;

export interface PipelineRoleProps {
  readonly modelBucket: s3.Bucket;
  readonly encryptionKey: kms.IKey;
  readonly modelPackageGroupName: string;
  /** Those that it may give to its jobs. */
  readonly jobRoles: JobRoleArns;
  /** Whether the pipeline searches hyperparameters. */
  readonly tuning: boolean;
}

/**
 * What the pipeline itself may do: run jobs under its own names and with their roles, read what they leave, and register
 * in one group what waits for approval. No job runs with it.
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
      // The tuning job makes its training jobs itself.
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
    this.allow('RegisterModels', ['sagemaker:CreateModelPackage'], packages, {
      StringEquals: { 'sagemaker:ModelApprovalStatus': 'PendingManualApproval' },
    });
    this.allow('ReadModels', ['sagemaker:DescribeModelPackage', 'sagemaker:AddTags'], packages);
    this.allow('FindGroup', ['sagemaker:DescribeModelPackageGroup'], packages.slice(0, 1));
    this.allow('GiveJobsTheirRoles', ['iam:PassRole'], Object.values(props.jobRoles), {
      StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' },
    });
    // Property files, and what a registration names.
    const written = `${PIPELINE_PREFIX}*`;
    this.allow('ReadOutput', ['s3:GetObject'], [props.modelBucket.arnForObjects(written)]);
    this.allow('ListOutput', ['s3:ListBucket'], [props.modelBucket.bucketArn], {
      StringLike: { 's3:prefix': [written] },
    });
    this.allow('UseKey', ['kms:Decrypt', 'kms:DescribeKey'], [props.encryptionKey.keyArn]);
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
}
