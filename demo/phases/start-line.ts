/** The fleet, the line, and who watches both: everything that one environment's loop needs, with nothing trained yet. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KaizenEnvironment } from '../../cli/shared/environment';
import { AlarmWatch } from '../alarms/alarm-watch';
import type { DemoClients } from '../clients';
import type { DemoContext, DemoEvent } from '../context';
import { startFleet } from '../fleet';
import { loadFrameStock } from '../inspection-line/frame-stock';
import { InspectionLine } from '../inspection-line/inspection-line';
import { Labeller } from '../labeller';
import { Observations } from '../observations';
import type { RenderedFolders } from '../render';
import type { LoopRun } from '../run';
import { CLASS_MIX } from '../settings';
import { turnLogs } from '../turns';
import type { Cloud } from './start-cloud';

export async function startLine(
  run: LoopRun,
  cloud: Cloud,
  stops: Array<() => Promise<void>>,
): Promise<DemoContext> {
  const { console, settings, abort, environmentName } = run;
  const { aws, clients, images, memory } = cloud;
  const environment = cloud.environments.get(environmentName) as KaizenEnvironment;
  mkdirSync(run.runFolder, { recursive: true });
  mkdirSync(run.reportFolder, { recursive: true });
  const events: DemoEvent[] = [];
  const alarms = await watchAlarms(run, clients, environment, events, stops);
  alarms.expect('drift-not-evaluated', cloud.deployedFrom, 'nothing has been evaluated since the deployment');
  const line = makeLine(run, images, stops);
  await line.start();
  const devices = await console.phase('Provisioning and starting four core devices', () =>
    startFleet(
      {
        ...{ aws, clients, environment },
        things: settings.devices,
        folder: join(run.runFolder, 'devices'),
        cameraSocket: (thingName) => line.socketPath(thingName),
        onCrash: (message) => abort.abort(new Error(message)),
      },
      stops,
    ),
  );
  const labeller = new Labeller({ clients, environment, line, delaySeconds: settings.labelDelaySeconds });
  labeller.start((error) => abort.abort(error));
  stops.push(() => labeller.stop());

  return {
    settings,
    config: cloud.config,
    console,
    signal: abort.signal,
    directory: run.runFolder,
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
    turns: turnLogs(settings),
    outage: { deviceId: '', from: 0, until: 0 },
  };
}

async function watchAlarms(
  run: LoopRun,
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

function makeLine(run: LoopRun, images: RenderedFolders, stops: Array<() => Promise<void>>): InspectionLine {
  // A Unix socket's path has at most 107 bytes, and a clone may lie deep.
  const socketDirectory = mkdtempSync(join(tmpdir(), 'kaizen-line-'));
  stops.push(async () => rmSync(socketDirectory, { recursive: true, force: true }));
  const { devices, framesPerSecond, seed } = run.settings;
  const brokenTool = loadFrameStock(images.stock['broken-tool']);
  const line = new InspectionLine({
    socketDirectory,
    deviceIds: [...devices.canary, ...devices.stable],
    framesPerSecond,
    stock: {
      normal: loadFrameStock(images.stock.normal),
      drifted: loadFrameStock(images.stock.drifted),
      'broken-tool': brokenTool,
      'mended-tool': brokenTool,
    },
    mixes: {
      normal: CLASS_MIX.normal,
      drifted: CLASS_MIX.normal,
      'broken-tool': CLASS_MIX.brokenTool,
      'mended-tool': CLASS_MIX.mendedTool,
    },
    condition: 'normal',
    seed,
    truthFile: join(run.runFolder, 'truth.jsonl'),
  });
  stops.push(() => line.stop());
  return line;
}
