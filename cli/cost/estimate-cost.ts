/** What an environment costs in a month: quantities by templates and usage, times prices. Pure. */
import { DRIFT_FEATURES, MONITORING_METRICS } from '../../lambda/monitoring/names';
import { RETRAINING_METRICS } from '../../lambda/retraining/names';
import type { Owner } from '../../lambda/shared/names';
import { QUESTION_METRICS, TELEMETRY_METRICS } from '../../lambda/telemetry/names';
import { SKETCH_PARTITIONS } from '../../lambda/telemetry/sketch-partition';
import { InputError } from '../shared/errors';
import { isPriced, PRICES, type PricedRegion, type PriceName, type PriceSource } from './prices';
import { METER_BYTES, questionQuantities } from './question-cost';
import type { CostFacts, PipelineJob, SecondOpinionFacts } from './read-facts';
import * as of from './usage';

export interface CostLine {
  readonly noun: Owner;
  readonly what: string;
  readonly price: PriceName;
  /** In units of the price. */
  readonly quantity: number;
  readonly usd: number;
  readonly source: PriceSource;
}

export interface CostEstimate {
  readonly region: PricedRegion;
  /** The dearest first. */
  readonly lines: readonly CostLine[];
  readonly usd: number;
  /** All executions that the configuration allows, each job for as long as it may run. */
  readonly trainingAtMostUsd: number;
}

type Quantity = readonly [noun: Owner, what: string, price: PriceName, quantity: number];

const GIGABYTE = 1e9;
const MINUTES_PER_DAY = 1_440;
const MINUTES_PER_HOUR = 60;
const SECONDS_PER_HOUR = 3_600;
const HEAD_BYTES = 300;
const MEGABYTES_OF_INGEST = 1;
const MEGABYTES_OF_OTHERS = 0.5;
/** Results of a month and more; what piles up is half there on average in the month that is estimated. */
const HALF_A_MONTH = 0.5;
/** Lambda has five pollers on a quiet queue, each asking for up to 20 seconds. */
const IDLE_REQUESTS_PER_MINUTE = 15;
/** SQS gives Lambda ten messages per receipt, and takes ten per deletion. */
const MESSAGES_PER_REQUEST = 10;
/** Lambda has this many batches of a queue open at first, each with its own window. */
const POLLERS = 5;
/** Lambda ends a batch at 6 MB; a message has some 900 bytes beside its body. */
const PAYLOAD_BYTES = 6_000_000;
const ENVELOPE_BYTES = 900;

const line = (usage: of.Usage) => of.DAYS_PER_MONTH * usage.hoursPerDay * SECONDS_PER_HOUR;

interface Telemetry {
  readonly records: number;
  readonly batches: number;
  /** Of a batch, as it is sent. */
  readonly batchBytes: number;
  readonly statuses: number;
  readonly invocations: number;
  /** Of sketches: one per device that an invocation has batches of. */
  readonly updates: number;
}

function telemetryOf(facts: CostFacts, usage: of.Usage): Telemetry {
  const { devices, fps } = usage;
  const records = devices * fps * line(usage);
  const fitting = Math.floor((facts.messageBytes - HEAD_BYTES) / of.RECORD_BYTES_SENT);
  const waiting = Math.max(1, fps * facts.flushSeconds);
  const batchRecords = Math.max(1, Math.min(fitting, facts.batchRecords, waiting));
  const batchBytes = HEAD_BYTES + batchRecords * of.RECORD_BYTES_SENT;
  const batches = records / batchRecords;
  const perSecond = batches / line(usage) || 0;
  const fitsPayload = PAYLOAD_BYTES / (batchBytes + ENVELOPE_BYTES);
  const comesTogether = Math.max(1, (perSecond * facts.ingestWindowSeconds) / POLLERS);
  const together = Math.min(facts.ingestBatch, fitsPayload, comesTogether);
  // How many different devices so many batches are of, when they are mixed by chance.
  const mixed = devices * (1 - (1 - 1 / Math.max(1, devices)) ** together);
  const statuses =
    (devices * of.DAYS_PER_MONTH * MINUTES_PER_DAY * MINUTES_PER_HOUR) / facts.statusIntervalSeconds;
  const invocations = batches / together;
  const updates = invocations * Math.max(1, mixed);
  return { records, batches, batchBytes, statuses, invocations, updates };
}

/** Gigabytes that lie in a bucket on average, of what comes in every month. */
function pile(monthlyBytes: number, usage: of.Usage, days: number | undefined): number {
  const months = Math.min(usage.monthsBefore + HALF_A_MONTH, (days ?? Infinity) / of.DAYS_PER_MONTH);
  return (monthlyBytes * months) / GIGABYTE;
}

function telemetryQuantities(facts: CostFacts, usage: of.Usage): Quantity[] {
  const { records, batches, batchBytes, statuses, invocations, updates } = telemetryOf(facts, usage);
  // Published by the function, and delivered to the device.
  const confirmations = facts.askSeconds ? (2 * usage.devices * line(usage)) / facts.askSeconds : 0;
  const meters = batches * Math.ceil(batchBytes / METER_BYTES) + statuses;
  const idle = facts.polledQueues * IDLE_REQUESTS_PER_MINUTE * MINUTES_PER_DAY * of.DAYS_PER_MONTH;
  const seconds = records * of.SECONDS_PER_RECORD * MEGABYTES_OF_INGEST;
  return [
    ['telemetry', 'results and status, rules', 'iotRule', meters],
    ['telemetry', 'results and status, to the queues', 'iotAction', meters],
    ['telemetry', 'queues', 'sqsRequest', (batches + statuses) * (1 + 2 / MESSAGES_PER_REQUEST) + idle],
    ['telemetry', 'ingest, requests', 'lambdaRequest', invocations],
    ['telemetry', 'ingest, time', facts.isArm ? 'lambdaArm' : 'lambdaX86', seconds],
    ['telemetry', 'objects of results, one per invocation', 's3Put', invocations],
    [
      'telemetry',
      'results that lie there',
      's3Storage',
      pile((records * of.RECORD_BYTES) / of.COMPRESSION, usage, facts.resultDays),
    ],
    ['telemetry', 'sketches', 'dynamoWrite', updates * of.UNITS_PER_SKETCH],
    ['telemetry', 'looks at sketches before', 'dynamoRead', updates * of.UNITS_PER_SKETCH],
    ['telemetry', 'confirmations to devices', 'iotMessage', confirmations],
    ['telemetry', 'inventory', 'dynamoWrite', statuses * 2],
  ];
}

function captureQuantities(facts: CostFacts, usage: of.Usage): Quantity[] {
  const share = facts.controlSampleProbability + of.UNCERTAIN_SHARE * facts.uncertainSampleProbability;
  const wanted = (usage.fps * line(usage) * share) / of.DAYS_PER_MONTH;
  const daily = Math.min(wanted, facts.dailyByteBudget / of.CAPTURE_BYTES);
  const captures = usage.devices * daily * of.DAYS_PER_MONTH;
  return [
    ['dataset', 'captures, image and sidecar', 's3Put', captures * 2],
    [
      'dataset',
      'captures that lie there',
      's3Storage',
      pile(captures * of.CAPTURE_BYTES, usage, facts.captureDays),
    ],
  ];
}

/** As many as the frames for review, the devices' pace and the day's budget allow. */
function questionsOf(
  { dailyQuestions, dailyDeviceQuestions, questionsPerMinute }: SecondOpinionFacts,
  usage: of.Usage,
): number {
  const reviewed = (usage.fps * line(usage) * of.REVIEW_SHARE) / of.DAYS_PER_MONTH;
  const asked = Math.min(
    reviewed,
    questionsPerMinute * usage.hoursPerDay * MINUTES_PER_HOUR,
    dailyDeviceQuestions,
  );
  return of.DAYS_PER_MONTH * Math.min(usage.devices * asked, dailyQuestions);
}

function opinionQuantities({ secondOpinions }: CostFacts, usage: of.Usage): Quantity[] {
  if (!secondOpinions) return [];
  const questions = questionsOf(secondOpinions, usage);
  const each = {
    bytes: of.QUESTION_BYTES,
    seconds: of.SECONDS_PER_QUESTION,
    memoryGigabytes: secondOpinions.memoryGigabytes,
  };
  return [
    ...questionQuantities(questions, each).map((quantity): Quantity => ['telemetry', ...quantity]),
    ['telemetry', 'second opinions, metrics', 'metric', count(QUESTION_METRICS) + 1],
  ];
}

/** @throws InputError when an instance type has no price */
function instancePrice({ step, instanceType }: PipelineJob): PriceName {
  if (isPriced(instanceType)) return instanceType;
  throw new InputError(`step ${step}: ${instanceType} has no price in cli/cost/prices.ts: add it`);
}

function trainingQuantities(facts: CostFacts, usage: of.Usage): Quantity[] {
  const jobs = facts.jobs.map((job): Quantity => {
    const minutes = job.isTraining ? usage.trainingMinutes : of.OTHER_JOB_MINUTES;
    const hours = (usage.trainings * job.instanceCount * minutes) / MINUTES_PER_HOUR;
    return ['training', `${job.step}, ${job.instanceCount} x ${job.instanceType}`, instancePrice(job), hours];
  });
  const stored = pile(usage.trainings * of.PIPELINE_BYTES, usage, undefined);
  return [...jobs, ['registry', 'what pipelines wrote', 's3Storage', stored]];
}

const count = (table: object): number => Object.keys(table).length;

function monitoringQuantities(facts: CostFacts, usage: of.Usage): Quantity[] {
  const windows = (facts.lookbackHours * SECONDS_PER_HOUR) / facts.sketchWindowSeconds;
  // Per evaluation: a window of every device, eventually consistent, half a unit for 4 KB.
  const items = (usage.devices * windows * of.SKETCH_KILOBYTES) / 8;
  // A query that finds nothing costs half a unit too.
  const reads = facts.evaluations * (items + (SKETCH_PARTITIONS + 1) / 2);
  // Drift has a value per feature, the embedding among them; a release has no count of open episodes.
  const features = DRIFT_FEATURES.length + 1;
  const perUseCase = count(MONITORING_METRICS) - 1 + features;
  const perRelease = perUseCase - 1;
  const perDevice = features + 2;
  const releases = Math.max(1, usage.trainings);
  return [
    ['monitoring', 'alarms', 'alarm', facts.alarms],
    ['monitoring', 'dashboards', 'dashboard', facts.dashboards],
    ['monitoring', 'metrics of the use case', 'metric', perUseCase + count(TELEMETRY_METRICS)],
    ['monitoring', 'metrics by release', 'metric', perRelease * releases],
    [
      'monitoring',
      'metrics by device',
      'metric',
      perDevice * Math.min(usage.devices, facts.deviceMetricLimit),
    ],
    ['monitoring', 'sketches read by evaluations', 'dynamoRead', reads],
    ['retraining', 'metrics', 'metric', count(RETRAINING_METRICS)],
    ['retraining', 'looks at the open episode', 'lambdaRequest', facts.retrainingLooks],
  ];
}

function fleetQuantities(usage: of.Usage): Quantity[] {
  const { devices, trainings } = usage;
  return [
    ['device', 'core devices', 'greengrassDevice', devices],
    ['device', 'connections', 'iotConnection', devices * of.DAYS_PER_MONTH * MINUTES_PER_DAY],
    ['rollout', 'steps', 'transition', trainings * of.TRANSITIONS_PER_ROLLOUT],
    ['rollout', 'releases to devices', 'dataOut', (trainings * devices * of.RELEASE_BYTES) / GIGABYTE],
  ];
}

function sharedQuantities(facts: CostFacts, usage: of.Usage): Quantity[] {
  const others = facts.evaluations + facts.retrainingLooks + usage.trainings * of.TRANSITIONS_PER_ROLLOUT;
  const invocations = telemetryOf(facts, usage).invocations + others;
  const seconds = others * of.SECONDS_PER_INVOCATION * MEGABYTES_OF_OTHERS;
  return [
    ['shared', 'keys', 'kmsKey', facts.keys],
    ['shared', 'logs of functions', 'logIngestion', (invocations * of.LOG_BYTES) / GIGABYTE],
    ['shared', 'other functions, time', facts.isArm ? 'lambdaArm' : 'lambdaX86', seconds],
  ];
}

/**
 * @throws InputError when something of the environment has no price
 */
export function estimateCost(facts: CostFacts, usage: of.Usage, region: PricedRegion): CostEstimate {
  const quantities = [
    ...fleetQuantities(usage),
    ...telemetryQuantities(facts, usage),
    ...captureQuantities(facts, usage),
    ...opinionQuantities(facts, usage),
    ...trainingQuantities(facts, usage),
    ...monitoringQuantities(facts, usage),
    ...sharedQuantities(facts, usage),
  ];
  const lines = quantities.map(([noun, what, price, quantity]): CostLine => {
    const [usd, source] = PRICES[price].usd[region];
    return { noun, what, price, quantity, usd: quantity * usd, source };
  });
  const longest = facts.jobs.reduce((sum, job) => {
    const [usd] = PRICES[instancePrice(job)].usd[region];
    return sum + job.instanceCount * job.timeoutHours * usd;
  }, 0);
  return {
    region,
    lines: lines.sort((x, y) => y.usd - x.usd),
    usd: lines.reduce((sum, { usd }) => sum + usd, 0),
    trainingAtMostUsd: facts.maximumExecutionsPerMonth * longest,
  };
}
