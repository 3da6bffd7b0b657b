import { type Command, Option } from 'commander';
import { type AnswerOptions, answer } from '../shared/answer';
import { withPage } from '../shared/command-page';
import type { AddCommands } from '../shared/commands';
import { checkDevice, withCheckOptions } from './check/check-device';
import type { FactsRequest } from './check/read-facts';
import { configureDevices } from './configure-devices';
import { decommissionDevice } from './decommission-device';
import { WAVES, type Wave } from './device-folder';
import { formatLifted, liftQuarantine } from './lift-quarantine';
import { provisionDevice } from './provision-device';

const TUTORIAL = 'docs/tutorials/real-device.md';
const groupOption = () =>
  new Option('--group <wave>', 'wave of the rollout').choices(WAVES).makeOptionMandatory();

interface ProvisionOptions extends AnswerOptions {
  readonly group: Wave;
  readonly out: string;
  readonly rootCa?: string;
}

const addProvision: AddCommands = (device, ports, open) => {
  const command = device
    .command('provision')
    .description(
      'makes a device known and writes what installs it; run it again to finish a run that was cut off',
    )
    .argument('<thingName>', '1 to 124 letters, digits, _ or -')
    .addOption(groupOption())
    .requiredOption('--out <folder>', "folder for the device's files")
    .option('--root-ca <file>', 'authorities of the endpoints, if they are not those of AWS');
  withPage(command, {
    examples: [{ line: 'device provision line-1 --group canary --out ./line-1 --env dev' }],
    json: {
      fields: {
        thingName: 'of the device',
        thingGroup: 'of its wave',
        thingArn: 'of the device',
        certificateId: 'of its certificate',
        folder: 'with its files, the private key among them',
      },
    },
    seeAlso: TUTORIAL,
  }).action(async (thingName: string, { group, out, rootCa, json }: ProvisionOptions, action: Command) => {
    const { clients, environment } = await open(action);
    const thing = await provisionDevice(clients, environment, {
      ...{ thingName, wave: group, folder: out, rootCa },
    });
    const { thingGroup, thingArn, certificateId } = thing;
    const text = [
      `Provisioned ${thing.thingName} in ${thingGroup}; its files are in ${out}`,
      'Copy the folder to the device, and run there: sudo sh install.sh classic, or lite',
    ].join('\n');
    answer(
      ports,
      { json },
      { thingName: thing.thingName, thingGroup, thingArn, certificateId, folder: out },
      text,
    );
  });
};

const addConfigure: AddCommands = (device, ports, open) => {
  const command = device
    .command('configure')
    .description('deploys a document with use cases, cameras and limits to the devices of a wave')
    .argument('<file>', 'configuration document, JSON')
    .addOption(groupOption());
  withPage(command, {
    examples: [{ line: 'device configure ./line.json --group canary --env dev' }],
    json: {
      fields: {
        wave: 'that it went to',
        componentName: 'of the configuration component',
        componentVersion: 'made of the document: the same document is the same version',
        deploymentId: 'of Greengrass',
      },
    },
    seeAlso: 'contracts/examples/configuration-document.json',
  }).action(async (file: string, { group, json }: { group: Wave } & AnswerOptions, action: Command) => {
    const { clients, environment } = await open(action);
    const configured = await configureDevices(clients, environment, { file, wave: group });
    const { componentName, componentVersion, deploymentId } = configured;
    const text = `Deployed ${componentName} ${componentVersion} to ${group}: ${deploymentId}`;
    answer(ports, { json }, { wave: group, ...configured }, text);
  });
};

const addCheck: AddCommands = (device, ports) => {
  withPage(withCheckOptions(device.command('check'), '.'), {
    examples: [{ line: 'device check --nucleus lite --folder ./line-1 --offline' }],
    json: {
      fields: {
        missing: 'whether something is',
        findings: 'severity, subject and message of everything that was looked at',
      },
    },
    exits: { 0: 'nothing is missing', 1: 'something is missing, or it failed' },
    seeAlso: TUTORIAL,
  }).action(async ({ json, ...request }: FactsRequest & AnswerOptions) => {
    const { text, missing, findings } = await checkDevice(request);
    answer(ports, { json }, { missing, findings }, text);
    if (missing) throw new Error('this machine lacks something');
  });
};

const addDecommission: AddCommands = (device, ports, open) => {
  const command = device
    .command('decommission')
    .description('deletes certificates, thing and core device; telemetry stays')
    .argument('<thingName>', 'name of the thing');
  withPage(command, {
    examples: [{ line: 'device decommission line-1 --env dev' }],
    json: { fields: { thingName: 'that is no more' } },
  }).action(async (thingName: string, options: AnswerOptions, action: Command) => {
    const { clients, environment } = await open(action);
    await decommissionDevice(clients, environment, { thingName });
    answer(ports, options, { thingName }, `Decommissioned ${thingName}`);
  });
};

const addLiftQuarantine: AddCommands = (device, ports, open) => {
  const command = device
    .command('lift-quarantine')
    .description('lets a device take a release again that it refuses to try; kaizen status says why it does')
    .argument('<thingName>', 'name of the thing')
    .requiredOption('--release <releaseId>', 'release as the status names it, <useCase>-<counter>');
  withPage(command, {
    examples: [{ line: 'device lift-quarantine line-1 --release surface-7 --env dev' }],
    json: {
      fields: {
        thingName: 'of the device',
        releaseId: 'of the release',
        thingGroupName: 'of its wave, which gets the deployment',
        deploymentId: 'of Greengrass',
        refused: 'why the device had quarantined it, and when',
      },
    },
  }).action(async (thingName: string, options: { release: string } & AnswerOptions, action: Command) => {
    const { clients, environment } = await open(action);
    const wanted = { thingName, releaseId: options.release };
    const lifted = await liftQuarantine(clients, environment, wanted);
    answer(ports, options, { ...wanted, ...lifted }, formatLifted(wanted, lifted));
  });
};

export const addDeviceCommands: AddCommands = (program, ...to) => {
  const device = program.command('device').description('takes devices into the fleet, and out of it');
  addProvision(device, ...to);
  addConfigure(device, ...to);
  addCheck(device, ...to);
  addDecommission(device, ...to);
  addLiftQuarantine(device, ...to);
};
