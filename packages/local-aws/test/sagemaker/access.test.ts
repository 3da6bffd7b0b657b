/** What requests need of their callers. Root's tests hold it against AWS's service authorization reference. */
import { SAGEMAKER_OPERATIONS, SageMakerAccess } from '../../sagemaker/api/access';
import { jobOperations } from '../../sagemaker/api/job-operations';
import { pipelineOperations } from '../../sagemaker/api/pipeline-operations';
import { registryOperations } from '../../sagemaker/api/registry-operations';
import { tagOperations } from '../../sagemaker/api/tags';
import { tuningOperations } from '../../sagemaker/api/tuning-operations';
import { Arns } from '../../sagemaker/arn';

const access = new SageMakerAccess(new Arns('eu-west-1', '111122223333'), () => 7);
const arn = (rest: string) => `arn:aws:sagemaker:eu-west-1:111122223333:${rest}`;
const role = 'arn:aws:iam::111122223333:role/jobs';
const unused = undefined as never;

test('callers of every operation can be judged', () => {
  const operations = {
    ...pipelineOperations({ pipelines: unused, tags: unused, readText: unused }),
    ...jobOperations(unused, unused),
    ...tuningOperations(unused, unused),
    ...registryOperations(unused, unused),
    ...tagOperations(unused),
  };
  expect(Object.keys(operations).sort()).toEqual([...SAGEMAKER_OPERATIONS].sort());
  expect(() => access.checks('CreateUnicorn', {})).toThrow('nobody has said who may call CreateUnicorn');
});

test.each([
  ['by its name, in lower case', 'DescribePipeline', { PipelineName: 'Weather' }, arn('pipeline/weather')],
  ['by its ARN', 'DescribePipeline', { PipelineName: arn('pipeline/weather') }, arn('pipeline/weather')],
  ['as everything', 'ListPipelines', {}, '*'],
  [
    'by the version to come',
    'CreateModelPackage',
    { ModelPackageGroupName: 'Models' },
    arn('model-package/models/7'),
  ],
])('a resource is named %s', (_how, operation, request, resource) => {
  expect(access.checks(operation, request)).toEqual([
    { action: `sagemaker:${operation}`, resource, context: {} },
  ]);
});

test('a job takes the rights to pass its role and to add its tags', () => {
  const request = {
    TrainingJobName: 'Job',
    RoleArn: role,
    ResourceConfig: { InstanceType: 'ml.m5.large' },
    EnableNetworkIsolation: false,
    Tags: [{ Key: 'line', Value: 'a' }],
  };
  const resource = arn('training-job/job');
  const tags = { 'aws:RequestTag/line': 'a', 'aws:TagKeys': ['line'] };
  expect(access.checks('CreateTrainingJob', request)).toEqual([
    {
      action: 'sagemaker:CreateTrainingJob',
      resource,
      context: {
        ...tags,
        'sagemaker:InstanceTypes': ['ml.m5.large'],
        'sagemaker:NetworkIsolation': 'false',
      },
    },
    {
      action: 'iam:PassRole',
      resource: role,
      context: {
        'iam:PassedToService': 'sagemaker.amazonaws.com',
        'iam:AssociatedResourceArn': resource,
      },
    },
    {
      action: 'sagemaker:AddTags',
      resource,
      context: { ...tags, 'sagemaker:TaggingAction': 'CreateTrainingJob' },
    },
  ]);
});

test('a pipeline tags its jobs, whatever their requests say', () => {
  const actions = (tagged: boolean) =>
    access
      .checks('CreateProcessingJob', { ProcessingJobName: 'job', RoleArn: role }, tagged)
      .map(({ action }) => action);
  expect(actions(true)).toEqual(['sagemaker:CreateProcessingJob', 'iam:PassRole', 'sagemaker:AddTags']);
  expect(actions(false)).toEqual(['sagemaker:CreateProcessingJob', 'iam:PassRole']);
});

test('a model package is judged by its approval and its metadata', () => {
  const [check] = access.checks('UpdateModelPackage', {
    ModelPackageArn: arn('model-package/models/1'),
    ModelApprovalStatus: 'Approved',
    CustomerMetadataProperties: { accuracy: '0.9' },
    CustomerMetadataPropertiesToRemove: ['note'],
  });
  expect(check?.context).toEqual({
    'sagemaker:ModelApprovalStatus': 'Approved',
    'sagemaker:CustomerMetadataProperties/accuracy': '0.9',
    'sagemaker:CustomerMetadataPropertiesToRemove': ['note'],
  });
});
