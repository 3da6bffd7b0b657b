/** Leads every call of the SDK's clients to one function, as `aws-sdk-client-mock` does, but outside of Jest too. */
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { GreengrassV2Client } from '@aws-sdk/client-greengrassv2';
import { IoTClient } from '@aws-sdk/client-iot';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

const CLIENTS = {
  dynamodb: DynamoDBDocumentClient,
  eventbridge: EventBridgeClient,
  greengrass: GreengrassV2Client,
  iot: IoTClient,
  kms: KMSClient,
  s3: S3Client,
  states: SFNClient,
} as const;
export type Service = keyof typeof CLIENTS;

export type Route = (service: Service, command: object) => Promise<object>;

/** Runs with the clients led to `route`; every client that a function keeps from before is led there too. */
export async function withClients<Result>(route: Route, run: () => Promise<Result>): Promise<Result> {
  const prototypes = Object.entries(CLIENTS).map(
    ([service, client]) => [service as Service, client.prototype as { send?: unknown }] as const,
  );
  const before = prototypes.map(([, prototype]) => Object.getOwnPropertyDescriptor(prototype, 'send'));
  for (const [service, prototype] of prototypes) {
    Object.defineProperty(prototype, 'send', {
      configurable: true,
      writable: true,
      value: (command: object) => route(service, command),
    });
  }
  try {
    return await run();
  } finally {
    for (const [index, [, prototype]] of prototypes.entries()) {
      const descriptor = before[index];
      if (descriptor) Object.defineProperty(prototype, 'send', descriptor);
      else delete prototype.send;
    }
  }
}
