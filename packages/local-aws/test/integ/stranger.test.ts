/**
 * A stranger's app on the package as it is published: built JavaScript with its own dependencies, its two commands, the
 * unmodified CDK CLI, and the ordinary SDK clients.
 */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateDeploymentCommand,
  GreengrassV2Client,
  ListComponentsCommand,
} from '@aws-sdk/client-greengrassv2';
import { DescribeThingCommand, IoTClient } from '@aws-sdk/client-iot';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DescribePipelineExecutionCommand,
  ListPipelineExecutionStepsCommand,
  SageMakerClient,
  StartPipelineExecutionCommand,
} from '@aws-sdk/client-sagemaker';
import type { CoreDeviceConfig } from '../../core-device/config';
import { SupervisedProcess } from '../../shared/supervised-process';
import { eventually, provisionDevice } from '../greengrass/simulated-device';
import { install, packageFolder } from '../installed';
import { PYTHON } from '../python';

const ACCOUNT = '000000000000';
const REGION = 'us-east-1';
const THING = 'roof';

const home = mkdtempSync(join(tmpdir(), 'stranger-'));
const app = join(home, 'app');
const processes: SupervisedProcess[] = [];
let installed: string;
let environment: Record<string, string>;
let bucket: string;

/** Starts a program and resolves when it prints `ready`. */
async function started(name: string, program: string, args: readonly string[], ready: string): Promise<void> {
  let settle: (outcome: string) => void = () => {};
  const up = new Promise<string>((resolve) => {
    settle = resolve;
  });
  const child = new SupervisedProcess({
    name,
    command: process.execPath,
    arguments: [program, ...args],
    environment: { PATH: process.env.PATH, HOME: home },
    workingDirectory: home,
    logFile: join(home, `${name}.log`),
    onLine: (line) => {
      if (line.includes(ready)) settle(ready);
    },
  });
  processes.push(child);
  const outcome = await Promise.race([up, child.ended]);
  if (outcome !== ready) throw new Error(`${name} ended (${outcome}):\n${child.tail}`);
}

/** A command of the installed package. */
function commandOf(name: string): string {
  const { bin } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
    bin: Record<string, string>;
  };
  return join(installed, bin[name] as string);
}

async function cdk(...args: string[]): Promise<void> {
  const child = new SupervisedProcess({
    name: `cdk ${args[0]}`,
    command: process.execPath,
    arguments: [join(packageFolder('aws-cdk'), 'bin', 'cdk'), ...args, '--ci', '--no-notices', '--no-color'],
    environment: { PATH: process.env.PATH, HOME: home, CDK_DISABLE_CLI_TELEMETRY: 'true', ...environment },
    workingDirectory: app,
    logFile: join(home, 'cdk.log'),
  });
  await child.complete(new AbortController().signal);
}

/** `export NAME=value` lines, as a shell would source them. */
function sourced(file: string): Record<string, string> {
  const lines = readFileSync(file, 'utf8').matchAll(/^export (\w+)=(.*)$/gm);
  return Object.fromEntries([...lines].map(([, name, value]) => [name, value]));
}

/** An SDK client with the variables of the local AWS, which this process itself does not have. */
function client<Client>(
  Service: new (settings: object) => Client,
  endpoint = 'AWS_ENDPOINT_URL',
  settings: object = {},
): Client {
  const credentials = {
    accessKeyId: environment.AWS_ACCESS_KEY_ID,
    secretAccessKey: environment.AWS_SECRET_ACCESS_KEY,
  };
  return new Service({ endpoint: environment[endpoint], region: REGION, credentials, ...settings });
}

beforeAll(async () => {
  cpSync(join(__dirname, '..', 'stranger'), app, { recursive: true });
  installed = install(home, ['aws-cdk-lib', 'constructs']);
  const variables = join(home, 'local-aws.env');
  const options = ['--python', PYTHON, '--image', `python=${PYTHON}`, '--variables', variables];
  await started('local-aws', commandOf('local-aws'), options, 'The local AWS is up');
  environment = sourced(variables);
  await cdk('bootstrap', `aws://${ACCOUNT}/${REGION}`);
  await cdk('deploy', '--all', '--require-approval=never', `--outputs-file=${join(home, 'outputs.json')}`);
  bucket = JSON.parse(readFileSync(join(home, 'outputs.json'), 'utf8')).Weather.Bucket;
});

afterAll(async () => {
  for (const child of processes.reverse()) await child.stop();
  expect(existsSync(join(home, 'local-aws.env'))).toBe(false);
  rmSync(home, { recursive: true, force: true });
});

test('the pipeline of the app runs to its end, and leaves its result in S3', async () => {
  const sagemaker = client(SageMakerClient, 'AWS_ENDPOINT_URL_SAGEMAKER');
  const s3 = client(S3Client, 'AWS_ENDPOINT_URL', { forcePathStyle: true });
  const { PipelineExecutionArn } = await sagemaker.send(
    new StartPipelineExecutionCommand({
      PipelineName: 'weather',
      PipelineParameters: [{ Name: 'Readings', Value: '18,21,24' }],
    }),
  );
  const status = await eventually(async () => {
    const found = await sagemaker.send(new DescribePipelineExecutionCommand({ PipelineExecutionArn }));
    return found.PipelineExecutionStatus === 'Executing' ? undefined : found.PipelineExecutionStatus;
  });
  const { PipelineExecutionSteps } = await sagemaker.send(
    new ListPipelineExecutionStepsCommand({ PipelineExecutionArn }),
  );
  expect(PipelineExecutionSteps?.map(({ FailureReason }) => FailureReason)).toEqual([undefined]);
  expect(status).toBe('Succeeded');
  const key = `runs/${PipelineExecutionArn?.split('/').at(-1)}/average.txt`;
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  expect(await Body?.transformToString()).toBe('21.0');
  sagemaker.destroy();
  s3.destroy();
});

/** A thing of the app's policy, and the configuration of a device that is it. */
async function provisioned(iot: IoTClient): Promise<string> {
  const { certificatePem, privateKeyPem } = await provisionDevice(iot, THING, 'weather-station');
  const certificatePath = join(home, 'certificate.pem');
  const privateKeyPath = join(home, 'private-key.pem');
  writeFileSync(certificatePath, certificatePem);
  writeFileSync(privateKeyPath, privateKeyPem);
  const [host, port] = (environment.LOCAL_AWS_MQTT as string).split(':');
  const config: CoreDeviceConfig = {
    thingName: THING,
    rootPath: join(home, 'greengrass'),
    region: REGION,
    accountId: ACCOUNT,
    mqtt: { host: host as string, port: Number(port) },
    iotCaPath: environment.LOCAL_AWS_MQTT_CA as string,
    gatewayUrl: environment.LOCAL_AWS_GATEWAY as string,
    gatewayCaPath: environment.LOCAL_AWS_GATEWAY_CA as string,
    awsEndpointUrl: environment.AWS_ENDPOINT_URL as string,
    certificatePath,
    privateKeyPath,
    roleAlias: 'weather',
  };
  const file = join(home, 'device.json');
  writeFileSync(file, JSON.stringify(config));
  return file;
}

test('the component of the app is deployed to a core device, and runs there', async () => {
  const greengrass = client(GreengrassV2Client, 'AWS_ENDPOINT_URL_GREENGRASSV2');
  const iot = client(IoTClient);
  const { components } = await greengrass.send(new ListComponentsCommand({}));
  expect(
    components?.map(({ componentName, latestVersion }) => [componentName, latestVersion?.componentVersion]),
  ).toEqual([['com.example.Weather', '1.0.0']]);

  const config = await provisioned(iot);
  await started(THING, commandOf('local-aws-core-device'), ['--config', config], '"event":"ready"');
  const { thingArn } = await iot.send(new DescribeThingCommand({ thingName: THING }));
  await greengrass.send(
    new CreateDeploymentCommand({
      targetArn: thingArn,
      components: {
        'com.example.Weather': {
          componentVersion: '1.0.0',
          configurationUpdate: { merge: JSON.stringify({ greeting: 'rainy' }) },
        },
      },
    }),
  );
  const forecast = join(home, 'greengrass', 'work', 'com.example.Weather', 'forecast');
  const said = await eventually(async () =>
    existsSync(forecast) ? readFileSync(forecast, 'utf8').trim() || undefined : undefined,
  );
  expect(said).toBe(`rainy at ${THING}`);
  greengrass.destroy();
  iot.destroy();
});
