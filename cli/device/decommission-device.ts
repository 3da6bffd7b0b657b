import {
  DeleteCoreDeviceCommand,
  ResourceNotFoundException as NoCoreDevice,
} from '@aws-sdk/client-greengrassv2';
import {
  DeleteCertificateCommand,
  DeleteThingCommand,
  DetachPolicyCommand,
  DetachThingPrincipalCommand,
  InvalidRequestException,
  paginateListAttachedPolicies,
  paginateListThingPrincipals,
  ResourceNotFoundException,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import type { Clients } from '../shared/clients';
import type { KaizenEnvironment } from '../shared/environment';
import { InputError } from '../shared/errors';
import { checkThingName } from './provision-device';

export interface DecommissionDeviceOptions {
  readonly thingName: string;
  /** Waits between attempts. @default - real time */
  readonly pause?: (milliseconds: number) => Promise<void>;
}

/** Detaching is eventually consistent: DeleteThing refuses until AWS IoT has noticed. */
const ATTEMPTS = 10;
const PAUSE_MILLISECONDS = 500;

const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** Greengrass knows a core device only after its nucleus has connected for the first time. */
async function deleteCoreDevice(greengrass: Clients['greengrass'], thingName: string): Promise<void> {
  try {
    await greengrass.send(new DeleteCoreDeviceCommand({ coreDeviceThingName: thingName }));
  } catch (error) {
    if (!(error instanceof NoCoreDevice)) throw error;
  }
}

/** Listed whole before anything is detached: what is taken away would shift the pages that follow. */
async function attachedPolicies(client: Clients['iot'], target: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { policies = [] } of paginateListAttachedPolicies({ client }, { target })) {
    names.push(...policies.map(({ policyName = '' }) => policyName));
  }
  return names;
}

/** @throws InputError when there is no such thing */
async function principalsOf(client: Clients['iot'], thingName: string): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const { principals = [] } of paginateListThingPrincipals({ client }, { thingName })) {
      found.push(...principals);
    }
    return found;
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
    throw new InputError(`thing name: there is no thing '${thingName}'`);
  }
}

/** Switched off first: whatever fails afterwards, the device is out. */
async function removeCertificate(
  iot: Clients['iot'],
  thingName: string,
  certificateArn: string,
): Promise<void> {
  const certificateId = certificateArn.split('/').pop() ?? '';
  await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
  for (const policyName of await attachedPolicies(iot, certificateArn)) {
    await iot.send(new DetachPolicyCommand({ policyName, target: certificateArn }));
  }
  await iot.send(new DetachThingPrincipalCommand({ thingName, principal: certificateArn }));
  await iot.send(new DeleteCertificateCommand({ certificateId, forceDelete: true }));
}

async function deleteThing(iot: Clients['iot'], options: DecommissionDeviceOptions): Promise<void> {
  const pause = options.pause ?? sleep;
  for (let attempt = 1; ; attempt++) {
    try {
      await iot.send(new DeleteThingCommand({ thingName: options.thingName }));
      return;
    } catch (error) {
      if (attempt === ATTEMPTS || !(error instanceof InvalidRequestException)) throw error;
      await pause(PAUSE_MILLISECONDS);
    }
  }
}

/**
 * Takes a device out: certificates, thing, core device, inventory. Telemetry and captures stay. A run that was cut
 * off is finished by running it again.
 * @throws InputError when there is no such thing
 */
export async function decommissionDevice(
  clients: Pick<Clients, 'iot' | 'greengrass' | 'dynamoDb'>,
  environment: KaizenEnvironment,
  options: DecommissionDeviceOptions,
): Promise<void> {
  const { thingName } = options;
  checkThingName(thingName);
  for (const principal of await principalsOf(clients.iot, thingName)) {
    await removeCertificate(clients.iot, thingName, principal);
  }
  await deleteCoreDevice(clients.greengrass, thingName);
  await clients.dynamoDb.send(
    new DeleteCommand({ TableName: environment.output('InventoryTableName'), Key: { deviceId: thingName } }),
  );
  // Last, so that a run that was cut off still finds the thing.
  await deleteThing(clients.iot, options);
}
