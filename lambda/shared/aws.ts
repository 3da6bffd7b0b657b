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

export const documentClient = /* @__PURE__ */ once(() =>
  DynamoDBDocumentClient.from(new DynamoDBClient({}), { marshallOptions: { removeUndefinedValues: true } }),
);
export const s3 = /* @__PURE__ */ once(() => new S3Client({ forcePathStyle: usesOwnEndpoint() }));
export const sqs = /* @__PURE__ */ once(() => new SQSClient({}));
export const kms = /* @__PURE__ */ once(() => new KMSClient({}));
export const eventBridge = /* @__PURE__ */ once(() => new EventBridgeClient({}));
export const sagemaker = /* @__PURE__ */ once(() => new SageMakerClient({}));
export const greengrass = /* @__PURE__ */ once(() => new GreengrassV2Client({}));
export const iot = /* @__PURE__ */ once(() => new IoTClient({}));
export const iotData = /* @__PURE__ */ once(() => new IoTDataPlaneClient({}));
export const stepFunctions = /* @__PURE__ */ once(() => new SFNClient({}));
export const budgets = /* @__PURE__ */ once(() => new BudgetsClient({}));
export const lambda = /* @__PURE__ */ once(() => new LambdaClient({}));
