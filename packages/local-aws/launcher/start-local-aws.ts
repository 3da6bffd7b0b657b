/** Starts the local AWS: ministack, SageMaker, Greengrass V2, role aliases and the device gateway. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startDeviceGateway } from '../device-gateway/start-device-gateway';
import { startGreengrass } from '../greengrass/start-greengrass';
import type { Interpreter } from '../sagemaker/interpreter';
import { type SageMakerProgress, startSageMaker } from '../sagemaker/start-sagemaker';
import { freePort } from '../shared/free-port';
import { type MinistackOptions, startMinistack } from './ministack';
import { startRoleAliasRegistry } from './role-alias-registry';

export const LOCAL_REGION = 'us-east-1';
export const LOCAL_ACCOUNT_ID = '000000000000';
/** Known to ministack as the account's root user; worth nothing anywhere else. */
export const LOCAL_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' } as const;
/** Of a pipeline, two jobs do not wait for each other: side by side they take an eighth less time than one after the other. */
const PARALLEL_JOBS = 2;

export interface LocalAwsOptions {
  /** Logs, state and certificates; created when missing. */
  readonly workDirectory: string;
  /** Interpreter that has what requirements.lock pins: it runs ministack and the search of tuning jobs. */
  readonly python: string;
  /** Which Python environments stand for which container images; a job of another image fails. */
  readonly interpreters: readonly Interpreter[];
  /** Those of {@link MinistackOptions}. */
  readonly functionRuntimes?: MinistackOptions['functionRuntimes'];
  /** Called with one message when a part ends although nobody stopped it. */
  readonly onCrash: (message: string) => void;
  /** Progress of pipelines and jobs. */
  readonly onTrainingProgress?: (progress: SageMakerProgress) => void;
}

export interface LocalAws {
  readonly workDirectory: string;
  readonly endpointUrl: string;
  /** Environment for programs that use this AWS: SDK endpoints, region and credentials. */
  readonly environment: Readonly<Record<string, string>>;
  readonly iot: { readonly host: string; readonly port: number; readonly caPath: string };
  readonly gateway: { readonly url: string; readonly caPath: string };
  /** Stops every part, newest first. */
  stop(): Promise<void>;
}

/** @throws Error naming the part that did not start and its last log lines; nothing is left running then. */
export async function startLocalAws(options: LocalAwsOptions): Promise<LocalAws> {
  mkdirSync(options.workDirectory, { recursive: true });
  const stops: Array<() => Promise<void>> = [];
  const stop = async () => {
    for (const stopPart of stops.reverse().splice(0)) await stopPart();
  };
  try {
    return { ...(await startParts(options, stops)), workDirectory: options.workDirectory, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Parts = Omit<LocalAws, 'stop' | 'workDirectory'>;

async function startParts(options: LocalAwsOptions, stops: Array<() => Promise<void>>): Promise<Parts> {
  // ministack hands its environment to the Lambdas it runs, so the ports of our services are decided before it starts.
  const ports = [freePort(), freePort(), freePort()] as const;
  const [sagemakerPort, greengrassPort, gatewayPort] = await Promise.all(ports);
  const aliases = await startRoleAliasRegistry(LOCAL_REGION, LOCAL_ACCOUNT_ID);
  stops.push(aliases.stop);
  const ministack = await startMinistack({
    workDirectory: options.workDirectory,
    python: options.python,
    onCrash: options.onCrash,
    functionRuntimes: options.functionRuntimes,
    environment: {
      AWS_ENDPOINT_URL_SAGEMAKER: `http://127.0.0.1:${sagemakerPort}`,
      AWS_ENDPOINT_URL_GREENGRASSV2: `http://127.0.0.1:${greengrassPort}`,
      LOCAL_AWS_ROLE_ALIAS_URL: aliases.url,
      LOCAL_AWS_GATEWAY_ADDRESS: `localhost:${gatewayPort}`,
    },
  });
  stops.push(ministack.stop);
  const shared = {
    awsEndpointUrl: ministack.url,
    region: LOCAL_REGION,
    accountId: LOCAL_ACCOUNT_ID,
    credentials: LOCAL_CREDENTIALS,
  };
  const sagemaker = await startSageMaker({
    ...shared,
    port: sagemakerPort,
    stateDirectory: join(options.workDirectory, 'sagemaker'),
    interpreters: options.interpreters,
    searchPython: options.python,
    maximumParallelJobs: PARALLEL_JOBS,
    onProgress: options.onTrainingProgress,
  });
  stops.push(sagemaker.stop);
  const greengrass = await startGreengrass({ ...shared, port: greengrassPort, iotEndpoint: ministack.iot });
  stops.push(greengrass.stop);
  const gateway = await startDeviceGateway({
    ...shared,
    port: gatewayPort,
    greengrassUrl: greengrass.url,
    iotCaPem: ministack.iot.caPem,
    roleAliases: aliases.roleAliases,
  });
  stops.push(gateway.stop);

  const iotCaPath = join(options.workDirectory, 'iot-ca.pem');
  const gatewayCaPath = join(options.workDirectory, 'gateway-ca.pem');
  writeFileSync(iotCaPath, ministack.iot.caPem);
  writeFileSync(gatewayCaPath, gateway.caPem);
  return {
    endpointUrl: ministack.url,
    environment: {
      AWS_ENDPOINT_URL: ministack.url,
      AWS_ENDPOINT_URL_SAGEMAKER: sagemaker.url,
      AWS_ENDPOINT_URL_GREENGRASSV2: greengrass.url,
      AWS_REGION: LOCAL_REGION,
      AWS_DEFAULT_REGION: LOCAL_REGION,
      AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
    },
    iot: { host: ministack.iot.host, port: ministack.iot.port, caPath: iotCaPath },
    gateway: { url: gateway.url, caPath: gatewayCaPath },
  };
}
