import {
  describeExecution,
  describePipeline,
  describeStep,
  seconds,
  summarizeExecution,
  summarizePipeline,
} from '../descriptions';
import { isObject, type JsonObject, listOf, objectOf, textOf } from '../json';
import type { PipelineInput, PipelineService } from '../pipeline-service';
import type { Operations } from './operation';
import { listPage } from './paging';
import {
  ARN,
  ARN_OR_NAME,
  CLIENT_REQUEST_TOKEN,
  integer,
  list,
  object,
  oneOf,
  PAGING,
  PIPELINE_NAME,
  ROLE_ARN,
  TAGS,
  text,
} from './request-schema';
import type { Tags } from './tags';

const PAGE = 100;
const DEFINITION = text(1_048_576);
const PARALLELISM = object({ MaxParallelExecutionSteps: integer(1, 50) });
const SHARED = {
  PipelineDisplayName: text(256),
  PipelineDescription: { type: 'string', maxLength: 3072 },
  PipelineDefinition: DEFINITION,
  PipelineDefinitionS3Location: object({ Bucket: text(63), ObjectKey: text(1024) }, ['Bucket', 'ObjectKey']),
  RoleArn: ROLE_ARN,
  ParallelismConfiguration: PARALLELISM,
  Tags: TAGS,
};
const WITH_DEFINITION = {
  anyOf: [{ required: ['PipelineDefinition'] }, { required: ['PipelineDefinitionS3Location'] }],
};

export interface PipelineOperationsOptions {
  readonly pipelines: PipelineService;
  readonly tags: Tags;
  readonly readText: (uri: string) => Promise<string>;
}

export function pipelineOperations({ pipelines, tags, readText }: PipelineOperationsOptions): Operations {
  const definitionOf = async (request: JsonObject): Promise<string | undefined> => {
    const location = request.PipelineDefinitionS3Location;
    if (!isObject(location)) return textOf(request.PipelineDefinition);
    return readText(`s3://${location.Bucket}/${location.ObjectKey}`);
  };
  const inputOf = async (request: JsonObject): Promise<PipelineInput> => ({
    displayName: textOf(request.PipelineDisplayName),
    description: textOf(request.PipelineDescription),
    roleArn: textOf(request.RoleArn),
    definitionText: await definitionOf(request),
    parallelism: isObject(request.ParallelismConfiguration) ? request.ParallelismConfiguration : undefined,
  });
  return {
    CreatePipeline: {
      request: {
        ...object({ ...SHARED, PipelineName: PIPELINE_NAME, ClientRequestToken: CLIENT_REQUEST_TOKEN }, [
          'PipelineName',
          'ClientRequestToken',
          'RoleArn',
        ]),
        ...WITH_DEFINITION,
      },
      handle: async (request) => {
        const input = await inputOf(request);
        const { roleArn = '', definitionText = '' } = input;
        const pipeline = pipelines.create(
          String(request.PipelineName),
          { ...input, roleArn, definitionText },
          textOf(request.ClientRequestToken),
        );
        tags.add(pipeline.arn, request.Tags);
        return { PipelineArn: pipeline.arn };
      },
    },
    UpdatePipeline: {
      request: object({ ...SHARED, PipelineName: ARN_OR_NAME }, ['PipelineName']),
      handle: async (request) => ({
        PipelineArn: pipelines.update(String(request.PipelineName), await inputOf(request)).arn,
      }),
    },
    DescribePipeline: {
      request: object({ PipelineName: ARN_OR_NAME }, ['PipelineName']),
      handle: (request) => describePipeline(pipelines.pipeline(String(request.PipelineName))),
    },
    DeletePipeline: {
      request: object({ PipelineName: ARN_OR_NAME, ClientRequestToken: CLIENT_REQUEST_TOKEN }, [
        'PipelineName',
        'ClientRequestToken',
      ]),
      handle: (request) => {
        const { arn } = pipelines.delete(String(request.PipelineName));
        tags.forget(arn);
        return { PipelineArn: arn };
      },
    },
    ListPipelines: {
      request: object({
        ...PAGING,
        PipelineNamePrefix: PIPELINE_NAME,
        SortBy: oneOf('Name', 'CreationTime'),
      }),
      handle: (request) => {
        const { items, nextToken } = listPage(pipelines.listPipelines(), request, {
          createdAt: ({ creationTime }) => creationTime,
          nameOf: ({ name }) => name,
          descending: true,
          pageSize: PAGE,
        });
        return { PipelineSummaries: items.map(summarizePipeline), NextToken: nextToken };
      },
    },
    ...executionOperations(pipelines),
  };
}

function executionOperations(pipelines: PipelineService): Operations {
  const execution = (request: JsonObject) => pipelines.execution(String(request.PipelineExecutionArn));
  const ofExecution = object({ ...PAGING, PipelineExecutionArn: ARN }, ['PipelineExecutionArn']);
  const change = object(
    {
      PipelineExecutionArn: ARN,
      ClientRequestToken: CLIENT_REQUEST_TOKEN,
      ParallelismConfiguration: PARALLELISM,
    },
    ['PipelineExecutionArn', 'ClientRequestToken'],
  );
  return {
    StartPipelineExecution: {
      request: object(
        {
          PipelineName: ARN_OR_NAME,
          PipelineExecutionDisplayName: text(82, '^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,81}$'),
          PipelineExecutionDescription: { type: 'string', maxLength: 3072 },
          PipelineParameters: list(
            object({ Name: text(256), Value: { type: 'string', maxLength: 1024 } }, ['Name', 'Value']),
            200,
          ),
          ClientRequestToken: CLIENT_REQUEST_TOKEN,
          ParallelismConfiguration: PARALLELISM,
        },
        ['PipelineName', 'ClientRequestToken'],
      ),
      handle: (request) => {
        const given = listOf(request.PipelineParameters).filter(isObject);
        const limit = objectOf(request.ParallelismConfiguration).MaxParallelExecutionSteps;
        const { arn } = pipelines.start({
          pipelineName: String(request.PipelineName),
          parameters: Object.fromEntries(given.map(({ Name, Value }) => [String(Name), String(Value)])),
          clientRequestToken: textOf(request.ClientRequestToken),
          displayName: textOf(request.PipelineExecutionDisplayName),
          description: textOf(request.PipelineExecutionDescription),
          maximumParallelSteps: typeof limit === 'number' ? limit : undefined,
        });
        return { PipelineExecutionArn: arn };
      },
    },
    StopPipelineExecution: {
      request: change,
      handle: (request) => ({ PipelineExecutionArn: pipelines.stop(execution(request).arn).arn }),
    },
    RetryPipelineExecution: {
      request: change,
      handle: (request) => ({ PipelineExecutionArn: pipelines.retry(execution(request).arn).arn }),
    },
    DescribePipelineExecution: {
      request: ofExecution,
      handle: (request) => describeExecution(execution(request)),
    },
    DescribePipelineDefinitionForExecution: {
      request: ofExecution,
      handle: (request) => ({
        PipelineDefinition: execution(request).definitionText,
        CreationTime: seconds(execution(request).creationTime),
      }),
    },
    ListPipelineExecutions: {
      request: object(
        { ...PAGING, PipelineName: ARN_OR_NAME, SortBy: oneOf('CreationTime', 'PipelineExecutionArn') },
        ['PipelineName'],
      ),
      handle: (request) => {
        const { arn } = pipelines.pipeline(String(request.PipelineName));
        const { items, nextToken } = listPage(pipelines.listExecutions(arn), request, {
          createdAt: ({ creationTime }) => creationTime,
          nameOf: (item) => item.arn,
          descending: true,
          pageSize: PAGE,
        });
        return { PipelineExecutionSummaries: items.map(summarizeExecution), NextToken: nextToken };
      },
    },
    ListPipelineExecutionSteps: {
      request: ofExecution,
      handle: (request) => {
        const { items, nextToken } = listPage([...execution(request).steps.values()], request, {
          createdAt: ({ startTime }) => startTime,
          nameOf: ({ step }) => step.Name,
          descending: true,
          pageSize: PAGE,
        });
        return { PipelineExecutionSteps: items.map(describeStep), NextToken: nextToken };
      },
    },
    ListPipelineParametersForExecution: {
      request: ofExecution,
      handle: (request) => ({
        PipelineParameters: Object.entries(execution(request).parameters).map(([Name, value]) => ({
          Name,
          Value: String(value),
        })),
      }),
    },
  };
}
