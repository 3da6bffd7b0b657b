/** One use case over ports in memory: no disk, no socket, no time but the test's. */
import type {
  InferenceResult,
  OperatingPointConfiguration,
  Release,
  UseCaseConfiguration,
} from '../../../../contracts';
import { assembleInspection } from '../../../../edge-components/inference/src/inspection/assemble-inspection';
import { Connection } from '../../../../edge-components/inference/src/inspection/connection';
import { ModelError } from '../../../../edge-components/inference/src/ports';
import { HABIT, MOST_DEATHS, PROBATION } from '../../../../edge-components/inference/src/releases/probation';
import { useCaseConfiguration } from '../../device-harness';
import { FakeHost } from '../../fake-device';
import {
  imageOf,
  MemoryCamera,
  MemoryCaptures,
  MemoryController,
  MemoryDecoder,
  MemoryFolders,
  MemoryNucleus,
  MemoryOutbox,
  MemoryReleaseStore,
  NOON,
  offerRelease,
  settingsOf,
} from '../../memory-device';
import { COMPONENT, signingKey, USE_CASE } from '../../release-fixture';
import { FakeClock, sourcePorts } from '../cameras';

const key = signingKey();
const BRIGHT = imageOf(220);
const controllerAt = (host: string) => ({ type: 'modbus-tcp' as const, host, register: 1 });

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());
/** Everything that needs no time has happened. */
const settled = (): Promise<void> => jest.advanceTimersByTimeAsync(0);

/** What stays when the component is started again. */
function newDisk() {
  const folders = new MemoryFolders();
  return { folders, store: new MemoryReleaseStore(folders, '/releases'), outbox: new MemoryOutbox() };
}

async function newInspection(disk = newDisk()) {
  const state = {
    changes: 0,
    configuration: {} as Partial<UseCaseConfiguration>,
    asked: undefined as OperatingPointConfiguration | undefined,
  };
  const nucleus = new MemoryNucleus();
  await nucleus.connect();
  const { log, lines } = sourcePorts();
  const connection = new Connection(log);
  const captures = new MemoryCaptures();
  const cameras: MemoryCamera[] = [];
  const controllers: MemoryController[] = [];
  const hosts = { trialHost: new FakeHost(disk.folders.read), servingHost: new FakeHost(disk.folders.read) };
  const settings = () =>
    settingsOf({
      useCases: { [USE_CASE]: useCaseConfiguration('/run', USE_CASE, COMPONENT, state.configuration) },
      captureBucket: 'captures-of-the-test',
    }).useCases[USE_CASE] as ReturnType<typeof settingsOf>['useCases'][string];
  const clock = new FakeClock();
  const inspection = await assembleInspection({
    ...disk,
    ...hosts,
    useCase: USE_CASE,
    deviceId: 'line-1',
    processId: 'process-1',
    architecture: 'linux-x64',
    decoder: new MemoryDecoder(),
    captures,
    captureStore: { put: async () => undefined },
    captureBucket: () => 'captures-of-the-test',
    offers: disk.folders,
    trustedKeys: async () => [key.trusted],
    settings,
    askedPoint: () => state.asked,
    publisher: nucleus,
    subscriber: nucleus,
    connection,
    clock: { now: () => NOON, monotonic: () => clock.monotonic() },
    log,
    random: () => 0,
    frameSourceOf: (cameraId) => {
      cameras.push(new MemoryCamera(cameraId));
      return cameras.at(-1) as MemoryCamera;
    },
    openDecisionOutput: ({ host }) => {
      controllers.push(new MemoryController(host));
      return controllers.at(-1) as MemoryController;
    },
    onChange: () => state.changes++,
  });
  const offer = (counter: number, gain = 4) =>
    inspection.install(offerRelease(disk.folders, key, { counter, gain }));
  const condition = (name: string) => inspection.facts().conditions.find((one) => one.name === name);
  return {
    ...disk,
    ...hosts,
    inspection,
    clock,
    state,
    nucleus,
    connection,
    captures,
    cameras,
    controllers,
    lines,
    offer,
    condition,
    camera: () => cameras.at(-1) as MemoryCamera,
    /** Of the results that were published on the device. */
    classes: () => nucleus.local.map(({ message }) => message.predictedClass ?? message.reason),
  };
}

type Device = Awaited<ReturnType<typeof newInspection>>;

/** Serves release 1. */
async function serving(disk = newDisk()): Promise<Device> {
  const device = await newInspection(disk);
  device.inspection.start();
  expect(await device.offer(1)).toMatchObject({ code: 'ACCEPTED' });
  return device;
}

test('no frame is taken before there is a release; the first one starts the cameras', async () => {
  const device = await newInspection();
  device.inspection.start();
  expect(device.cameras).toEqual([]);
  expect(device.condition('release')).toEqual({ name: 'release', ok: false, value: 'no release yet' });
  expect(await device.offer(1)).toMatchObject({ verdict: 'accepted', releaseId: `${USE_CASE}-1` });
  expect(device.state.changes).toBe(1);
  expect(device.condition('release')).toEqual({ name: 'release', ok: true, value: 'ok' });
  expect(device.cameras).toHaveLength(1);
  expect(device.inspection.facts()).toMatchObject({
    releaseId: `${USE_CASE}-1`,
    variant: 'fp32',
    highestCounter: 1,
    releases: [{ role: 'current', variant: 'fp32' }],
  });
  await device.inspection.stop();
});

test('a frame is told to the controller and the device, and its record goes to the cloud', async () => {
  const device = await newInspection();
  device.state.configuration = { decisionOutput: controllerAt('plc-1') };
  device.inspection.start();
  await device.offer(1);
  device.camera().show(BRIGHT);
  device.camera().show(Buffer.from('no image'));
  await settled();
  expect(device.controllers.map(({ told }) => told)).toEqual([['camera-1-1 bright', 'camera-1-2 -']]);
  expect(device.nucleus.local.map(({ topic }) => topic)).toEqual(Array(2).fill(`kaizen/${USE_CASE}/results`));
  expect(device.classes()).toEqual(['bright', 'frame is neither JPEG nor PNG']);
  expect(device.condition('inference')).toMatchObject({ ok: false });
  await jest.advanceTimersByTimeAsync(250);
  const records = device.nucleus.cloud.flatMap(({ message }) => message.records);
  expect(records).toMatchObject([{ recordId: 'process-1-1' }, { recordId: 'process-1-2' }]);
  expect(device.outbox.records).toBe(0);
  await device.inspection.stop();
});

test('the connection is offline with the first message that is not taken, and the records wait', async () => {
  const device = await serving();
  device.camera().show(BRIGHT);
  await jest.advanceTimersByTimeAsync(250);
  expect(device.connection.online).toBe(true);
  device.nucleus.online = false;
  device.camera().show(BRIGHT);
  await jest.advanceTimersByTimeAsync(250);
  expect(device.connection.problem).toBe('PublishToIoTCore: ServiceError: the device is offline');
  device.camera().show(BRIGHT);
  await settled();
  expect(device.nucleus.local.map(({ message }) => message.online)).toEqual([false, true, false]);
  device.nucleus.online = true;
  device.inspection.retryNow();
  await jest.advanceTimersByTimeAsync(250);
  expect(device.outbox.records).toBe(0);
  expect(device.captures.retries).toBe(1);
  expect(
    device.lines.filter(({ message }) => message.startsWith('the cloud')).map(({ level }) => level),
  ).toEqual(['info', 'warn', 'info']);
  await device.inspection.stop();
});

test('a disk that takes no result is a condition until it takes one; the line is told all the same', async () => {
  const device = await serving();
  device.outbox.full = true;
  for (let count = 0; count < 3; count++) device.camera().show(BRIGHT);
  await settled();
  expect(device.classes()).toEqual(['bright', 'bright', 'bright']);
  expect(device.condition('outbox')).toEqual({
    name: 'outbox',
    ok: false,
    value: 'ENOSPC: no space left on device',
  });
  expect(device.lines.filter(({ message }) => message === 'outbox')).toHaveLength(1);
  device.outbox.full = false;
  device.camera().show(BRIGHT);
  await settled();
  expect(device.condition('outbox')).toMatchObject({ ok: true });
  expect(device.condition('outboxDroppedRecords')).toMatchObject({ value: 3 });
  await device.inspection.stop();
});

test('a changed configuration: a controller that stays keeps its connection, captures go when they are forbidden', async () => {
  const device = await newInspection();
  const upload = {
    privacy: 'selected' as const,
    dailyByteBudget: 1_000_000,
    controlSampleProbability: 1,
    uncertaintyThreshold: 0,
    uncertainSampleProbability: 0,
  };
  device.state.configuration = { decisionOutput: controllerAt('plc-1'), upload };
  device.inspection.start();
  await device.offer(1);
  device.camera().show(BRIGHT);
  await settled();
  expect(device.captures.added).toEqual(['process-1-1']);
  await device.inspection.applyChange();
  expect(device.controllers.map(({ host, closed }) => [host, closed])).toEqual([['plc-1', false]]);
  expect(device.captures.added).toHaveLength(1);
  device.state.configuration = {
    decisionOutput: controllerAt('plc-2'),
    upload: { ...upload, privacy: 'never' },
    cameras: { 'camera-2': { type: 'socket', path: '/run/other.sock' } },
  };
  await device.inspection.applyChange();
  expect(device.controllers.map(({ host, closed }) => [host, closed])).toEqual([
    ['plc-1', true],
    ['plc-2', false],
  ]);
  expect(device.captures.added).toEqual([]);
  expect(device.cameras.map(({ stopped }) => stopped)).toEqual([true, false]);
  device.state.configuration = {};
  await device.inspection.applyChange();
  expect(device.condition('decisionOutput')).toBeUndefined();
  await device.inspection.stop();
});

test('a stop finishes the frames that were taken, sends their records and closes everything', async () => {
  const device = await serving();
  for (let count = 0; count < 5; count++) device.camera().show(BRIGHT);
  const stopped = device.inspection.stop();
  await jest.advanceTimersByTimeAsync(0);
  await stopped;
  expect(device.classes()).toHaveLength(5);
  expect(device.nucleus.cloud.flatMap(({ message }) => message.records)).toHaveLength(5);
  expect(device.outbox.closed).toBe(true);
  expect(device.captures.state).toBe('stopped');
  expect(device.cameras.map((camera) => camera.stopped)).toEqual([true]);
  expect(device.servingHost.open).toBe(0);
});

test('a stop does not wait for a cloud that does not answer, and keeps what it has not taken', async () => {
  const device = await serving();
  device.nucleus.publishToCloud = () => new Promise<never>(() => undefined);
  device.camera().show(BRIGHT);
  await jest.advanceTimersByTimeAsync(250);
  const stopped = device.inspection.stop();
  await jest.advanceTimersByTimeAsync(3_000);
  await stopped;
  expect(device.outbox.closed).toBe(true);
  expect(device.outbox.records).toBe(1);
});

test('the next start serves the same release, and takes frames at once', async () => {
  const disk = newDisk();
  await (await serving(disk)).inspection.stop();
  const next = await newInspection({ ...disk, outbox: new MemoryOutbox() });
  expect(next.trialHost.loads).toBe(0);
  next.inspection.start();
  next.camera().show(BRIGHT);
  await settled();
  expect(next.classes()).toEqual(['bright']);
  await next.inspection.stop();
});

/** Lets the next frames of every model that is loaded from now on end its process. */
function withEnds(device: Device) {
  const load = device.servingHost.load.bind(device.servingHost);
  const state = {
    end: undefined as ModelError | undefined,
    loads: 0,
    endNow: (_: ModelError): void => undefined,
  };
  device.servingHost.load = async (specification) => {
    state.loads++;
    const model = await load(specification);
    let runs = 0;
    // The golden sample passes; the first frame is fatal.
    const run: typeof model.run = (image) => {
      runs++;
      return state.end && runs > 1 ? Promise.reject(state.end) : model.run(image);
    };
    const gone = new Promise<ModelError>((resolve) => {
      state.endNow = resolve;
    });
    return { ...model, run, gone };
  };
  return state;
}

const OWN_END = new ModelError('inference process ended with SIGSEGV', 'gone', true);
const KILLED = new ModelError('inference process ended with SIGKILL: from outside', 'gone');

test('case 5: a release that ends its process twice gives way to the one before, and is quarantined for that', async () => {
  const device = await serving();
  const ends = withEnds(device);
  const fatal = offerRelease(device.folders, key, { counter: 2, gain: 5 });
  expect(await device.inspection.install(fatal)).toMatchObject({ code: 'ACCEPTED' });
  ends.end = OWN_END;
  for (let death = 1; death <= MOST_DEATHS; death++) {
    expect(device.inspection.facts().releaseId).toBe(`${USE_CASE}-2`);
    device.camera().show(BRIGHT);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(device.store.noted?.releases.at(-1)?.deaths).toBe(death);
    expect(device.classes()).toHaveLength(death);
    expect(device.classes().at(-1)).toContain('ended with SIGSEGV');
  }
  expect(device.inspection.facts()).toMatchObject({
    releaseId: `${USE_CASE}-1`,
    refusedReleases: [
      {
        releaseId: `${USE_CASE}-2`,
        code: 'ENDED_ITS_PROCESS',
        reason: OWN_END.message,
        quarantined: true,
      },
    ],
  });
  expect(device.condition('release')?.value).toContain(`has ended its process ${MOST_DEATHS} times`);
  ends.end = undefined;
  const again = await device.inspection.install(fatal);
  expect(again).toMatchObject({ code: 'QUARANTINED', message: expect.stringContaining(OWN_END.message) });
  // An operator lifts that quarantine: the same release is taken again, and can be quarantined again.
  const [record] = device.store.refusals;
  device.store.lifted = { [record?.releaseDigest as string]: record?.at as string };
  expect(device.inspection.facts().refusedReleases).toMatchObject([{ quarantined: false }]);
  expect(await device.inspection.install(fatal)).toMatchObject({ code: 'ACCEPTED' });
  expect(await device.offer(3, 6)).toMatchObject({ code: 'ACCEPTED' });
  expect(device.condition('release')).toMatchObject({ ok: true });
  await device.inspection.stop();
});

test('[S7] the only release is never taken out, however often it ends its process: it is started later and later', async () => {
  const device = await serving();
  const ends = withEnds(device);
  await device.inspection.stop();
  const alone = await newInspection({ ...device, outbox: new MemoryOutbox() });
  const counted = withEnds(alone);
  counted.end = OWN_END;
  alone.inspection.start();
  // What serves now was loaded at the start: its end comes from outside.
  expect(ends.loads).toBe(0);
  expect(await alone.offer(2, 5)).toMatchObject({ code: 'ACCEPTED' });
  alone.store.previous = undefined;
  for (let death = 1; death <= 5; death++) {
    alone.camera().show(BRIGHT);
    await jest.advanceTimersByTimeAsync(31_000);
    expect(alone.inspection.facts().releaseId).toBe(`${USE_CASE}-2`);
  }
  expect(alone.condition('release')?.value).toMatch(/serves on: there is no release before it$/);
  expect(alone.store.refusals).toEqual([]);
  counted.end = undefined;
  alone.camera().show(BRIGHT);
  await settled();
  expect(alone.classes().at(-1)).toBe('bright');
  await alone.inspection.stop();
});

test('[S7] kills from outside cost no frame and no release, also of a model that waits', async () => {
  const device = await serving();
  const ends = withEnds(device);
  expect(await device.offer(2, 5)).toMatchObject({ code: 'ACCEPTED' });
  const loadsBefore = ends.loads;
  for (let kill = 1; kill <= 10; kill++) {
    // Under a frame and between two frames, in turn.
    if (kill % 2 === 0) ends.endNow(KILLED);
    else ends.end = KILLED;
    await settled();
    device.camera().show(BRIGHT);
    await settled();
    ends.end = undefined;
    await jest.advanceTimersByTimeAsync(1_000);
    expect(device.classes()).toEqual(Array.from({ length: kill }, () => 'bright'));
  }
  expect(ends.loads - loadsBefore).toBeGreaterThanOrEqual(10);
  expect(device.inspection.facts().releaseId).toBe(`${USE_CASE}-2`);
  expect(device.store.refusals).toEqual([]);
  expect(device.store.noted).toBeUndefined();
  expect(device.condition('release')).toMatchObject({ ok: true });
  expect(device.condition('lastProcessEnd')?.value).toBe(`${USE_CASE}-2: ${KILLED.message}`);
  await device.inspection.stop();
});

const HANG = new ModelError("inference process gave no answer to 'run' within 5000 ms", 'gone', true);

test('case 39, 40: a release that hangs now and then, between any number of good answers, is taken back at the third hang', async () => {
  const device = await serving();
  const ends = withEnds(device);
  expect(await device.offer(2, 5)).toMatchObject({ code: 'ACCEPTED' });
  for (let hang = 1; hang <= HABIT.ends; hang++) {
    expect(device.inspection.facts().releaseId).toBe(`${USE_CASE}-2`);
    for (let good = 0; good < PROBATION.results; good++) {
      device.camera().show(BRIGHT);
      await settled();
      device.clock.advance(PROBATION.milliseconds / 10);
    }
    ends.end = HANG;
    device.camera().show(BRIGHT);
    await settled();
    ends.end = undefined;
    await jest.advanceTimersByTimeAsync(1_000);
  }
  expect(device.inspection.facts()).toMatchObject({
    releaseId: `${USE_CASE}-1`,
    refusedReleases: [
      { releaseId: `${USE_CASE}-2`, code: 'ENDED_ITS_PROCESS', reason: HANG.message, quarantined: true },
    ],
  });
  await device.inspection.stop();
});

test('case 41: kills from outside within a minute of a start leave the only release in service, and nothing is quarantined', async () => {
  const device = await serving();
  const ends = withEnds(device);
  for (let kill = 1; kill <= 5; kill++) {
    ends.end = KILLED;
    device.camera().show(BRIGHT);
    await settled();
    ends.end = undefined;
    await jest.advanceTimersByTimeAsync(1_000);
    expect(device.inspection.facts().releaseId).toBe(`${USE_CASE}-1`);
  }
  expect(device.store.refusals).toEqual([]);
  expect(device.store.noted).toBeUndefined();
  await device.inspection.stop();
});

test('case 42: the time that has passed grows as the component runs, whatever the clock says', async () => {
  const device = await serving();
  const made = device.store.latestTime;
  expect(made).toBeGreaterThan(0);
  device.clock.advance(3_600_000);
  await device.inspection.noteTime();
  expect(device.store.latestTime - made).toBe(3_600_000);
  await device.inspection.stop();
});

test('[B13] a threshold that an operator moves holds from the next frame on, and the status says which, or why it does not', async () => {
  const device = await newInspection();
  device.inspection.start();
  const dispositionPolicy = {
    codes: { bright: 1, dark: 2 },
    classes: { bright: 'pass', dark: 'reject' },
    novel: 'as-classified',
    operatingRange: {
      bounds: { bright: { lowest: 0.5, highest: 0.999 } },
      costs: { escape: 100, falseReject: 1, review: 0.5 },
    },
  } as const;
  await device.inspection.install(
    offerRelease(device.folders, key, { counter: 1, gain: 4, overrides: { dispositionPolicy } }),
  );
  const at = '2026-11-27T12:00:00Z';
  const answers: unknown[] = [];
  for (const threshold of [undefined, 0.999, 0.9999]) {
    device.state.asked =
      threshold === undefined
        ? undefined
        : { modelPackageVersion: 1, thresholds: [{ class: 'bright', threshold }], at };
    device.camera().show(BRIGHT);
    await settled();
    const { message } = device.nucleus.local.at(-1) as { message: Record<string, unknown> };
    answers.push([
      message.status,
      message.disposition,
      message.threshold,
      device.condition('operatingPoint')?.value,
    ]);
  }
  expect(answers).toEqual([
    ['ok', 'pass', undefined, "the release's own"],
    ['uncertain', 'review', 0.999, `moved at ${at}: bright 0.999`],
    [
      'ok',
      'pass',
      undefined,
      expect.stringMatching(/^refused, .*bright: must be 0.5 to 0.999 .* got 0.9999$/),
    ],
  ]);
  expect(device.condition('operatingPoint')?.ok).toBe(false);
  expect(device.condition('reviewedFrames')?.value).toBe('1 uncertain');
  await device.inspection.stop();
});

test('a start at which nothing can be loaded goes on trying, and takes frames as soon as it can', async () => {
  const disk = newDisk();
  await (await serving(disk)).inspection.stop();
  const load = jest.spyOn(FakeHost.prototype, 'load').mockRejectedValueOnce(KILLED);
  try {
    const next = await newInspection({ ...disk, outbox: new MemoryOutbox() });
    expect(next.inspection.facts().releaseId).toBeUndefined();
    next.inspection.start();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(load).toHaveBeenCalledTimes(2);
    next.camera().show(BRIGHT);
    await settled();
    expect(next.classes()).toEqual(['bright']);
    await next.inspection.stop();
  } finally {
    load.mockRestore();
  }
});

describe('[S10] a second opinion', () => {
  const MODEL = { name: 'model-cloud.onnx', sha256: 'c'.repeat(64), bytes: 10 };
  const ASKING = {
    secondOpinion: { questionTopic: 'ask/{thingName}', answerTopic: 'hear/{thingName}' },
    upload: {
      privacy: 'selected',
      dailyByteBudget: 1_000_000,
      controlSampleProbability: 1,
      uncertaintyThreshold: 0,
      uncertainSampleProbability: 0,
    },
  } satisfies Partial<UseCaseConfiguration>;
  const overrides = {
    dispositionPolicy: {
      codes: { bright: 1, dark: 2 },
      classes: { bright: 'pass', dark: 'reject' },
      novel: 'as-classified',
    },
    thresholds: { bright: 1, dark: 1 },
    secondOpinion: { model: MODEL, thresholds: { bright: 0.6, dark: 0.6 }, mayPass: false },
  } satisfies Partial<Release>;

  /** What the cloud gets of the results. */
  const recordsOf = ({ nucleus }: Device): InferenceResult[] =>
    nucleus.cloud.flatMap(({ message }) => (message.records ?? []) as InferenceResult[]);

  async function asking(): Promise<Device> {
    const device = await newInspection();
    device.state.configuration = ASKING;
    device.inspection.start();
    const offered = offerRelease(device.folders, key, { counter: 1, gain: 4, overrides });
    expect(await device.inspection.install(offered)).toMatchObject({ code: 'ACCEPTED' });
    device.connection.succeeded();
    return device;
  }

  const questions = ({ nucleus }: Device) => nucleus.cloud.filter(({ topic }) => topic === 'ask/line-1');
  const answer = ({ message }: ReturnType<typeof questions>[number], ...probabilities: number[]) => ({
    schemaVersion: 1,
    questionId: message.questionId,
    deviceId: 'line-1',
    useCase: USE_CASE,
    releaseId: message.releaseId,
    opinion: {
      modelSha256: MODEL.sha256,
      probabilities,
      status: 'ok',
      predictedClass: 'dark',
      confidence: Math.max(...probabilities),
      disposition: 'reject',
      milliseconds: { total: 40, inference: 5 },
    },
  });

  test('takes a part out that the device was not sure of, and is in its record', async () => {
    const device = await asking();
    expect(device.nucleus.subscribed).toContain('hear/line-1');
    device.camera().show(imageOf(100));
    await settled();
    const [question] = questions(device);
    device.nucleus.deliver('hear/line-1', answer(question as NonNullable<typeof question>, 0.2, 0.8));
    await jest.advanceTimersByTimeAsync(1_000);
    expect(recordsOf(device)).toMatchObject([
      {
        status: 'uncertain',
        disposition: 'reject',
        secondOpinion: { outcome: 'answered', predictedClass: 'dark', disposition: 'reject', decided: true },
      },
    ]);
    const local = device.nucleus.local.map(({ topic, message }) => [topic, message.disposition]);
    expect(local).toEqual([
      [`kaizen/${USE_CASE}/results`, 'review'],
      [`kaizen/${USE_CASE}/second-opinions`, 'reject'],
    ]);
    expect(device.condition('secondOpinions')).toMatchObject({ ok: true, value: 'answered 1, decided 1' });
    await device.inspection.stop();
  });

  test('does not hold up the end, and its result is kept without it', async () => {
    const device = await asking();
    device.camera().show(imageOf(100));
    await settled();
    await device.inspection.stop();
    expect(recordsOf(device)).toMatchObject([
      { disposition: 'review', secondOpinion: { outcome: 'stopped', decided: false } },
    ]);
  });

  test('nobody is asked without one in the configuration', async () => {
    const device = await asking();
    device.state.configuration = {};
    await device.inspection.applyChange();
    expect(device.nucleus.subscribed).not.toContain('hear/line-1');
    device.camera().show(imageOf(100));
    await settled();
    expect(questions(device)).toEqual([]);
    expect(device.condition('secondOpinions')).toBeUndefined();
    await device.inspection.stop();
  });
});
