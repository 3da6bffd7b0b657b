import { InvokeCommand } from '@aws-sdk/client-lambda';
import {
  DescribeModelPackageCommand,
  paginateListPipelineExecutions,
  StartPipelineExecutionCommand,
} from '@aws-sdk/client-sagemaker';
import { s3LocationOf } from '../../../contracts/s3-address';
import { readLabels } from '../../dataset/label-table';
import { EpisodeTable } from '../../monitoring/episode-table';
import { documentClient, lambda, sagemaker } from '../../shared/aws';
import { numberFromEnvironment, requireEnvironment } from '../../shared/env';
import { putEvent } from '../../shared/events';
import { DETAIL_TYPES, ENVIRONMENT_VARIABLES as VARIABLES } from '../../shared/names';
import { ReleaseReader } from '../../shared/releases';
import { RETRAINING_VARIABLES } from '../names';
import type { PipelineRun } from './decide-retraining';
import type { StartRetrainingPorts } from './start-retraining';

async function listRuns(pipelineName: string): Promise<PipelineRun[]> {
  const runs: PipelineRun[] = [];
  const ofPipeline = { PipelineName: pipelineName };
  for await (const page of paginateListPipelineExecutions({ client: sagemaker() }, ofPipeline)) {
    for (const summary of page.PipelineExecutionSummaries ?? []) {
      const { PipelineExecutionArn: arn, PipelineExecutionStatus: status, StartTime: startedAt } = summary;
      if (arn && status && startedAt) runs.push({ arn, status, startedAt });
    }
  }
  return runs;
}

/** Model artifact of a registered package. */
async function modelUriOf(modelPackageArn: string): Promise<string> {
  const answer = await sagemaker().send(
    new DescribeModelPackageCommand({ ModelPackageName: modelPackageArn }),
  );
  const uri = answer.InferenceSpecification?.Containers?.[0]?.ModelDataUrl;
  if (!uri) throw new Error(`model package ${modelPackageArn} names no model artifact`);
  return uri;
}

/** The accepted manifest's URI. @throws Error when merge-captures failed, with its message */
async function mergeCaptures(functionName: string, useCase: string): Promise<string> {
  const answer = await lambda().send(
    new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify({ useCase })) }),
  );
  const text = Buffer.from(answer.Payload ?? []).toString('utf8');
  if (answer.FunctionError) throw new Error(`${functionName} failed: ${text}`);
  const { manifestUri } = JSON.parse(text) as { manifestUri?: unknown };
  if (typeof manifestUri !== 'string' || !s3LocationOf(manifestUri)?.key) {
    throw new Error(`${functionName} answered without a manifestUri: ${text}`);
  }
  return manifestUri;
}

export function awsPorts(): StartRetrainingPorts {
  const useCase = requireEnvironment(VARIABLES.useCase);
  const pipelineName = requireEnvironment(VARIABLES.pipelineName);
  const labelTable = requireEnvironment(VARIABLES.labelTable);
  const mergeFunction = requireEnvironment(RETRAINING_VARIABLES.mergeCapturesFunction);
  const epochs = numberFromEnvironment(RETRAINING_VARIABLES.epochs, {
    default: 10,
    minimum: 1,
    maximum: 1000,
  });
  const releases = new ReleaseReader(documentClient(), requireEnvironment(VARIABLES.releaseTable), useCase);
  let modelUri: string | undefined;
  return {
    now: () => new Date(),
    async champion() {
      const champion = await releases.champion();
      modelUri = champion?.item.modelUri;
      return champion && { release: champion.release, exportUri: champion.item.exportUri };
    },
    championModelUri: async ({ release }) => modelUri ?? modelUriOf(release.modelPackageArn),
    runs: () => listRuns(pipelineName),
    labels: () => readLabels(documentClient(), labelTable, useCase),
    episodes: new EpisodeTable(documentClient(), requireEnvironment(VARIABLES.episodeTable), useCase),
    mergeCaptures: () => mergeCaptures(mergeFunction, useCase),
    async startPipeline(parameters, clientRequestToken) {
      const answer = await sagemaker().send(
        new StartPipelineExecutionCommand({
          PipelineName: pipelineName,
          ClientRequestToken: clientRequestToken,
          PipelineExecutionDescription: 'Retraining of a drift episode',
          PipelineParameters: [
            { Name: 'DatasetManifestUri', Value: parameters.datasetManifestUri },
            { Name: 'ChampionModelUri', Value: parameters.championModelUri },
            { Name: 'Epochs', Value: String(epochs) },
          ],
        }),
      );
      if (!answer.PipelineExecutionArn) throw new Error(`SageMaker started ${pipelineName} without an ARN`);
      return answer.PipelineExecutionArn;
    },
    retrainingStarted: (detail) => putEvent(DETAIL_TYPES.retrainingStarted, detail),
  };
}
