import { describeJob, summarizeJob } from '../descriptions';
import { invalid, refuse } from '../errors';
import type { Job } from '../jobs/job';
import { metricProblems } from '../jobs/job-metrics';
import type { JobRunner } from '../jobs/job-runner';
import { spotProblems } from '../jobs/spot';
import type { JsonObject } from '../json';
import type { JobKind } from '../pipeline/executor';
import type { Operations } from './operation';
import { listJobs } from './paging';
import {
  checkRequest,
  integer,
  list,
  mapOfText,
  object,
  oneOf,
  PAGING,
  RESOURCE_NAME,
  ROLE_ARN,
  S3_URI,
  type Schema,
  TAGS,
  text,
} from './request-schema';
import type { Tags } from './tags';

const HOSTS = integer(1, 20);
const STOPPING = object({
  MaxRuntimeInSeconds: integer(1, 2_419_200),
  MaxWaitTimeInSeconds: integer(1, 2_419_200),
});
const SWITCH: Schema = { type: 'boolean' };
const VPC = object(
  {
    SecurityGroupIds: list(text(32, '^[-0-9a-zA-Z]+$'), 5, 1),
    Subnets: list(text(32, '^[-0-9a-zA-Z]+$'), 16, 1),
  },
  ['SecurityGroupIds', 'Subnets'],
);
const ENVIRONMENT = mapOfText(100, 512, 512);
const COMMAND = (parts: number) => list(text(256), parts, 1);
const LOCAL_PATH = text(256, '^/opt/ml/.+');

/** Of a training job and of a tuning job's TrainingJobDefinition. */
const TRAINING_FIELDS = {
  RoleArn: ROLE_ARN,
  HyperParameters: mapOfText(100, 256, 2500),
  AlgorithmSpecification: object(
    {
      TrainingImage: text(255),
      TrainingInputMode: oneOf('File'),
      ContainerEntrypoint: COMMAND(100),
      ContainerArguments: COMMAND(100),
      MetricDefinitions: list(object({ Name: text(255), Regex: text(500) }, ['Name', 'Regex']), 40),
    },
    ['TrainingImage', 'TrainingInputMode'],
  ),
  InputDataConfig: list(
    object(
      {
        ChannelName: text(64, '^[A-Za-z0-9.\\-_]+$'),
        InputMode: oneOf('File'),
        CompressionType: oneOf('None'),
        RecordWrapperType: oneOf('None'),
        DataSource: object(
          {
            S3DataSource: object(
              {
                S3DataType: oneOf('S3Prefix', 'ManifestFile'),
                S3Uri: S3_URI,
                S3DataDistributionType: oneOf('FullyReplicated', 'ShardedByS3Key'),
              },
              ['S3DataType', 'S3Uri'],
            ),
          },
          ['S3DataSource'],
        ),
      },
      ['ChannelName', 'DataSource'],
    ),
    20,
  ),
  OutputDataConfig: object({ S3OutputPath: S3_URI }, ['S3OutputPath']),
  ResourceConfig: object({ InstanceCount: HOSTS, InstanceType: text(64, '^ml\\.') }, [
    'InstanceCount',
    'InstanceType',
  ]),
  StoppingCondition: STOPPING,
  Environment: ENVIRONMENT,
  EnableNetworkIsolation: SWITCH,
  EnableInterContainerTrafficEncryption: SWITCH,
  VpcConfig: VPC,
  Tags: TAGS,
};
const TRAINING_REQUIRED = [
  'RoleArn',
  'AlgorithmSpecification',
  'OutputDataConfig',
  'ResourceConfig',
  'StoppingCondition',
];
const TRAINING = object(
  {
    TrainingJobName: RESOURCE_NAME,
    ...TRAINING_FIELDS,
    EnableManagedSpotTraining: SWITCH,
    CheckpointConfig: object({ S3Uri: S3_URI, LocalPath: text(4096, '^/opt/ml/.+') }, ['S3Uri']),
  },
  ['TrainingJobName', ...TRAINING_REQUIRED],
);
const TRAINING_DEFINITION = object(TRAINING_FIELDS, TRAINING_REQUIRED);

const PROCESSING = object(
  {
    ProcessingJobName: RESOURCE_NAME,
    RoleArn: ROLE_ARN,
    AppSpecification: object(
      { ImageUri: text(255), ContainerEntrypoint: COMMAND(100), ContainerArguments: COMMAND(100) },
      // Without one AWS runs the image's own entry point; the stand-in has no image to ask.
      ['ImageUri', 'ContainerEntrypoint'],
    ),
    ProcessingInputs: list(
      object(
        {
          InputName: text(63),
          S3Input: object(
            {
              S3Uri: S3_URI,
              LocalPath: LOCAL_PATH,
              S3DataType: oneOf('S3Prefix', 'ManifestFile'),
              S3InputMode: oneOf('File'),
              S3DataDistributionType: oneOf('FullyReplicated', 'ShardedByS3Key'),
              S3CompressionType: oneOf('None'),
            },
            ['S3Uri', 'S3DataType', 'LocalPath'],
          ),
        },
        ['InputName', 'S3Input'],
      ),
      10,
    ),
    ProcessingOutputConfig: object(
      {
        Outputs: list(
          object(
            {
              OutputName: text(63),
              S3Output: object({ S3Uri: S3_URI, LocalPath: LOCAL_PATH, S3UploadMode: oneOf('EndOfJob') }, [
                'S3Uri',
                'LocalPath',
                'S3UploadMode',
              ]),
            },
            ['OutputName', 'S3Output'],
          ),
          10,
        ),
      },
      ['Outputs'],
    ),
    ProcessingResources: object(
      {
        ClusterConfig: object(
          { InstanceCount: HOSTS, InstanceType: text(64, '^ml\\.'), VolumeSizeInGB: integer(1, 16_384) },
          ['InstanceCount', 'InstanceType', 'VolumeSizeInGB'],
        ),
      },
      ['ClusterConfig'],
    ),
    StoppingCondition: STOPPING,
    Environment: ENVIRONMENT,
    NetworkConfig: object({
      EnableNetworkIsolation: SWITCH,
      EnableInterContainerTrafficEncryption: SWITCH,
      VpcConfig: VPC,
    }),
    Tags: TAGS,
  },
  ['ProcessingJobName', 'RoleArn', 'AppSpecification', 'ProcessingResources'],
);

const SCHEMAS = { Training: TRAINING, Processing: PROCESSING };

/** @param definition TrainingJobDefinition of a tuning job; @throws SageMakerError */
export const checkTrainingJobDefinition = (definition: JsonObject): void =>
  checkRequest(TRAINING_DEFINITION, definition);

/** As Create*Job does, for the operation and for pipeline steps alike. @throws SageMakerError */
export function createJob(jobs: JobRunner, tags: Tags, kind: JobKind, request: JsonObject): Job {
  checkRequest(SCHEMAS[kind], request);
  refuse(metricProblems(request.AlgorithmSpecification));
  if (kind === 'Training') refuse(spotProblems(request));
  const job = jobs.create(kind, String(request[`${kind}JobName`]), request);
  tags.add(job.arn, request.Tags);
  return job;
}

export function jobOperations(jobs: JobRunner, tags: Tags): Operations {
  return {
    ...operationsOf('Training', jobs, tags),
    ...operationsOf('Processing', jobs, tags),
    // Not AWS's: there nobody can ask for an interruption, and everybody must be ready for one.
    InterruptTrainingJob: {
      request: object({ TrainingJobName: RESOURCE_NAME }, ['TrainingJobName']),
      handle: (request) => {
        const name = String(request.TrainingJobName);
        const job = jobs.find('Training', name);
        if (!job) throw invalid(`Could not find requested job with name: ${name}`);
        jobs.interrupt(job);
        return {};
      },
    },
  };
}

function operationsOf(kind: JobKind, jobs: JobRunner, tags: Tags): Operations {
  const nameField = `${kind}JobName`;
  const byName = object({ [nameField]: RESOURCE_NAME }, [nameField]);
  const find = (request: JsonObject): Job => {
    const job = jobs.find(kind, String(request[nameField]));
    if (!job) throw invalid(`Could not find requested job with name: ${request[nameField]}`);
    return job;
  };
  const statuses = oneOf('InProgress', 'Completed', 'Failed', 'Stopping', 'Stopped');
  return {
    [`Create${kind}Job`]: {
      request: SCHEMAS[kind],
      handle: (request) => ({ [`${kind}JobArn`]: createJob(jobs, tags, kind, request).arn }),
    },
    [`Describe${kind}Job`]: { request: byName, handle: (request) => describeJob(find(request)) },
    [`Stop${kind}Job`]: {
      request: byName,
      handle: (request) => {
        jobs.stop(find(request));
        return {};
      },
    },
    [`List${kind}Jobs`]: {
      request: object({ ...PAGING, StatusEquals: statuses, SortBy: oneOf('Name', 'CreationTime', 'Status') }),
      handle: (request) => {
        const { items, nextToken } = listJobs(jobs.list(kind), request);
        return { [`${kind}JobSummaries`]: items.map(summarizeJob), NextToken: nextToken };
      },
    },
  };
}
