/** The project's own pipeline with the default script, in what `config/local.ts` leaves switched off. */
import {
  CreateTrainingJobCommand,
  DescribeModelPackageCommand,
  DescribeTrainingJobCommand,
  ListModelPackagesCommand,
  ListTrainingJobsForHyperParameterTuningJobCommand,
} from '@aws-sdk/client-sagemaker';
import { PROGRESS_PREFIX } from '../../demo/training-progress';
import { cloudModelOf } from '../../lambda/training/cloud-champion';
import {
  type FinishedExecution,
  type RunningTrainingPipeline,
  startTrainingPipeline,
} from '../training/running-training-pipeline';

/** Only ends what hangs: the pipeline takes a minute and a half where nothing else runs. */
const TIMEOUT = 900_000;
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

/** What a training job has said of its objective, oldest first. */
const accuraciesOf = (job: string | undefined): number[] =>
  pipeline.progress.flatMap((event) => {
    if (event.kind !== 'log' || event.job !== job || !event.line.startsWith(PROGRESS_PREFIX)) return [];
    return [(JSON.parse(event.line.slice(PROGRESS_PREFIX.length)) as { accuracy: number }).accuracy];
  });

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The two middle ones of an even number are averaged. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return mean(sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1));
}

test('[S6] the search trains the default script four times, and the best trial goes through the gate', async () => {
  expect(execution.reasons).toEqual([]);
  expect(execution.status).toBe('Succeeded');
  expect(Object.keys(execution.steps).sort()).toEqual(
    ['CheckQuality', 'Evaluate', 'Export', 'Prepare', 'Register', 'TrainCloudVariant', 'Tune'].sort(),
  );
  const jobs = await trials();
  expect(jobs).toHaveLength(TRIALS);
  expect(new Set(jobs.map(({ HyperParameters }) => HyperParameters?.learning_rate)).size).toBe(TRIALS);
  // Each has trained: one epoch at least, whether early stopping let it go on or not.
  for (const { TrainingJobName } of jobs) expect(accuraciesOf(TrainingJobName)).not.toEqual([]);
  const completed = jobs.filter(({ TrainingJobStatus }) => TrainingJobStatus === 'Completed');
  const accuracies = completed.map(
    ({ FinalMetricDataList }) => FinalMetricDataList?.[0]?.Value ?? Number.NaN,
  );

  const { ModelPackageSummaryList = [] } = await pipeline.sagemaker.send(
    new ListModelPackagesCommand({ ModelPackageGroupName: pipeline.modelPackageGroup }),
  );
  expect(ModelPackageSummaryList).toHaveLength(1);
  const { InferenceSpecification } = await pipeline.sagemaker.send(
    new DescribeModelPackageCommand({ ModelPackageName: ModelPackageSummaryList[0]?.ModelPackageArn }),
  );
  const registered = completed.findIndex(
    ({ ModelArtifacts }) =>
      ModelArtifacts?.S3ModelArtifacts === InferenceSpecification?.Containers?.[0]?.ModelDataUrl,
  );
  expect(accuracies[registered]).toBe(Math.max(...accuracies));
});

/**
 * How good a learning rate turns out differs between processors in the last bits, so which trials are stopped does too,
 * and none need be; that the service stops one when it must is shown in the tests of the local SageMaker.
 */
test('[S6] early stopping ends none of the first two trials, and later ones only by its rule', async () => {
  const jobs = await trials();
  const statuses = jobs.map(({ TrainingJobStatus }) => TrainingJobStatus);
  expect(statuses.slice(0, 2)).toEqual(['Completed', 'Completed']);
  const ended: number[][] = [];
  for (const [index, { TrainingJobName }] of jobs.entries()) {
    const values = accuraciesOf(TrainingJobName);
    if (statuses[index] === 'Completed') {
      ended.push(values);
      continue;
    }
    expect(statuses[index]).toBe('Stopped');
    // At some epoch, not the last: between the decision and the signal it may have reported once more.
    const fellBehind = values.some((value, epoch) => {
      const averages = ended.map((earlier) => mean(earlier.slice(0, epoch + 1)));
      return value < median(averages);
    });
    expect({ TrainingJobName, values, ended, fellBehind }).toMatchObject({ fellBehind: true });
  }
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

test('[S10] the registry names the larger network that the next one starts from', async () => {
  const { ModelPackageSummaryList = [] } = await pipeline.sagemaker.send(
    new ListModelPackagesCommand({ ModelPackageGroupName: pipeline.modelPackageGroup }),
  );
  const { CustomerMetadataProperties = {} } = await pipeline.sagemaker.send(
    new DescribeModelPackageCommand({ ModelPackageName: ModelPackageSummaryList[0]?.ModelPackageArn }),
  );
  const { model, problems } = cloudModelOf(CustomerMetadataProperties);
  expect(problems).toEqual([]);
  const described = JSON.parse((await pipeline.readModel(model?.uri ?? '', 'model.json')).toString('utf8'));
  expect(described).toMatchObject({ widthMultiplier: model?.widthMultiplier });
});
