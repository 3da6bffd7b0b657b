/** Names of telemetry: topics and rules, keys of its bucket, of the sketch table, variables, metrics. */
import { counted, type MetricDefinition, type NameScope } from '../shared/names';

export const TELEMETRY_VARIABLES = {
  bucket: 'TELEMETRY_BUCKET',
  sketchTable: 'SKETCH_TABLE',
  inventoryTable: 'INVENTORY_TABLE',
  /** Width of a sketch's time window in seconds; a divisor of a day. Default 3600. Of whoever writes or judges by them. */
  sketchWindowSeconds: 'SKETCH_WINDOW_SECONDS',
  /** Questions for a second opinion that are answered on a UTC day, of all devices. Required where there is the function. */
  dailyQuestions: 'SECOND_OPINION_DAILY_QUESTIONS',
  /** The same, of one device. */
  dailyDeviceQuestions: 'SECOND_OPINION_DAILY_DEVICE_QUESTIONS',
  /** ARN of the budget in AWS Budgets that is asked. Default none. */
  questionSpendingBudget: 'SECOND_OPINION_SPENDING_BUDGET',
  /** Share of that budget, in percent, from which on nothing is answered. Default 100. */
  questionSpendingLimitPercent: 'SECOND_OPINION_SPENDING_LIMIT_PERCENT',
  /** JSON of the configuration's `device.upload`: with which probability devices choose a frame for labels. */
  uploadPolicy: 'UPLOAD_POLICY',
} as const;

export const TELEMETRY_METRICS = {
  recordsAccepted: counted('RecordsAccepted'),
  recordsRejected: counted('RecordsRejected'),
  batchesRepeated: counted('BatchesRepeated'),
  messagesRefused: counted('MessagesRefused'),
  recordsDroppedOnDevice: counted('RecordsDroppedOnDevice'),
} as const;

/** Beside the bundle of telemetry/answer-question: what decodes frames and runs networks. */
export const CLASSIFIER_FILE = 'frame-classifier.cjs';

/** Of questions for a second opinion. */
export const QUESTION_METRICS = {
  asked: counted('QuestionsAsked'),
  answered: counted('QuestionsAnswered'),
  late: counted('QuestionsLate'),
  overBudget: counted('QuestionsOverBudget'),
  /** Messages that are no questions, or ask for another device. */
  refused: counted('QuestionsRefused'),
  /** Not deployed, unreadable, or the network failed. */
  failed: counted('QuestionsFailed'),
  /** From when AWS IoT had the question until its answer left. */
  milliseconds: {
    name: 'OpinionMilliseconds',
    unit: 'Milliseconds',
    statistic: 'Average',
    dimensions: ['useCase'],
  },
} as const satisfies Readonly<Record<string, MetricDefinition<'useCase'>>>;

/** Counted by the topic rule itself, which knows no dimensions: questions that the function was not given. */
export const undeliveredQuestionsMetric = ({ environmentName }: Pick<NameScope, 'environmentName'>): string =>
  `QuestionsUndelivered-${environmentName}`;

/** What devices send; last level of the topic, last word of the rule's name. */
export type MessageKind = 'results' | 'status';
const QUESTIONS = 'questions';

/** Topic rules take letters, digits and underscores only; names of environments have no underscores. */
export const ruleName = (
  { environmentName }: Pick<NameScope, 'environmentName'>,
  kind: MessageKind | typeof QUESTIONS,
): string => `kaizen_${environmentName.replaceAll('-', '_')}_${kind}`;

/** What the rule selects: by Basic Ingest, the topic below its own three levels. */
export const topicFilter = ({ useCase }: NameScope, kind: MessageKind): string => `${useCase}/+/${kind}`;

/**
 * Basic Ingest topic on which a device publishes.
 * @param thingName may be a placeholder or a policy variable
 */
export const deviceTopic = (scope: NameScope, kind: MessageKind, thingName: string): string =>
  `$aws/rules/${ruleName(scope, kind)}/${scope.useCase}/${thingName}/${kind}`;

/**
 * Topic on which a device hears which of its batches have been counted; only the ingest function may publish on it.
 * @param thingName may be a wildcard, a placeholder or a policy variable
 */
export const confirmationTopic = ({ environmentName, useCase }: NameScope, thingName: string): string =>
  `${toDevice(thingName)}/${environmentName}/${useCase}/confirmations`;

/**
 * Topic on which a device asks for second opinions. By Basic Ingest it would need a line of its own in the device's policy,
 * which has no room for one; here the device may publish already, and nobody else may listen.
 * @param thingName may be a wildcard, a placeholder or a policy variable
 */
export const questionTopic = ({ environmentName, useCase }: NameScope, thingName: string): string =>
  `${toDevice(thingName)}/${environmentName}/${useCase}/${QUESTIONS}`;

/**
 * Topic on which a device hears second opinions; only the function that gives them may publish on it.
 * @param thingName may be a wildcard, a placeholder or a policy variable
 */
export const opinionTopic = ({ environmentName, useCase }: NameScope, thingName: string): string =>
  `${toDevice(thingName)}/${environmentName}/${useCase}/opinions`;

/** Begins the topics of conversations with one device. The name comes first, so that a policy may say so in a few characters. */
export const toDevice = (thingName: string): string => `kaizen/${thingName}`;

/** What the topic rules add to the device's message; the SQL of both rules ends in `FROM '<topic filter>'`. */
export const RULE_SELECT =
  'SELECT *, topic(1) AS topicUseCase, topic(2) AS topicThingName, timestamp() AS receivedAt';

/** The same of the rule for questions, whose topic is {@link questionTopic}. */
export const QUESTION_RULE_SELECT =
  'SELECT *, topic(4) AS topicUseCase, topic(2) AS topicThingName, timestamp() AS receivedAt';

/** Results, by use case, date and hour. */
export const RESULT_PREFIX = 'results/';
/** Records that broke the contract. */
export const REJECTED_RECORD_PREFIX = 'rejected/';

/**
 * Key of an object of JSON Lines, gzip.
 * @param time ISO timestamp whose hour is the partition
 * @param name unique within the partition
 */
export function linesKey(
  prefix: typeof RESULT_PREFIX | typeof REJECTED_RECORD_PREFIX,
  useCase: string,
  time: string,
  name: string,
): string {
  const utc = new Date(time).toISOString();
  return `${prefix}useCase=${useCase}/date=${utc.slice(0, 10)}/hour=${utc.slice(11, 13)}/${name}.jsonl.gz`;
}

/** Images that devices upload, with their sidecars. */
export const CAPTURE_PREFIX = 'captures/';
const CAPTURE_IMAGE_SUFFIX = '.jpg';
const CAPTURE_SIDECAR_SUFFIX = '.json';

/** Where a capture lies. */
export interface CaptureLocation {
  readonly captureId: string;
  readonly deviceId: string;
}

/** Captures of a use case. */
export const useCaseCapturePrefix = (useCase: string): string => `${CAPTURE_PREFIX}${useCase}/`;

/**
 * Captures of one device.
 * @param thingName may be a policy variable
 */
export const deviceCapturePrefix = (useCase: string, thingName: string): string =>
  `${useCaseCapturePrefix(useCase)}${thingName}/`;

export const captureImageKey = (useCase: string, { deviceId, captureId }: CaptureLocation): string =>
  `${deviceCapturePrefix(useCase, deviceId)}${captureId}${CAPTURE_IMAGE_SUFFIX}`;

export const captureSidecarKey = (useCase: string, { deviceId, captureId }: CaptureLocation): string =>
  `${deviceCapturePrefix(useCase, deviceId)}${captureId}${CAPTURE_SIDECAR_SUFFIX}`;

export const isCaptureImage = (useCase: string, key: string): boolean =>
  key.startsWith(useCaseCapturePrefix(useCase)) && key.endsWith(CAPTURE_IMAGE_SUFFIX);

/** @param imageKey key of a capture's image */
export const sidecarKeyOf = (imageKey: string): string =>
  `${imageKey.slice(0, -CAPTURE_IMAGE_SUFFIX.length)}${CAPTURE_SIDECAR_SUFFIX}`;

/** The capture whose sidecar has this key; `undefined` when it is no sidecar of the use case. */
export function captureOfSidecar(useCase: string, key: string): CaptureLocation | undefined {
  const prefix = useCaseCapturePrefix(useCase);
  if (!key.startsWith(prefix) || !key.endsWith(CAPTURE_SIDECAR_SUFFIX)) return undefined;
  const [deviceId, captureId, ...deeper] = key
    .slice(prefix.length, -CAPTURE_SIDECAR_SUFFIX.length)
    .split('/');
  return deviceId && captureId && deeper.length === 0 ? { deviceId, captureId } : undefined;
}

/** Images of questions that are too large for a message; gone after a day. */
export const QUESTION_PREFIX = 'questions/';

/** Images of a use case's questions. */
export const useCaseQuestionPrefix = (useCase: string): string => `${QUESTION_PREFIX}${useCase}/`;

/**
 * Images of one device's questions.
 * @param thingName may be a policy variable
 */
export const deviceQuestionPrefix = (useCase: string, thingName: string): string =>
  `${useCaseQuestionPrefix(useCase)}${thingName}/`;

/** Follows from who asks: no message can name another device's image. */
export const questionImageKey = (useCase: string, thingName: string, questionId: string): string =>
  `${deviceQuestionPrefix(useCase, thingName)}${questionId}`;

/** Begins the partitions of the sketch table that count questions. */
export const QUESTION_PARTITIONS = 'questions#';
/**
 * Partition that counts the questions of a UTC day; its sort keys are devices, and {@link ALL_DEVICES}.
 * @param day `YYYY-MM-DD`
 */
export const questionPartition = (useCase: string, day: string): string =>
  `${QUESTION_PARTITIONS}${useCase}#${day}`;
/** No thing has this name: `*` is in none. */
export const ALL_DEVICES = '*';

/** Partition that notes batches of a device that no sketch remembers. */
export const batchPartition = (deviceId: string): string => `batch#${deviceId}`;
