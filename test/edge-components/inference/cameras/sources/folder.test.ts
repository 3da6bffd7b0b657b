import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import { join } from 'node:path';
import { CameraFeed } from '../../../../../edge-components/inference/src/cameras/camera-feed';
import { FrameQueue } from '../../../../../edge-components/inference/src/cameras/frame-queue';
import { frameSourceOf } from '../../../../../edge-components/inference/src/cameras/sources';
import { temporaryFolder } from '../../../release-fixture';
import { waitFor } from '../../../wait-for';
import { FakeClock, RecordingSink, sourcePorts, systemClock } from '../../cameras';

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
    frameId: expect.stringMatching(/^x_y-[0-9a-f]{12}$/),
    frameBytes: 101,
    discarded: 'frame has 101 bytes, more than 100',
  });
  await source.stop();
});

const feedOf = (queue: FrameQueue, source: ReturnType<typeof sourceOf>): CameraFeed =>
  new CameraFeed({
    cameraId: 'side',
    lane: queue.lane('side'),
    clock: systemClock,
    settings: () => ({ stallSeconds: 60, frozenFrames: 0 }),
    sourceProblem: () => source.problem(),
  });

test('case 28: a file that appears again under the same name is not answered again, and counts', async () => {
  const folder = join(root, 'again');
  mkdirSync(folder);
  const queue = queueOf(2);
  const source = sourceOf(folder);
  const feed = feedOf(queue, source);
  source.start(feed);
  writeFileSync(join(folder, 'part-1.png'), 'x');
  await waitFor('first', () => feed.state().framesReceived === 1 && readdirSync(folder).length === 0);
  writeFileSync(join(folder, 'part-1.png'), 'x');
  await waitFor('second', () => feed.state().framesDuplicate === 1 && readdirSync(folder).length === 0);
  expect(queue.size).toBe(1);
  await source.stop();
});

async function framesOf(folder: string, count: number, sources = sourcePorts()) {
  const source = frameSourceOf('side', { type: 'folder', path: folder }, sources);
  const sink = new RecordingSink();
  source.start(sink);
  await waitFor('frames', () => sink.frames.length >= count);
  return { source, sink };
}

test('[B27] F5: parts with names in other alphabets, long ones and equal stems are answered one and all', async () => {
  const folder = join(root, 'names');
  mkdirSync(folder);
  const stems = [
    '部品①',
    '部品②',
    '部品③',
    'Image 1,5',
    'Image 1.5',
    'prüfung',
    'pru\u0308fung',
    'a',
    '_',
    '.hidden',
  ];
  const long = 'x'.repeat(240);
  const names = [...stems.map((stem) => `${stem}.jpg`), 'a.png', 'a.JPG', `${long}1.jpg`, `${long}2.jpg`].map(
    (name) => Buffer.from(name),
  );
  names.push(Buffer.from('caf\xe9.jpg', 'latin1'), Buffer.from('caf\xe8.jpg', 'latin1'));
  for (const [index, name] of names.entries()) {
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), name]), `part ${index}`);
  }
  const queue = new FrameQueue(() => ({ policy: 'newest', queueLength: 64 }));
  const source = sourceOf(folder);
  const feed = feedOf(queue, source);
  source.start(feed);
  await waitFor('all', () => readdirSync(folder).length === 0);
  await source.stop();
  expect(feed.state()).toMatchObject({ ok: true, framesReceived: names.length, framesDuplicate: 0 });
  const ids = new Set<string>();
  for (let left = queue.size; left > 0; left--) ids.add((await queue.next())?.frameId as string);
  expect(ids.size).toBe(names.length);
  for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/);
  expect(ids).toContain('a');
});

test('[B27] F5: another image under the same name is another part', async () => {
  const folder = join(root, 'same-name');
  mkdirSync(folder);
  writeFileSync(join(folder, 'frame.jpg'), 'one');
  const { source, sink } = await framesOf(folder, 1);
  await waitFor('deletion', () => readdirSync(folder).length === 0);
  writeFileSync(join(folder, 'frame.jpg'), 'two');
  await waitFor('second', () => sink.frames.length === 2);
  await source.stop();
  const [first, second] = sink.frames.map(({ frameId }) => frameId);
  expect(first).toBe('frame');
  expect(second).toMatch(/^frame-[0-9a-f]{12}$/);
});

test('[B27] F6, case 47: what cannot be taken is reported and tried again later, and everything else is taken', async () => {
  const folder = join(root, 'unreadable');
  mkdirSync(join(folder, 'archive.jpg'), { recursive: true });
  execFileSync('mkfifo', [join(folder, 'b.jpg')]);
  symlinkSync('nowhere', join(folder, 'c.jpg'));
  symlinkSync('d.jpg', join(folder, 'd.jpg'));
  writeFileSync(join(folder, 'e.jpg'), 'part');
  const clock = new FakeClock();
  const ports = sourcePorts({ clock });
  const { source, sink } = await framesOf(folder, 1, ports);
  const problem = '"archive.jpg" is a folder, not a file; others cannot be taken either';
  await waitFor('report', () => source.problem() === problem);
  expect(sink.frames.map(({ frameId }) => frameId)).toEqual(['e']);
  writeFileSync(join(folder, 'f.jpg'), 'part');
  await waitFor('next', () => sink.frames.length === 2);
  // Said once, however often the folder is looked through.
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(ports.lines).toEqual([{ level: 'warn', message: 'camera', details: { cameraId: 'side', problem } }]);
  for (const [name, words] of [
    ['archive.jpg', '"b.jpg" is a pipe, not a file; others cannot be taken either'],
    ['b.jpg', '"c.jpg" is a link to nothing; others cannot be taken either'],
    ['c.jpg', '"d.jpg" cannot be opened (ELOOP)'],
  ] as const) {
    rmSync(join(folder, name), { recursive: true });
    await waitFor(words, () => source.problem() === words);
  }
  rmSync(join(folder, 'd.jpg'));
  writeFileSync(join(folder, 'd.jpg'), 'put right');
  clock.advance(1_000);
  await waitFor('recovery', () => sink.frames.length === 3 && source.problem() === undefined);
  await source.stop();
  expect(readdirSync(folder)).toEqual([]);
});

test('[B27] F6: a file that cannot be deleted is answered once, and again when it is another one', async () => {
  const folder = join(root, 'kept');
  mkdirSync(folder);
  writeFileSync(join(folder, 'a.jpg'), 'one');
  const clock = new FakeClock();
  const refused = Object.assign(new Error('refused'), { code: 'EACCES' });
  const unlink = jest.spyOn(promises, 'unlink').mockRejectedValue(refused);
  try {
    const { source, sink } = await framesOf(folder, 1, sourcePorts({ clock }));
    await waitFor('report', () => source.problem() === '"a.jpg" cannot be deleted (EACCES)');
    for (const attempts of [2, 3]) {
      clock.advance(60_000);
      await waitFor('another attempt', () => unlink.mock.calls.length === attempts);
    }
    expect(sink.frames).toHaveLength(1);
    writeFileSync(join(folder, 'a.jpg'), 'another');
    clock.advance(60_000);
    await waitFor('the other one', () => sink.frames.length === 2);
    unlink.mockRestore();
    clock.advance(60_000);
    await waitFor('deletion', () => readdirSync(folder).length === 0);
    await source.stop();
    expect(sink.frames).toHaveLength(2);
    expect(source.problem()).toBeUndefined();
  } finally {
    unlink.mockRestore();
  }
});
