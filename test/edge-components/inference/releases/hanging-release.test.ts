/** A release whose graph hangs on one kind of frame, in real processes: how it is taken out of service. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformFileSync } from '@swc/core';
import { ProcessModelHost } from '../../../../edge-components/inference/src/models/model-hosts';
import { ReleaseService } from '../../../../edge-components/inference/src/releases/release-service';
import { REPOSITORY_ROOT } from '../../../../scripts/repository';
import { newFakeDevice, offerOf } from '../../fake-device';
import { offeredFolder, signingKey, temporaryFolder } from '../../release-fixture';
import { waitFor } from '../../wait-for';

/**
 * Stands for inference-host.ts: the "graph" is the text `gain <n>`, which answers as the formula of the fixture does, and
 * computes for ever where the first pixel is 13.
 */
const PROGRAM = `
  const { readFileSync } = require('node:fs');
  const socket = new (require('node:net').Socket)({ fd: 3 });
  const { MessageParser, writeMessage } = require('./message-stream.js');
  let gain;
  const answer = ({ id, type, path }, pixels) => {
    if (type === 'load') {
      gain = Number(readFileSync(path, 'utf8').split(' ')[1]);
      return { id, ok: true };
    }
    while (pixels[0] === 13 && gain === 5);
    const bright = 1 / (1 + Math.exp((-2 * gain * (pixels[0] - 127.5)) / 255));
    return { id, ok: true, probabilities: [bright, 1 - bright], statistics: {}, milliseconds: 1 };
  };
  const parser = new MessageParser();
  socket.on('data', (chunk) => {
    for (const { header, body } of parser.push(chunk)) writeMessage(socket, answer(header, body));
  });
  socket.on('close', () => process.exit(0));
`;

const root = temporaryFolder();
const key = signingKey();

beforeAll(() => {
  const source = join(REPOSITORY_ROOT, 'edge-components', 'inference', 'src', 'models', 'message-stream.ts');
  const { code } = transformFileSync(source, {
    jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
  });
  writeFileSync(join(root, 'message-stream.js'), code);
  writeFileSync(join(root, 'host.cjs'), PROGRAM);
  mkdirSync(join(root, 'models'));
  for (const gain of [4, 5]) writeFileSync(join(root, 'models', `gain-${gain}.onnx`), `gain ${gain}`);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function offer(counter: number, gain: number) {
  const folder = join(root, `offer-${counter}`);
  await offeredFolder(folder, join(root, 'models'), key, { counter, gain });
  return offerOf(folder);
}

test('case 39: the second hang in a row gives the line back to the release before, whose process nobody has touched', async () => {
  const device = await newFakeDevice(join(root, 'device'), key);
  let watchdogMilliseconds = 30_000;
  const servingHost = new ProcessModelHost({
    program: join(root, 'host.cjs'),
    watchdogMilliseconds: () => watchdogMilliseconds,
  });
  const service = new ReleaseService({
    ...device.ports,
    servingHost,
    random: () => 0,
    onServing: () => undefined,
  });
  expect(await service.install(await offer(1, 4))).toMatchObject({ code: 'ACCEPTED' });
  expect(await service.install(await offer(2, 5))).toMatchObject({ code: 'ACCEPTED' });
  const frame = (level: number) => ({ width: 1, height: 1, pixels: Uint8Array.of(level, 0, 0) });
  for (let hang = 1; hang <= 2; hang++) {
    const active = service.current;
    expect(active?.release.counter).toBe(2);
    // It answers what it knows, and hangs on one kind of frame.
    await active?.model.run(frame(200));
    // Asked for when the run is sent: a load may take what it takes on a busy machine.
    watchdogMilliseconds = 400;
    const run = active?.model.run(frame(13));
    watchdogMilliseconds = 30_000;
    await expect(run).rejects.toMatchObject({ kind: 'gone', isOwnDoing: true });
    await waitFor('the next process', () => service.current !== undefined && service.current !== active);
  }
  expect(service.current?.release.counter).toBe(1);
  expect((await service.current?.model.run(frame(13)))?.probabilities[0]).toBeLessThan(0.5);
  expect(service.inventory.refusedReleases).toMatchObject([{ code: 'ENDED_ITS_PROCESS', quarantined: true }]);
  service.stop();
});
