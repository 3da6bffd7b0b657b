/** Local AWS, images, the four stacks, the fleet and the line: everything that the loop needs, with nothing trained yet. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type LocalAws, startLocalAws } from '@kaizen-edge/local-aws';
import { provisionDevice } from '../../cli/device/provision-device';
import type { KaizenEnvironment } from '../../cli/shared/environment';
import { LOCAL_AWS_SETTINGS } from '../../scripts/local-aws';
import { AlarmWatch } from '../alarms/alarm-watch';
import { type DemoClients, makeClients } from '../clients';
import type { DemoContext, DemoEvent } from '../context';
import { deployToLocalAws } from '../deploy';
import { Device } from '../devices';
import { loadFrameStock } from '../inspection-line/frame-stock';
import { InspectionLine } from '../inspection-line/inspection-line';
import { Labeller } from '../labeller';
import { MemorySampler } from '../memory-sampler';
import { Observations } from '../observations';
import { type RenderedFolders, renderImages } from '../render';
import type { DemoRun } from '../run';
import { TrainingProgressPrinter } from '../training-progress';

export async function startEverything(run: DemoRun, stops: Array<() => Promise<void>>): Promise<DemoContext> {
  const { console, settings, abort, work } = run;
  const progress = new TrainingProgressPrinter(console);
  const onCrash = (message: string) => abort.abort(new Error(message));

  const memory = new MemorySampler();
  stops.push(async () => memory.stop());
  const aws = await console.phase('Starting the local AWS', () =>
    startLocalAws({
      ...LOCAL_AWS_SETTINGS,
      workDirectory: join(work.run, 'aws'),
      onCrash,
      onTrainingProgress: (event) => progress.print(event),
    }),
  );
  stops.push(aws.stop);

  const deployedFrom = Date.now();
  const [images, environment] = await console.phase(
    'Rendering the parts; cdk bootstrap and cdk deploy of the four stacks',
    () =>
      Promise.all([
        renderImages(work.run, settings, abort.signal),
        deployToLocalAws({
          aws,
          directory: work.run,
          onLine: (line) => console.status(line),
          signal: abort.signal,
        }),
      ]),
  );

  const clients = makeClients(aws);
  const events: DemoEvent[] = [];
  const alarms = await watchAlarms(run, clients, environment, events, stops);
  alarms.expect('drift-not-evaluated', deployedFrom, 'nothing has been evaluated since the deployment');
  const line = makeLine(run, images, stops);
  await line.start();
  const devices = await console.phase('Provisioning and starting four core devices', () =>
    startFleet(run, aws, clients, environment, line, stops),
  );
  const labeller = new Labeller({ clients, environment, line, delaySeconds: settings.labelDelaySeconds });
  labeller.start((error) => abort.abort(error));
  stops.push(() => labeller.stop());

  return {
    settings,
    console,
    signal: abort.signal,
    directory: work.run,
    aws,
    clients,
    environment,
    images,
    devices,
    line,
    labeller,
    alarms,
    observations: new Observations(clients.s3, environment.output('TelemetryBucketName'), line),
    memory,
    events,
    spans: [],
    rollouts: [],
    models: [],
    outage: { deviceId: '', from: 0, until: 0 },
  };
}

async function watchAlarms(
  run: DemoRun,
  clients: DemoClients,
  environment: KaizenEnvironment,
  events: DemoEvent[],
  stops: Array<() => Promise<void>>,
): Promise<AlarmWatch> {
  const { console } = run;
  const alarms = new AlarmWatch({
    clients,
    environment,
    onRing: (what, reason) => {
      events.push({ at: Date.now(), what, kind: 'alarm' });
      console.line(`  alarm ${what}\n    ${reason}`);
    },
    onEnd: (what) => console.line(`  alarm ${what}`),
  });
  await alarms.start((error) => run.abort.abort(error));
  stops.push(() => alarms.stop());
  return alarms;
}

function makeLine(run: DemoRun, images: RenderedFolders, stops: Array<() => Promise<void>>): InspectionLine {
  // A Unix socket's path has at most 107 bytes, and a clone may lie deep.
  const socketDirectory = mkdtempSync(join(tmpdir(), 'kaizen-line-'));
  stops.push(async () => rmSync(socketDirectory, { recursive: true, force: true }));
  const { devices, framesPerSecond, seed } = run.settings;
  const line = new InspectionLine({
    socketDirectory,
    deviceIds: [...devices.canary, ...devices.stable],
    framesPerSecond,
    stock: {
      normal: loadFrameStock(images.stock.normal),
      drifted: loadFrameStock(images.stock.drifted),
      crack: loadFrameStock(images.stock.crack),
    },
    condition: 'normal',
    seed,
    truthFile: join(run.work.run, 'truth.jsonl'),
  });
  stops.push(() => line.stop());
  return line;
}

async function startFleet(
  run: DemoRun,
  aws: LocalAws,
  clients: DemoClients,
  environment: KaizenEnvironment,
  line: InspectionLine,
  stops: Array<() => Promise<void>>,
): Promise<Device[]> {
  const started: Device[] = [];
  stops.push(async () => {
    await Promise.all(started.map((device) => device.stop()));
  });
  for (const group of ['canary', 'stable'] as const) {
    for (const thingName of run.settings.devices[group]) {
      const identityDirectory = join(run.work.run, 'devices', thingName);
      mkdirSync(dirname(identityDirectory), { recursive: true });
      await provisionDevice(clients, environment, { thingName, wave: group, folder: identityDirectory });
      const device = new Device(aws, {
        environmentName: environment.name,
        thingName,
        identityDirectory,
        rootPath: join(identityDirectory, 'greengrass'),
        roleAlias: environment.output('RoleAliasName'),
        cameraSocket: line.socketPath(thingName),
        onCrash: (message) => run.abort.abort(new Error(message)),
      });
      started.push(device);
    }
  }
  await Promise.all(started.map((device) => device.start()));
  return started;
}
