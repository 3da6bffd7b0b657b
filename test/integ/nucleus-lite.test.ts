/** The real component process under the IPC of nucleus lite; inference-component.test.ts has the classic one's. */
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildDeliverRelease } from '../../edge-components/model/build';
import { Device, unpackArtifact } from '../edge-components/device-harness';
import {
  COMPONENT,
  makeModels,
  offeredFolder,
  plainImage,
  signingKey,
  temporaryFolder,
} from '../edge-components/release-fixture';
import { waitFor } from '../edge-components/wait-for';

jest.setTimeout(120_000);

const root = temporaryFolder();
const models = join(root, 'models');
const key = signingKey();
const devices: Device[] = [];
let folders = 0;
const newFolder = (): string => join(root, `folder-${++folders}`);

async function newDevice(): Promise<Device> {
  const device = new Device(newFolder(), root, [key]);
  device.nucleus = 'lite';
  devices.push(device);
  await device.start();
  return device;
}

async function release(options: Parameters<typeof offeredFolder>[3]): Promise<string> {
  const folder = newFolder();
  await offeredFolder(folder, models, key, options);
  return folder;
}

beforeAll(async () => {
  makeModels(models);
  await unpackArtifact(root);
});
afterEach(async () => {
  await Promise.all(devices.splice(0).map((device) => device.stop()));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('[S7] [L1] a release delivered by the script serves frames; the status says what the nucleus does not serve', async () => {
  const device = await newDevice();
  const script = await buildDeliverRelease(newFolder());
  await promisify(execFile)(process.execPath, [script], {
    env: {
      PATH: process.env.PATH,
      ARTIFACTS_PATH: await release({ counter: 1 }),
      INBOX_PATH: join(device.work, 'inbox'),
      COMPONENT_NAME: COMPONENT,
      COMPONENT_VERSION: '1.0.1',
    },
  });
  await waitFor('camera connection', () => device.cameraConnected);
  await device.showUntil((shown) => shown === 50, 'frame', await plainImage(220));
  await waitFor('every record', () => device.records().size === 50);
  const status = device.statuses.at(-1);
  expect(status).toMatchObject({ releaseId: 'brightness-test-1' });
  expect(status?.conditions).toContainEqual({
    name: 'nucleus',
    ok: true,
    value: 'does not serve SubscribeToValidateConfigurationUpdates, SubscribeToComponentUpdates',
  });
});

test('[L4] restarted with a configuration that is wrong, it inspects with the last one that was good', async () => {
  const device = await newDevice();
  expect(await device.offer(await release({ counter: 1 }), COMPONENT)).toMatchObject({ code: 'ACCEPTED' });
  await device.endProcess('SIGTERM');
  device.configure({}, { statusIntervalSeconds: 0 });
  await device.startProcess();
  await waitFor('camera connection', () => device.cameraConnected);
  device.show('still-inspecting', await plainImage(200));
  await waitFor('its record', () => device.records().size === 1);
  expect(device.statuses.at(-1)?.conditions.find(({ name }) => name === 'configuration')).toMatchObject({
    ok: false,
    value: expect.stringContaining('statusIntervalSeconds'),
  });
});

test('[L7] forgotten by a nucleus that was restarted, the process ends, so that a new one is started', async () => {
  const device = await newDevice();
  device.isKnown = false;
  await device.stopIpc();
  await device.startIpc();
  expect(await device.exit()).toBe(1);
  device.isKnown = true;
  await device.startProcess();
  await waitFor('status', () => device.statuses.at(-1)?.endedUncleanly === false);
});
