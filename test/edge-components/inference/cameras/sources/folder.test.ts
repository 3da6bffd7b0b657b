import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CameraFeed } from '../../../../../edge-components/inference/src/cameras/camera-feed';
import { FrameQueue } from '../../../../../edge-components/inference/src/cameras/frame-queue';
import { frameSourceOf } from '../../../../../edge-components/inference/src/cameras/sources';
import { temporaryFolder } from '../../../release-fixture';
import { waitFor } from '../../../wait-for';
import { sourcePorts, systemClock } from '../../cameras';

const root = temporaryFolder();
afterAll(() => rmSync(root, { recursive: true, force: true }));
const ports = sourcePorts({ maximumFrameBytes: () => 100 });
const sourceOf = (path: string) => frameSourceOf('side', { type: 'folder', path }, ports);
const queueOf = (queueLength: number): FrameQueue =>
  new FrameQueue(() => ({ policy: 'newest', queueLength }));

test('takes images in the order of their names, as many as fit, and deletes what it took', async () => {
  const folder = join(root, 'frames');
  mkdirSync(folder);
  for (const name of ['b.JPG', 'a.png', 'c.jpeg', 'notes.txt']) writeFileSync(join(folder, name), name);
  const queue = queueOf(2);
  const source = sourceOf(folder);
  source.start(queue.lane('side'));
  const names = [];
  for (let count = 0; count < 3; count++) {
    const frame = await queue.next();
    names.push(frame?.frameId);
    expect(frame?.cameraId).toBe('side');
    expect(frame?.bytes.toString()).toContain(frame?.frameId);
  }
  await source.stop();
  expect(names).toEqual(['a', 'b', 'c']);
  expect(queue.dropped).toBe(0);
  expect(readdirSync(folder)).toEqual(['notes.txt']);
});

test('a file that is too large becomes a frame without its image; a missing folder is a problem', async () => {
  const folder = join(root, 'large');
  const source = sourceOf(folder);
  const queue = queueOf(2);
  source.start(queue.lane('side'));
  await waitFor('problem', () => source.problem());
  mkdirSync(folder);
  writeFileSync(join(folder, 'x y.png'), Buffer.alloc(101));
  expect(await queue.next()).toMatchObject({
    frameId: 'x_y',
    frameBytes: 101,
    discarded: 'frame has 101 bytes, more than 100',
  });
  await source.stop();
});

test('case 28: a file that appears again under the same name is not answered again, and counts', async () => {
  const folder = join(root, 'again');
  mkdirSync(folder);
  const queue = queueOf(2);
  const source = sourceOf(folder);
  const feed = new CameraFeed({
    cameraId: 'side',
    lane: queue.lane('side'),
    clock: systemClock,
    settings: () => ({ stallSeconds: 60, frozenFrames: 0 }),
    sourceProblem: () => source.problem(),
  });
  source.start(feed);
  writeFileSync(join(folder, 'part-1.png'), 'x');
  await waitFor('first', () => feed.state().framesReceived === 1 && readdirSync(folder).length === 0);
  writeFileSync(join(folder, 'part-1.png'), 'x');
  await waitFor('second', () => feed.state().framesDuplicate === 1 && readdirSync(folder).length === 0);
  expect(queue.size).toBe(1);
  await source.stop();
});
