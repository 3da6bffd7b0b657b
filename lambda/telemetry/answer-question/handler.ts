import { createHash } from 'node:crypto';
import { PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { Context } from 'aws-lambda';
import type { Release, SecondOpinionQuestion } from '../../../contracts';
import { blobKey, counterOf, REGISTRY_VARIABLES } from '../../registry/names';
import { ReleaseTable } from '../../registry/release-table';
import { documentClient, iotData, s3 } from '../../shared/aws';
import { deployedEnvironment, numberFromEnvironment, requireEnvironment } from '../../shared/env';
import { InvalidInputError } from '../../shared/errors';
import { log } from '../../shared/log';
import { measured, writeMetrics } from '../../shared/metrics';
import { SHARED_VARIABLES } from '../../shared/names';
import { ifThere } from '../../shared/objects';
import { isSpent, readSpending } from '../../shared/spending';
import { InventoryTable } from '../inventory-table';
import { opinionTopic, QUESTION_METRICS, questionImageKey, TELEMETRY_VARIABLES } from '../names';
import { QuestionBudget } from '../question-budget';
import { type AnswerQuestionPorts, answerQuestion, type QuestionOutcome } from './answer-question';
import { ClassifierCache } from './classifier-cache';
import { loadClassifierModule } from './frame-classifier';

/** 128 MiB. Weights take up to three times their size while ONNX Runtime loads them; the function has 1,024 MB. */
const LARGEST_MODEL_BYTES = 134_217_728;
/** AWS Budgets is behind by hours: a look at it for every question would cost time and tell nothing. */
const SPENDING_KEPT_MILLISECONDS = 900_000;

/** Devices that have reported; one that has, has. */
const ours = new Set<string>();
/** A release never changes. */
const releases = new Map<string, Release>();
const classifiers = new ClassifierCache(async (release) =>
  loadClassifierModule().openFrameClassifier(await readModel(release), release),
);
let spent: { readonly until: number; readonly isSpent: boolean } | undefined;

/** @throws Error when there is none, or it is larger than the function can load */
async function readModel({ secondOpinion, releaseId }: Release): Promise<Buffer> {
  if (!secondOpinion) throw new Error(`${releaseId} has no larger network`);
  const { name, sha256, bytes } = secondOpinion.model;
  if (bytes > LARGEST_MODEL_BYTES) throw new Error(`${name} of ${releaseId} has ${bytes} bytes`);
  const Bucket = requireEnvironment(REGISTRY_VARIABLES.modelBucket);
  const { Body } = await s3().send(new GetObjectCommand({ Bucket, Key: blobKey(sha256, name) }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

async function isOurs(useCase: string, deviceId: string): Promise<boolean> {
  if (ours.has(deviceId)) return true;
  const table = new InventoryTable(documentClient(), requireEnvironment(TELEMETRY_VARIABLES.inventoryTable));
  if ((await table.find(deviceId))?.useCase !== useCase) return false;
  ours.add(deviceId);
  return true;
}

async function findRelease(useCase: string, releaseId: string): Promise<Release | undefined> {
  const known = releases.get(releaseId);
  const counter = counterOf(useCase, releaseId);
  if (known || counter === undefined || useCase !== requireEnvironment(SHARED_VARIABLES.useCase))
    return known;
  const table = requireEnvironment(REGISTRY_VARIABLES.releaseTable);
  const stored = await new ReleaseTable(documentClient(), table, useCase).find(counter);
  if (stored) releases.set(releaseId, stored.release);
  return stored?.release;
}

/** No more bytes than were announced: the object may be another one by now. */
async function readImage({ useCase, deviceId, questionId, image }: SecondOpinionQuestion) {
  const found = await ifThere(
    s3().send(
      new GetObjectCommand({
        Bucket: requireEnvironment(TELEMETRY_VARIABLES.bucket),
        Key: questionImageKey(useCase, deviceId, questionId),
        Range: `bytes=0-${image.bytes - 1}`,
      }),
    ),
  );
  const bytes = await found?.Body?.transformToByteArray();
  return bytes && Buffer.from(bytes);
}

async function isMoneySpent(): Promise<boolean> {
  const budget = process.env[TELEMETRY_VARIABLES.questionSpendingBudget];
  if (!budget) return false;
  if (spent && Date.now() < spent.until) return spent.isSpent;
  const limit = numberFromEnvironment(TELEMETRY_VARIABLES.questionSpendingLimitPercent, {
    default: 100,
    minimum: 0,
    maximum: 1_000,
  });
  const spending = await readSpending(budget, TELEMETRY_VARIABLES.questionSpendingBudget);
  spent = { until: Date.now() + SPENDING_KEPT_MILLISECONDS, isSpent: isSpent(spending, limit) };
  return spent.isSpent;
}

function awsPorts(): AnswerQuestionPorts {
  const limit = (name: string): number =>
    numberFromEnvironment(name, { default: 0, minimum: 0, maximum: 1e9 });
  const budget = new QuestionBudget(documentClient(), requireEnvironment(TELEMETRY_VARIABLES.sketchTable), {
    environment: limit(TELEMETRY_VARIABLES.dailyQuestions),
    device: limit(TELEMETRY_VARIABLES.dailyDeviceQuestions),
  });
  return {
    now: () => Date.now(),
    isOurs,
    findRelease,
    takeQuestion: (useCase, deviceId, day) => budget.take(useCase, deviceId, day),
    isMoneySpent,
    readImage,
    classify: async (image, release) => (await classifiers.of(release)).classify(image),
    sha256: (bytes) => createHash('sha256').update(bytes).digest('hex'),
    async publish(answer) {
      const { useCase, deviceId } = answer;
      await iotData().send(
        new PublishCommand({
          topic: opinionTopic({ ...deployedEnvironment(), useCase }, deviceId),
          qos: 1,
          payload: Buffer.from(JSON.stringify(answer)),
        }),
      );
    },
    log,
  };
}

const METRIC_OF = {
  answered: 'answered',
  late: 'late',
  'over-budget': 'overBudget',
  'not-deployed': 'failed',
  unreadable: 'failed',
  failed: 'failed',
} as const satisfies Readonly<Record<QuestionOutcome['kind'], keyof typeof QUESTION_METRICS>>;

/** The message of a device, from the topic rule; nobody waits for what the function returns. */
export async function handler(event: unknown, context: Context): Promise<void> {
  log.addContext(context);
  const dimensions = { useCase: requireEnvironment(SHARED_VARIABLES.useCase) };
  const count = (...names: (keyof typeof QUESTION_METRICS)[]) =>
    names.map((name) => measured(QUESTION_METRICS[name], 1, dimensions));
  try {
    const { kind, milliseconds } = await answerQuestion(event, awsPorts());
    writeMetrics([
      ...count('asked', METRIC_OF[kind]),
      ...(kind === 'answered' ? [measured(QUESTION_METRICS.milliseconds, milliseconds, dimensions)] : []),
    ]);
  } catch (error) {
    // Asked again it would be refused again.
    if (!(error instanceof InvalidInputError)) throw error;
    log.warn('question refused', { reason: error.message.slice(0, 1_000) });
    writeMetrics(count('refused'));
  }
}
