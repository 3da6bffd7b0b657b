import {
  AddThingToThingGroupCommand,
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateKeysAndCertificateCommand,
  CreateThingCommand,
  DeleteCertificateCommand,
  DescribeCertificateCommand,
  DescribeThingCommand,
  paginateListThingGroupsForThing,
  RemoveThingFromThingGroupCommand,
  ResourceAlreadyExistsException,
  ResourceNotFoundException,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import type { Clients } from '../shared/clients';
import type { KaizenEnvironment } from '../shared/environment';
import { InputError } from '../shared/errors';
import { DeviceFolder, type ThingFile, type Wave, waveGroupOutput, waveGroups } from './device-folder';
import { checkProgram, installScript } from './device-programs';
import { readEndpoints } from './endpoints';
import { classicConfiguration, liteConfiguration } from './nucleus-configuration';
import { amazonRoots, readRoots } from './root-authorities';
import { readTrustedKeys } from './trusted-keys';

export interface ProvisionDeviceOptions {
  /** 1 to 124 letters, digits, `_` or `-`. */
  readonly thingName: string;
  readonly wave: Wave;
  /** Folder for the device's files; made when absent. */
  readonly folder: string;
  /** File with the authorities that sign for the endpoints. @default - those of AWS */
  readonly rootCa?: string | undefined;
  /** The program that becomes `check-device.cjs`. @default - as it was built */
  readonly checkProgram?: string;
}

type ProvisioningClients = Pick<Clients, 'iot' | 'kms'>;

const THING_NAME = /^[a-zA-Z0-9_-]{1,124}$/;

/** @throws InputError */
export function checkThingName(thingName: string): void {
  if (!THING_NAME.test(thingName)) {
    throw new InputError(`thing name: must be 1 to 124 letters, digits, _ or -, got '${thingName}'`);
  }
}

async function createThing(iot: Clients['iot'], thingName: string, thingTypeName: string): Promise<string> {
  try {
    const created = await iot.send(new CreateThingCommand({ thingName, thingTypeName }));
    return created.thingArn ?? '';
  } catch (error) {
    if (!(error instanceof ResourceAlreadyExistsException)) throw error;
    const existing = await iot.send(new DescribeThingCommand({ thingName }));
    if (existing.thingTypeName !== thingTypeName) {
      throw new InputError(
        `thing '${thingName}' exists and is of type '${existing.thingTypeName ?? 'none'}', not '${thingTypeName}'`,
      );
    }
    return existing.thingArn ?? '';
  }
}

/** Whether the folder's certificate is still the device's: an earlier run was cut off, or this one is a repetition. */
async function isUsable(
  iot: Clients['iot'],
  folder: DeviceFolder,
  thing: ThingFile | undefined,
): Promise<boolean> {
  if (!thing || !(await folder.hasKeys())) return false;
  try {
    const answer = await iot.send(new DescribeCertificateCommand({ certificateId: thing.certificateId }));
    return answer.certificateDescription?.status === 'ACTIVE';
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return false;
    throw error;
  }
}

async function deleteCertificate(iot: Clients['iot'], certificateId: string): Promise<void> {
  await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
  await iot.send(new DeleteCertificateCommand({ certificateId, forceDelete: true }));
}

type ThingIdentity = Omit<ThingFile, 'certificateId' | 'certificateArn'>;

/** AWS shows a private key once: it is on disk before the certificate is given any right. */
async function createCertificate(
  iot: Clients['iot'],
  folder: DeviceFolder,
  identity: ThingIdentity,
): Promise<ThingFile> {
  const created = await iot.send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
  const { certificateId, certificateArn, certificatePem, keyPair } = created;
  if (!certificateId || !certificateArn || !certificatePem || !keyPair?.PrivateKey) {
    throw new Error('AWS IoT answered CreateKeysAndCertificate without a certificate');
  }
  const thing: ThingFile = { ...identity, certificateId, certificateArn };
  try {
    await folder.writeKeys(certificatePem, keyPair.PrivateKey, thing);
  } catch (error) {
    // Nobody has its key: a certificate that stays behind could only be a riddle.
    await deleteCertificate(iot, certificateId);
    throw error;
  }
  return thing;
}

/** A thing may be in one group of a hierarchy only. */
async function joinWave(
  iot: Clients['iot'],
  environment: KaizenEnvironment,
  thing: ThingFile,
): Promise<void> {
  const { thingName, thingGroup: thingGroupName } = thing;
  const waves = waveGroups(environment);
  const others: string[] = [];
  for await (const { thingGroups = [] } of paginateListThingGroupsForThing({ client: iot }, { thingName })) {
    const names = thingGroups.map(({ groupName = '' }) => groupName);
    others.push(...names.filter((name) => name !== thingGroupName && waves.includes(name)));
  }
  for (const other of others) {
    await iot.send(new RemoveThingFromThingGroupCommand({ thingName, thingGroupName: other }));
  }
  await iot.send(new AddThingToThingGroupCommand({ thingName, thingGroupName }));
}

/** `arn:<partition>:iot:<region>:<account>:thing/<name>` */
function regionOf(thingArn: string): string {
  const [, , service, region] = thingArn.split(':');
  if (service !== 'iot' || !region) throw new Error(`AWS IoT answered with the ARN '${thingArn}'`);
  return region;
}

/** @throws InputError when the folder belongs to another device */
async function previousThing(
  folder: DeviceFolder,
  environment: KaizenEnvironment,
  thingName: string,
): Promise<ThingFile | undefined> {
  const previous = await folder.thing();
  if (previous && (previous.thingName !== thingName || previous.environment !== environment.name)) {
    throw new InputError(
      `folder '${folder.path}' belongs to '${previous.thingName}' of '${previous.environment}'`,
    );
  }
  return previous;
}

/** What the machine installs, beside the identity. */
async function writeInstallation(
  folder: DeviceFolder,
  thing: ThingFile,
  { roots, check }: { readonly roots: string; readonly check: string },
): Promise<void> {
  await folder.write('rootAuthorities', roots);
  await folder.write('classicConfiguration', classicConfiguration(thing));
  await folder.write('liteConfiguration', liteConfiguration(thing));
  await folder.write('install', await installScript());
  await folder.write('check', check);
}

/**
 * Makes a device known to the cloud and writes what a machine needs to become it: who it is (`thing.json`,
 * `certificate.pem`, `private-key.pem`, readable by its owner only), whom it trusts (`trusted-keys.json`, `root-ca.pem`), how
 * either nucleus starts (`nucleus-classic.yaml`, `nucleus-lite.yaml`), and the programs that put all of it into place
 * (`install.sh`, `check-device.cjs`). A run that was cut off is finished by running it again; a repeated run keeps the
 * certificate that the folder holds.
 * @throws InputError when the name is none, the folder or the thing belongs to another device, `rootCa` holds no certificates,
 *   or `checkProgram` is not there
 */
export async function provisionDevice(
  clients: ProvisioningClients,
  environment: KaizenEnvironment,
  options: ProvisionDeviceOptions,
): Promise<ThingFile> {
  const { thingName, wave } = options;
  checkThingName(thingName);
  const folder = new DeviceFolder(options.folder);
  const previous = await previousThing(folder, environment, thingName);
  const roots = options.rootCa === undefined ? amazonRoots() : await readRoots(options.rootCa);
  const check = await checkProgram(options.checkProgram);
  const policyName = environment.output('DevicePolicyName');
  const trustedKeys = await readTrustedKeys(clients, environment.output('SigningKeyArn'));
  const endpoints = await readEndpoints(clients);
  await folder.create();
  const thingArn = await createThing(clients.iot, thingName, environment.output('ThingTypeName'));
  const identity: ThingIdentity = {
    schemaVersion: 1,
    environment: environment.name,
    region: regionOf(thingArn),
    useCase: environment.useCase,
    thingName,
    thingArn,
    wave,
    thingGroup: environment.output(waveGroupOutput(wave)),
    roleAlias: environment.output('RoleAliasName'),
    endpoints,
  };
  const kept = (await isUsable(clients.iot, folder, previous)) ? previous : undefined;
  const thing: ThingFile = kept
    ? { ...identity, certificateId: kept.certificateId, certificateArn: kept.certificateArn }
    : await createCertificate(clients.iot, folder, identity);
  await folder.writeThing(thing);
  await folder.write('trustedKeys', `${JSON.stringify(trustedKeys, null, 2)}\n`);
  await writeInstallation(folder, thing, { roots, check });
  await clients.iot.send(new AttachPolicyCommand({ policyName, target: thing.certificateArn }));
  await clients.iot.send(
    // A certificate of one thing alone: AWS IoT then knows the thing of every connection, whatever its client id.
    new AttachThingPrincipalCommand({
      thingName,
      principal: thing.certificateArn,
      thingPrincipalType: 'EXCLUSIVE_THING',
    }),
  );
  await joinWave(clients.iot, environment, thing);
  return thing;
}
