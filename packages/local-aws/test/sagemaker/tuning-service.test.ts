/** Tuning jobs with a fake search and fake training jobs: what runs, what stops, and how it ends. */
import { checkTuningRequest } from '../../sagemaker/api/tuning-operations';
import { Arns } from '../../sagemaker/arn';
import { invalid } from '../../sagemaker/errors';
import type { Job } from '../../sagemaker/jobs/job';
import { JobMetrics } from '../../sagemaker/jobs/job-metrics';
import type { JsonObject } from '../../sagemaker/json';
import { describeForStep, describeTuningJob } from '../../sagemaker/tuning/describe-tuning';
import { TuningService } from '../../sagemaker/tuning/tuning-service';

const ROLE = 'arn:aws:iam::000000000000:role/r';
const REGEX = 'accuracy=([0-9.]+)';

type Config = Record<string, unknown>;
function request(config: Config = {}, definition: JsonObject = {}): JsonObject {
  return {
    HyperParameterTuningJobName: 'search',
    HyperParameterTuningJobConfig: {
      Strategy: 'Bayesian',
      HyperParameterTuningJobObjective: { Type: 'Maximize', MetricName: 'accuracy' },
      ResourceLimits: { MaxNumberOfTrainingJobs: 4, MaxParallelTrainingJobs: 2 },
      ParameterRanges: {
        ContinuousParameterRanges: [{ Name: 'rate', MinValue: '0.1', MaxValue: '1', ScalingType: 'Linear' }],
      },
      ...config,
    } as JsonObject,
    TrainingJobDefinition: {
      RoleArn: ROLE,
      AlgorithmSpecification: {
        TrainingImage: 'example/pytorch:1',
        TrainingInputMode: 'File',
        MetricDefinitions: [{ Name: 'accuracy', Regex: REGEX }],
      },
      OutputDataConfig: { S3OutputPath: 's3://models/search' },
      ResourceConfig: { InstanceCount: 1, InstanceType: 'ml.m5.large', VolumeSizeInGB: 1 },
      StoppingCondition: { MaxRuntimeInSeconds: 60 },
      StaticHyperParameters: { epochs: '2' },
      ...definition,
    },
  };
}

const tick = () => new Promise((resolve) => setImmediate(resolve));

/** Training jobs that end when the test says so. */
class FakeJobs {
  readonly jobs: Job[] = [];
  readonly stopped: string[] = [];
  readonly asked: number[] = [];
  readonly told: Array<[number, number | undefined]> = [];
  private readonly ends = new Map<Job, () => void>();
  readonly service = new TuningService({
    arns: new Arns('us-east-1', '000000000000'),
    now: () => new Date(0),
    startSearch: () => ({
      ask: async (trial) => {
        this.asked.push(trial);
        return { rate: String(trial) };
      },
      tell: (trial, value) => this.told.push([trial, value]),
      close: () => undefined,
    }),
    createTrainingJob: (training) => this.create(training),
    jobs: { stop: (job) => this.stop(job) },
    onChange: () => undefined,
  });

  create(training: JsonObject): Job {
    const job = {
      name: String(training.TrainingJobName),
      arn: `arn:${training.TrainingJobName}`,
      request: training,
      status: 'InProgress',
      creationTime: new Date(this.jobs.length),
      metrics: new JobMetrics(training.AlgorithmSpecification),
    } as unknown as Job;
    job.ended = new Promise((resolve) => this.ends.set(job, resolve));
    this.jobs.push(job);
    return job;
  }

  say(index: number, line: string): void {
    const job = this.jobs[index] as Job;
    if (job.metrics.observe(line, new Date(0))) this.service.metricReported(job);
  }

  async end(index: number, status: Job['status'], failureReason?: string): Promise<void> {
    const job = this.jobs[index] as Job;
    Object.assign(job, { status, failureReason, endTime: new Date(1) });
    this.ends.get(job)?.();
    for (let turn = 0; turn < 4; turn++) await tick();
  }

  stop(job: Job): void {
    if (job.status !== 'InProgress') return;
    this.stopped.push(job.name);
    void this.end(this.jobs.indexOf(job), 'Stopped');
  }
}

async function started(config: Config = {}) {
  const fake = new FakeJobs();
  const job = fake.service.create(request(config));
  await tick();
  return { fake, job };
}

/** Reports and ends the trials one after the other. */
async function finish(fake: FakeJobs, results: ReadonlyArray<number | 'Failed'>): Promise<void> {
  for (const [index, result] of results.entries()) {
    if (result === 'Failed') await fake.end(index, 'Failed', 'AlgorithmError: x, exit code: 1');
    else {
      fake.say(index, `epoch 1: accuracy=${result}`);
      await fake.end(index, 'Completed');
    }
  }
}

test('[S6] as many trials run at a time as the limit says, and each result is told before the next is asked', async () => {
  const { fake, job } = await started();
  expect(fake.jobs).toHaveLength(2);
  await finish(fake, [0.5]);
  expect(fake.jobs).toHaveLength(3);
  expect(fake.told).toEqual([[0, 0.5]]);
  expect(fake.asked).toEqual([0, 1, 2]);
  await fake.end(1, 'Completed');
  await fake.end(2, 'Completed');
  await fake.end(3, 'Completed');
  await job.ended;
  expect(job.status).toBe('Completed');
});

test('[S6] trials are training jobs with the tuned values among the fixed ones, and names of their own', async () => {
  const { fake } = await started();
  expect(fake.jobs[1]?.request).toMatchObject({
    TrainingJobName: expect.stringMatching(/^search-002-[0-9a-f]{8}$/),
    HyperParameters: { epochs: '2', rate: '1', _tuning_objective_metric: 'accuracy' },
    RoleArn: ROLE,
  });
  expect(fake.jobs[1]?.request).not.toHaveProperty('StaticHyperParameters');
});

test('[S6] trials that fail cost the search nothing but themselves', async () => {
  const { fake, job } = await started();
  await finish(fake, [0.5, 'Failed', 0.75, 'Failed']);
  await job.ended;
  expect(describeTuningJob(job)).toMatchObject({
    HyperParameterTuningJobStatus: 'Completed',
    TrainingJobStatusCounters: { Completed: 2, NonRetryableError: 2 },
    ObjectiveStatusCounters: { Succeeded: 2, Pending: 0, Failed: 2 },
    BestTrainingJob: {
      TunedHyperParameters: { rate: '2' },
      FinalHyperParameterTuningJobObjectiveMetric: { MetricName: 'accuracy', Type: 'Maximize', Value: 0.75 },
    },
  });
  expect(fake.told).toEqual([
    [0, 0.5],
    [1, undefined],
    [2, 0.75],
    [3, undefined],
  ]);
  const summaries = describeForStep(job).TrainingJobSummaries as JsonObject[];
  expect(summaries.map(({ TrainingJobName }) => String(TrainingJobName).slice(0, 10))).toEqual([
    'search-003',
    'search-001',
  ]);
});

test('[S6] when every trial fails, the job fails and says why the first did', async () => {
  const { fake, job } = await started();
  await finish(fake, ['Failed', 'Failed', 'Failed', 'Failed']);
  await job.ended;
  expect(job).toMatchObject({
    status: 'Failed',
    failureReason: 'All training jobs failed, the first for: AlgorithmError: x, exit code: 1',
  });
});

test('[S6] trials that never report the metric are a failure that names it', async () => {
  const { fake, job } = await started();
  for (const index of [0, 1, 2, 3]) await fake.end(index, 'Completed');
  await job.ended;
  expect(job.failureReason).toBe("No training job reported the objective metric 'accuracy': check its Regex");
});

test('[S6] a request that no trial can be started with fails the job and leaves nothing running', async () => {
  const fake = new FakeJobs();
  jest.spyOn(fake, 'create').mockImplementationOnce(() => {
    throw invalid('HyperParameters: too many');
  });
  const job = fake.service.create(request());
  await job.ended;
  expect(job).toMatchObject({ status: 'Failed', failureReason: 'HyperParameters: too many' });
});

test('[S6] Stop stops the running trials and starts no other', async () => {
  const { fake, job } = await started();
  fake.service.stop(job);
  await job.ended;
  expect(job.status).toBe('Stopped');
  expect(fake.stopped).toHaveLength(2);
  expect(fake.jobs).toHaveLength(2);
});

test.each([
  ['Auto', ['search-003']],
  ['Off', []],
])('[S6] early stopping %s', async (TrainingJobEarlyStoppingType, expected) => {
  const { fake, job } = await started({
    TrainingJobEarlyStoppingType,
    ResourceLimits: { MaxNumberOfTrainingJobs: 3, MaxParallelTrainingJobs: 1 },
  });
  await finish(fake, [0.8, 0.9]);
  fake.say(2, 'epoch 1: accuracy=0.1');
  for (let turn = 0; turn < 4; turn++) await tick();
  expect(fake.stopped.map((name) => name.slice(0, 10))).toEqual(expected);
  await fake.end(2, expected.length > 0 ? 'Stopped' : 'Completed');
  await job.ended;
  expect(describeTuningJob(job)).toMatchObject({
    HyperParameterTuningJobStatus: 'Completed',
    ObjectiveStatusCounters: { Succeeded: 3 },
    BestTrainingJob: { TunedHyperParameters: { rate: '1' } },
  });
});

test('a name is used once', async () => {
  const { fake } = await started();
  expect(() => fake.service.create(request())).toThrow('already exists');
});

const numeric = (changes: JsonObject) => ({
  ParameterRanges: {
    ContinuousParameterRanges: [{ Name: 'rate', MinValue: '0.1', MaxValue: '1', ...changes }],
  },
});

test.each<[string, Config, JsonObject, RegExp]>([
  ['another strategy', { Strategy: 'Grid' }, {}, /Strategy: must be one of Bayesian, Random, got "Grid"/],
  ['no range', { ParameterRanges: {} }, {}, /at least one hyperparameter must have a range/],
  ['an empty range', numeric({ MinValue: '1' }), {}, /'rate': MinValue must be below MaxValue, got 1 and 1/],
  [
    'a logarithm of 0',
    numeric({ MinValue: '0', ScalingType: 'Logarithmic' }),
    {},
    /'rate': MinValue must be above 0/,
  ],
  ['a bound that is no number', numeric({ MaxValue: 'many' }), {}, /MaxValue: must match pattern/],
  ['a fixed value too', {}, { StaticHyperParameters: { rate: '1' } }, /'rate' has a range too/],
  [
    'a metric without definition',
    { HyperParameterTuningJobObjective: { Type: 'Maximize', MetricName: 'loss' } },
    {},
    /'loss' is not among MetricDefinitions/,
  ],
  [
    'more at a time than at all',
    { ResourceLimits: { MaxNumberOfTrainingJobs: 1, MaxParallelTrainingJobs: 2 } },
    {},
    /must not be above MaxNumberOfTrainingJobs/,
  ],
  [
    'a pattern that is none',
    {},
    {
      AlgorithmSpecification: {
        TrainingImage: 'i',
        TrainingInputMode: 'File',
        MetricDefinitions: [{ Name: 'accuracy', Regex: '(' }],
      },
    },
    /MetricDefinitions 'accuracy': Regex: Invalid regular expression/,
  ],
  ['a training job without output', {}, { OutputDataConfig: null }, /OutputDataConfig: must be object/],
])('a search with %s is refused', (_what, config, definition, message) => {
  expect(() => checkTuningRequest(request())).not.toThrow();
  expect(() => checkTuningRequest(request(config, definition))).toThrow(message);
});

test('metrics are read from log lines; what is no number is not one', () => {
  const metrics = new JobMetrics({ MetricDefinitions: [{ Name: 'accuracy', Regex: 'accuracy=(\\S+)' }] });
  expect(metrics.observe('epoch 1: accuracy=0.5', new Date(1000))).toBe(true);
  expect(metrics.observe('epoch 2: accuracy=nan', new Date(2000))).toBe(false);
  expect(metrics.observe('epoch 3', new Date(3000))).toBe(false);
  expect(metrics.final).toEqual([{ MetricName: 'accuracy', Value: 0.5, Timestamp: 1 }]);
});
