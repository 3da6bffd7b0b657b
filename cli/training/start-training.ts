import { randomUUID } from 'node:crypto';
import { GetObjectCommand, NoSuchKey } from '@aws-sdk/client-s3';
import { DescribeModelPackageCommand, StartPipelineExecutionCommand } from '@aws-sdk/client-sagemaker';
import { s3Uri } from '../../contracts/s3-address';
import type { CurrentDataset } from '../../lambda/dataset/current-dataset';
import { CURRENT_KEY } from '../../lambda/dataset/names';
import { ReleaseTable } from '../../lambda/registry/release-table';
import { PIPELINE_PARAMETERS } from '../../lambda/training/names';
import type { Clients } from '../shared/clients';
import type { KaizenEnvironment } from '../shared/environment';
import { InputError } from '../shared/errors';

/** What the pipeline may be given by hand; what is absent has the environment's default. */
export interface TrainingRequest {
  /** S3 URI of an accepted manifest. @default - the dataset in force */
  readonly manifestUri?: string | undefined;
  /** Compare with the release in service, and begin with its weights. @default true */
  readonly champion?: boolean | undefined;
  readonly epochs?: number | undefined;
  readonly learningRate?: number | undefined;
  readonly widthMultiplier?: number | undefined;
  readonly seed?: number | undefined;
}

export interface StartedTraining {
  readonly executionArn: string;
  readonly manifestUri: string;
  /** Id of the release that the new model is compared with. */
  readonly championId?: string | undefined;
}

type TrainingClients = Pick<Clients, 's3' | 'sageMaker' | 'dynamoDb'>;

/** @throws InputError when no dataset has been accepted yet */
async function currentManifestUri(s3: Clients['s3'], environment: KaizenEnvironment): Promise<string> {
  const bucket = environment.output('DatasetBucketName');
  try {
    const answer = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: CURRENT_KEY }));
    const { key } = JSON.parse((await answer.Body?.transformToString()) ?? '{}') as CurrentDataset;
    return s3Uri(bucket, key);
  } catch (error) {
    if (!(error instanceof NoSuchKey)) throw error;
    throw new InputError(
      `environment '${environment.name}' has no dataset yet: bring one with 'kaizen dataset import <folder>', or name a manifest with --manifest`,
    );
  }
}

async function championOf({ dynamoDb, sageMaker }: TrainingClients, environment: KaizenEnvironment) {
  const table = new ReleaseTable(dynamoDb, environment.output('ReleaseTableName'), environment.useCase);
  const champion = await table.champion();
  if (!champion) return undefined;
  const { releaseId, modelPackageArn } = champion.release;
  if (champion.item.modelUri) return { releaseId, modelUri: champion.item.modelUri };
  const described = await sageMaker.send(
    new DescribeModelPackageCommand({ ModelPackageName: modelPackageArn }),
  );
  const modelUri = described.InferenceSpecification?.Containers?.[0]?.ModelDataUrl;
  if (!modelUri) throw new Error(`model package ${modelPackageArn} names no model artifact`);
  return { releaseId, modelUri };
}

/** Starts the training pipeline, as retraining does: with the dataset in force and the release in service. */
export async function startTraining(
  clients: TrainingClients,
  environment: KaizenEnvironment,
  request: TrainingRequest,
): Promise<StartedTraining> {
  const manifestUri = request.manifestUri ?? (await currentManifestUri(clients.s3, environment));
  const champion = request.champion === false ? undefined : await championOf(clients, environment);
  const { epochs, learningRate, widthMultiplier, seed } = request;
  const given = {
    datasetManifestUri: manifestUri,
    championModelUri: champion?.modelUri,
    epochs,
    learningRate,
    widthMultiplier,
    seed,
  };
  const answer = await clients.sageMaker.send(
    new StartPipelineExecutionCommand({
      PipelineName: environment.output('PipelineName'),
      // The SDK repeats a request that was not answered: it must not start a second one.
      ClientRequestToken: randomUUID(),
      PipelineExecutionDescription: 'Started by hand',
      PipelineParameters: Object.entries(given).flatMap(([name, value]) =>
        value === undefined
          ? []
          : [{ Name: PIPELINE_PARAMETERS[name as keyof typeof given], Value: String(value) }],
      ),
    }),
  );
  if (!answer.PipelineExecutionArn) throw new Error('SageMaker started the pipeline without an ARN');
  return { executionArn: answer.PipelineExecutionArn, manifestUri, championId: champion?.releaseId };
}
