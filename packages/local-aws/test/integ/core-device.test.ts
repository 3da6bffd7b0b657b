/** The core device as a process of its own, with the real Greengrass API, MQTT over mutual TLS and S3. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ListCoreDevicesCommand } from '@aws-sdk/client-greengrassv2';
import { zipSync } from 'fflate';
import { connectAsync, type MqttClient } from 'mqtt';
import { BUCKET, DeviceProcess, GreengrassFleet, type Recipe } from '../core-device/greengrass-fleet';
import { eventually } from '../greengrass/simulated-device';

let fleet: GreengrassFleet;
const devices: DeviceProcess[] = [];
const watchers: MqttClient[] = [];

beforeAll(async () => {
  fleet = await GreengrassFleet.start();
});
afterAll(async () => {
  await Promise.all(watchers.map((watcher) => watcher.endAsync(true)));
  await Promise.all(devices.map((device) => device.process.stop()));
  await fleet?.stop();
});

function start(config: DeviceProcess['config']): DeviceProcess {
  const device = new DeviceProcess(config);
  devices.push(device);
  return device;
}

async function startNew(thingName: string): Promise<{ device: DeviceProcess; groupArn: string }> {
  const { config, groupArn } = await fleet.provision(thingName);
  const device = start(config);
  await device.event('ready');
  return { device, groupArn };
}

/** A component whose startup stays and writes its process id; `before` runs first. */
function resident(name: string, version: string, before = '', more: Recipe = {}): Recipe {
  return {
    ComponentName: name,
    ComponentVersion: version,
    Manifests: [
      {
        Platform: { os: 'linux', runtime: '*' },
        Lifecycle: {
          run: { Script: `${before}\necho $$ > pid\necho ${version} > version\nexec sleep 1000` },
        },
      },
    ],
    ...more,
  };
}

function isAlive(processId: string): boolean {
  try {
    process.kill(Number(processId), 0);
    return true;
  } catch {
    return false;
  }
}

/** Content of a file that a component writes a moment after it was started. */
function written(device: DeviceProcess, path: string): Promise<string> {
  return eventually(async () => {
    const file = join(device.config.rootPath, path);
    return existsSync(file) ? device.read(path).trim() || undefined : undefined;
  });
}

test('a component is fetched, verified, unpacked, configured and run, and the cloud is told', async () => {
  const { device, groupArn } = await startNew('line-install');
  await fleet.putObject('tool.zip', zipSync({ 'bin/tool.sh': Buffer.from('echo "tool says $1" > said\n') }));
  await fleet.putObject('plain.txt', 'plain');
  await fleet.createComponent({
    ComponentName: 'com.example.Install',
    ComponentVersion: '1.0.0',
    ComponentConfiguration: { DefaultConfiguration: { word: 'default', kept: 'yes' } },
    Manifests: [
      {
        Platform: { os: 'linux', runtime: '*' },
        Artifacts: [
          {
            Uri: `s3://${BUCKET}/tool.zip`,
            Unarchive: 'ZIP',
            Permission: { Read: 'OWNER', Execute: 'OWNER' },
          },
          { Uri: `s3://${BUCKET}/plain.txt` },
        ],
        Lifecycle: {
          Setenv: { WORD: '{configuration:/word}', KEPT: '{configuration:/kept}' },
          install: 'cat {artifacts:path}/plain.txt > installed',
          startup: {
            Script:
              'sh {artifacts:decompressedPath}/tool/bin/tool.sh "$WORD $KEPT {iot:thingName} $AWS_REGION"',
            Timeout: 300,
          },
        },
      },
    ],
  });
  const deploymentId = await fleet.deploy(groupArn, {
    'com.example.Install': {
      componentVersion: '1.0.0',
      configurationUpdate: { merge: JSON.stringify({ word: 'merged' }) },
    },
  });
  const outcome = await fleet.finished('line-install', deploymentId);
  expect(outcome).toMatchObject({ coreDeviceExecutionStatus: 'SUCCEEDED' });
  expect(device.read('work/com.example.Install/said')).toBe('tool says merged yes line-install us-east-1\n');
  expect(device.read('work/com.example.Install/installed')).toBe('plain');
  await eventually(async () => {
    const [component] = await fleet.installed('line-install');
    return component?.lifecycleState === 'RUNNING' && component.isRoot ? component : undefined;
  });
});

test('[case 15] the same version deployed again restarts nothing', async () => {
  const { device, groupArn } = await startNew('line-again');
  await fleet.createComponent(resident('com.example.Again', '1.0.0'));
  await fleet.finished('line-again', await fleet.deploy(groupArn, { 'com.example.Again': '1.0.0' }));
  const processId = await written(device, 'work/com.example.Again/pid');
  const from = device.events.length;
  const outcome = await fleet.finished(
    'line-again',
    await fleet.deploy(groupArn, { 'com.example.Again': '1.0.0' }),
  );
  expect(outcome.coreDeviceExecutionStatus).toBe('SUCCEEDED');
  expect(device.events.slice(from).filter(({ event }) => event === 'componentState')).toEqual([]);
  expect(isAlive(processId)).toBe(true);
  expect(device.read('work/com.example.Again/pid').trim()).toBe(processId);
});

test('a version whose startup fails is tried three times and rolled back', async () => {
  const { device, groupArn } = await startNew('line-rollback');
  await fleet.createComponent(resident('com.example.Rollback', '1.0.0'));
  await fleet.createComponent({
    ComponentName: 'com.example.Rollback',
    ComponentVersion: '1.1.0',
    Manifests: [
      { Platform: { os: 'linux', runtime: '*' }, Lifecycle: { startup: 'echo tried >> tries; exit 3' } },
    ],
  });
  await fleet.finished('line-rollback', await fleet.deploy(groupArn, { 'com.example.Rollback': '1.0.0' }));
  const outcome = await fleet.finished(
    'line-rollback',
    await fleet.deploy(groupArn, { 'com.example.Rollback': '1.1.0' }),
  );
  expect(outcome.coreDeviceExecutionStatus).toBe('FAILED');
  expect(outcome.reason).toContain('exit code 3');
  expect(outcome.statusDetails?.errorStack).toContain('COMPONENT_BROKEN');
  expect(device.read('work/com.example.Rollback/tries')).toBe('tried\n'.repeat(3));
  expect(device.events.filter(({ event }) => event === 'deploymentFinished').at(-1)?.status).toBe(
    'FAILED_ROLLBACK_COMPLETE',
  );
  const version = await eventually(async () => {
    const [component] = await fleet.installed('line-rollback');
    return component?.lifecycleState === 'RUNNING' ? component.componentVersion : undefined;
  });
  expect(version).toBe('1.0.0');
  expect(isAlive((await written(device, 'work/com.example.Rollback/pid')) as string)).toBe(true);
});

test('an artifact that is not what the recipe was made of is refused and nothing changes', async () => {
  const { device, groupArn } = await startNew('line-digest');
  await fleet.putObject('weights.bin', 'the bytes that were registered');
  const manifest = {
    Platform: { os: 'linux', runtime: '*' },
    Artifacts: [{ Uri: `s3://${BUCKET}/weights.bin` }],
    Lifecycle: { run: 'exec sleep 1000' },
  };
  await fleet.createComponent(resident('com.example.Digest', '1.0.0'));
  await fleet.createComponent({
    ComponentName: 'com.example.Digest',
    ComponentVersion: '1.1.0',
    Manifests: [manifest],
  });
  await fleet.finished('line-digest', await fleet.deploy(groupArn, { 'com.example.Digest': '1.0.0' }));
  const processId = await written(device, 'work/com.example.Digest/pid');
  await fleet.putObject('weights.bin', 'the bytes that were registerex');
  const outcome = await fleet.finished(
    'line-digest',
    await fleet.deploy(groupArn, { 'com.example.Digest': '1.1.0' }),
  );
  expect(outcome.coreDeviceExecutionStatus).toBe('FAILED');
  expect(outcome.statusDetails?.errorStack).toContain('ARTIFACT_CHECKSUM_MISMATCH');
  expect(device.events.filter(({ event }) => event === 'deploymentFinished').at(-1)?.status).toBe(
    'FAILED_NO_STATE_CHANGE',
  );
  expect(isAlive(processId)).toBe(true);
  expect(readdirSync(join(device.config.rootPath, 'packages/artifacts/com.example.Digest/1.1.0'))).toEqual(
    [],
  );
});

test('[S7] a new model component leaves the component that uses it alone; a removed one is stopped', async () => {
  const { device, groupArn } = await startNew('line-model');
  const needsServer = {
    ComponentDependencies: {
      'com.example.Server': { VersionRequirement: '>=1.0.0', DependencyType: 'HARD' },
      'aws.greengrass.TokenExchangeService': { VersionRequirement: '>=0.0.0', DependencyType: 'HARD' },
    },
  };
  await fleet.createComponent(resident('com.example.Server', '1.0.0'));
  await fleet.createComponent(resident('com.example.Model', '1.0.1', '', needsServer));
  await fleet.createComponent(resident('com.example.Model', '1.0.2', '', needsServer));
  const first = await fleet.deploy(groupArn, { 'com.example.Server': '1.0.0', 'com.example.Model': '1.0.1' });
  expect((await fleet.finished('line-model', first)).coreDeviceExecutionStatus).toBe('SUCCEEDED');
  const server = await written(device, 'work/com.example.Server/pid');
  const model = await written(device, 'work/com.example.Model/pid');
  const second = await fleet.deploy(groupArn, {
    'com.example.Server': '1.0.0',
    'com.example.Model': '1.0.2',
  });
  expect((await fleet.finished('line-model', second)).coreDeviceExecutionStatus).toBe('SUCCEEDED');
  expect(device.read('work/com.example.Server/pid').trim()).toBe(server);
  expect(isAlive(model)).toBe(false);
  const newModel = await eventually(async () => {
    const now = device.read('work/com.example.Model/pid').trim();
    return now !== '' && now !== model ? now : undefined;
  });
  const third = await fleet.deploy(groupArn, { 'com.example.Server': '1.0.0' });
  expect((await fleet.finished('line-model', third)).coreDeviceExecutionStatus).toBe('SUCCEEDED');
  expect(isAlive(newModel)).toBe(false);
  expect(isAlive(server)).toBe(true);
});

test('[case 1] killed at any instant of a deployment, the device comes back to one whole set of components', async () => {
  const { config, groupArn } = await fleet.provision('line-kill');
  let device = start(config);
  await device.event('ready');
  await fleet.putObject('blob.bin', Buffer.alloc(1_000_000, 7));
  const artifacts = { Artifacts: [{ Uri: `s3://${BUCKET}/blob.bin` }] };
  const versioned = (name: string, version: string): Recipe => {
    const recipe = resident(name, version, 'sleep 0.1');
    const [manifest] = recipe.Manifests as object[];
    return { ...recipe, Manifests: [{ ...manifest, ...artifacts }] };
  };
  const versions = ['1.0.0', '1.0.1', '1.0.2', '1.0.3', '1.0.4'];
  for (const version of versions) {
    await fleet.createComponent(versioned('com.example.Left', version));
    await fleet.createComponent(versioned('com.example.Right', version));
  }
  const pair = (version: string) => ({ 'com.example.Left': version, 'com.example.Right': version });
  await fleet.finished('line-kill', await fleet.deploy(groupArn, pair('1.0.0')));
  for (const [index, version] of versions.slice(1).entries()) {
    const from = device.events.length;
    const deploymentId = await fleet.deploy(groupArn, pair(version));
    await device.event('deploymentStarted', from);
    await sleep(index * 60);
    const processId = await written(device, 'work/com.example.Left/pid');
    await device.process.kill();
    device = start(config);
    const outcome = await fleet.finished('line-kill', deploymentId);
    expect(outcome.coreDeviceExecutionStatus).toBe('SUCCEEDED');
    await eventually(async () => (isAlive(processId) ? undefined : true));
    const both = await eventually(async () => {
      const [left, right] = ['Left', 'Right'].map((side) =>
        device.read(`work/com.example.${side}/version`).trim(),
      );
      return left === right && left === version ? [left, right] : undefined;
    });
    expect(both).toEqual([version, version]);
    const state = JSON.parse(device.read('config/device.json'));
    expect(
      Object.values(state.components).map((component) => (component as { version: string }).version),
    ).toEqual([version, version]);
  }
});

const PUBLISHER = `
const { greengrasscoreipc } = require('aws-iot-device-sdk-v2');
const { appendFileSync } = require('node:fs');
const { setTimeout: sleep } = require('node:timers/promises');
(async () => {
  const client = greengrasscoreipc.createClient();
  await client.connect();
  const { value } = await client.getConfiguration({ keyPath: ['interval'] });
  await client.updateState({ state: 'RUNNING' });
  const topicName = 'probe/' + process.env.AWS_IOT_THING_NAME + '/count';
  // One at a time: a publish that takes longer than the interval must not let a number be skipped or sent twice.
  for (let count = 0; ; await sleep(value.interval)) {
    try {
      await client.publishToIoTCore({ topicName, qos: '1', payload: String(count) });
      count += 1;
    } catch (error) {
      appendFileSync('refused', (error.serviceError?._errorCode ?? error.message) + '\\n');
    }
  }
})().catch((error) => { console.error(error); process.exit(1); });
`;

test('a component speaks IPC through the real client; offline it is told so and a deployment waits for the network', async () => {
  const { device, groupArn } = await startNew('line-ipc');
  await fleet.putObject('publisher.cjs', PUBLISHER);
  await fleet.createComponent({
    ComponentName: 'com.example.Publisher',
    ComponentVersion: '1.0.0',
    ComponentConfiguration: {
      DefaultConfiguration: {
        interval: 50,
        accessControl: {
          'aws.greengrass.ipc.mqttproxy': {
            'com.example.Publisher:mqtt:1': {
              operations: ['aws.greengrass#PublishToIoTCore'],
              resources: ['probe/{iot:thingName}/count'],
            },
          },
        },
      },
    },
    Manifests: [
      {
        Platform: { os: 'linux', runtime: '*' },
        Artifacts: [{ Uri: `s3://${BUCKET}/publisher.cjs` }],
        Lifecycle: {
          startup: { Script: `exec ${process.execPath} {artifacts:path}/publisher.cjs`, Timeout: 300 },
        },
      },
    ],
  });
  await fleet.createComponent(resident('com.example.Later', '1.0.0'));
  const { host, port, caPem } = fleet.aws.iot;
  const watcher = await connectAsync({ protocol: 'mqtts', host, port, ca: caPem, clientId: 'watcher' });
  const counts: number[] = [];
  watcher.on('message', (_topic, payload) => counts.push(Number(payload.toString())));
  watchers.push(watcher);
  await watcher.subscribeAsync('probe/line-ipc/count', { qos: 1 });

  const first = await fleet.deploy(groupArn, { 'com.example.Publisher': '1.0.0' });
  expect((await fleet.finished('line-ipc', first)).coreDeviceExecutionStatus).toBe('SUCCEEDED');
  await eventually(async () => (counts.length > 3 ? true : undefined));

  device.process.signal('SIGUSR1');
  await device.event('networkCut');
  expect(await written(device, 'work/com.example.Publisher/refused')).toContain('ServiceError');
  const second = await fleet.deploy(groupArn, {
    'com.example.Publisher': '1.0.0',
    'com.example.Later': '1.0.0',
  });

  device.process.signal('SIGUSR2');
  expect((await fleet.finished('line-ipc', second)).coreDeviceExecutionStatus).toBe('SUCCEEDED');
  const restored = await device.event('networkRestored');
  const started = await eventually(async () =>
    device.events.find(({ event, deploymentId }) => event === 'deploymentStarted' && deploymentId === second),
  );
  expect(device.events.indexOf(started)).toBeGreaterThan(device.events.indexOf(restored));
  await eventually(async () => (new Set(counts).size > 8 ? true : undefined));
  const distinct = [...new Set(counts)].sort((left, right) => left - right);
  expect(distinct).toEqual(distinct.map((_count, index) => (distinct[0] as number) + index));
});

test('a device of nucleus lite: [L2] [L3] [L4] [L8] what it refuses, what it restarts, and what it reports', async () => {
  const { config, groupArn } = await fleet.provision('line-lite', { nucleus: 'lite' });
  const device = start(config);
  await device.event('ready');
  const libraries = (VersionRequirement: string): Recipe => ({
    ComponentDependencies: { 'com.example.LiteLibrary': { VersionRequirement } },
  });
  const elsewhere = resident('com.example.LiteElsewhere', '1.0.0');
  const [manifest] = elsewhere.Manifests as Recipe[];
  await fleet.createComponent(resident('com.example.LiteLibrary', '1.0.0'));
  await fleet.createComponent(resident('com.example.LiteCaret', '1.0.0', '', libraries('^1.0.0')));
  await fleet.createComponent(resident('com.example.Lite', '1.0.0', '', libraries('>=1.0.0 <2.0.0')));
  await fleet.createComponent({
    ...elsewhere,
    Manifests: [{ ...manifest, Platform: { os: 'linux', runtime: '*', architecture: '/amd64|aarch64/' } }],
  });
  await fleet.createComponent({
    ComponentName: 'com.example.LiteRefusal',
    ComponentVersion: '1.0.0',
    Manifests: [{ Platform: { os: 'linux', runtime: '*' }, Lifecycle: { startup: 'sh -c "exit 3"' } }],
  });
  const deployed = async (components: Parameters<GreengrassFleet['deploy']>[1]) => {
    const outcome = await fleet.finished('line-lite', await fleet.deploy(groupArn, components));
    return [outcome.coreDeviceExecutionStatus, outcome.reason];
  };
  const SUCCEEDED = ['SUCCEEDED', 'SUCCESSFUL'];
  expect(await deployed({ 'com.example.LiteCaret': '1.0.0' })).toEqual([
    'FAILED',
    expect.stringContaining("com.example.LiteLibrary is in the range '^1.0.0'"),
  ]);
  expect(await deployed({ 'com.example.LiteElsewhere': '1.0.0' })).toEqual([
    'FAILED',
    expect.stringContaining('no lifecycle was found for linux'),
  ]);
  expect(await deployed({ 'com.example.Lite': '1.0.0', 'com.example.LiteRefusal': '1.0.0' })).toEqual(
    SUCCEEDED,
  );
  const before = await written(device, 'work/com.example.Lite/pid');
  const changed = {
    componentVersion: '1.0.0',
    configurationUpdate: { merge: JSON.stringify({ word: 'other' }) },
  };
  expect(await deployed({ 'com.example.Lite': changed })).toEqual(SUCCEEDED);
  await eventually(async () => {
    const now = device.read('work/com.example.Lite/pid').trim();
    return now !== before && isAlive(now) ? true : undefined;
  });
  expect(isAlive(before)).toBe(false);
  const { coreDevices } = await fleet.client.send(
    new ListCoreDevicesCommand({ runtime: 'aws_nucleus_lite' }),
  );
  expect(coreDevices?.map(({ coreDeviceThingName }) => coreDeviceThingName)).toEqual(['line-lite']);
});

test('a device that cannot reach the cloud starts its components from what it knows', async () => {
  const { config, groupArn } = await fleet.provision('line-offline');
  const device = start(config);
  await device.event('ready');
  await fleet.createComponent(resident('com.example.Offline', '1.0.0'));
  await fleet.finished('line-offline', await fleet.deploy(groupArn, { 'com.example.Offline': '1.0.0' }));
  const before = await written(device, 'work/com.example.Offline/pid');
  await device.process.stop();
  expect(isAlive(before)).toBe(false);
  const folder = join(config.rootPath, '..');
  mkdirSync(folder, { recursive: true });
  const lost = { ...config, mqtt: { host: '127.0.0.1', port: 1 } };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(lost));
  const again = start(lost);
  expect(await again.event('ready')).toMatchObject({ online: false });
  await eventually(async () => {
    const now = again.read('work/com.example.Offline/pid').trim();
    return now !== before && isAlive(now) ? true : undefined;
  });
});
