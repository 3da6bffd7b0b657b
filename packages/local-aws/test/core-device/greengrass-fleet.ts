/** A small cloud for core devices (ministack, Greengrass control plane, device gateway) and devices as processes. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  type ComponentDeploymentSpecification,
  CreateComponentVersionCommand,
  CreateDeploymentCommand,
  type CreateDeploymentCommandInput,
  type EffectiveDeployment,
  GreengrassV2Client,
  type InstalledComponent,
  ListEffectiveDeploymentsCommand,
  ListInstalledComponentsCommand,
} from '@aws-sdk/client-greengrassv2';
import { IAMClient } from '@aws-sdk/client-iam';
import {
  AddThingToThingGroupCommand,
  CreatePolicyCommand,
  CreateThingGroupCommand,
  IoTClient,
} from '@aws-sdk/client-iot';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { coreDeviceCommand } from '../../core-device/command';
import type { CoreDeviceConfig } from '../../core-device/config';
import { type DeviceGateway, startDeviceGateway } from '../../device-gateway/start-device-gateway';
import { startGreengrass } from '../../greengrass/start-greengrass';
import type { Ministack } from '../../launcher/ministack';
import type { RunningService } from '../../shared/running-service';
import { SupervisedProcess } from '../../shared/supervised-process';
import { startTestMinistack } from '../greengrass/running-ministack';
import { eventually, provisionDevice } from '../greengrass/simulated-device';
import { createServiceRole } from '../service-role';

const REGION = 'us-east-1';
const ACCOUNT = '000000000000';
const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };
const ROLE_ARN = `arn:aws:iam::${ACCOUNT}:role/token-exchange`;
const ALIAS_ARN = `arn:aws:iot:${REGION}:${ACCOUNT}:rolealias/tokens`;
const POLICY = 'core-device';
export const BUCKET = 'core-device-test';
/** Where the components of the tests find the device SDK. */
const MODULES = join(dirname(require.resolve('aws-iot-device-sdk-v2/package.json')), '..');

export type Recipe = Record<string, unknown>;

function document(...statements: object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

export class GreengrassFleet {
  private groups = 0;

  private constructor(
    readonly directory: string,
    readonly aws: Ministack,
    private readonly greengrass: RunningService,
    private readonly gateway: DeviceGateway,
    readonly client: GreengrassV2Client,
    private readonly iot: IoTClient,
    private readonly s3: S3Client,
  ) {}

  static async start(): Promise<GreengrassFleet> {
    const aws = await startTestMinistack();
    const settings = { endpoint: aws.url, region: REGION, credentials: CREDENTIALS };
    const shared = { awsEndpointUrl: aws.url, region: REGION, accountId: ACCOUNT, credentials: CREDENTIALS };
    const greengrass = await startGreengrass({ ...shared, iotEndpoint: aws.iot });
    const gateway = await startDeviceGateway({
      ...shared,
      greengrassUrl: greengrass.url,
      iotCaPem: aws.iot.caPem,
      roleAliases: async () => new Map([['tokens', { roleArn: ROLE_ARN, credentialDurationSeconds: 900 }]]),
    });
    const fleet = new GreengrassFleet(
      mkdtempSync(join(tmpdir(), 'core-device-')),
      aws,
      greengrass,
      gateway,
      new GreengrassV2Client({ endpoint: greengrass.url, region: REGION, credentials: CREDENTIALS }),
      new IoTClient(settings),
      new S3Client({ ...settings, forcePathStyle: true }),
    );
    await fleet.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    await fleet.createRole();
    await fleet.createPolicy();
    writeFileSync(join(fleet.directory, 'iot-ca.pem'), aws.iot.caPem);
    writeFileSync(join(fleet.directory, 'gateway-ca.pem'), gateway.caPem);
    return fleet;
  }

  async stop(): Promise<void> {
    this.client.destroy();
    this.s3.destroy();
    this.iot.destroy();
    await this.gateway.stop();
    await this.greengrass.stop();
    await this.aws.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** A thing with its certificate in a thing group of its own. */
  async provision(
    thingName: string,
    changes: Partial<CoreDeviceConfig> = {},
  ): Promise<{ config: CoreDeviceConfig; groupArn: string }> {
    const certificate = await provisionDevice(this.iot, thingName, POLICY);
    this.groups += 1;
    const thingGroupName = `${thingName}-group-${this.groups}`;
    const { thingGroupArn } = await this.iot.send(new CreateThingGroupCommand({ thingGroupName }));
    await this.iot.send(new AddThingToThingGroupCommand({ thingGroupName, thingName }));
    const folder = join(this.directory, thingName);
    mkdirSync(folder);
    writeFileSync(join(folder, 'certificate.pem'), certificate.certificatePem);
    writeFileSync(join(folder, 'key.pem'), certificate.privateKeyPem);
    const { host, port } = this.aws.iot;
    const config: CoreDeviceConfig = {
      thingName,
      rootPath: join(folder, 'root'),
      region: REGION,
      accountId: ACCOUNT,
      mqtt: { host, port },
      gatewayUrl: this.gateway.url,
      gatewayCaPath: join(this.directory, 'gateway-ca.pem'),
      awsEndpointUrl: this.aws.url,
      iotCaPath: join(this.directory, 'iot-ca.pem'),
      certificatePath: join(folder, 'certificate.pem'),
      privateKeyPath: join(folder, 'key.pem'),
      roleAlias: 'tokens',
      componentEnvironment: { NODE_PATH: MODULES },
      ...changes,
    };
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    return { config, groupArn: thingGroupArn as string };
  }

  async putObject(key: string, body: Uint8Array | string): Promise<string> {
    await this.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body }));
    return `s3://${BUCKET}/${key}`;
  }

  async createComponent(recipe: Recipe): Promise<void> {
    const inlineRecipe = Buffer.from(JSON.stringify({ RecipeFormatVersion: '2020-01-25', ...recipe }));
    await this.client.send(new CreateComponentVersionCommand({ inlineRecipe }));
  }

  async deploy(
    targetArn: string,
    components: Record<string, string | ComponentDeploymentSpecification>,
    policies?: CreateDeploymentCommandInput['deploymentPolicies'],
  ): Promise<string> {
    const { deploymentId } = await this.client.send(
      new CreateDeploymentCommand({
        targetArn,
        deploymentPolicies: policies,
        components: Object.fromEntries(
          Object.entries(components).map(([name, what]) => [
            name,
            typeof what === 'string' ? { componentVersion: what } : what,
          ]),
        ),
      }),
    );
    return deploymentId as string;
  }

  /** The deployment as the control plane knows it, once the device has finished it. */
  finished(thingName: string, deploymentId: string): Promise<EffectiveDeployment> {
    return eventually(async () => {
      const answer = await this.client.send(
        new ListEffectiveDeploymentsCommand({ coreDeviceThingName: thingName }),
      );
      const found = answer.effectiveDeployments?.find((one) => one.deploymentId === deploymentId);
      const open = ['QUEUED', 'IN_PROGRESS', undefined].includes(found?.coreDeviceExecutionStatus);
      return open ? undefined : found;
    });
  }

  async installed(thingName: string): Promise<InstalledComponent[]> {
    const answer = await this.client.send(
      new ListInstalledComponentsCommand({ coreDeviceThingName: thingName }),
    );
    return answer.installedComponents ?? [];
  }

  private async createRole(): Promise<void> {
    const iam = new IAMClient({ endpoint: this.aws.url, region: REGION, credentials: CREDENTIALS });
    await createServiceRole(iam, {
      name: 'token-exchange',
      service: 'credentials.iot.amazonaws.com',
      allow: [['s3:GetObject', `arn:aws:s3:::${BUCKET}/*`]],
    });
    iam.destroy();
  }

  private async createPolicy(): Promise<void> {
    const thing = `\${iot:Connection.Thing.ThingName}`;
    const arn = (resource: string): string => `arn:aws:iot:${REGION}:${ACCOUNT}:${resource}`;
    const policyDocument = document(
      { Effect: 'Allow', Action: 'iot:Connect', Resource: arn(`client/${thing}`) },
      {
        Effect: 'Allow',
        Action: ['iot:Publish', 'iot:Receive'],
        Resource: [arn(`topic/$aws/things/${thing}/*`), arn(`topic/probe/${thing}/*`)],
      },
      {
        Effect: 'Allow',
        Action: 'iot:Subscribe',
        Resource: [arn(`topicfilter/$aws/things/${thing}/*`), arn(`topicfilter/probe/${thing}/*`)],
      },
      { Effect: 'Allow', Action: 'iot:AssumeRoleWithCertificate', Resource: ALIAS_ARN },
      { Effect: 'Allow', Action: 'greengrass:ResolveComponentCandidates', Resource: '*' },
      { Effect: 'Allow', Action: 'greengrass:ListThingGroupsForCoreDevice', Resource: arn('thing/*') },
      {
        Effect: 'Allow',
        Action: 'greengrass:GetComponentVersionArtifact',
        Resource: `arn:aws:greengrass:${REGION}:${ACCOUNT}:components:*`,
      },
    );
    await this.iot.send(new CreatePolicyCommand({ policyName: POLICY, policyDocument }));
  }
}

interface DeviceEvent {
  readonly event: string;
  readonly [detail: string]: unknown;
}

/** `core-device/main.ts` as a process of its own. */
export class DeviceProcess {
  readonly events: DeviceEvent[] = [];
  readonly process: SupervisedProcess;

  constructor(readonly config: CoreDeviceConfig) {
    const folder = join(config.rootPath, '..');
    this.process = new SupervisedProcess({
      name: `core device ${config.thingName}`,
      ...coreDeviceCommand(join(folder, 'config.json')),
      environment: { PATH: process.env.PATH },
      logFile: join(folder, 'device.log'),
      onLine: (line) => {
        if (line.startsWith('{')) this.events.push(JSON.parse(line));
      },
    });
  }

  /** The first event of that name after `from` events. */
  event(name: string, from = 0): Promise<DeviceEvent> {
    return eventually(async () => this.events.slice(from).find(({ event }) => event === name));
  }

  read(path: string): string {
    return readFileSync(join(this.config.rootPath, path), 'utf8');
  }
}
