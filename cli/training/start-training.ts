import { randomUUID } from 'node:crypto';
import { DescribePipelineCommand, StartPipelineExecutionCommand } from '@aws-sdk/client-sagemaker';
import { DatasetBucket } from '../../lambda/dataset/dataset-bucket';
import { modelArtifactUri } from '../../lambda/registry/model-artifact';
import { ReleaseTable } from '../../lambda/registry/release-table';
import { cloudChampionUri } from '../../lambda/training/cloud-champion';
import { hyperparameterParameter, PIPELINE_PARAMETERS } from '../../lambda/training/names';
import type { Clients } from '../shared/clients';
import type { KaizenEnvironment } from '../shared/environment';
import { InputError, refuse } from '../shared/errors';
import { unknownHyperparameters } from './hyperparameter-option';

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
  /** Other values for hyperparameters of the configuration's own, as text that the training toolkit reads. */
  readonly hyperparameters?: Readonly<Record<string, string>> | undefined;
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
  const bucket = new DatasetBucket(s3, environment.output('DatasetBucketName'));
  const dataset = await bucket.currentDataset();
  if (dataset) return bucket.uriOf(dataset.key);
  throw new InputError(
    `environment '${environment.name}' has no dataset yet: bring one with 'kaizen dataset import <folder>', or name a manifest with --manifest`,
  );
}

/** Of the larger network that the deployed pipeline trains, if any. */
const cloudWidthOf = (environment: KaizenEnvironment): number | undefined =>
  environment.has('CloudWidthMultiplier') ? Number(environment.output('CloudWidthMultiplier')) : undefined;

async function championOf({ dynamoDb, sageMaker }: TrainingClients, environment: KaizenEnvironment) {
  const table = new ReleaseTable(dynamoDb, environment.output('ReleaseTableName'), environment.useCase);
  const champion = await table.champion();
  if (!champion) return undefined;
  const { releaseId, modelPackageArn } = champion.release;
  const modelUri = champion.item.modelUri ?? (await modelArtifactUri(sageMaker, modelPackageArn));
  const cloudModelUri = cloudChampionUri(champion.item.cloudModel, cloudWidthOf(environment));
  return { releaseId, modelUri, cloudModelUri };
}

/** @throws InputError with every name that the deployed pipeline does not take */
async function refuseUnknown(
  sageMaker: Clients['sageMaker'],
  PipelineName: string,
  hyperparameters: Readonly<Record<string, string>>,
): Promise<void> {
  const { PipelineDefinition } = await sageMaker.send(new DescribePipelineCommand({ PipelineName }));
  const { Parameters = [] } = JSON.parse(PipelineDefinition ?? '{}') as {
    readonly Parameters?: readonly { readonly Name: string }[];
  };
  const names = Parameters.map(({ Name }) => Name);
  refuse('--hyperparameter', unknownHyperparameters(Object.keys(hyperparameters), names));
}

/** Starts the training pipeline, as retraining does: with the dataset in force and the release in service. */
export async function startTraining(
  clients: TrainingClients,
  environment: KaizenEnvironment,
  request: TrainingRequest,
): Promise<StartedTraining> {
  const { hyperparameters = {} } = request;
  if (Object.keys(hyperparameters).length > 0) {
    await refuseUnknown(clients.sageMaker, environment.output('PipelineName'), hyperparameters);
  }
  const manifestUri = request.manifestUri ?? (await currentManifestUri(clients.s3, environment));
  const champion = request.champion === false ? undefined : await championOf(clients, environment);
  const { epochs, learningRate, widthMultiplier, seed } = request;
  const given = {
    datasetManifestUri: manifestUri,
    championModelUri: champion?.modelUri,
    championCloudModelUri: champion?.cloudModelUri,
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
      PipelineParameters: [
        ...Object.entries(given).flatMap(([name, value]) =>
          value === undefined
            ? []
            : [{ Name: PIPELINE_PARAMETERS[name as keyof typeof given], Value: String(value) }],
        ),
        ...Object.entries(hyperparameters).map(([name, Value]) => ({
          Name: hyperparameterParameter(name),
          Value,
        })),
      ],
    }),
  );
  if (!answer.PipelineExecutionArn) throw new Error('SageMaker started the pipeline without an ARN');
  return { executionArn: answer.PipelineExecutionArn, manifestUri, championId: champion?.releaseId };
}
