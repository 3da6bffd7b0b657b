import { paginateListThingGroupsForThing } from '@aws-sdk/client-iot';
import { inferenceComponentName } from '../../lambda/device/names';
import { WaveDeployer } from '../../lambda/rollout/wave-deployer';
import { type InventoryItem, InventoryTable } from '../../lambda/telemetry/inventory-table';
import type { Clients } from '../shared/clients';
import type { KaizenEnvironment } from '../shared/environment';
import { InputError } from '../shared/errors';
import { waveGroups } from './device-folder';
import { checkThingName } from './provision-device';

type RefusedRelease = NonNullable<InventoryItem['refusedReleases']>[number];

export interface LiftQuarantineOptions {
  readonly thingName: string;
  /** As the device's status names it. */
  readonly releaseId: string;
}

export interface LiftedQuarantine {
  readonly thingGroupName: string;
  readonly deploymentId: string;
  /** Why the device had quarantined the release. */
  readonly refused: RefusedRelease;
}

const sentence = ({ code, reason }: RefusedRelease): string => (reason ? `${code}: ${reason}` : code);

/** @throws InputError when the device has not quarantined the release, with what it has */
function quarantined(status: InventoryItem | undefined, options: LiftQuarantineOptions): RefusedRelease {
  const { thingName, releaseId } = options;
  if (!status) throw new InputError(`device '${thingName}' has never sent a status`);
  const all = (status.refusedReleases ?? []).filter((refused) => refused.quarantined);
  const found = all.find((refused) => refused.releaseId === releaseId);
  if (found) return found;
  const others = all.map((refused) => `${refused.releaseId ?? refused.releaseDigest} (${sentence(refused)})`);
  throw new InputError(
    `device '${thingName}' has not quarantined release '${releaseId}'; it has ${others.join(', ') || 'none'}`,
  );
}

/** The wave of a device. @throws InputError when it is in none */
export async function waveOf(
  iot: Clients['iot'],
  environment: KaizenEnvironment,
  thingName: string,
): Promise<{ readonly name: string; readonly arn: string }> {
  const waves = waveGroups(environment);
  const pages = paginateListThingGroupsForThing({ client: iot }, { thingName });
  for await (const { thingGroups = [] } of pages) {
    for (const { groupName, groupArn } of thingGroups) {
      if (groupName && groupArn && waves.includes(groupName)) return { name: groupName, arn: groupArn };
    }
  }
  throw new InputError(`device '${thingName}' is in none of the groups ${waves.join(', ')}`);
}

/**
 * Lets a device take a release again that it had quarantined. The device is told by the configuration of its component, in
 * a new deployment of its wave that changes nothing else; the other devices of the wave get it too, and it does not mean
 * them. The release itself is not delivered by this.
 * @throws InputError when the device has not quarantined the release, or follows no deployment
 */
export async function liftQuarantine(
  clients: Pick<Clients, 'dynamoDb' | 'greengrass' | 'iot'>,
  environment: KaizenEnvironment,
  options: LiftQuarantineOptions,
): Promise<LiftedQuarantine> {
  const { thingName, releaseId } = options;
  checkThingName(thingName);
  const table = new InventoryTable(clients.dynamoDb, environment.output('InventoryTableName'));
  const refused = quarantined(await table.find(thingName), options);
  const wave = await waveOf(clients.iot, environment, thingName);
  const deploymentId = await new WaveDeployer(clients.greengrass).configure(
    wave.arn,
    inferenceComponentName(environment.scope),
    { liftedQuarantines: { [thingName]: { [refused.releaseDigest]: refused.at } } },
    `lift the quarantine of ${releaseId} on ${thingName}`,
  );
  return { thingGroupName: wave.name, deploymentId, refused };
}

/** For a terminal. */
export const formatLifted = (
  { thingName, releaseId }: LiftQuarantineOptions,
  { deploymentId, refused }: LiftedQuarantine,
): string =>
  `Deployment ${deploymentId} lifts the quarantine of ${releaseId} on ${thingName} (${sentence(refused)}); deliver the release again`;
