import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DescribeThingGroupCommand } from '@aws-sdk/client-iot';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { type ConfigurationDocument, ContractError, parseContractJson } from '../../contracts';
import { cameraProblems } from '../../contracts/camera-problems';
import { s3Uri } from '../../contracts/s3-address';
import { configurationKey, configurationRecipe } from '../../lambda/device/configuration-recipe';
import { CONFIGURATION_TAG } from '../../lambda/device/names';
import { deliverReleaseKey } from '../../lambda/registry/names';
import { createOrAdopt, type Sleep } from '../../lambda/rollout/component-version';
import { RolloutTable } from '../../lambda/rollout/rollout-table';
import { WaveDeployer } from '../../lambda/rollout/wave-deployer';
import type { Clients } from '../shared/clients';
import type { KaizenEnvironment } from '../shared/environment';
import { InputError } from '../shared/errors';
import { type Wave, waveGroupOutput } from './device-folder';

const DELIVERY_SCRIPT = join(__dirname, '..', '..', 'dist', 'edge', 'deliver-release.cjs');

export interface ConfigureDevicesOptions {
  /** A configuration document, JSON. */
  readonly file: string;
  readonly wave: Wave;
  /** Of model components, which this one uses as well. @default - as it was built */
  readonly deliveryScript?: string;
  /** Waits between looks at Greengrass. @default - real time */
  readonly sleep?: Sleep;
}

export interface ConfiguredGroup {
  readonly componentName: string;
  readonly componentVersion: string;
  readonly deploymentId: string;
}

type ConfiguringClients = Pick<Clients, 's3' | 'greengrass' | 'iot' | 'dynamoDb'>;

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** @throws InputError when a file cannot be read */
async function readInput(path: string, advice: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: Error) => {
    throw new InputError(`'${path}' cannot be read: ${error.message}${advice}`);
  });
}

/** A deployment in the middle of a rollout would be taken for the release's. */
export async function requireNoRollout(
  clients: Pick<Clients, 'dynamoDb'>,
  environment: KaizenEnvironment,
): Promise<void> {
  const table = new RolloutTable(
    clients.dynamoDb,
    environment.output('ReleaseTableName'),
    environment.useCase,
  );
  const holder = await table.holder();
  if (holder !== undefined) throw new InputError(`a rollout is running (${holder}): wait for its end`);
}

export async function thingGroupArn(clients: Pick<Clients, 'iot'>, thingGroupName: string): Promise<string> {
  const answer = await clients.iot.send(new DescribeThingGroupCommand({ thingGroupName }));
  if (!answer.thingGroupArn) throw new Error(`AWS IoT answered without the ARN of ${thingGroupName}`);
  return answer.thingGroupArn;
}

/** What a device would refuse. @throws ContractError */
function requireMeantCameras({ useCases = {} }: ConfigurationDocument, file: string): void {
  const problems = Object.entries(useCases).flatMap(([useCase, { cameras }]) =>
    Object.entries(cameras).flatMap(([cameraId, camera]) =>
      cameraProblems(camera).map((problem) => `useCases.${useCase}.cameras.${cameraId}.${problem}`),
    ),
  );
  if (problems.length > 0) throw new ContractError('configuration-document', file, problems);
}

/**
 * Deploys a configuration document to a group, as a version of the environment's configuration component: content-addressed
 * in S3, its digest checked by each nucleus, judged by each device as a whole before it is in force. A rollout keeps it. The
 * same document is the same version, so a repeated call changes nothing.
 * @throws ContractError with everything that is wrong with the document
 * @throws InputError when a file cannot be read, or a rollout is running
 */
export async function configureDevices(
  clients: ConfiguringClients,
  environment: KaizenEnvironment,
  options: ConfigureDevicesOptions,
): Promise<ConfiguredGroup> {
  const text = await readInput(options.file, '');
  requireMeantCameras(parseContractJson('configuration-document', text, options.file), options.file);
  const script = await readInput(options.deliveryScript ?? DELIVERY_SCRIPT, ': run npm run build');
  await requireNoRollout(clients, environment);

  const bucket = environment.output('ModelBucketName');
  const digest = sha256(text);
  const put = (Key: string, Body: string, ContentType: string) =>
    clients.s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body, ContentType }));
  const scriptKey = deliverReleaseKey(sha256(script));
  await put(scriptKey, script, 'text/javascript');
  await put(configurationKey(digest), text, 'application/json');

  const deliverReleaseUri = s3Uri(bucket, scriptKey);
  const { componentName, componentVersion, recipe } = configurationRecipe({
    scope: environment.scope,
    bucket,
    sha256: digest,
    deliverReleaseUri,
  });
  // Any ARN of the account tells partition, region and account.
  const origin = { tag: CONFIGURATION_TAG, sha256: digest };
  await createOrAdopt(clients.greengrass, recipe, origin, environment.output('SigningKeyArn'), options.sleep);
  const group = await thingGroupArn(clients, environment.output(waveGroupOutput(options.wave)));
  const deploymentId = await new WaveDeployer(clients.greengrass).deploy(
    group,
    [{ name: componentName, version: componentVersion, hotSwapped: true }],
    `configuration ${componentVersion} to ${options.wave}`,
    digest,
  );
  return { componentName, componentVersion, deploymentId };
}
