/**
 * Listens to what devices report: fleet status on the health topic and updates of job executions. Connects to IoT Core
 * with a certificate of its own, whose policy allows these subscriptions and nothing else.
 */
import {
  AttachPolicyCommand,
  CreateKeysAndCertificateCommand,
  CreatePolicyCommand,
  DeleteCertificateCommand,
  DeletePolicyCommand,
  DetachPolicyCommand,
  IoTClient,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { connectAsync, type MqttClient } from 'mqtt';
import type { Scope } from './arn';
import type { AwsSettings } from './aws-ports';
import { healthTopic } from './deployment-document';

export interface IotEndpoint {
  readonly host: string;
  readonly port: number;
  readonly caPem: string;
}

export interface DeviceReportHandlers {
  /** A fleet status message, not yet parsed. */
  health(thingName: string, text: string): Promise<void>;
  /** A device changed the state of its job execution. */
  execution(thingName: string, jobId: string): Promise<void>;
  /** A message could not be handled; the listener goes on. */
  problem(topic: string, error: Error): void;
}

const CLIENT_ID = 'greengrass-control-plane';
const POLICY_NAME = 'local-greengrass-control-plane';
const FILTERS = [healthTopic('+'), '$aws/things/+/jobs/+/update/accepted'];
const HEALTH = /^\$aws\/things\/([^/]+)\/greengrassv2\/health\/json$/;
const EXECUTION = /^\$aws\/things\/([^/]+)\/jobs\/([^/]+)\/update\/accepted$/;

function policyDocument({ region, accountId }: Scope): string {
  const iot = (resource: string) => `arn:aws:iot:${region}:${accountId}:${resource}`;
  const topics = FILTERS.map((filter) => filter.replaceAll('+', '*'));
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 'iot:Connect', Resource: iot(`client/${CLIENT_ID}`) },
      {
        Effect: 'Allow',
        Action: 'iot:Subscribe',
        Resource: FILTERS.map((filter) => iot(`topicfilter/${filter}`)),
      },
      { Effect: 'Allow', Action: 'iot:Receive', Resource: topics.map((topic) => iot(`topic/${topic}`)) },
    ],
  });
}

export class DeviceReports {
  private constructor(
    private readonly client: IoTClient,
    private readonly certificate: { readonly id: string; readonly arn: string },
    private readonly connection: MqttClient,
  ) {}

  static async listen(
    settings: AwsSettings,
    scope: Scope,
    endpoint: IotEndpoint,
    handlers: DeviceReportHandlers,
  ): Promise<DeviceReports> {
    const client = new IoTClient(settings);
    const made = await client.send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
    await createPolicy(client, policyDocument(scope));
    await client.send(new AttachPolicyCommand({ policyName: POLICY_NAME, target: made.certificateArn }));
    const connection = await connectAsync({
      protocol: 'mqtts',
      host: endpoint.host,
      port: endpoint.port,
      ca: endpoint.caPem,
      cert: made.certificatePem as string,
      key: made.keyPair?.PrivateKey as string,
      clientId: CLIENT_ID,
      protocolVersion: 4,
      // A persistent session: what devices report while this connection is down arrives later.
      clean: false,
      reconnectPeriod: 500,
    });
    connection.on('message', (topic, payload) => dispatch(topic, payload, handlers));
    connection.on('error', (error) => handlers.problem('(connection)', error));
    await connection.subscribeAsync(FILTERS, { qos: 1 });
    const certificate = { id: made.certificateId as string, arn: made.certificateArn as string };
    return new DeviceReports(client, certificate, connection);
  }

  /** Leaves no certificate and no policy behind, unless IoT Core is gone already. */
  async stop(): Promise<void> {
    await this.connection.endAsync(true);
    const { id: certificateId, arn } = this.certificate;
    try {
      await this.client.send(new DetachPolicyCommand({ policyName: POLICY_NAME, target: arn }));
      await this.client.send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
      await this.client.send(new DeleteCertificateCommand({ certificateId, forceDelete: true }));
      await this.client.send(new DeletePolicyCommand({ policyName: POLICY_NAME }));
    } catch (error) {
      // Without an answer IoT Core is gone, and the certificate with it.
      if ((error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode) throw error;
    } finally {
      this.client.destroy();
    }
  }
}

async function createPolicy(client: IoTClient, document: string): Promise<void> {
  try {
    await client.send(new CreatePolicyCommand({ policyName: POLICY_NAME, policyDocument: document }));
  } catch (error) {
    // Left by a run that was killed; its document is the same.
    if ((error as Error).name !== 'ResourceAlreadyExistsException') throw error;
  }
}

function dispatch(topic: string, payload: Buffer, handlers: DeviceReportHandlers): void {
  const health = HEALTH.exec(topic);
  const execution = EXECUTION.exec(topic);
  const handled = health?.[1]
    ? handlers.health(health[1], payload.toString('utf8'))
    : execution?.[1] && execution[2]
      ? handlers.execution(execution[1], execution[2])
      : Promise.resolve();
  handled.catch((error: Error) => handlers.problem(topic, error));
}
