/**
 * What a request needs of its caller: actions, resources, condition keys and dependent actions of
 * docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
 */
import type { AccessCheck } from '../../iam/iam';
import { type Arns, nameInArn } from '../arn';
import { isObject, type Json, type JsonObject, listOf, objectOf } from '../json';

export const SAGEMAKER_PRINCIPAL = 'sagemaker.amazonaws.com';

/** Type of the resource that an operation is about, and the field of the request that names it. */
const RESOURCES: Readonly<Record<string, readonly [type: string, field: string]>> = {
  CreatePipeline: ['pipeline', 'PipelineName'],
  UpdatePipeline: ['pipeline', 'PipelineName'],
  DescribePipeline: ['pipeline', 'PipelineName'],
  DeletePipeline: ['pipeline', 'PipelineName'],
  StartPipelineExecution: ['pipeline', 'PipelineName'],
  ListPipelineExecutions: ['pipeline', 'PipelineName'],
  StopPipelineExecution: ['pipeline', 'PipelineExecutionArn'],
  RetryPipelineExecution: ['pipeline', 'PipelineExecutionArn'],
  DescribePipelineExecution: ['pipeline', 'PipelineExecutionArn'],
  DescribePipelineDefinitionForExecution: ['pipeline', 'PipelineExecutionArn'],
  ListPipelineExecutionSteps: ['pipeline', 'PipelineExecutionArn'],
  ListPipelineParametersForExecution: ['pipeline', 'PipelineExecutionArn'],
  CreateTrainingJob: ['training-job', 'TrainingJobName'],
  DescribeTrainingJob: ['training-job', 'TrainingJobName'],
  StopTrainingJob: ['training-job', 'TrainingJobName'],
  InterruptTrainingJob: ['training-job', 'TrainingJobName'],
  CreateProcessingJob: ['processing-job', 'ProcessingJobName'],
  DescribeProcessingJob: ['processing-job', 'ProcessingJobName'],
  StopProcessingJob: ['processing-job', 'ProcessingJobName'],
  CreateHyperParameterTuningJob: ['hyper-parameter-tuning-job', 'HyperParameterTuningJobName'],
  DescribeHyperParameterTuningJob: ['hyper-parameter-tuning-job', 'HyperParameterTuningJobName'],
  StopHyperParameterTuningJob: ['hyper-parameter-tuning-job', 'HyperParameterTuningJobName'],
  ListTrainingJobsForHyperParameterTuningJob: ['hyper-parameter-tuning-job', 'HyperParameterTuningJobName'],
  CreateModelPackageGroup: ['model-package-group', 'ModelPackageGroupName'],
  DescribeModelPackageGroup: ['model-package-group', 'ModelPackageGroupName'],
  DeleteModelPackageGroup: ['model-package-group', 'ModelPackageGroupName'],
  CreateModelPackage: ['model-package', 'ModelPackageGroupName'],
  DescribeModelPackage: ['model-package', 'ModelPackageName'],
  UpdateModelPackage: ['model-package', 'ModelPackageArn'],
  DeleteModelPackage: ['model-package', 'ModelPackageName'],
  AddTags: ['any', 'ResourceArn'],
  ListTags: ['any', 'ResourceArn'],
  DeleteTags: ['any', 'ResourceArn'],
};

/** Operations about no resource, or none that their request names. */
const ABOUT_EVERYTHING = [
  'ListPipelines',
  'ListTrainingJobs',
  'ListProcessingJobs',
  'ListHyperParameterTuningJobs',
  'ListModelPackageGroups',
  'ListModelPackages',
];

export const SAGEMAKER_OPERATIONS: readonly string[] = [...Object.keys(RESOURCES), ...ABOUT_EVERYTHING];

type Context = NonNullable<AccessCheck['context']>;

/** What the request has a value for. */
function contextOf(values: Readonly<Record<string, Json>>): Context {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(
    given.map(([key, value]) => [key, Array.isArray(value) ? value.map(String) : String(value)]),
  );
}

function tagContext(tags: Json): Context {
  const pairs = listOf(tags).filter(isObject);
  if (pairs.length === 0) return {};
  const each = pairs.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, String(Value)]);
  return { ...Object.fromEntries(each), 'aws:TagKeys': pairs.map(({ Key }) => String(Key)) };
}

/** Keys of Create*Job, as far as the requests here have the fields. */
function jobContext(operation: string, request: JsonObject): Context {
  const isProcessing = operation === 'CreateProcessingJob';
  const job = objectOf(request.TrainingJobDefinition ?? request);
  const cluster = isProcessing
    ? objectOf(objectOf(job.ProcessingResources).ClusterConfig)
    : objectOf(job.ResourceConfig);
  const network = isProcessing ? objectOf(job.NetworkConfig) : job;
  const vpc = objectOf(network.VpcConfig);
  const output = objectOf(isProcessing ? job.ProcessingOutputConfig : job.OutputDataConfig);
  const { InstanceType: type } = cluster;
  return contextOf({
    'sagemaker:InstanceTypes': type === undefined ? undefined : [type],
    'sagemaker:InterContainerTrafficEncryption': network.EnableInterContainerTrafficEncryption,
    'sagemaker:MaxRuntimeInSeconds': objectOf(job.StoppingCondition).MaxRuntimeInSeconds,
    'sagemaker:NetworkIsolation': network.EnableNetworkIsolation,
    'sagemaker:OutputKmsKeyArn': output.KmsKeyId,
    'sagemaker:VolumeKmsKeyArn': cluster.VolumeKmsKeyId,
    'sagemaker:VpcSecurityGroupIds': vpc.SecurityGroupIds,
    'sagemaker:VpcSubnets': vpc.Subnets,
  });
}

function packageContext({
  ModelApprovalStatus,
  CustomerMetadataProperties,
  CustomerMetadataPropertiesToRemove,
}: JsonObject): Context {
  const metadata = Object.entries(objectOf(CustomerMetadataProperties));
  return contextOf({
    'sagemaker:ModelApprovalStatus': ModelApprovalStatus,
    'sagemaker:CustomerMetadataPropertiesToRemove': CustomerMetadataPropertiesToRemove,
    ...Object.fromEntries(
      metadata.map(([key, value]) => [`sagemaker:CustomerMetadataProperties/${key}`, value]),
    ),
  });
}

/** The role that a request gives to a job or a pipeline; of a tuning job that of its training jobs. */
export const passedRole = (request: JsonObject): string | undefined => {
  const role = request.RoleArn ?? objectOf(request.TrainingJobDefinition).RoleArn;
  return typeof role === 'string' ? role : undefined;
};

export class SageMakerAccess {
  /** @param nextVersion the version that a group's next model package gets */
  constructor(
    private readonly arns: Arns,
    private readonly nextVersion: (group: string) => number,
  ) {}

  /** The resource that a request is about; `*` when it is about none. @throws Error for an unknown operation */
  resource(operation: string, request: JsonObject): string {
    if (ABOUT_EVERYTHING.includes(operation)) return '*';
    const found = RESOURCES[operation];
    if (!found) throw new Error(`InternalFailure: nobody has said who may call ${operation}`);
    const [type, field] = found;
    const named = String(request[field]);
    if (operation === 'CreateModelPackage') {
      return this.arns.modelPackage(nameInArn(named), this.nextVersion(named));
    }
    return named.startsWith('arn:') ? named : this.arns.of(`${type}/${named.toLowerCase()}`);
  }

  /** @param tagged whether the service adds tags of its own, as pipelines do to their jobs */
  checks(operation: string, request: JsonObject, tagged = false): AccessCheck[] {
    const resource = this.resource(operation, request);
    const role = passedRole(request);
    const tags = tagContext(request.Tags);
    const creates = operation.startsWith('Create');
    const context = {
      ...tags,
      ...(/^Create\w+Job$/.test(operation) && jobContext(operation, request)),
      ...(/^(Create|Update)ModelPackage$/.test(operation) && packageContext(request)),
      ...(operation === 'DeleteTags' && contextOf({ 'aws:TagKeys': request.TagKeys })),
    };
    return [
      { action: `sagemaker:${operation}`, resource, context },
      ...(role === undefined ? [] : [passRole(role, resource)]),
      ...(creates && (tagged || 'aws:TagKeys' in tags)
        ? [
            {
              action: 'sagemaker:AddTags',
              resource,
              context: { ...tags, 'sagemaker:TaggingAction': operation },
            },
          ]
        : []),
    ];
  }
}

const passRole = (role: string, resource: string): AccessCheck => ({
  action: 'iam:PassRole',
  resource: role,
  context: { 'iam:PassedToService': SAGEMAKER_PRINCIPAL, 'iam:AssociatedResourceArn': resource },
});
