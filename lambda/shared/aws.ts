/**
 * SDK clients, one of each per process: a warm function keeps its connections. Made on first use, so that a
 * function pays the start-up of only those it calls.
 */
import { BudgetsClient } from '@aws-sdk/client-budgets';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { GreengrassV2Client } from '@aws-sdk/client-greengrassv2';
import { IoTClient } from '@aws-sdk/client-iot';
import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** Marked pure where it is called, so that a bundle holds only the clients that its function uses. */
function once<Client>(make: () => Client): () => Client {
  let client: Client | undefined;
  return () => {
    client ??= make();
    return client;
  };
}

/** Path-style addresses where an endpoint is configured: such endpoints seldom have a DNS name per bucket. */
function usesOwnEndpoint(): boolean {
  return Boolean(process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL);
}

/**
 * Retries of a single call, with the SDK's jitter: after throttling it waits up to 0.5, 1, 2, 4 and 8 s, 8 s on average, so
 * that a function of 30 s lives to tell. Minutes are the caller's to wait: a queue's, a state machine's, a schedule's.
 */
const RETRIES = { retryMode: 'standard', maxAttempts: 6 } as const;

/** A map with a key 'constructor', which may be a class of a data set, is taken for an instance of a class. */
export const DOCUMENT_OPTIONS = {
  marshallOptions: { removeUndefinedValues: true, convertClassInstanceToMap: true },
} as const;

export const documentClient = /* @__PURE__ */ once(() =>
  DynamoDBDocumentClient.from(new DynamoDBClient(RETRIES), DOCUMENT_OPTIONS),
);
export const s3 = /* @__PURE__ */ once(() => new S3Client({ ...RETRIES, forcePathStyle: usesOwnEndpoint() }));
export const sqs = /* @__PURE__ */ once(() => new SQSClient(RETRIES));
export const kms = /* @__PURE__ */ once(() => new KMSClient(RETRIES));
export const eventBridge = /* @__PURE__ */ once(() => new EventBridgeClient(RETRIES));
export const sagemaker = /* @__PURE__ */ once(() => new SageMakerClient(RETRIES));
export const greengrass = /* @__PURE__ */ once(() => new GreengrassV2Client(RETRIES));
export const iot = /* @__PURE__ */ once(() => new IoTClient(RETRIES));
export const iotData = /* @__PURE__ */ once(() => new IoTDataPlaneClient(RETRIES));
export const stepFunctions = /* @__PURE__ */ once(() => new SFNClient(RETRIES));
export const budgets = /* @__PURE__ */ once(() => new BudgetsClient(RETRIES));
export const lambda = /* @__PURE__ */ once(() => new LambdaClient(RETRIES));
