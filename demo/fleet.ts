/** Four core devices, provisioned as an operator does it, in two waves. */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { LocalAws, NucleusName } from '@kaizen-edge/local-aws';
import { provisionDevice } from '../cli/device/provision-device';
import type { KaizenEnvironment } from '../cli/shared/environment';
import type { DemoClients } from './clients';
import { Device } from './devices';

/** In turn: every wave has devices of both, and each release has to do on either. */
export const nucleusAt = (place: number): NucleusName => (place % 2 === 0 ? 'classic' : 'lite');

export interface FleetOptions {
  readonly aws: Pick<LocalAws, 'endpointUrl' | 'iot' | 'gateway'>;
  readonly clients: DemoClients;
  readonly environment: KaizenEnvironment;
  /** Names of things by wave. */
  readonly things: { readonly canary: readonly string[]; readonly stable: readonly string[] };
  /** For a folder of each device. */
  readonly folder: string;
  /** Unix socket of the camera that looks at this device's part of the line. */
  readonly cameraSocket: (thingName: string) => string;
  readonly onCrash: (message: string) => void;
}

/** @returns the devices when all of them are up; what was started is in `stops`, also when another did not start */
export async function startFleet(
  options: FleetOptions,
  stops: Array<() => Promise<void>>,
): Promise<Device[]> {
  const { aws, clients, environment, things } = options;
  const started: Device[] = [];
  stops.push(async () => {
    await Promise.all(started.map((device) => device.stop()));
  });
  for (const wave of ['canary', 'stable'] as const) {
    for (const [place, thingName] of things[wave].entries()) {
      const identityDirectory = join(options.folder, thingName);
      mkdirSync(dirname(identityDirectory), { recursive: true });
      await provisionDevice(clients, environment, { thingName, wave, folder: identityDirectory });
      const device = new Device(aws, {
        environmentName: environment.name,
        thingName,
        identityDirectory,
        rootPath: join(identityDirectory, 'greengrass'),
        roleAlias: environment.output('RoleAliasName'),
        cameraSocket: options.cameraSocket(thingName),
        onCrash: options.onCrash,
        more: { nucleus: nucleusAt(place) },
      });
      started.push(device);
    }
  }
  await Promise.all(started.map((device) => device.start()));
  return started;
}
