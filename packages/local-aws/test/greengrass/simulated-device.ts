/** A core device reduced to its wire: a certificate, job executions and fleet status over MQTT, HTTPS to the gateway. */
import { request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateKeysAndCertificateCommand,
  CreateThingCommand,
  type IoTClient,
} from '@aws-sdk/client-iot';
import { connectAsync, type MqttClient } from 'mqtt';
import {
  type DeploymentDocument,
  type FleetStatus,
  healthTopic,
  type JobStatusDetails,
} from '../../greengrass/deployment-document';

export interface Job {
  readonly jobId: string;
  readonly jobDocument: DeploymentDocument;
}

export interface DeviceCertificate {
  readonly id: string;
  readonly arn: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

export async function provisionDevice(
  iot: IoTClient,
  thingName: string,
  policyName: string,
): Promise<DeviceCertificate> {
  await iot.send(new CreateThingCommand({ thingName }));
  const made = await iot.send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
  const principal = made.certificateArn as string;
  await iot.send(new AttachThingPrincipalCommand({ thingName, principal }));
  await iot.send(new AttachPolicyCommand({ policyName, target: principal }));
  return {
    id: made.certificateId as string,
    arn: principal,
    certificatePem: made.certificatePem as string,
    privateKeyPem: made.keyPair?.PrivateKey as string,
  };
}

export class SimulatedDevice {
  private readonly jobs: Job[] = [];
  private sequenceNumber = 0;

  private constructor(
    readonly thingName: string,
    private readonly connection: MqttClient,
  ) {}

  static async connect(
    thingName: string,
    certificate: DeviceCertificate,
    endpoint: { host: string; port: number; caPem: string },
  ): Promise<SimulatedDevice> {
    const connection = await connectAsync({
      protocol: 'mqtts',
      host: endpoint.host,
      port: endpoint.port,
      ca: endpoint.caPem,
      cert: certificate.certificatePem,
      key: certificate.privateKeyPem,
      clientId: thingName,
      protocolVersion: 4,
      reconnectPeriod: 0,
    });
    const device = new SimulatedDevice(thingName, connection);
    connection.on('message', (_topic, payload) => {
      const { execution } = JSON.parse(payload.toString()) as { execution?: Job };
      if (execution) device.jobs.push(execution);
    });
    await connection.subscribeAsync(
      [`$aws/things/${thingName}/jobs/notify-next`, `$aws/things/${thingName}/jobs/$next/get/accepted`],
      { qos: 1 },
    );
    await connection.publishAsync(`$aws/things/${thingName}/jobs/$next/get`, '{}', { qos: 1 });
    return device;
  }

  /** The job that carries a deployment, once it has arrived. */
  async jobOf(deploymentId: string): Promise<Job> {
    return eventually(async () =>
      this.jobs.find(({ jobDocument }) => jobDocument.deploymentId === deploymentId),
    );
  }

  async updateJob(
    jobId: string,
    status: 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED',
    details?: JobStatusDetails,
  ): Promise<void> {
    const topic = `$aws/things/${this.thingName}/jobs/${jobId}/update`;
    await this.connection.publishAsync(topic, JSON.stringify({ status, statusDetails: details }), { qos: 1 });
  }

  async report(status: Pick<FleetStatus, 'components' | 'overallDeviceStatus' | 'trigger'>): Promise<void> {
    this.sequenceNumber += 1;
    const message: FleetStatus = {
      ggcVersion: '2.18.2',
      platform: 'linux',
      architecture: 'amd64',
      thing: this.thingName,
      sequenceNumber: this.sequenceNumber,
      timestamp: Date.now(),
      messageType: 'COMPLETE',
      ...status,
    };
    await this.connection.publishAsync(healthTopic(this.thingName), JSON.stringify(message), { qos: 1 });
  }

  async disconnect(): Promise<void> {
    await this.connection.endAsync(true);
  }
}

export interface Answer {
  readonly status: number;
  readonly errorType?: string | undefined;
  readonly body: Record<string, unknown>;
}

export interface HttpsCall {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

/** One HTTPS request to the gateway with a client certificate, or without one. */
export function callGateway(
  gateway: { url: string; caPem: string },
  certificate: DeviceCertificate | undefined,
  path: string,
  { method = 'GET', headers = {}, body }: HttpsCall = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(
      `${gateway.url}${path}`,
      {
        method,
        headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
        ca: gateway.caPem,
        cert: certificate?.certificatePem,
        key: certificate?.privateKeyPem,
        agent: false,
      },
      async (response) => {
        let text = '';
        for await (const chunk of response) text += chunk;
        resolve({
          status: response.statusCode ?? 0,
          errorType: response.headers['x-amzn-errortype'] as string | undefined,
          body: JSON.parse(text) as Record<string, unknown>,
        });
      },
    );
    call.on('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Only ends a test that hangs. */
const PATIENCE_MILLISECONDS = 240_000;
const PAUSE_MILLISECONDS = 50;

/** Asks until the answer is there. */
export async function eventually<Value>(ask: () => Promise<Value | undefined>): Promise<Value> {
  const deadline = Date.now() + PATIENCE_MILLISECONDS;
  while (Date.now() < deadline) {
    const value = await ask();
    if (value !== undefined) return value;
    await sleep(PAUSE_MILLISECONDS);
  }
  throw new Error(`nothing after ${PATIENCE_MILLISECONDS / 1000} s: ${ask}`);
}
