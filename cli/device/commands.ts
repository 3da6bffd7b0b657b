import { type Command, Option } from 'commander';
import type { AddCommands } from '../shared/commands';
import { checkDevice, withCheckOptions } from './check/check-device';
import type { FactsRequest } from './check/read-facts';
import { configureDevices } from './configure-devices';
import { decommissionDevice } from './decommission-device';
import { WAVES, type Wave } from './device-folder';
import { formatLifted, liftQuarantine } from './lift-quarantine';
import { provisionDevice } from './provision-device';

interface ProvisionOptions {
  readonly group: Wave;
  readonly out: string;
  readonly rootCa?: string;
}

export const addDeviceCommands: AddCommands = (program, ports, open) => {
  const device = program.command('device').description('takes devices into the fleet, and out of it');
  device
    .command('provision')
    .description(
      'makes a device known and writes what installs it; run it again to finish a run that was cut off',
    )
    .argument('<thingName>', '1 to 124 letters, digits, _ or -')
    .addOption(new Option('--group <wave>', 'wave of the rollout').choices(WAVES).makeOptionMandatory())
    .requiredOption('--out <folder>', "folder for the device's files")
    .option('--root-ca <file>', 'authorities of the endpoints, if they are not those of AWS')
    .action(async (thingName: string, options: ProvisionOptions, command: Command) => {
      const { clients, environment } = await open(command);
      const thing = await provisionDevice(clients, environment, {
        thingName,
        wave: options.group,
        folder: options.out,
        rootCa: options.rootCa,
      });
      ports.write(`Provisioned ${thing.thingName} in ${thing.thingGroup}; its files are in ${options.out}`);
      ports.write('Copy the folder to the device, and run there: sudo sh install.sh classic, or lite');
    });
  device
    .command('configure')
    .description('deploys a document with use cases, cameras and limits to the devices of a wave')
    .argument('<file>', 'configuration document, JSON')
    .addOption(new Option('--group <wave>', 'wave of the rollout').choices(WAVES).makeOptionMandatory())
    .action(async (file: string, options: { group: Wave }, command: Command) => {
      const { clients, environment } = await open(command);
      const configured = await configureDevices(clients, environment, { file, wave: options.group });
      const { componentName, componentVersion, deploymentId } = configured;
      ports.write(`Deployed ${componentName} ${componentVersion} to ${options.group}: ${deploymentId}`);
    });
  withCheckOptions(device.command('check'), '.').action(async (request: FactsRequest) => {
    const { text, missing } = await checkDevice(request);
    ports.write(text);
    if (missing) throw new Error('this machine lacks something');
  });
  device
    .command('decommission')
    .description('deletes certificates, thing and core device; telemetry stays')
    .argument('<thingName>', 'name of the thing')
    .action(async (thingName: string, _options: object, command: Command) => {
      const { clients, environment } = await open(command);
      await decommissionDevice(clients, environment, { thingName });
      ports.write(`Decommissioned ${thingName}`);
    });
  device
    .command('lift-quarantine')
    .description('lets a device take a release again that it refuses to try; kaizen status says why it does')
    .argument('<thingName>', 'name of the thing')
    .requiredOption('--release <releaseId>', 'release as the status names it, <useCase>-<counter>')
    .action(async (thingName: string, options: { release: string }, command: Command) => {
      const { clients, environment } = await open(command);
      const wanted = { thingName, releaseId: options.release };
      ports.write(formatLifted(wanted, await liftQuarantine(clients, environment, wanted)));
    });
};
