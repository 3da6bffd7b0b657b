import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { EXECUTION_FOLDERS, type ExecutionFolder, PIPELINE_PREFIX } from '../../lambda/training/names';
import type { DatasetStore } from '../dataset/dataset-store';
import type { AppConfig } from '../shared/app-config';
import { serviceRole } from '../shared/service-role';

/** What a job does with the folders of executions. */
interface Work {
  readonly reads: readonly ExecutionFolder[];
  readonly writes: readonly ExecutionFolder[];
  readonly dataset?: boolean;
}

const { prepared, model, checkpoints, evaluation, exported } = EXECUTION_FOLDERS;
const JOBS = {
  prepare: { reads: [], writes: [prepared], dataset: true },
  train: { reads: [prepared, model, checkpoints], writes: [model, checkpoints] },
  evaluate: { reads: [prepared, model], writes: [evaluation] },
  export: { reads: [prepared, model, evaluation], writes: [exported] },
} as const satisfies Record<string, Work>;

export type JobName = keyof typeof JOBS;
/** ARN by what the job does. */
export type JobRoleArns = Readonly<Record<JobName, string>>;

const LOG_GROUPS = ['/aws/sagemaker/TrainingJobs', '/aws/sagemaker/ProcessingJobs'];
/** `<account>.dkr.ecr.<region>.amazonaws.com/<repository>:<tag>` */
const ECR_IMAGE = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([^:@]+)[:@]/;

export interface JobRolesProps {
  readonly dataset: DatasetStore;
  readonly modelBucket: s3.Bucket;
  readonly encryptionKey: kms.IKey;
  /** What jobs read of the deployment: their code. */
  readonly assets: readonly Asset[];
  readonly training: Pick<AppConfig['training'], 'image' | 'network' | 'volumeKeyArn'>;
}

/**
 * What the jobs of the pipeline may do, with the user's script in them: read what their step is given, write what it
 * makes, and nothing that creates jobs or model packages. One role for each kind of step, the finest that Pipelines
 * knows (docs/adr/0021).
 */
export class JobRoles extends Construct {
  readonly arns: JobRoleArns;

  constructor(scope: Construct, id: string, props: JobRolesProps) {
    super(scope, id);
    const { partition, region, account } = Stack.of(this);
    const arnOf = (id: string, name: JobName): string => {
      const role = serviceRole(
        this,
        id,
        'sagemaker.amazonaws.com',
        `arn:${partition}:sagemaker:${region}:${account}:*`,
      );
      for (const statement of this.statements(JOBS[name], props)) role.addToPolicy(statement);
      if ('dataset' in JOBS[name]) props.dataset.grantReadAccepted(role);
      return role.roleArn;
    };
    this.arns = {
      prepare: arnOf('Prepare', 'prepare'),
      train: arnOf('Train', 'train'),
      evaluate: arnOf('Evaluate', 'evaluate'),
      export: arnOf('Export', 'export'),
    };
  }

  private statements(work: Work, { modelBucket, encryptionKey, assets, training }: JobRolesProps) {
    const objects = (folders: readonly ExecutionFolder[]) =>
      folders.map((folder) => modelBucket.arnForObjects(`${PIPELINE_PREFIX}*/${folder}/*`));
    return [
      allow('WriteOutput', ['s3:PutObject'], objects(work.writes)),
      ...(work.reads.length > 0
        ? [
            allow('ReadInput', ['s3:GetObject'], objects(work.reads)),
            allowList('ListInput', modelBucket, `${PIPELINE_PREFIX}*`),
          ]
        : []),
      allow(
        'ReadCode',
        ['s3:GetObject'],
        assets.map(({ bucket, s3ObjectKey }) => bucket.arnForObjects(s3ObjectKey)),
      ),
      ...assets.map(({ bucket, s3ObjectKey }, index) =>
        allowList(`ListCode${index || ''}`, bucket, s3ObjectKey),
      ),
      allow(
        'UseKey',
        ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'],
        [encryptionKey.keyArn],
      ),
      ...this.containerStatements(training.image),
      ...this.networkStatements(training),
    ];
  }

  /** What AWS documents for jobs in a VPC, and with a key of their own for their volumes (sagemaker-roles.html). */
  private networkStatements({ network, volumeKeyArn }: JobRolesProps['training']): iam.PolicyStatement[] {
    const ec2 = (resource: string, resourceName: string) =>
      Stack.of(this).formatArn({ service: 'ec2', resource, resourceName });
    const interfaces = ec2('network-interface', '*');
    const { vpc } = network ?? {};
    return [
      ...(vpc
        ? [
            allow(
              'MakeNetworkInterfaces',
              ['ec2:CreateNetworkInterface'],
              [
                interfaces,
                ...vpc.subnets.map((id) => ec2('subnet', id)),
                ...vpc.securityGroupIds.map((id) => ec2('security-group', id)),
              ],
            ),
            allow(
              'UseNetworkInterfaces',
              [
                'ec2:CreateNetworkInterfacePermission',
                'ec2:DeleteNetworkInterface',
                'ec2:DeleteNetworkInterfacePermission',
              ],
              [interfaces],
            ),
            // These know no resources.
            allow(
              'LookAtVpc',
              [
                'ec2:DescribeDhcpOptions',
                'ec2:DescribeNetworkInterfaces',
                'ec2:DescribeSecurityGroups',
                'ec2:DescribeSubnets',
                'ec2:DescribeVpcs',
              ],
              ['*'],
            ),
          ]
        : []),
      ...(volumeKeyArn === undefined ? [] : [allow('EncryptVolumes', ['kms:CreateGrant'], [volumeKeyArn])]),
    ];
  }

  private containerStatements(image: string): iam.PolicyStatement[] {
    const { partition, region: ownRegion, account: ownAccount } = Stack.of(this);
    const [, account, region, repository] = ECR_IMAGE.exec(image) ?? [];
    return [
      allow(
        'WriteLogs',
        ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
        LOG_GROUPS.map((group) => `arn:${partition}:logs:${ownRegion}:${ownAccount}:log-group:${group}*`),
      ),
      // These two actions know no resources.
      allow('WriteMetrics', ['cloudwatch:PutMetricData'], ['*'], {
        StringLike: { 'cloudwatch:namespace': LOG_GROUPS },
      }),
      ...(repository === undefined
        ? []
        : [
            allow('LogInToRegistry', ['ecr:GetAuthorizationToken'], ['*']),
            allow(
              'PullImage',
              ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
              [`arn:${partition}:ecr:${region}:${account}:repository/${repository}`],
            ),
          ]),
    ];
  }
}

function allow(
  sid: string,
  actions: string[],
  resources: string[],
  conditions?: iam.PolicyStatementProps['conditions'],
): iam.PolicyStatement {
  return new iam.PolicyStatement({ sid, actions, resources, ...(conditions && { conditions }) });
}

const allowList = (sid: string, { bucketArn }: Pick<s3.IBucket, 'bucketArn'>, prefix: string) =>
  allow(sid, ['s3:ListBucket'], [bucketArn], { StringLike: { 's3:prefix': [prefix] } });
