/** The executor with fake services and a fake clock: what it does, in what order, and what it says. */
import { checkRequest } from '../../sagemaker/api/request-schema';
import { Arns } from '../../sagemaker/arn';
import { describeStep } from '../../sagemaker/descriptions';
import { invalid } from '../../sagemaker/errors';
import type { Json, JsonObject } from '../../sagemaker/json';
import type { StepRecord } from '../../sagemaker/pipeline/execution';
import type { Clock, JobOutcome, StepServices } from '../../sagemaker/pipeline/executor';
import type { StepDefinition } from '../../sagemaker/pipeline/model';
import { PipelineService } from '../../sagemaker/pipeline-service';

const ROLE = 'arn:aws:iam::000000000000:role/r';

class FakeClock implements Clock {
  private time = Date.UTC(2026, 0, 1);
  readonly slept: number[] = [];
  now = () => new Date(this.time);
  sleep = async (milliseconds: number) => {
    this.slept.push(milliseconds);
    this.time += milliseconds;
  };
  advance(milliseconds: number): void {
    this.time += milliseconds;
  }
}

/** Jobs end as told, in the order in which they were told; `hold` keeps them running until they are stopped. */
class FakeServices implements StepServices {
  readonly requests: Array<{ readonly kind: string; readonly name: string; readonly request: JsonObject }> =
    [];
  outcomes: Array<JobOutcome | 'hold' | Error> = [];
  files: Record<string, Json> = {};
  running = 0;
  most = 0;
  private readonly held = new Map<string, (outcome: JobOutcome) => void>();
  private readonly requested = new Map<string, JsonObject>();

  createJob: StepServices['createJob'] = async (kind, name, request) => {
    if (this.outcomes[0] instanceof Error) throw this.outcomes.shift();
    this.requests.push({ kind, name, request });
    this.requested.set(name, request);
    return `arn:job/${name}`;
  };
  jobEnded: StepServices['jobEnded'] = async (_kind, name) => {
    this.most = Math.max(this.most, ++this.running);
    const outcome = this.outcomes.shift() ?? { status: 'Completed' };
    if (outcome instanceof Error) throw outcome;
    await new Promise((resolve) => setImmediate(resolve));
    const result =
      outcome === 'hold' ? await new Promise<JobOutcome>((resolve) => this.held.set(name, resolve)) : outcome;
    this.running -= 1;
    return result;
  };
  describeJob: StepServices['describeJob'] = (_kind, name) => ({
    ...this.requested.get(name),
    Name: name,
    ModelArtifacts: { S3ModelArtifacts: `s3://models/${name}.tar.gz` },
  });
  stopJob: StepServices['stopJob'] = (_kind, name) => this.held.get(name)?.({ status: 'Stopped' });
  registerModel: StepServices['registerModel'] = async (request) => ({
    ...request,
    ModelPackageArn: 'arn:package',
  });
  readJson: StepServices['readJson'] = async (uri) => {
    if (!(uri in this.files)) throw new Error(`ClientError: could not read ${uri}`);
    return this.files[uri];
  };
}

const clock = new FakeClock();
let services: FakeServices;
let pipelines: PipelineService;
let told: string[];

beforeEach(() => {
  services = new FakeServices();
  told = [];
  pipelines = new PipelineService({
    arns: new Arns('us-east-1', '000000000000'),
    clock,
    services,
    observer: {
      executionChanged: ({ status }, previous) => told.push(`${previous ?? '-'}>${status}`),
      stepChanged: (_execution, { step, status }, previous) =>
        told.push(`${step.Name}:${previous ?? '-'}>${status}`),
    },
  });
});

const job = (Name: string, changes: Partial<StepDefinition> = {}): StepDefinition => ({
  Name,
  Type: 'Processing',
  Arguments: {},
  ...changes,
});

function create(Steps: StepDefinition[], Parameters: JsonObject[] = []): void {
  const definitionText = JSON.stringify({ Version: '2020-12-01', Parameters, Steps });
  pipelines.create('p', { roleArn: ROLE, definitionText });
}

async function run(parameters: Record<string, string> = {}) {
  const execution = pipelines.start({ pipelineName: 'p', parameters });
  await execution.ended;
  return execution;
}

test('tells every change in order', async () => {
  create([job('B', { DependsOn: ['A'] }), job('A')]);
  await run();
  expect(told).toEqual([
    '->Executing',
    'A:->Starting',
    'A:Starting>Executing',
    'A:Executing>Succeeded',
    'B:->Starting',
    'B:Starting>Executing',
    'B:Executing>Succeeded',
    'Executing>Succeeded',
  ]);
  expect(services.requests[0]?.name).toMatch(/^pipelines-[a-z0-9]{12}-A-[a-z0-9]{10}$/);
  expect(services.requests[0]?.request.RoleArn).toBe(ROLE);
});

test('independent steps run beside each other, as many as the execution allows', async () => {
  create(['A', 'B', 'C', 'D'].map((name) => job(name)));
  await run();
  expect(services.most).toBe(4);
  services.most = 0;
  await pipelines.start({ pipelineName: 'p', parameters: {}, maximumParallelSteps: 2 }).ended;
  expect(services.most).toBe(2);
});

test('after a failure running steps finish and no other starts', async () => {
  create([job('A'), job('B'), job('C', { DependsOn: ['A'] }), job('D', { DependsOn: ['B'] })]);
  services.outcomes = [{ status: 'Failed', failureReason: 'AlgorithmError: x, exit code: 1' }];
  const execution = await run();
  expect([...execution.steps].map(([name, { status }]) => `${name} ${status}`)).toEqual([
    'A Failed',
    'B Succeeded',
  ]);
  expect(execution.failureReason).toBe('Step failure: One or multiple steps failed.');
});

const RETRY = [
  { ExceptionType: ['SageMaker.JOB_INTERNAL_ERROR'], IntervalSeconds: 1, BackoffRate: 2, MaxAttempts: 2 },
];
const internal = { status: 'Failed', failureReason: 'InternalServerError: no space left' } as const;

test('faults of the service are retried with backoff, under new names', async () => {
  create([job('A', { RetryPolicies: RETRY })]);
  services.outcomes = [internal, internal];
  clock.slept.length = 0;
  const execution = await run();
  expect(execution.status).toBe('Succeeded');
  expect(clock.slept).toEqual([1000, 2000]);
  expect(execution.steps.get('A')?.attempts).toBe(3);
  expect(new Set(services.requests.map(({ name }) => name)).size).toBe(3);
});

test('retries end, and mistakes are not retried at all', async () => {
  create([job('A', { RetryPolicies: RETRY })]);
  services.outcomes = [internal, internal, internal];
  expect((await run()).steps.get('A')).toMatchObject({ status: 'Failed', attempts: 3 });
  services.outcomes = [{ status: 'Failed', failureReason: 'AlgorithmError: mine' }];
  expect((await run()).steps.get('A')).toMatchObject({ attempts: 1, failureReason: 'AlgorithmError: mine' });
});

test('a refused request is told with its operation', async () => {
  create([job('A')]);
  services.outcomes = [invalid('AppSpecification is missing')];
  expect((await run()).steps.get('A')?.failureReason).toBe(
    'ClientError: Failed to invoke sagemaker:CreateProcessingJob. Error Details: AppSpecification is missing',
  );
});

test('a property file that is not there fails the condition with its address', async () => {
  const report = { Get: 'Steps.A.PropertyFiles.report' };
  create([
    job('A', {
      PropertyFiles: [{ PropertyFileName: 'report', OutputName: 'out', FilePath: 'r.json' }],
      Arguments: {
        ProcessingOutputConfig: { Outputs: [{ OutputName: 'out', S3Output: { S3Uri: 's3://b/out/' } }] },
      },
    }),
    job('C', {
      Type: 'Condition',
      Arguments: {
        Conditions: [
          {
            Type: 'LessThan',
            LeftValue: { 'Std:JsonGet': { PropertyFile: report, Path: 'a' } },
            RightValue: 1,
          },
        ],
        IfSteps: [],
        ElseSteps: [],
      },
    }),
  ]);
  expect((await run()).steps.get('C')?.failureReason).toBe('ClientError: could not read s3://b/out/r.json');
  services.files['s3://b/out/r.json'] = { a: 0 };
  expect((await run()).steps.get('C')?.outcome).toBe(true);
});

test('stop reaches running jobs; retry runs only what is missing', async () => {
  create([job('A'), job('B', { DependsOn: ['A'] }), job('C', { DependsOn: ['B'] })]);
  services.outcomes = [{ status: 'Completed' }, 'hold'];
  const execution = pipelines.start({ pipelineName: 'p', parameters: {} });
  while (services.requests.length < 2) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  pipelines.stop(execution.arn);
  await execution.ended;
  expect(execution.status).toBe('Stopped');
  expect(execution.steps.get('B')?.status).toBe('Stopped');
  expect(told.slice(-4)).toEqual([
    'Executing>Stopping',
    'B:Executing>Stopping',
    'B:Stopping>Stopped',
    'Stopping>Stopped',
  ]);
  expect(() => pipelines.stop(execution.arn)).toThrow('is Stopped and cannot be stopped');

  pipelines.retry(execution.arn);
  await execution.ended;
  expect(execution.status).toBe('Succeeded');
  expect(services.requests.map(({ name }) => name.split('-')[2])).toEqual(['A', 'B', 'B', 'C']);
  expect(() => pipelines.retry(execution.arn)).toThrow('is Succeeded and cannot be retried');
});

test('a result is reused until it expires, and only while the arguments stay', async () => {
  const cached = job('A', {
    CacheConfig: { Enabled: true, ExpireAfter: 'T5m' },
    Arguments: { Environment: { N: { 'Std:Join': { Values: [{ Get: 'Parameters.N' }] } } } },
  });
  create([cached], [{ Name: 'N', Type: 'Integer', DefaultValue: 1 }]);
  const first = await run();
  clock.advance(4 * 60_000);
  expect((await run()).steps.get('A')?.cachedFrom).toBe(first.arn);
  expect((await run({ N: '2' })).steps.get('A')?.cachedFrom).toBeUndefined();
  clock.advance(2 * 60_000);
  expect((await run()).steps.get('A')?.cachedFrom).toBeUndefined();
  expect(services.requests).toHaveLength(3);
});

test.each(['Processing', 'Training', 'Tuning'] as const)(
  'step cache: a %s step with the same arguments takes the result of the execution it names, until it expires',
  async (Type) => {
    const range = {
      Name: 'rate',
      MinValue: '0',
      MaxValue: { 'Std:Join': { Values: [{ Get: 'Parameters.N' }] } },
    };
    const Arguments = {
      Processing: { Environment: { N: range.MaxValue } },
      Training: { HyperParameters: { n: range.MaxValue } },
      Tuning: {
        HyperParameterTuningJobConfig: { ParameterRanges: { ContinuousParameterRanges: [range] } },
        TrainingJobDefinition: {
          OutputDataConfig: { S3OutputPath: { Get: 'Execution.PipelineExecutionId' } },
        },
      },
    }[Type] as JsonObject;
    create(
      [job('A', { Type, Arguments, CacheConfig: { Enabled: true, ExpireAfter: 'PT1H' } })],
      [{ Name: 'N', Type: 'Integer', DefaultValue: 1 }],
    );
    const source = await run();
    const hit = (await run()).steps.get('A');
    expect(describeStep(hit as StepRecord)).toMatchObject({
      StepStatus: 'Succeeded',
      Metadata: { [`${Type}Job`]: { Arn: expect.stringContaining(source.id) } },
      CacheHitResult: { SourcePipelineExecutionArn: source.arn },
    });
    // What later steps refer to is the earlier job too.
    expect(hit?.description).toEqual(source.steps.get('A')?.description);
    expect(describeStep((await run({ N: '2' })).steps.get('A') as StepRecord)).not.toHaveProperty(
      'CacheHitResult',
    );
    clock.advance(61 * 60_000);
    expect(describeStep((await run()).steps.get('A') as StepRecord)).not.toHaveProperty('CacheHitResult');
    expect(services.requests).toHaveLength(3);
  },
);

test('[S6] a tuning job is named so that its training jobs have room, and gives them the role of the pipeline', async () => {
  create([job('Search_everything', { Type: 'Tuning', Arguments: { TrainingJobDefinition: {} } })]);
  await run();
  const [created] = services.requests;
  expect(created?.kind).toBe('HyperParameterTuning');
  expect(created?.name).toMatch(/^[a-z0-9]{12}-Search--[a-z0-9]{10}$/);
  expect(created?.name.length).toBeLessThanOrEqual(32);
  expect(created?.request).toEqual({ TrainingJobDefinition: { RoleArn: ROLE } });
});

test('[S6] a refused search is told with its operation, and a failed one fails its step', async () => {
  create([job('Tune', { Type: 'Tuning' })]);
  services.outcomes = [invalid('ParameterRanges: none')];
  expect((await run()).steps.get('Tune')?.failureReason).toBe(
    'ClientError: Failed to invoke sagemaker:CreateHyperParameterTuningJob. Error Details: ParameterRanges: none',
  );
  services.outcomes = [{ status: 'Failed', failureReason: 'All training jobs failed, the first for: x' }];
  expect((await run()).steps.get('Tune')?.failureReason).toBe('All training jobs failed, the first for: x');
});

test('a failed result is never reused', async () => {
  create([job('A', { CacheConfig: { Enabled: true } })]);
  services.outcomes = [{ status: 'Failed', failureReason: 'AlgorithmError: x' }];
  await run();
  const record = (await run()).steps.get('A');
  expect(record?.status).toBe('Succeeded');
  expect(record?.cachedFrom).toBeUndefined();
});

test('the same token is the same execution; a deleted pipeline starts none', async () => {
  create([job('A')]);
  const start = () => pipelines.start({ pipelineName: 'p', parameters: {}, clientRequestToken: 'token' });
  const execution = start();
  expect(start()).toBe(execution);
  expect(() => pipelines.delete('p')).toThrow('has running executions');
  await execution.ended;
  expect(start()).toBe(execution);
  pipelines.delete('p');
  expect(start).toThrow("Pipeline 'arn:aws:sagemaker:us-east-1:000000000000:pipeline/p' does not exist.");
});

test('a refused update leaves the pipeline as it was', () => {
  create([job('A')]);
  const before = pipelines.pipeline('p').definitionText;
  expect(() => pipelines.update('p', { roleArn: 'other', definitionText: '{}' })).toThrow('Version');
  expect(pipelines.pipeline('p')).toMatchObject({ definitionText: before, roleArn: ROLE });
});

test('requests are refused with every problem, its field and its value', () => {
  const schema = {
    type: 'object',
    properties: { A: { type: 'string' }, B: { enum: ['x'] } },
    required: ['C'],
  };
  expect(() => checkRequest(schema, { A: 1, B: 'y' })).toThrow(
    '3 validation errors detected: request: must have required property \'C\'; A: must be string, got 1; B: must be one of x, got "y"',
  );
});
