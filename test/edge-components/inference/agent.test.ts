/** The component over ports in memory: what starts when, what reacts to what, and how it stops. */
import type { ComponentConfiguration, DeviceStatus } from '../../../contracts';
import { InferenceAgent } from '../../../edge-components/inference/src/agent';
import { assembleInspection } from '../../../edge-components/inference/src/inspection/assemble-inspection';
import { useCaseConfiguration } from '../device-harness';
import { FakeHost } from '../fake-device';
import {
  imageOf,
  MemoryCamera,
  MemoryCaptures,
  MemoryController,
  MemoryDecoder,
  MemoryFolders,
  MemoryInbox,
  MemoryNucleus,
  MemoryOutbox,
  MemoryReleaseStore,
  NOON,
  offerRelease,
} from '../memory-device';
import { COMPONENT, signingKey, USE_CASE } from '../release-fixture';
import { FakeClock, sourcePorts } from './cameras';

const key = signingKey();
const SEAMS = 'seam-test';
const SEAM_COMPONENT = 'com.kaizenedge.model.SeamTest';
const WELDS = { [USE_CASE]: useCaseConfiguration('/run', USE_CASE, COMPONENT) };
const BOTH = { ...WELDS, [SEAMS]: useCaseConfiguration('/run', SEAMS, SEAM_COMPONENT) };

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());
const settled = (): Promise<void> => jest.advanceTimersByTimeAsync(0);

function newDevice({ endedUncleanly = false } = {}) {
  const nucleus = new MemoryNucleus();
  const inbox = new MemoryInbox();
  const folders = new MemoryFolders();
  const { log, lines } = sourcePorts();
  const clock = new FakeClock();
  const cameras = new Map<string, MemoryCamera>();
  const state = {
    marked: false,
    opened: [] as string[],
    gaveUp: '',
    accepted: undefined as unknown,
    decoderProblem: undefined as string | undefined,
    document: {},
  };
  const agent = new InferenceAgent({
    deviceId: 'line-1',
    componentVersion: '1.0.0',
    processId: 'process-1',
    nucleus,
    inbox,
    clock: { now: () => NOON, monotonic: () => clock.monotonic() },
    log,
    decoderProblem: () => state.decoderProblem,
    resources: {
      usage: () => ({ residentBytes: 1, cpuSeconds: 2, uptimeSeconds: 3 }),
      freeDiskBytes: async () => 4,
    },
    markRun: async () => {
      state.marked = true;
      return {
        endedUncleanly,
        remove: async () => {
          state.marked = false;
        },
      };
    },
    acceptedConfiguration: {
      read: async () => state.accepted,
      write: async (configuration) => {
        state.accepted = configuration;
      },
    },
    document: {
      load: async () => {},
      over: (deployed) => ({ ...(deployed as object), ...state.document }),
      take: async ({ offerId }, apply) => {
        state.document = { statusIntervalSeconds: 7 };
        await apply();
        return {
          schemaVersion: 1,
          offerId,
          verdict: 'accepted',
          code: 'ACCEPTED',
          message: '',
          decidedAt: new Date(NOON).toISOString(),
        };
      },
    },
    giveUp: (reason) => {
      state.gaveUp = reason;
    },
    openInspection: (request) => {
      state.opened.push(request.useCase);
      return assembleInspection({
        captureStore: { put: async () => undefined },
        captureBucket: () => 'captures-of-the-test',
        ...request,
        deviceId: 'line-1',
        processId: 'process-1',
        architecture: 'linux-x64',
        store: new MemoryReleaseStore(folders, `/releases/${request.useCase}`),
        outbox: new MemoryOutbox(),
        captures: new MemoryCaptures(),
        decoder: new MemoryDecoder(),
        trialHost: new FakeHost(folders.read),
        servingHost: new FakeHost(folders.read),
        offers: folders,
        trustedKeys: async () => [key.trusted],
        publisher: nucleus,
        subscriber: nucleus,
        clock: { now: () => NOON, monotonic: () => clock.monotonic() },
        log,
        random: () => 0,
        frameSourceOf: (cameraId) => {
          const camera = new MemoryCamera(cameraId);
          cameras.set(request.useCase, camera);
          return camera;
        },
        openDecisionOutput: ({ host }) => new MemoryController(host),
      });
    },
  });
  const deploy = (
    useCases: ComponentConfiguration['useCases'],
    changes: Partial<ComponentConfiguration> = {},
  ): void => {
    nucleus.deployed = { useCases, captureBucket: 'captures-of-the-test', ...changes };
    nucleus.emit('configuration');
  };
  deploy(WELDS);
  const statuses = (): DeviceStatus[] =>
    nucleus.cloud
      .filter(({ topic }) => topic.endsWith('/status'))
      .map(({ message }) => message as unknown as DeviceStatus);
  return { agent, nucleus, inbox, folders, lines, clock, cameras, state, deploy, statuses };
}

async function started(options: Parameters<typeof newDevice>[0] = {}) {
  const device = newDevice(options);
  await device.agent.start();
  await settled();
  return device;
}

const offerOn = (device: ReturnType<typeof newDevice>, choice: Parameters<typeof offerRelease>[2]) =>
  device.inbox.offer(offerRelease(device.folders, key, choice));

test('a start marks the run, says that the component is ready, looks into the inbox and sends a status', async () => {
  const device = await started({ endedUncleanly: true });
  expect(device.state.marked).toBe(true);
  expect(device.nucleus.ready).toBe(1);
  expect(device.inbox.state).toBe('started');
  expect(device.statuses()).toMatchObject([
    {
      useCase: USE_CASE,
      state: 'running',
      endedUncleanly: true,
      healthy: false,
      resources: { residentBytes: 1, cpuSeconds: 2, uptimeSeconds: 3, diskFreeBytes: 4 },
    },
  ]);
  await device.agent.stop();
});

test('[L4] a first configuration that is wrong gives way to the last one that was good, and the status says so', async () => {
  const device = newDevice();
  device.deploy(WELDS, { statusIntervalSeconds: 7 });
  device.state.accepted = device.nucleus.deployed;
  device.deploy({}, { statusIntervalSeconds: 0 });
  await device.agent.start();
  await settled();
  expect(device.state.opened).toEqual([USE_CASE]);
  const [status] = device.statuses();
  expect(status?.healthy).toBe(false);
  expect(status?.conditions[0]).toMatchObject({
    name: 'configuration',
    ok: false,
    value: expect.stringContaining('statusIntervalSeconds'),
  });
  await device.agent.stop();
});

test('a configuration that is good is kept for the next start; one that is not leaves it', async () => {
  const device = await started();
  device.deploy(BOTH);
  await settled();
  const good = device.nucleus.deployed;
  device.deploy({}, { statusIntervalSeconds: 0 });
  await settled();
  expect(device.state.accepted).toEqual(good);
  await device.agent.stop();
});

test('[L1] the status says what the nucleus does not serve; it is no fault', async () => {
  const device = newDevice();
  device.nucleus.unserved = ['SubscribeToComponentUpdates'];
  await device.agent.start();
  await settled();
  expect(device.statuses()[0]?.conditions).toContainEqual({
    name: 'nucleus',
    ok: true,
    value: 'does not serve SubscribeToComponentUpdates',
  });
  await device.agent.stop();
});

test('[L6] a status that is too large for the nucleus goes without its lists', async () => {
  const device = newDevice();
  const whole = await started();
  device.nucleus.largestBytes = JSON.stringify(whole.statuses()[0]).length - 1;
  await device.agent.start();
  await settled();
  expect(whole.statuses()[0]).toHaveProperty('cameras');
  expect(device.statuses()).toHaveLength(1);
  expect(device.statuses()[0]).not.toHaveProperty('cameras');
  await device.agent.stop();
  await whole.agent.stop();
});

test('[L7] a process that the nucleus has forgotten ends', async () => {
  const device = await started();
  device.nucleus.emit('forgotten');
  expect(device.state.gaveUp).toContain('does not know this process');
  await device.agent.stop();
});

test('a first configuration that is wrong ends the start before anything is marked or opened', async () => {
  const device = newDevice();
  device.deploy({}, { statusIntervalSeconds: 0 });
  await expect(device.agent.start()).rejects.toThrow(
    /^configuration is invalid:\n {2}- .*useCases.*\n {2}- .*statusIntervalSeconds/,
  );
  expect(device.state).toMatchObject({ marked: false, opened: [] });
  expect(device.nucleus.ready).toBe(0);
});

test('[L8] an offer of the configuration component goes to the document, and what it says is in force', async () => {
  const device = await started();
  device.nucleus.deployed = {
    ...(device.nucleus.deployed as object),
    configurationComponentName: 'com.example.Settings',
  };
  device.nucleus.emit('configuration');
  await settled();
  const choice = { counter: 1, gain: 4, component: 'com.example.Settings' };
  expect(await offerOn(device, choice)).toMatchObject({ code: 'ACCEPTED' });
  expect(device.state.accepted).toMatchObject({ statusIntervalSeconds: 7 });
  await device.agent.stop();
});

test('an offer goes to the use case of its component; without one it is refused', async () => {
  const device = await started();
  expect(await offerOn(device, { counter: 1, gain: 4 })).toMatchObject({ code: 'ACCEPTED' });
  expect(await offerOn(device, { counter: 1, gain: 4, component: 'com.example.Other' })).toMatchObject({
    verdict: 'refused',
    code: 'WRONG_TARGET',
    message: "no use case of this device takes releases from component 'com.example.Other'",
  });
  await settled();
  expect(device.statuses().at(-1)).toMatchObject({ releaseId: `${USE_CASE}-1`, healthy: true });
  await device.agent.stop();
});

test('[S7] use cases come and go with the configuration; each takes its own releases', async () => {
  const device = await started();
  device.deploy(BOTH);
  await settled();
  expect(device.state.opened).toEqual([USE_CASE, SEAMS]);
  const seams = { counter: 7, gain: 6, useCase: SEAMS, component: SEAM_COMPONENT };
  expect(await offerOn(device, seams)).toMatchObject({ code: 'ACCEPTED' });
  expect(await offerOn(device, { ...seams, component: COMPONENT })).toMatchObject({ code: 'WRONG_TARGET' });
  const camera = device.cameras.get(SEAMS);
  device.deploy(WELDS);
  await settled();
  expect(camera?.stopped).toBe(true);
  expect(await offerOn(device, seams)).toMatchObject({ code: 'WRONG_TARGET' });
  expect(device.statuses().at(-1)?.useCase).toBe(USE_CASE);
  await device.agent.stop();
});

test('a configuration that is wrong leaves the one before in force, and the status says so', async () => {
  const device = await started();
  const configuration = (): unknown =>
    device
      .statuses()
      .at(-1)
      ?.conditions.find(({ name }) => name === 'configuration');
  device.deploy(BOTH, { statusIntervalSeconds: 0 });
  await settled();
  expect(device.state.opened).toEqual([USE_CASE]);
  expect(configuration()).toMatchObject({
    ok: false,
    value: expect.stringContaining('statusIntervalSeconds'),
  });
  device.deploy(BOTH);
  await settled();
  expect(device.state.opened).toEqual([USE_CASE, SEAMS]);
  expect(configuration()).toMatchObject({ ok: true });
  await device.agent.stop();
});

test('a configuration that changes while the component starts is taken', async () => {
  const device = newDevice();
  const { reportRunning } = device.nucleus;
  device.nucleus.reportRunning = async () => {
    await reportRunning.call(device.nucleus);
    device.deploy(BOTH);
  };
  await device.agent.start();
  await settled();
  expect(device.state.opened).toEqual([USE_CASE, SEAMS]);
  await device.agent.stop();
});

test('changes that come in one go are read once more, not once each', async () => {
  const device = await started();
  let reads = 0;
  const { configuration } = device.nucleus;
  device.nucleus.configuration = () => {
    reads++;
    return configuration.call(device.nucleus);
  };
  for (let keys = 0; keys < 20; keys++) device.deploy(WELDS);
  await settled();
  expect(reads).toBe(2);
  await device.agent.stop();
});

test('a status follows after each interval, and the connection heals with the next one that is taken', async () => {
  const device = await started();
  device.deploy(WELDS, { statusIntervalSeconds: 10 });
  await settled();
  const before = device.statuses().length;
  await jest.advanceTimersByTimeAsync(30_000);
  expect(device.statuses()).toHaveLength(before + 3);
  device.nucleus.online = false;
  await jest.advanceTimersByTimeAsync(20_000);
  device.nucleus.online = true;
  await jest.advanceTimersByTimeAsync(10_000);
  expect(device.statuses()).toHaveLength(before + 4);
  expect(device.lines.filter(({ message }) => message === 'the cloud takes no messages')).toHaveLength(1);
  await device.agent.stop();
});

test('after a lost connection the component says again that it is ready, and reads what has changed', async () => {
  const device = await started();
  device.nucleus.deployed = { useCases: BOTH, captureBucket: 'captures-of-the-test' };
  device.nucleus.emit('connected');
  await settled();
  expect(device.nucleus.ready).toBe(2);
  expect(device.state.opened).toEqual([USE_CASE, SEAMS]);
  await device.agent.stop();
});

test('case 16: an update waits while frames come, and no longer than it may', async () => {
  const device = await started();
  device.deploy(WELDS, { componentUpdate: { quietSeconds: 2, longestDeferralSeconds: 5 } });
  await settled();
  expect(device.agent.deferral('deployment-1')).toBe(0);
  await offerOn(device, { counter: 1, gain: 4 });
  const show = async (): Promise<void> => {
    device.cameras.get(USE_CASE)?.show(imageOf(200));
    await settled();
  };
  await show();
  expect(device.agent.deferral('deployment-2')).toBe(2_000);
  device.clock.advance(2_000);
  expect(device.agent.deferral('deployment-2')).toBe(0);
  await show();
  expect(device.agent.deferral('deployment-3')).toBe(2_000);
  device.clock.advance(4_000);
  await show();
  expect(device.agent.deferral('deployment-3')).toBe(1_000);
  device.clock.advance(1_000);
  await show();
  expect(device.agent.deferral('deployment-3')).toBe(0);
  await device.agent.stop();
});

test('a stop sends a last status, leaves the nucleus and takes the mark away; no status follows', async () => {
  const device = await started();
  await device.agent.stop();
  expect(device.statuses().at(-1)).toMatchObject({ state: 'stopped' });
  expect(device.state.marked).toBe(false);
  expect(device.inbox.state).toBe('stopped');
  expect(device.nucleus.connected).toBe(false);
  const { length } = device.statuses();
  await jest.advanceTimersByTimeAsync(3_600_000);
  expect(device.statuses()).toHaveLength(length);
});

test('a stop before the start has come far closes what there is', async () => {
  const device = newDevice();
  await device.agent.stop();
  expect(device.nucleus.connected).toBe(false);
});
