/** The project's own pipeline with the default script, in what `config/local.ts` leaves switched off. */
import {
  CreateTrainingJobCommand,
  DescribeModelPackageCommand,
  DescribeTrainingJobCommand,
  ListModelPackagesCommand,
  ListTrainingJobsForHyperParameterTuningJobCommand,
} from '@aws-sdk/client-sagemaker';
import { PROGRESS_PREFIX } from '../../demo/training-progress';
import {
  type FinishedExecution,
  type RunningTrainingPipeline,
  startTrainingPipeline,
} from '../training/running-training-pipeline';

const TIMEOUT = 300_000;
const TRIALS = 4;

let pipeline: RunningTrainingPipeline;
let execution: FinishedExecution;

beforeAll(async () => {
  pipeline = await startTrainingPipeline({
    // Few, and yet a part of every class in every split.
    datasetItems: 240,
    training: {
      instanceCount: 2,
      cloudVariant: { widthMultiplier: 0.5 },
      tuning: {
        strategy: 'Bayesian',
        maximumJobs: TRIALS,
        parallelJobs: 1,
        earlyStopping: 'Auto',
        objective: {
          metric: 'validation:accuracy',
          regex: `${PROGRESS_PREFIX}.*"accuracy": ([0-9.]+)`,
          goal: 'Maximize',
        },
        ranges: {
          learning_rate: { type: 'Continuous', minimum: 0.01, maximum: 0.3, scaling: 'Logarithmic' },
        },
      },
    },
  });
  execution = await pipeline.execute({ Epochs: '2', WidthMultiplier: '0.1' });
}, TIMEOUT);

afterAll(() => pipeline?.stop(), TIMEOUT);

async function trials() {
  const HyperParameterTuningJobName = execution.steps.Tune?.Metadata?.TuningJob?.Arn?.split('/').at(-1);
  const { TrainingJobSummaries = [] } = await pipeline.sagemaker.send(
    new ListTrainingJobsForHyperParameterTuningJobCommand({ HyperParameterTuningJobName }),
  );
  return Promise.all(
    TrainingJobSummaries.map(({ TrainingJobName }) =>
      pipeline.sagemaker.send(new DescribeTrainingJobCommand({ TrainingJobName })),
    ),
  );
}

test('[S6] the search trains the default script four times, and the best trial goes through the gate', async () => {
  expect(execution.reasons).toEqual([]);
  expect(execution.status).toBe('Succeeded');
  expect(Object.keys(execution.steps).sort()).toEqual(
    ['CheckQuality', 'Evaluate', 'Export', 'Prepare', 'Register', 'TrainCloudVariant', 'Tune'].sort(),
  );
  const jobs = await trials();
  expect(jobs.map(({ TrainingJobStatus }) => TrainingJobStatus)).toEqual(Array(TRIALS).fill('Completed'));
  expect(new Set(jobs.map(({ HyperParameters }) => HyperParameters?.learning_rate)).size).toBe(TRIALS);
  const accuracies = jobs.map(({ FinalMetricDataList }) => FinalMetricDataList?.[0]?.Value ?? Number.NaN);

  const { ModelPackageSummaryList = [] } = await pipeline.sagemaker.send(
    new ListModelPackagesCommand({ ModelPackageGroupName: pipeline.modelPackageGroup }),
  );
  expect(ModelPackageSummaryList).toHaveLength(1);
  const { InferenceSpecification } = await pipeline.sagemaker.send(
    new DescribeModelPackageCommand({ ModelPackageName: ModelPackageSummaryList[0]?.ModelPackageArn }),
  );
  const registered = jobs.findIndex(
    ({ ModelArtifacts }) =>
      ModelArtifacts?.S3ModelArtifacts === InferenceSpecification?.Containers?.[0]?.ModelDataUrl,
  );
  expect(accuracies[registered]).toBe(Math.max(...accuracies));
});

test(
  '[S4] two hosts leave the model that one leaves, byte for byte',
  async () => {
    const [two] = await trials();
    expect(two?.ResourceConfig?.InstanceCount).toBe(2);
    const TrainingJobName = 'one-host';
    await pipeline.sagemaker.send(
      new CreateTrainingJobCommand({
        TrainingJobName,
        RoleArn: two?.RoleArn,
        AlgorithmSpecification: two?.AlgorithmSpecification,
        HyperParameters: two?.HyperParameters,
        InputDataConfig: two?.InputDataConfig,
        OutputDataConfig: two?.OutputDataConfig,
        StoppingCondition: two?.StoppingCondition,
        ResourceConfig: { InstanceCount: 1, InstanceType: 'ml.m5.large', VolumeSizeInGB: 1 },
      }),
    );
    const one = await pipeline.trained(TrainingJobName);
    const [expected, model] = await Promise.all(
      [one, two].map((job) => pipeline.readModel(job?.ModelArtifacts?.S3ModelArtifacts ?? '', 'model.pt')),
    );
    expect(model?.length).toBeGreaterThan(100_000);
    expect(model?.equals(expected ?? Buffer.alloc(0))).toBe(true);
    // The second host trained too, and left the reporting to the first.
    const reports = pipeline.progress.flatMap((event) =>
      event.kind === 'log' && event.job === two?.TrainingJobName && event.line.startsWith(PROGRESS_PREFIX)
        ? [event.host]
        : [],
    );
    expect(reports).toEqual(['algo-1', 'algo-1']);
  },
  TIMEOUT,
);

test("[S10] a larger network is trained, compared and exported beside the devices' variants", async () => {
  const { cloudVariant, files, cost } = await pipeline.exported();
  expect(cloudVariant?.file.name).toBe('model-cloud.onnx');
  expect(cloudVariant?.multiplyAccumulates).toBeGreaterThan(2 * cost.multiplyAccumulates);
  expect(cloudVariant?.maximumDifference).toBeLessThan(1e-4);
  expect(files.map(({ name }) => name)).not.toContain('model-cloud.onnx');
});
