import { InvokeCommand } from '@aws-sdk/client-lambda';
import { paginateListPipelineExecutions, StartPipelineExecutionCommand } from '@aws-sdk/client-sagemaker';
import { s3LocationOf } from '../../../contracts/s3-address';
import { LabelTable } from '../../dataset/label-table';
import { DATASET_VARIABLES } from '../../dataset/names';
import { EpisodeTable } from '../../monitoring/episode-table';
import { MONITORING_VARIABLES } from '../../monitoring/names';
import { modelArtifactUri } from '../../registry/model-artifact';
import { REGISTRY_VARIABLES } from '../../registry/names';
import { ReleaseTable } from '../../registry/release-table';
import { documentClient, lambda, sagemaker } from '../../shared/aws';
import { numberFromEnvironment, requireEnvironment } from '../../shared/env';
import { putEvent } from '../../shared/events';
import { SHARED_VARIABLES } from '../../shared/names';
import { readSpending } from '../../shared/spending';
import { cloudChampionUri } from '../../training/cloud-champion';
import { PIPELINE_PARAMETERS, TRAINING_VARIABLES } from '../../training/names';
import { RETRAINING_EVENTS, RETRAINING_VARIABLES } from '../names';
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

/** The accepted manifest's URI. @throws Error when merge-captures failed, with its message */
async function mergeCaptures(
  functionName: string,
  request: { readonly useCase: string; readonly withoutClasses?: readonly string[] },
): Promise<string> {
  const answer = await lambda().send(
    new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(request)) }),
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
  const useCase = requireEnvironment(SHARED_VARIABLES.useCase);
  const pipelineName = requireEnvironment(TRAINING_VARIABLES.pipelineName);
  const labels = new LabelTable(documentClient(), requireEnvironment(DATASET_VARIABLES.labelTable), useCase);
  const mergeFunction = requireEnvironment(RETRAINING_VARIABLES.mergeCapturesFunction);
  const epochs = numberFromEnvironment(RETRAINING_VARIABLES.epochs, {
    default: 10,
    minimum: 1,
    maximum: 1000,
  });
  const cloudWidth = numberFromEnvironment(TRAINING_VARIABLES.cloudWidthMultiplier, {
    default: 0,
    minimum: 0,
    maximum: 2,
  });
  const releases = new ReleaseTable(
    documentClient(),
    requireEnvironment(REGISTRY_VARIABLES.releaseTable),
    useCase,
  );
  let modelUri: string | undefined;
  return {
    now: () => new Date(),
    async champion() {
      const champion = await releases.champion();
      modelUri = champion?.item.modelUri;
      if (!champion) return undefined;
      const { exportUri, cloudModel } = champion.item;
      const cloudModelUri = cloudChampionUri(cloudModel, cloudWidth);
      return { release: champion.release, exportUri, cloudModelUri };
    },
    championModelUri: async ({ release }) =>
      modelUri ?? modelArtifactUri(sagemaker(), release.modelPackageArn),
    runs: () => listRuns(pipelineName),
    labels: () => labels.read(),
    spending: async () => {
      const budget = process.env[RETRAINING_VARIABLES.spendingBudget];
      return budget ? readSpending(budget, RETRAINING_VARIABLES.spendingBudget) : undefined;
    },
    episodes: new EpisodeTable(
      documentClient(),
      requireEnvironment(MONITORING_VARIABLES.episodeTable),
      useCase,
    ),
    mergeCaptures: (withoutClasses) =>
      mergeCaptures(mergeFunction, { useCase, ...(withoutClasses.length > 0 && { withoutClasses }) }),
    async startPipeline(parameters, clientRequestToken) {
      const answer = await sagemaker().send(
        new StartPipelineExecutionCommand({
          PipelineName: pipelineName,
          ClientRequestToken: clientRequestToken,
          PipelineExecutionDescription: 'Retraining of a drift episode',
          PipelineParameters: [
            { Name: PIPELINE_PARAMETERS.datasetManifestUri, Value: parameters.datasetManifestUri },
            { Name: PIPELINE_PARAMETERS.championModelUri, Value: parameters.championModelUri },
            ...(parameters.championCloudModelUri === undefined
              ? []
              : [
                  {
                    Name: PIPELINE_PARAMETERS.championCloudModelUri,
                    Value: parameters.championCloudModelUri,
                  },
                ]),
            { Name: PIPELINE_PARAMETERS.epochs, Value: String(epochs) },
          ],
        }),
      );
      if (!answer.PipelineExecutionArn) throw new Error(`SageMaker started ${pipelineName} without an ARN`);
      return answer.PipelineExecutionArn;
    },
    retrainingStarted: (detail) => putEvent(RETRAINING_EVENTS.started, detail),
  };
}
