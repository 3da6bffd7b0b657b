/** Reads what a model package comes from: registry, pipeline, buckets, release table. */
import { GetObjectCommand } from '@aws-sdk/client-s3';
import {
  DescribeModelPackageCommand,
  DescribePipelineDefinitionForExecutionCommand,
  DescribePipelineExecutionCommand,
  type Parameter,
  paginateListPipelineParametersForExecution,
} from '@aws-sdk/client-sagemaker';
import { counterOfItem } from '../../lambda/registry/names';
import { parseS3Uri } from '../../lambda/shared/s3-uri';
import type { Clients } from '../shared/clients';
import { queryUseCase } from '../shared/dynamo';
import type { KaizenEnvironment } from '../shared/environment';
import { executionSteps } from '../shared/execution-steps';
import { findPackage } from './decide-model-package';
import type { ExecutionLink, Found, LineageLinks, PackageLink, ReleaseLink } from './lineage';

type LineageClients = Pick<Clients, 'sageMaker' | 's3' | 'dynamoDb'>;

/** A link that cannot be followed is what this command is there to say: never an error. */
async function find<T>(what: string, read: () => Promise<T>): Promise<Found<T>> {
  try {
    return { value: await read() };
  } catch (error) {
    const { name, message } = error as Error;
    return { missing: `${what} cannot be read: ${name}: ${message}` };
  }
}

function readObject(
  clients: LineageClients,
  what: string,
  uri: string | undefined,
): Promise<Found<Uint8Array>> {
  if (!uri) return Promise.resolve({ missing: `nothing says where ${what} is` });
  return find(uri, async () => {
    const { bucket, key } = parseS3Uri(uri, what);
    const { Body } = await clients.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    if (!Body) throw new Error('it has no content');
    return Body.transformToByteArray();
  });
}

async function readExecution(clients: LineageClients, arn: string): Promise<ExecutionLink> {
  const PipelineExecutionArn = arn;
  const execution = await clients.sageMaker.send(
    new DescribePipelineExecutionCommand({ PipelineExecutionArn }),
  );
  const client = clients.sageMaker;
  const parameters: Parameter[] = [];
  for await (const page of paginateListPipelineParametersForExecution({ client }, { PipelineExecutionArn })) {
    parameters.push(...(page.PipelineParameters ?? []));
  }
  const steps = await executionSteps(client, arn);
  return {
    arn,
    status: execution.PipelineExecutionStatus ?? 'unknown',
    startedAt: execution.CreationTime?.toISOString(),
    endedAt: execution.LastModifiedTime?.toISOString(),
    parameters: Object.fromEntries(parameters.map(({ Name = '', Value = '' }) => [Name, Value])),
    steps: steps.map((step) => ({
      name: step.StepName ?? '',
      status: step.StepStatus ?? 'unknown',
      startedAt: step.StartTime?.toISOString(),
      endedAt: step.EndTime?.toISOString(),
      cachedFrom: step.CacheHitResult?.SourcePipelineExecutionArn,
    })),
  };
}

/** The fields that we read of a pipeline's definition. */
interface PipelineDefinition {
  readonly Steps?: readonly {
    readonly Arguments?: {
      readonly ProcessingInputs?: readonly {
        readonly InputName?: string;
        readonly S3Input?: { readonly S3Uri?: string };
      }[];
    };
  }[];
}

/** Where the execution's jobs had their code from: the input of that name in its definition. */
async function readCode(clients: LineageClients, arn: string): Promise<Found<Uint8Array>> {
  const found = await find('the definition of the execution', async () => {
    const answer = await clients.sageMaker.send(
      new DescribePipelineDefinitionForExecutionCommand({ PipelineExecutionArn: arn }),
    );
    return JSON.parse(answer.PipelineDefinition ?? '{}') as PipelineDefinition;
  });
  if ('missing' in found) return found;
  const inputs = found.value.Steps?.flatMap((step) => step.Arguments?.ProcessingInputs ?? []);
  const code = inputs?.find(({ InputName }) => InputName === 'code');
  return readObject(clients, 'the code', code?.S3Input?.S3Uri);
}

/** Releases of the use case with the packages that they were made from. */
export async function readReleases(
  clients: Pick<Clients, 'dynamoDb'>,
  environment: KaizenEnvironment,
): Promise<ReleaseLink[]> {
  const table = environment.output('ReleaseTableName');
  const items = await queryUseCase(clients.dynamoDb, table, environment.useCase);
  return items
    .flatMap(({ item, status, modelUri, release }) => {
      const counter = counterOfItem(String(item));
      if (counter === undefined) return [];
      const { modelPackageArn } = JSON.parse(String(release)) as { modelPackageArn?: unknown };
      return {
        counter,
        status: String(status),
        modelUri: modelUri === undefined ? undefined : String(modelUri),
        modelPackageArn: String(modelPackageArn),
      };
    })
    .sort((left, right) => left.counter - right.counter);
}

/** `<arn of the account's SageMaker>:pipeline/<name>/execution/<id>`, for packages that do not say who made them. */
const executionArn = (packageArn: string, pipeline: string, id: string): string =>
  packageArn.replace(/model-package\/.*$/, `pipeline/${pipeline.toLowerCase()}/execution/${id}`);

/** @throws InputError when the group has no such version */
export async function readLineage(
  clients: LineageClients,
  environment: KaizenEnvironment,
  version: number,
): Promise<LineageLinks> {
  const group = environment.output('ModelPackageGroupName');
  const { arn } = await findPackage(clients.sageMaker, group, version);
  const described = await clients.sageMaker.send(new DescribeModelPackageCommand({ ModelPackageName: arn }));
  const metadata = described.CustomerMetadataProperties ?? {};
  const modelPackage: PackageLink = {
    arn,
    version,
    approvalStatus: described.ModelApprovalStatus ?? 'unknown',
    approvalReason: described.ApprovalDescription,
    createdAt: described.CreationTime?.toISOString(),
    modelUri: described.InferenceSpecification?.Containers?.[0]?.ModelDataUrl,
    metadata,
  };
  const madeBy =
    described.MetadataProperties?.GeneratedBy ??
    (metadata.pipelineExecutionId &&
      executionArn(arn, environment.output('PipelineName'), metadata.pipelineExecutionId));
  const nobody = { missing: 'the package does not say which execution made it' };
  const [execution, code, manifest, evaluation, exported, releases] = await Promise.all([
    madeBy ? find(madeBy, () => readExecution(clients, madeBy)) : nobody,
    madeBy ? readCode(clients, madeBy) : nobody,
    readObject(clients, 'the dataset manifest', metadata.datasetManifestUri),
    readObject(clients, 'the evaluation', described.ModelMetrics?.ModelQuality?.Statistics?.S3Uri),
    readObject(clients, 'the export', metadata.exportUri && `${metadata.exportUri}export.json`),
    readReleases(clients, environment),
  ]);
  return { modelPackage, execution, code, manifest, evaluation, exported, releases };
}
