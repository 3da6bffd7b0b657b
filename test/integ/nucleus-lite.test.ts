/** What is different under nucleus lite; inference-component.test.ts has what is the same. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { CameraConfiguration } from '../../contracts';
import { buildDeliverRelease } from '../../edge-components/model/build';
import { CONFIGURATION, recordsOnDisk, useCaseConfiguration } from '../edge-components/device-harness';
import { deviceSuite } from '../edge-components/device-suite';
import { COMPONENT, plainImage, USE_CASE } from '../edge-components/release-fixture';
import { waitFor } from '../edge-components/wait-for';

jest.setTimeout(120_000);

const suite = deviceSuite();
const { newFolder, release } = suite;
const newDevice = () => suite.newDevice({ nucleus: 'lite' });

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

test.each(['classic', 'lite'] as const)(
  '[S7] [L8] eight use cases with sixteen cameras come as a document, on nucleus %s, over a restart too',
  async (nucleus) => {
    const device = await suite.newDevice({ nucleus });
    expect(await device.offer(await release({ counter: 1 }), COMPONENT)).toMatchObject({ code: 'ACCEPTED' });
    const names = [USE_CASE, ...Array.from({ length: 7 }, (_, index) => `line-${index}`)];
    const useCases = Object.fromEntries(
      names.map((name) => {
        const component = name === USE_CASE ? COMPONENT : `com.kaizenedge.model.${name}`;
        const one = useCaseConfiguration(device.root, name, component);
        const others = Array.from({ length: 15 }, (_, index): [string, CameraConfiguration] => [
          `camera-${index + 2}`,
          { type: 'folder', path: `${name}/camera-${index + 2}` },
        ]);
        // One camera process: a line that has none waits for it.
        const first =
          name === USE_CASE ? one.cameras : { 'camera-1': { type: 'folder' as const, path: name } };
        return [name, { ...one, cameras: { ...first, ...Object.fromEntries(others) } }];
      }),
    );
    const offered = newFolder();
    mkdirSync(offered);
    writeFileSync(join(offered, 'configuration.json'), JSON.stringify({ schemaVersion: 1, useCases }));
    expect(await device.offer(offered, CONFIGURATION)).toMatchObject({
      message: expect.stringMatching(/^configuration /),
    });
    const inspected = () => new Set(device.statuses.map(({ useCase }) => useCase));
    await waitFor('a status of each', () => names.every((name) => inspected().has(name)), 60_000);
    device.statuses.length = 0;
    await device.endProcess('SIGKILL');
    await device.startProcess();
    await waitFor('a status of each again', () => names.every((name) => inspected().has(name)), 60_000);
    await waitFor('camera connection', () => device.cameraConnected);
    device.show('after-all', await plainImage(200));
    await waitFor('its record', () => device.records().size === 1);
  },
);

/** Compressed together their results are twice what an IPC message may hold. */
const FRAMES = 200;
/** Does not compress. */
const frameIdOf = (index: number): string =>
  `frame-${createHash('sha256').update(String(index)).digest('base64url')}`;

test('[L6] batches above what an IPC message may hold cut the connection once; then they are split, and none is lost', async () => {
  const device = await newDevice();
  expect(await device.offer(await release({ counter: 1 }), COMPONENT)).toMatchObject({ code: 'ACCEPTED' });
  const outbox = { maximumBytes: 1_000_000, batchRecords: 500, messageBytes: 20_480 };
  const { cameras: one } = useCaseConfiguration(device.root, USE_CASE, COMPONENT);
  const cameras = { ...one, 'camera-2': { type: 'folder', path: 'camera-2' } } as const;
  device.configure({ cameras, outbox: { ...outbox, flushMilliseconds: 60_000 } });
  await waitFor('a status after the change', () => device.statuses.at(-1)?.cameras?.length === 2);
  await waitFor('camera connection', () => device.cameraConnected);
  const image = await plainImage(220);
  // What goes to components of the device is lost while the nucleus is: the records tell which frames were answered.
  for (let shown = 0; shown < FRAMES; shown += 10) {
    await waitFor(
      'the frames before',
      () => device.records().size + recordsOnDisk(device.stateOf()) >= shown,
    );
    for (let index = 0; index < 10; index++) device.show(frameIdOf(shown + index), image);
  }
  device.configure({ cameras, outbox: { ...outbox, flushMilliseconds: 50 } });
  await waitFor('every record', () => device.records().size === FRAMES, 30_000);
  expect(device.log.split('connection to the nucleus lost')).toHaveLength(2);
  expect(device.batches.map(({ droppedRecords }) => droppedRecords)).toEqual(device.batches.map(() => 0));
  expect(device.batches.flatMap(({ records }) => records)).toHaveLength(FRAMES);
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
