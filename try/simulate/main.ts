/** The program behind `kaizen device simulate`; its only argument is a {@link SimulateRequest}, JSON. */
import { setMaxListeners } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ReachableAws, reachableAws } from '@kaizen-edge/local-aws';
import { provisionDevice } from '../../cli/device/provision-device';
import { describeEnvironment, type KaizenEnvironment } from '../../cli/shared/environment';
import { InputError } from '../../cli/shared/errors';
import type { DeviceStatus } from '../../contracts';
import { type DemoClients, makeClients } from '../../demo/clients';
import { Device } from '../../demo/devices';
import { readInventory } from '../../demo/inventory';
import { openCamera } from './camera';
import type { SimulateRequest } from './request';
import { changesOf } from './watch-device';

const WRONGLY_ASKED = 2;
const LOOK_MILLISECONDS = 2000;

const say = (sentence: string): void => console.log(`${new Date().toISOString().slice(11, 19)} ${sentence}`);

/** @throws InputError that says why, and what to do instead */
function localAws(): ReachableAws {
  const found = reachableAws(process.env);
  if (!('missing' in found)) return found;
  const isNone = process.env.LOCAL_AWS_MQTT === undefined;
  const what = isNone ? 'this shell knows of no local AWS' : `${found.missing.join(', ')} not set`;
  throw new InputError(
    `device simulate: ${what}: run \`npm run local\` or \`npm run try -- <folder> --keep\`, and source the file of variables that it names. ` +
      "A simulated nucleus speaks with the local AWS only: with an account it would have to be AWS's own nucleus, which docs/tutorials/real-device.md installs",
  );
}

/** Says what changes until the signal ends it. */
async function watch(
  clients: DemoClients,
  environment: KaizenEnvironment,
  thingName: string,
  signal: AbortSignal,
): Promise<void> {
  let before: DeviceStatus | undefined;
  while (!signal.aborted) {
    const now = (await readInventory({ clients, environment })).get(thingName);
    if (now) for (const sentence of changesOf(before, now)) say(sentence);
    before = now ?? before;
    await sleep(LOOK_MILLISECONDS, undefined, { signal });
  }
}

async function simulate(request: SimulateRequest, abort: AbortController): Promise<void> {
  const { thingName, wave, nucleus } = request;
  const aws = localAws();
  const clients = makeClients(aws);
  const environment = await describeEnvironment(clients, request.environment);
  const folder = resolve(request.out ?? join('out', 'simulated', thingName));
  mkdirSync(join(folder, '..'), { recursive: true });
  const { thingGroup } = await provisionDevice(clients, environment, { thingName, wave, folder });
  say(`${thingName} is known and in ${thingGroup}; its files are in ${folder}`);
  const stops: Array<() => Promise<void>> = [];
  try {
    // A Unix socket's path has at most 107 bytes, and a clone may lie deep.
    const socketDirectory = mkdtempSync(join(tmpdir(), 'kaizen-simulate-'));
    stops.push(async () => rmSync(socketDirectory, { recursive: true, force: true }));
    const camera = await openCamera({ request, socketDirectory, folder, say, abort });
    stops.push(() => camera.stop());
    const device = new Device(aws, {
      environmentName: environment.name,
      thingName,
      identityDirectory: folder,
      rootPath: join(folder, 'greengrass'),
      roleAlias: environment.output('RoleAliasName'),
      cameraSocket: camera.socketPath,
      onCrash: (message) => abort.abort(new Error(message)),
      more: { nucleus },
    });
    stops.push(() => device.stop());
    await device.start();
    say(`${thingName} is up, with nucleus ${nucleus}; Ctrl-C ends it`);
    await watch(clients, environment, thingName, abort.signal);
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

async function main(): Promise<number> {
  const request = JSON.parse(process.argv[2] ?? '') as SimulateRequest;
  const abort = new AbortController();
  setMaxListeners(0, abort.signal);
  const interrupted = new Error('interrupted');
  // Never taken off: a second Ctrl-C must not cut the clean-up short.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => abort.abort(interrupted));
  try {
    await simulate(request, abort);
    return 0;
  } catch (error) {
    if (abort.signal.reason === interrupted) {
      say(`ended; 'kaizen device decommission ${request.thingName}' takes it out of the fleet`);
      return 0;
    }
    console.error(((abort.signal.reason ?? error) as Error).message);
    return error instanceof InputError ? WRONGLY_ASKED : 1;
  }
}

main().then((code) => {
  process.exitCode = code;
});
