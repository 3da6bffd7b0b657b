/** What the synthesized templates say about cost. */
import { MONITORING_VARIABLES } from '../../lambda/monitoring/names';
import { RETRAINING_VARIABLES } from '../../lambda/retraining/names';
import { CAPTURE_PREFIX, RESULT_PREFIX, TELEMETRY_VARIABLES } from '../../lambda/telemetry/names';
import { InputError } from '../shared/errors';

// biome-ignore lint/suspicious/noExplicitAny: of any resource type
type Properties = Record<string, any>;

interface Resource {
  readonly Type: string;
  readonly Properties?: Properties;
}

export interface CostTemplate {
  readonly Resources: Readonly<Record<string, Resource>>;
}

export interface PipelineJob {
  readonly step: string;
  readonly isTraining: boolean;
  readonly instanceType: string;
  readonly instanceCount: number;
  /** Hours after which SageMaker stops it. */
  readonly timeoutHours: number;
}

export interface CostFacts {
  readonly keys: number;
  readonly tables: number;
  readonly alarms: number;
  readonly dashboards: number;
  /** Queues that a function takes from: its pollers ask them all the time. */
  readonly polledQueues: number;
  readonly isArm: boolean;
  /** Scheduled invocations of evaluate-drift, a month of 30 days. */
  readonly evaluations: number;
  /** The same of start-retraining. */
  readonly retrainingLooks: number;
  readonly jobs: readonly PipelineJob[];
  /** The configuration's limit of pipeline executions. */
  readonly maximumExecutionsPerMonth: number;
  readonly messageBytes: number;
  readonly batchRecords: number;
  readonly flushSeconds: number;
  readonly statusIntervalSeconds: number;
  /** How often a device asks which results have been counted; undefined where none does. */
  readonly askSeconds?: number | undefined;
  readonly dailyByteBudget: number;
  readonly controlSampleProbability: number;
  readonly uncertainSampleProbability: number;
  readonly ingestBatch: number;
  readonly ingestWindowSeconds: number;
  readonly lookbackHours: number;
  readonly sketchWindowSeconds: number;
  /** Devices that have metrics of their own. */
  readonly deviceMetricLimit: number;
  /** Days after which S3 deletes; undefined where nothing does. */
  readonly resultDays?: number | undefined;
  readonly captureDays?: number | undefined;
  /** Of questions for a second opinion; undefined where nobody answers any. */
  readonly secondOpinions?: SecondOpinionFacts | undefined;
}

export interface SecondOpinionFacts {
  /** Questions that are answered on a day, of all devices and of one. */
  readonly dailyQuestions: number;
  readonly dailyDeviceQuestions: number;
  /** Of one device, at most. */
  readonly questionsPerMinute: number;
  readonly memoryGigabytes: number;
}

/** The contract's. */
const DEFAULT_ASK_SECONDS = 60;
const MINUTES_PER_MONTH = 30 * 24 * 60;
const MINUTES = { minute: 1, hour: 60, day: 1_440 } as const;

/** A text whose parts CloudFormation joins; a reference among them stands as `reference`. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const join = (value as { 'Fn::Join'?: [string, unknown[]] } | undefined)?.['Fn::Join'];
  if (!join) throw new InputError('templates: a text is neither a string nor Fn::Join');
  return join[1].map((part) => (typeof part === 'string' ? part : 'reference')).join(join[0]);
}

function minutesOf(rate: string): number {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(rate) ?? [];
  if (!count || !unit) throw new InputError(`templates: schedule '${rate}' is no rate`);
  return Number(count) * MINUTES[unit as keyof typeof MINUTES];
}

/** The contract's. */
const DEFAULT_QUESTIONS_PER_MINUTE = 30;
const MEGABYTES_PER_GIGABYTE = 1_024;

const variablesOf = ({ Environment }: Properties): Properties => Environment?.Variables ?? {};

class Templates {
  private readonly byLogicalId: Readonly<Record<string, Resource>>;

  constructor(templates: readonly CostTemplate[]) {
    this.byLogicalId = Object.assign({}, ...templates.map(({ Resources }) => Resources));
  }

  of(type: string): Properties[] {
    return Object.values(this.byLogicalId)
      .filter(({ Type }) => Type === type)
      .map(({ Properties = {} }) => Properties);
  }

  /** @throws InputError when the application has none, or several */
  only(type: string): Properties {
    const [first, ...others] = this.of(type);
    if (!first || others.length > 0) {
      throw new InputError(`templates: must have one ${type}, got ${others.length + (first ? 1 : 0)}`);
    }
    return first;
  }

  /** Invocations a month of the functions that a schedule wakes and that have this variable. */
  scheduled(variable: string): number {
    return this.of('AWS::Events::Rule')
      .filter(({ ScheduleExpression, Targets }) => {
        const [logicalId = ''] = Targets?.[0]?.Arn?.['Fn::GetAtt'] ?? [];
        return ScheduleExpression && variable in variablesOf(this.byLogicalId[logicalId]?.Properties ?? {});
      })
      .reduce((sum, { ScheduleExpression }) => sum + MINUTES_PER_MONTH / minutesOf(ScheduleExpression), 0);
  }

  /** A variable that some function is given. @param otherwise where none is */
  variable(name: string, otherwise?: number): number {
    for (const properties of this.of('AWS::Lambda::Function')) {
      const value = variablesOf(properties)[name];
      if (value !== undefined) return Number(value);
    }
    if (otherwise !== undefined) return otherwise;
    throw new InputError(`templates: no function has the variable ${name}`);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a pipeline definition, as SageMaker reads it
function jobOf({ Name, Type, Arguments }: any): PipelineJob[] {
  const tuning = Type === 'Tuning' ? Arguments.TrainingJobDefinition : undefined;
  const resources =
    tuning?.ResourceConfig ?? Arguments?.ResourceConfig ?? Arguments?.ProcessingResources?.ClusterConfig;
  if (!resources) return [];
  const trials = tuning
    ? Number(Arguments.HyperParameterTuningJobConfig.ResourceLimits.MaxNumberOfTrainingJobs)
    : 1;
  const { MaxRuntimeInSeconds } = (tuning ?? Arguments).StoppingCondition;
  return [
    {
      step: Name,
      isTraining: Type !== 'Processing',
      instanceType: resources.InstanceType,
      instanceCount: resources.InstanceCount * trials,
      timeoutHours: MaxRuntimeInSeconds / 3_600,
    },
  ];
}

function secondOpinionFacts(
  templates: Templates,
  settings: { readonly questionsPerMinute?: number } | undefined,
): SecondOpinionFacts | undefined {
  const answers = templates
    .of('AWS::Lambda::Function')
    .find((properties) => TELEMETRY_VARIABLES.dailyQuestions in variablesOf(properties));
  if (!answers || !settings) return undefined;
  return {
    dailyQuestions: templates.variable(TELEMETRY_VARIABLES.dailyQuestions),
    dailyDeviceQuestions: templates.variable(TELEMETRY_VARIABLES.dailyDeviceQuestions),
    questionsPerMinute: settings.questionsPerMinute ?? DEFAULT_QUESTIONS_PER_MINUTE,
    memoryGigabytes: answers.MemorySize / MEGABYTES_PER_GIGABYTE,
  };
}

function expirationDays(templates: Templates, prefix: string): number | undefined {
  const rules = templates
    .of('AWS::S3::Bucket')
    .flatMap(({ LifecycleConfiguration }) => LifecycleConfiguration?.Rules ?? []);
  return rules.find(({ Prefix }) => Prefix === prefix)?.ExpirationInDays;
}

/**
 * @param templates those of one environment's stacks
 * @throws InputError naming what they lack
 */
export function readCostFacts(templates: readonly CostTemplate[]): CostFacts {
  const all = new Templates(templates);
  const { Recipe } = all.only('Custom::GreengrassComponentVersion');
  const component = JSON.parse(textOf(Recipe)).ComponentConfiguration.DefaultConfiguration;
  // An environment has one use case.
  const [useCase] = Object.values(component.useCases) as {
    outbox: never;
    upload: never;
    confirmations?: { askSeconds?: number };
    secondOpinion?: { questionsPerMinute?: number };
  }[];
  const outbox: Record<string, number> = useCase?.outbox ?? {};
  const upload: Record<string, number> = useCase?.upload ?? {};
  const { PipelineDefinition } = all.only('AWS::SageMaker::Pipeline');
  const definition = JSON.parse(textOf(PipelineDefinition.PipelineDefinitionBody));
  const mappings = all.of('AWS::Lambda::EventSourceMapping');
  // Of the functions that wait for a batch to fill, that of results takes the largest.
  const [ingest] = mappings
    .filter(({ MaximumBatchingWindowInSeconds }) => MaximumBatchingWindowInSeconds > 0)
    .sort((left, right) => right.BatchSize - left.BatchSize);
  return {
    keys: all.of('AWS::KMS::Key').length,
    tables: all.of('AWS::DynamoDB::Table').length,
    alarms: all.of('AWS::CloudWatch::Alarm').length,
    dashboards: all.of('AWS::CloudWatch::Dashboard').length,
    polledQueues: mappings.length,
    // What answers questions is x86_64 wherever it is.
    isArm: all.of('AWS::Lambda::Function').some(({ Architectures }) => String(Architectures) === 'arm64'),
    evaluations: all.scheduled(MONITORING_VARIABLES.driftLookbackHours),
    retrainingLooks: all.scheduled(RETRAINING_VARIABLES.monthlyExecutions),
    jobs: definition.Steps.flatMap(jobOf),
    maximumExecutionsPerMonth: all.variable(RETRAINING_VARIABLES.monthlyExecutions),
    messageBytes: outbox.messageBytes ?? 0,
    batchRecords: outbox.batchRecords ?? 0,
    flushSeconds: (outbox.flushMilliseconds ?? 0) / 1_000,
    statusIntervalSeconds: component.statusIntervalSeconds,
    askSeconds: useCase?.confirmations && (useCase.confirmations.askSeconds ?? DEFAULT_ASK_SECONDS),
    dailyByteBudget: upload.dailyByteBudget ?? 0,
    controlSampleProbability: upload.controlSampleProbability ?? 0,
    uncertainSampleProbability: upload.uncertainSampleProbability ?? 0,
    ingestBatch: Number(ingest?.BatchSize ?? 1),
    ingestWindowSeconds: Number(ingest?.MaximumBatchingWindowInSeconds ?? 0),
    lookbackHours: all.variable(MONITORING_VARIABLES.driftLookbackHours),
    sketchWindowSeconds: all.variable(TELEMETRY_VARIABLES.sketchWindowSeconds),
    deviceMetricLimit: all.variable(MONITORING_VARIABLES.deviceMetricLimit, 0),
    resultDays: expirationDays(all, RESULT_PREFIX),
    captureDays: expirationDays(all, CAPTURE_PREFIX),
    secondOpinions: secondOpinionFacts(all, useCase?.secondOpinion),
  };
}
