import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { sha256Of } from '../../edge-components/inference/src/releases/release-verification';
import { buildDeliverRelease } from '../../edge-components/model/build';
import { nativeCodeOf, processesOf } from '../edge-components/component-processes';
import { Camera, recordsOnDisk, useCaseConfiguration } from '../edge-components/device-harness';
import { deviceSuite } from '../edge-components/device-suite';
import { damageOf, killLoop } from '../edge-components/kill-loop';
import { processKills } from '../edge-components/process-kills';
import { watchSockets } from '../edge-components/process-sockets';
import {
  COMPONENT,
  expectedProbabilities,
  HEIGHT,
  offeredFolder,
  plainImage,
  signingKey,
  signRelease,
  USE_CASE,
  WIDTH,
} from '../edge-components/release-fixture';
import { waitFor } from '../edge-components/wait-for';

jest.setTimeout(180_000);

const revoked = signingKey('revoked');
const { root, models, key, newFolder, newDevice, release } = deviceSuite([revoked]);

const NUCLEI = ['classic', 'lite'] as const;

test('[S7] a release delivered by the startup script serves frames; each result reaches the cloud and the device', async () => {
  const device = await newDevice();
  const script = await buildDeliverRelease(newFolder());
  const artifacts = await release({ counter: 1, int8: 'gain-4.onnx' });
  const { stdout } = await promisify(execFile)(process.execPath, [script], {
    env: {
      PATH: process.env.PATH,
      ARTIFACTS_PATH: artifacts,
      INBOX_PATH: join(device.work, 'inbox'),
      COMPONENT_NAME: COMPONENT,
      COMPONENT_VERSION: '1.0.1',
    },
  });
  expect(JSON.parse(stdout)).toMatchObject({ verdict: 'accepted', code: 'ACCEPTED' });
  expect(readdirSync(join(device.work, 'inbox'))).toEqual([]);

  await waitFor('camera connection', () => device.cameraConnected);
  device.show('frame-1', await plainImage(220));
  device.show('frame-2', await plainImage(30, 'jpeg'));
  device.show('frame-3', await plainImage(130));
  device.show('frame-4', Buffer.from('<svg/>'));
  await waitFor('four records', () => device.records().size === 4);
  const byFrame = new Map([...device.records().values()].map((record) => [record.frameId, record]));
  expect(byFrame.get('frame-1')).toMatchObject({
    status: 'ok',
    predictedClass: 'bright',
    releaseId: 'brightness-test-1',
    online: true,
    image: { brightness: expect.closeTo(220, 6), contrast: expect.closeTo(0, 3), sharpness: 0 },
  });
  expect(byFrame.get('frame-1')?.confidence).toBeCloseTo(expectedProbabilities(4, 220)[0] as number, 5);
  expect(byFrame.get('frame-2')).toMatchObject({ status: 'ok', predictedClass: 'dark' });
  expect(byFrame.get('frame-3')).toMatchObject({ status: 'uncertain', predictedClass: 'bright' });
  expect(byFrame.get('frame-4')).toMatchObject({
    status: 'invalid',
    reason: 'frame is neither JPEG nor PNG',
  });
  expect(device.localResults.map(({ frameId }) => frameId)).toEqual([
    'frame-1',
    'frame-2',
    'frame-3',
    'frame-4',
  ]);
  expect(device.statuses.at(-1)).toMatchObject({ releaseId: 'brightness-test-1', highestCounter: 1 });
});

test('[B27] frames of a camera of any size are answered as the release says; one of old takes its own size only', async () => {
  const device = await newDevice();
  const input = { name: 'image', height: HEIGHT, width: WIDTH, outputName: 'probabilities' } as const;
  const half = (x: number) => ({ x, y: 0, width: 0.5, height: 1 });
  const releases: Parameters<typeof offeredFolder>[3][] = [
    { counter: 1 },
    { counter: 2, overrides: { input: { ...input, resize: 'stretch', region: half(0) } } },
    { counter: 3, overrides: { input: { ...input, resize: 'crop', region: half(0.5), colour: 'gray' } } },
  ];
  const white = { create: { width: 320, height: 480, channels: 3, background: 'white' } } as const;
  const frame = await sharp({ create: { width: 640, height: 480, channels: 3, background: 'black' } })
    .composite([{ input: white, left: 0, top: 0 }])
    .jpeg()
    .toBuffer();
  for (const options of releases) {
    expect(await device.offer(await release(options), COMPONENT)).toMatchObject({ code: 'ACCEPTED' });
    await waitFor('camera connection', () => device.cameraConnected);
    device.show(`frame-${options.counter}`, frame);
    await waitFor('its record', () => device.records().size === options.counter);
  }
  expect(device.localResults).toMatchObject([
    { status: 'invalid', reason: `frame is 640x480, the release takes ${WIDTH}x${HEIGHT}` },
    { status: 'ok', predictedClass: 'bright' },
    { status: 'ok', predictedClass: 'dark' },
  ]);
  const beyond = { ...input, resize: 'stretch', region: { ...half(0.6), width: 0.5 } } as const;
  const refused = await release({ counter: 4, overrides: { input: beyond } });
  expect(await device.offer(refused, COMPONENT)).toMatchObject({
    verdict: 'refused',
    code: 'RELEASE_INVALID',
  });
});

test('[N1] the script of a model waits for the folder of the component, and makes it not its own', async () => {
  const script = await buildDeliverRelease(newFolder());
  const work = newFolder();
  const inbox = join(work, 'inbox');
  const child = spawn(process.execPath, [script], {
    env: {
      PATH: process.env.PATH,
      ARTIFACTS_PATH: root,
      INBOX_PATH: inbox,
      COMPONENT_NAME: COMPONENT,
      COMPONENT_VERSION: '1.0.1',
    },
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  await waitFor('a word', () => said.includes('waits for the inbox: ENOENT'));
  expect(existsSync(work)).toBe(false);
  mkdirSync(work);
  const [offerId] = await waitFor(
    'the offer',
    () => existsSync(inbox) && readdirSync(inbox).length > 0 && readdirSync(inbox),
  );
  writeFileSync(join(inbox, offerId as string, 'verdict.json.tmp'), JSON.stringify({ verdict: 'accepted' }));
  renameSync(
    join(inbox, offerId as string, 'verdict.json.tmp'),
    join(inbox, offerId as string, 'verdict.json'),
  );
  expect(await ended).toBe(0);
});

test('[L10] an inspecting component has no network socket, and ONNX Runtime leaves no trace of telemetry', async () => {
  const temporary = newFolder();
  mkdirSync(temporary);
  const device = await newDevice({ environment: { TMPDIR: temporary } });
  const seen = watchSockets(device.processId);
  expect(await device.offer(await release({ counter: 1 }), COMPONENT)).toMatchObject({ code: 'ACCEPTED' });
  await waitFor('camera connection', () => device.cameraConnected);
  await device.showUntil((shown) => shown === 200, 'frame', await plainImage(200));
  await waitFor('every record', () => device.records().size === 200);
  expect(seen()).toEqual([]);
  expect(readdirSync(temporary)).toEqual([]);
  expect(readdirSync(device.work).sort()).toEqual([
    'accepted-configuration.json',
    'inbox',
    'running',
    'use-cases',
  ]);
});

test.each(NUCLEI)(
  'refusals carry their own code, fail the startup script and leave the release in service [case 6, 9, 11, 12, 13]: %s',
  async (nucleus) => {
    const device = await newDevice({ nucleus });
    expect(await device.offer(await release({ counter: 5 }), COMPONENT)).toMatchObject({ code: 'ACCEPTED' });

    const tampered = await release({ counter: 6 });
    const model = readFileSync(join(tampered, 'model-fp32.onnx'));
    model[model.length - 40] = (model[model.length - 40] as number) ^ 1;
    writeFileSync(join(tampered, 'model-fp32.onnx'), model);
    expect(await device.offer(tampered, COMPONENT)).toMatchObject({
      verdict: 'refused',
      code: 'DIGEST_MISMATCH',
    });

    const stranger = newFolder();
    await offeredFolder(stranger, models, signingKey(), { counter: 6 });
    expect(await device.offer(stranger, COMPONENT)).toMatchObject({
      verdict: 'refused',
      code: 'KEY_UNKNOWN',
    });

    const byRevoked = newFolder();
    await offeredFolder(byRevoked, models, revoked, { counter: 6 });
    expect(await device.offer(byRevoked, COMPONENT)).toMatchObject({
      verdict: 'refused',
      code: 'KEY_REVOKED',
    });

    const changed = newFolder();
    const honest = await offeredFolder(changed, models, key, { counter: 6 });
    const forged = {
      ...signRelease({ ...honest, counter: 900 }, key),
      signatures: signRelease(honest, key).signatures,
    };
    writeFileSync(join(changed, 'release.dsse.json'), JSON.stringify(forged));
    expect(await device.offer(changed, COMPONENT)).toMatchObject({ code: 'SIGNATURE_INVALID' });

    expect(await device.offer(await release({ counter: 4 }), COMPONENT)).toMatchObject({
      code: 'COUNTER_TOO_LOW',
    });
    expect(await device.offer(await release({ counter: 6 }), 'com.example.Other')).toMatchObject({
      code: 'WRONG_TARGET',
    });
    const script = await buildDeliverRelease(newFolder());
    await expect(
      promisify(execFile)(process.execPath, [script], {
        env: {
          PATH: process.env.PATH,
          ARTIFACTS_PATH: tampered,
          INBOX_PATH: join(device.work, 'inbox'),
          COMPONENT_NAME: COMPONENT,
          COMPONENT_VERSION: '1.0.6',
        },
      }),
    ).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining('DIGEST_MISMATCH') });

    device.show('still-serving', await plainImage(220));
    await waitFor('record', () => device.records().size === 1);
    expect([...device.records().values()][0]).toMatchObject({ releaseId: 'brightness-test-5', status: 'ok' });
    expect(device.statuses.at(-1)?.refusedReleases?.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['KEY_UNKNOWN', 'KEY_REVOKED', 'SIGNATURE_INVALID', 'COUNTER_TOO_LOW']),
    );
  },
);

test('a release that fails its self-test is refused, quarantined and never serves [case 3, 17, 19, 23]', async () => {
  const device = await newDevice();
  expect(await device.offer(await release({ counter: 1 }), COMPONENT)).toMatchObject({ code: 'ACCEPTED' });
  const cases: [string, Parameters<typeof offeredFolder>[3]][] = [
    ['GOLDEN_SAMPLE_MISMATCH', { counter: 2, gain: 4, fp32: 'gain-7.onnx' }],
    ['OUTPUT_CONTRACT', { counter: 3, fp32: 'three-classes.onnx' }],
    ['OUTPUT_CONTRACT', { counter: 4, fp32: 'other-input.onnx' }],
    ['OUTPUT_CONTRACT', { counter: 5, fp32: 'nan.onnx' }],
    ['LOAD_FAILED', { counter: 6, fp32: '../noise.onnx' }],
    ['GRAPH_REFUSED', { counter: 7, fp32: 'hostile/endless.onnx' }],
  ];
  writeFileSync(join(root, 'noise.onnx'), Buffer.from('not a graph at all'));
  for (const [code, options] of cases) {
    const artifacts = await release(options);
    expect(await device.offer(artifacts, COMPONENT)).toMatchObject({ verdict: 'refused', code });
    expect(await device.offer(artifacts, COMPONENT)).toMatchObject({
      verdict: 'refused',
      code: 'QUARANTINED',
    });
  }
  // An int8 variant that does not suit this processor is left out; the release is good.
  const mixed = await release({ counter: 8, gain: 5, int8: 'gain-7.onnx', int8Gain: 5 });
  expect(await device.offer(mixed, COMPONENT)).toMatchObject({ code: 'ACCEPTED' });
  expect(await device.offer(mixed, COMPONENT)).toMatchObject({
    verdict: 'accepted',
    code: 'ALREADY_IN_SERVICE',
  });
  await waitFor('status', () => device.statuses.at(-1)?.variant === 'fp32');
});

test('[B8] a hot swap under load drops no frame and mixes no result; [B3] the release before runs beside it', async () => {
  const device = await newDevice();
  device.configure({ shadow: { frames: 20 } });
  expect(await device.offer(await release({ counter: 1, gain: 4 }), COMPONENT)).toMatchObject({
    code: 'ACCEPTED',
  });
  await waitFor('camera connection', () => device.cameraConnected);
  const image = await plainImage(180);
  const shadowed = (counter: number): number =>
    [...device.records().values()].filter(
      ({ releaseId, shadow }) => shadow && releaseId === `${USE_CASE}-${counter}`,
    ).length;
  let isOver = false;
  const line = device.showUntil(() => isOver, 'frame', image);
  for (const [counter, gain] of [
    [2, 5],
    [3, 6],
    [4, 7],
  ] as const) {
    const verdict = await device.offer(await release({ counter, gain }), COMPONENT);
    expect(verdict).toMatchObject({ code: 'ACCEPTED' });
    await waitFor('all frames with the release before beside', () => shadowed(counter) === 20);
  }
  isOver = true;
  const shown = await line;
  await waitFor('every record', () => device.records().size === shown);
  const records = [...device.records().values()];
  expect(new Set(records.map(({ frameId }) => frameId)).size).toBe(shown);
  const counters = device.localResults.map(({ releaseId }) => Number(releaseId.split('-').pop()));
  expect(counters).toEqual([...counters].sort());
  expect(new Set(counters)).toEqual(new Set([1, 2, 3, 4]));
  const level = records[0]?.image?.brightness as number;
  for (const record of records) {
    const gain = 3 + Number(record.releaseId.split('-').pop());
    expect(record.confidence).toBeCloseTo(expectedProbabilities(gain, level)[0] as number, 4);
    if (!record.shadow) continue;
    const shadowGain = 3 + Number(record.shadow.releaseId.split('-').pop());
    expect(shadowGain).toBe(gain - 1);
    expect(record.shadow.confidence).toBeCloseTo(expectedProbabilities(shadowGain, level)[0] as number, 4);
  }
  expect([2, 3, 4].map(shadowed)).toEqual([20, 20, 20]);
  expect(device.statuses.at(-1)?.framesDropped).toBe(0);
});

test.each(NUCLEI)(
  'results made offline are sent after the outage, none lost, none twice under another id [S8] [case 29]: %s',
  async (nucleus) => {
    const device = await newDevice({ nucleus });
    await device.offer(await release({ counter: 1 }), COMPONENT);
    await waitFor('camera connection', () => device.cameraConnected);
    const image = await plainImage(200);
    device.online = false;
    device.show('first', image);
    await waitFor('the outage to be noticed', () => device.log.includes('results not sent'));
    await device.showUntil((shown) => shown === 129, 'frame', image);
    await waitFor('130 records on disk', () => recordsOnDisk(device.stateOf()) === 130);
    expect(device.batches).toEqual([]);
    expect(await device.endProcess('SIGKILL')).toBe('SIGKILL');
    device.online = true;
    await device.startProcess();
    await waitFor('every record', () => device.records().size === 130);
    expect(device.batches.map(({ droppedRecords }) => droppedRecords)).toEqual(device.batches.map(() => 0));
    expect([...device.records().values()].filter(({ online }) => !online).length).toBeGreaterThanOrEqual(129);
  },
);

test('[B6] chosen frames go to S3 with token-exchange credentials, within privacy and budget', async () => {
  const puts = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url === '/credentials') {
        expect(request.headers.authorization).toBe('token of the nucleus');
        const Expiration = new Date(Date.now() + 3_600_000).toISOString();
        response.setHeader('content-type', 'application/json');
        response.end(
          JSON.stringify({ AccessKeyId: 'AKIATEST', SecretAccessKey: 's', Token: 't', Expiration }),
        );
        return;
      }
      expect(request.headers.authorization).toContain('Credential=AKIATEST/');
      puts.set(new URL(request.url ?? '', 'http://s3').pathname, Buffer.concat(chunks));
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const device = await newDevice({
      environment: {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/credentials`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN: 'token of the nucleus',
        AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      },
    });
    await device.offer(await release({ counter: 1 }), COMPONENT);
    await waitFor('camera connection', () => device.cameraConnected);
    const image = await plainImage(200, 'jpeg');
    device.show('private', image);
    await waitFor('the private record', () => device.records().size === 1);
    device.configure({
      upload: {
        privacy: 'selected',
        dailyByteBudget: 1_000_000,
        controlSampleProbability: 1,
        uncertaintyThreshold: 0,
        uncertainSampleProbability: 0,
      },
    });
    const statuses = device.statuses.length;
    await waitFor('status after the change', () => device.statuses.length > statuses);
    device.show('chosen', image);
    await waitFor('image and sidecar', () => puts.size === 2);
    // The upload may overtake the record, which waits for others.
    const chosen = await waitFor('its record', () =>
      [...device.records().values()].find(({ frameId }) => frameId === 'chosen'),
    );
    const prefix = `/kaizen-test-captures/captures/brightness-test/line-1/${chosen.captureId}`;
    expect([...puts.keys()]).toEqual([`${prefix}.jpg`, `${prefix}.json`]);
    expect(puts.get(`${prefix}.jpg`)?.includes(image)).toBe(true);
    expect(puts.get(`${prefix}.json`)?.toString()).toContain(sha256Of(image));
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test.each(NUCLEI)(
  'a lost nucleus comes back: the component reconnects, reports RUNNING and keeps every result: %s',
  async (nucleus) => {
    const device = await newDevice({ nucleus });
    await device.offer(await release({ counter: 1 }), COMPONENT);
    await waitFor('camera connection', () => device.cameraConnected);
    const before = device.running;
    await device.stopIpc();
    device.show('while-away', await plainImage(200));
    await device.startIpc();
    await waitFor('RUNNING again', () => device.running > before);
    await waitFor('record', () => device.records().size === 1);
  },
);

test('a configuration update that is invalid is rejected, reported, and changes nothing', async () => {
  const device = await newDevice();
  await expect(device.validate({ useCases: { 'Not A Use Case': {} } })).resolves.toContain('useCases');
  await waitFor('first status', () => device.statuses.length > 0);
  device.configure({}, { statusIntervalSeconds: 0 });
  const refused = await waitFor('unhealthy status', () =>
    device.statuses.find(({ conditions }) =>
      conditions.some(({ name, ok }) => name === 'configuration' && !ok),
    ),
  );
  expect(refused.healthy).toBe(false);
  device.configure({}, { statusIntervalSeconds: 1 });
  const count = device.statuses.length;
  await waitFor('statuses each second', () => device.statuses.length > count + 2);
  expect(device.statuses.at(-1)?.conditions.find(({ name }) => name === 'configuration')?.ok).toBe(true);
});

test('a configuration that changes while the component starts is taken', async () => {
  const device = await newDevice();
  await device.endProcess('SIGTERM');
  device.onRunning = () => device.configure({}, { statusIntervalSeconds: 1 });
  await device.startProcess();
  const count = device.statuses.length;
  await waitFor('statuses each second', () => device.statuses.length > count + 2);
});

test.each(NUCLEI)(
  'SIGTERM under load ends the process with 0 after its results are safe: %s',
  async (nucleus) => {
    const device = await newDevice({ nucleus });
    await device.offer(await release({ counter: 1 }), COMPONENT);
    await waitFor('camera connection', () => device.cameraConnected);
    for (let index = 0; index < 20; index++) device.show(`frame-${index}`, await plainImage(200));
    await waitFor('a result', () => device.localResults.length > 5);
    expect(await device.endProcess('SIGTERM')).toBe(0);
    // What the process has written last is read after its end.
    await waitFor(
      'every result that the line was told',
      () => device.records().size + recordsOnDisk(device.stateOf()) === device.localResults.length,
    );
  },
);

test('case 39: a component whose graph answers nothing ends when it is told to, and leaves nothing running', async () => {
  const device = await newDevice();
  await device.offer(await release({ counter: 1 }), COMPONENT);
  await waitFor('camera connection', () => device.cameraConnected);
  const native = processesOf(device.processId).filter(({ kind }) => ['model', 'decoder'].includes(kind));
  const model = native.find(({ kind }) => kind === 'model')?.pid as number;
  // As native code that loops, it hears of nothing but SIGKILL.
  process.kill(model, 'SIGSTOP');
  device.show('frame', await plainImage(200));
  expect(await device.endProcess('SIGTERM')).toBe(0);
  await waitFor('the end of all', () => !native.some(({ pid }) => nativeCodeIfThere(pid).length > 0));
});

test('case 1: SIGKILL at random instants of installations leaves a verified release that serves, every time', async () => {
  const device = await newDevice();
  const report = await killLoop({
    device,
    kills: 25,
    seed: 20_261_125,
    release: (counter) => release({ counter, gain: 4 + (counter % 4) }),
  });
  expect(report.invalid).toEqual([]);
  expect(Object.values(report.byState).reduce((sum, count) => sum + count, 0)).toBe(25);
  // However many offers were cut off: one that is left alone is taken.
  expect(await device.offer(await release({ counter: 1_000, gain: 4 }), COMPONENT)).toMatchObject({
    code: 'ACCEPTED',
  });
  await waitFor('camera connection', () => device.cameraConnected);
  device.show('after-all', await plainImage(220));
  await waitFor('record', () =>
    [...device.records().values()].some(({ frameId }) => frameId === 'after-all'),
  );
});

test('[S7] the process that the nucleus watches, and the agent, hold no native code; each other process holds its own', async () => {
  const device = await newDevice();
  await device.offer(await release({ counter: 1 }), COMPONENT);
  await waitFor('camera connection', () => device.cameraConnected);
  device.show('frame', await plainImage(200));
  await waitFor('a result', () => device.localResults.length === 1);
  const held = processesOf(device.processId).map(({ pid, kind }) => [kind, nativeCodeOf(pid)]);
  expect(held).toEqual([
    ['watched', []],
    ['agent', []],
    ['model', ['libonnxruntime.so.1', 'onnxruntime_binding.node']],
    ['decoder', ['libvips-cpp.so', 'sharp.node'].map((name) => expect.stringContaining(name))],
  ]);
});

test.each(NUCLEI)(
  'case 5, [S7]: kills of any process from outside cost the line neither its release nor a part that was taken: %s',
  async (nucleus) => {
    const device = await newDevice({ nucleus });
    const report = await processKills({
      device,
      kills: 12,
      seed: 20_261_127,
      image: await plainImage(200),
      release: (counter) => release({ counter, gain: 4 + (counter % 4) }),
    });
    expect(report.wrong).toEqual([]);
    expect(new Set(report.recoveries.map(({ kind }) => kind)).size).toBeGreaterThan(2);
    expect(report.accepted).toBe(2);
  },
);

test('what is left of a component whose watched process was killed ends before the next one touches the disk', async () => {
  const device = await newDevice();
  await device.offer(await release({ counter: 1 }), COMPONENT);
  const before = processesOf(device.processId);
  // An agent that is stopped hears of nothing.
  const agent = before.find(({ kind }) => kind === 'agent')?.pid as number;
  process.kill(agent, 'SIGSTOP');
  await device.endProcess('SIGKILL');
  await device.startProcess();
  const alive = before.filter(({ pid }) => existsSync(`/proc/${pid}/exe`) && nativeCodeOf(pid) !== undefined);
  expect(alive).toEqual([]);
  await waitFor('status', () => device.statuses.at(-1)?.endedUncleanly === true);
});

test('case 44: the processes of graphs and decoder end with a component whose watched process and agent are both killed', async () => {
  const device = await newDevice();
  await device.offer(await release({ counter: 1 }), COMPONENT);
  const before = processesOf(device.processId);
  const pidOf = (kind: string): number => before.find((one) => one.kind === kind)?.pid as number;
  const native = [pidOf('model'), pidOf('decoder')];
  // It must not hear of the agent's end, of which it would end the rest.
  process.kill(device.processId, 'SIGSTOP');
  process.kill(pidOf('agent'), 'SIGKILL');
  await device.endProcess('SIGKILL');
  await waitFor('the end of all', () => !native.some((pid) => nativeCodeIfThere(pid).length > 0));
});

/** Of a process that may have ended, and may not have been waited for. */
function nativeCodeIfThere(pid: number): readonly string[] {
  try {
    return nativeCodeOf(pid);
  } catch {
    return [];
  }
}

test('case 16: an update waits while parts are inspected, goes ahead when they stop, and never waits for ever', async () => {
  const device = await newDevice();
  const configured = async (quietSeconds: number, longestDeferralSeconds: number): Promise<void> => {
    const { length } = device.statuses;
    device.configure({}, { componentUpdate: { quietSeconds, longestDeferralSeconds } });
    await waitFor('a status after the change', () => device.statuses.length > length);
  };
  await configured(5, 600);
  await device.offer(await release({ counter: 1 }), COMPONENT);
  await waitFor('camera connection', () => device.cameraConnected);
  const image = await plainImage(200);
  const { signal } = new AbortController();
  const isDeferred = (deploymentId: string): boolean =>
    new RegExp(`"update deferred".*"${deploymentId}"`).test(device.log);
  /** Resolves when a frame was answered that was shown after now. */
  const inspectOne = async (frameId: string): Promise<void> => {
    device.show(frameId, image);
    await waitFor('its result', () => device.localResults.at(-1)?.frameId === frameId);
  };
  // Nothing has come yet: nothing to wait for.
  await device.askForUpdate('deployment-1', signal);
  expect(isDeferred('deployment-1')).toBe(false);

  await inspectOne('batch');
  let agreed = false;
  const batch = device.askForUpdate('deployment-2', signal).then(() => {
    agreed = true;
  });
  await waitFor('the deferral', () => isDeferred('deployment-2'));
  expect(agreed).toBe(false);
  await batch;

  // The line would have to be quiet for far longer than the update may wait.
  await configured(600, 2);
  await inspectOne('endless-1');
  const asked = device.askForUpdate('deployment-3', signal);
  await waitFor('the deferral', () => isDeferred('deployment-3'));
  await inspectOne('endless-2');
  await asked;
});

test('[S7] two use cases with cameras and releases of their own, on one device', async () => {
  const device = await newDevice();
  const seams = 'seam-test';
  const seamComponent = 'com.kaizenedge.model.SeamTest';
  const left = await new Camera(join(device.root, 'left.sock')).start();
  const right = await new Camera(join(device.root, 'right.sock')).start();
  const cameras = {
    left: { type: 'socket' as const, path: left.path },
    right: { type: 'socket' as const, path: right.path },
  };
  device.configure(
    {},
    {
      useCases: {
        [USE_CASE]: useCaseConfiguration(device.root, USE_CASE, COMPONENT),
        [seams]: useCaseConfiguration(device.root, seams, seamComponent, { cameras }),
      },
    },
  );
  try {
    await waitFor('a status of the second use case', () =>
      device.statuses.some(({ useCase }) => useCase === seams),
    );
    const seamRelease = await release({
      counter: 7,
      gain: 6,
      overrides: {
        useCase: seams,
        releaseId: `${seams}-7`,
        target: { componentName: seamComponent, architectures: ['linux-x64'] },
      },
    });
    expect(await device.offer(seamRelease, COMPONENT)).toMatchObject({ code: 'WRONG_TARGET' });
    expect(await device.offer(seamRelease, 'com.example.Other')).toMatchObject({ code: 'WRONG_TARGET' });
    expect(await device.offer(seamRelease, seamComponent)).toMatchObject({ code: 'ACCEPTED' });
    expect(await device.offer(await release({ counter: 1, gain: 4 }), COMPONENT)).toMatchObject({
      code: 'ACCEPTED',
    });
    await waitFor('three cameras', () => device.cameraConnected && left.connected && right.connected);
    const image = await plainImage(180);
    for (let index = 0; index < 10; index++) {
      device.show(`welds-${index}`, image);
      left.show(`left-${index}`, image);
      right.show(`right-${index}`, image);
    }
    await waitFor('every record', () => device.records().size === 10 && device.records(seams).size === 20);
    const bySeam = [...device.records(seams).values()];
    expect(bySeam.every(({ frameId, cameraId }) => frameId.startsWith(`${cameraId}-`))).toBe(true);
    expect(new Set(bySeam.map(({ releaseId }) => releaseId))).toEqual(new Set([`${seams}-7`]));
    expect(
      new Set([...device.records().values()].map(({ releaseId, cameraId }) => `${releaseId} ${cameraId}`)),
    ).toEqual(new Set([`${USE_CASE}-1 camera-1`]));

    // A use case that is taken out stops, and its state stays for the day on which it comes back.
    device.configure({});
    await waitFor('the cameras to be left alone', () => !left.connected && !right.connected);
    device.show('still-here', image);
    await waitFor('a record', () => device.records().size === 11);
    expect(damageOf(device.stateOf(seams))).toBeUndefined();
  } finally {
    await left.stop();
    await right.stop();
  }
});

test('the last status of a process that is told to stop says so; the next one says how it ended', async () => {
  const device = await newDevice();
  await waitFor('status', () => device.statuses.at(-1)?.state === 'running');
  expect(device.statuses.at(-1)).toMatchObject({
    endedUncleanly: false,
    resources: { residentBytes: expect.any(Number), diskFreeBytes: expect.any(Number) },
  });
  await device.endProcess('SIGTERM');
  expect(device.statuses.at(-1)).toMatchObject({ state: 'stopped' });
  await device.startProcess();
  await waitFor('status', () => device.statuses.at(-1)?.state === 'running');
  expect(device.statuses.at(-1)?.endedUncleanly).toBe(false);
  await device.endProcess('SIGKILL');
  await device.startProcess();
  await waitFor('status', () => device.statuses.at(-1)?.endedUncleanly === true);
});

test('a status that the broker is to keep is kept, on an ordinary topic; the last one says that the process was stopped', async () => {
  const device = await newDevice();
  device.configure({ retainStatus: true, statusTopic: `kaizen/${USE_CASE}/{thingName}/status` });
  const topic = `kaizen/${USE_CASE}/line-1/status`;
  await waitFor('a retained status', () => device.retained.has(topic));
  await device.endProcess('SIGTERM');
  expect(JSON.parse(device.retained.get(topic) ?? '')).toMatchObject({ state: 'stopped' });
});

test('start and frame times, for the report', async () => {
  const device = await newDevice();
  await device.offer(await release({ counter: 1 }), COMPONENT);
  await device.endProcess('SIGTERM');
  const started = performance.now();
  await device.startProcess();
  const startMilliseconds = performance.now() - started;
  await waitFor('camera connection', () => device.cameraConnected);
  const image = await plainImage(220, 'jpeg');
  await device.showUntil((shown) => shown === 200, 'frame', image);
  await waitFor('every record', () => device.records().size === 200);
  const totals = [...device.records().values()].map(({ latencyMilliseconds }) => latencyMilliseconds.total);
  totals.sort((left, right) => left - right);
  console.log(
    `start to RUNNING with a release ${startMilliseconds.toFixed(0)} ms; ${WIDTH}x${HEIGHT} frame to decision p50 ${totals[100]} ms, p99 ${totals[197]} ms`,
  );
  expect(totals).toHaveLength(200);
});
