import { problemsOf } from '../../../../contracts';
import { CameraFeed } from '../../../../edge-components/inference/src/cameras/camera-feed';
import { FrameQueue } from '../../../../edge-components/inference/src/cameras/frame-queue';
import type { Frame } from '../../../../edge-components/inference/src/ports';
import { FakeClock } from '../cameras';

const START = Date.parse('2026-11-23T12:00:00.000Z');
const frame = (frameId: string, second = 0, changes: Partial<Frame> = {}): Frame => ({
  cameraId: 'top',
  frameId,
  capturedAt: new Date(START + second * 1000).toISOString(),
  bytes: Buffer.from(frameId),
  frameBytes: frameId.length,
  receivedAt: 0,
  ...changes,
});

function setUp(policy: 'newest' | 'every' = 'newest', queueLength = 8) {
  const clock = new FakeClock();
  const queue = new FrameQueue(() => ({ policy, queueLength }));
  const settings = { stallSeconds: 10, frozenFrames: 0 };
  const source: { problem?: string; lost?: number } = {};
  const feed = new CameraFeed({
    cameraId: 'top',
    lane: queue.lane('top'),
    clock,
    settings: () => settings,
    sourceProblem: () => source.problem,
    sourceLost: () => source.lost ?? 0,
  });
  return { clock, queue, settings, source, feed };
}

/** Ids of the frames that were passed on. */
async function passedOn(queue: FrameQueue): Promise<(string | undefined)[]> {
  const ids: (string | undefined)[] = [];
  while (queue.size > 0) ids.push((await queue.next())?.frameId);
  return ids;
}

test('[B27] F9: frames that the source lost are counted, and are no problem by themselves', () => {
  const { source, feed } = setUp();
  source.lost = 2;
  expect(feed.state()).toMatchObject({ ok: true, framesLost: 2 });
  const problems = problemsOf('device-status', { cameras: [feed.state()] });
  expect(problems.filter((problem) => problem.startsWith('cameras'))).toEqual([]);
});

test('the state before and after a frame fits the contract', () => {
  const { clock, feed } = setUp();
  const counts = { framesReceived: 0, framesDropped: 0, framesDuplicate: 0, framesOutOfOrder: 0 };
  expect(feed.state()).toEqual({ cameraId: 'top', ok: true, value: 'ok', ...counts });
  expect(feed.lastFrameAt).toBeUndefined();
  feed.accept(frame('1'));
  const at = clock.monotonic();
  clock.advance(1500);
  expect(feed.state()).toEqual({
    cameraId: 'top',
    ok: true,
    value: 'ok',
    ...counts,
    framesReceived: 1,
    secondsSinceFrame: 1.5,
  });
  expect(feed.lastFrameAt).toBe(at);
  const problems = problemsOf('device-status', { cameras: [feed.state()] });
  expect(problems.filter((problem) => problem.startsWith('cameras'))).toEqual([]);
});

test('case 28: a frame that comes again is counted and never answered twice', async () => {
  const { queue, feed } = setUp();
  for (const id of ['1', '2', '1', '3', '3']) feed.accept(frame(id));
  expect(await passedOn(queue)).toEqual(['1', '2', '3']);
  expect(feed.state()).toMatchObject({
    ok: true,
    framesReceived: 5,
    framesDuplicate: 2,
    framesOutOfOrder: 0,
  });
});

test('case 28: a frame id is free again after 1024 other frames', async () => {
  const { queue, feed } = setUp('newest', 1);
  for (let index = 0; index < 1024; index++) feed.accept(frame(`f${index}`));
  feed.accept(frame('f0'));
  expect(feed.state().framesDuplicate).toBe(1);
  feed.accept(frame('f1024'));
  feed.accept(frame('f0'));
  expect(feed.state()).toMatchObject({ framesDuplicate: 1, framesReceived: 1027 });
  expect(await passedOn(queue)).toEqual(['f0']);
});

test('case 28: a frame captured before an earlier one is counted and still answered', async () => {
  const { queue, feed } = setUp();
  for (const [id, second] of [
    ['1', 1],
    ['3', 3],
    ['2', 2],
    ['3b', 3],
    ['4', 4],
  ] as const) {
    feed.accept(frame(id, second));
  }
  expect(await passedOn(queue)).toEqual(['1', '3', '2', '3b', '4']);
  expect(feed.state()).toMatchObject({ ok: true, framesOutOfOrder: 1 });
});

test('case 28: frames from the future or from long ago are passed on; a clock set back is forgotten in the end', () => {
  const { feed } = setUp();
  feed.accept(frame('future', 1e9));
  feed.accept(frame('ancient', -1e9));
  expect(feed.state()).toMatchObject({ framesReceived: 2, framesOutOfOrder: 1 });
  for (let index = 0; index < 1500; index++) feed.accept(frame(`f${index}`, index));
  // 1 ancient frame, then those that came while the one from the future was among the last 1024.
  expect(feed.state().framesOutOfOrder).toBe(1 + 1023);
});

test('case 28: a camera that stalls is a problem, from the start and after a frame, and is healed by a new frame', () => {
  const { clock, feed } = setUp();
  clock.advance(9_999);
  expect(feed.state().ok).toBe(true);
  clock.advance(1);
  expect(feed.state()).toMatchObject({ ok: false, value: 'stalled: no new frame for 10 s or longer' });
  feed.accept(frame('1'));
  expect(feed.state().ok).toBe(true);
  clock.advance(10_000);
  expect(feed.state()).toMatchObject({ ok: false, secondsSinceFrame: 10 });
});

test('case 28: a camera that only repeats itself is stalled', () => {
  const { clock, feed } = setUp();
  for (let second = 0; second < 11; second++) {
    feed.accept(frame('latest', second));
    clock.advance(1_000);
  }
  expect(feed.state()).toMatchObject({
    ok: false,
    framesReceived: 11,
    framesDuplicate: 10,
    secondsSinceFrame: 11,
  });
});

test('a camera that the device makes wait is not stalled: its time begins when it may go on', async () => {
  const { clock, queue, feed } = setUp('every', 1);
  await feed.ready();
  feed.accept(frame('1'));
  const ready = feed.ready();
  clock.advance(60_000);
  expect(feed.state().ok).toBe(true);
  await queue.next();
  await ready;
  clock.advance(9_999);
  expect(feed.state().ok).toBe(true);
  clock.advance(1);
  expect(feed.state()).toMatchObject({ ok: false, secondsSinceFrame: 70 });
});

test('a source that asks for room and finds none is not stalled', () => {
  const { clock, feed } = setUp('newest', 1);
  feed.accept(frame('1'));
  clock.advance(60_000);
  expect(feed.room()).toBe(0);
  expect(feed.state().ok).toBe(true);
  clock.advance(10_000);
  expect(feed.state().ok).toBe(false);
});

test('under newest a full queue hides no stall: the source was not made to wait', async () => {
  const { clock, feed } = setUp('newest', 1);
  feed.accept(frame('1'));
  clock.advance(5_000);
  await feed.ready();
  clock.advance(5_000);
  expect(feed.state().ok).toBe(false);
});

test('case 28: a camera that sends the same bytes again and again is frozen, until they change', async () => {
  const { queue, settings, feed } = setUp();
  settings.frozenFrames = 3;
  const same = { bytes: Buffer.from('still') };
  feed.accept(frame('1', 1, same));
  feed.accept(frame('2', 2, same));
  expect(feed.state().ok).toBe(true);
  feed.accept(frame('3', 3, same));
  const frozen = feed.state();
  expect(frozen).toMatchObject({ ok: false, value: 'frozen: 3 frames or more in a row have the same bytes' });
  feed.accept(frame('4', 4, same));
  expect(feed.state().value).toBe(frozen.value);
  expect(await passedOn(queue)).toEqual(['1', '2', '3', '4']);
  feed.accept(frame('5', 5));
  expect(feed.state().ok).toBe(true);
});

test('frozen: 0 turns it off, 1 means two, frames without their bytes are not compared', () => {
  const { settings, feed } = setUp();
  const same = { bytes: Buffer.from('still') };
  for (const id of ['1', '2', '3']) feed.accept(frame(id, 0, same));
  expect(feed.state().ok).toBe(true);
  settings.frozenFrames = 1;
  feed.accept(frame('4', 0, same));
  expect(feed.state().ok).toBe(true);
  feed.accept(frame('5', 0, same));
  expect(feed.state().ok).toBe(false);
  const discarded = { bytes: Buffer.alloc(0), discarded: 'frame has 9 bytes, more than 8' };
  for (const id of ['6', '7', '8']) feed.accept(frame(id, 0, discarded));
  expect(feed.state().ok).toBe(true);
});

test('all problems at once, the words of a problem that lasts stay the same, and never more than 200 characters', () => {
  const { clock, source, feed } = setUp();
  source.problem = 'connect ECONNREFUSED';
  clock.advance(20_000);
  const { value } = feed.state();
  expect(value).toBe('connect ECONNREFUSED; stalled: no new frame for 10 s or longer');
  clock.advance(20_000);
  expect(feed.state().value).toBe(value);
  source.problem = 'x'.repeat(300);
  expect(feed.state().value).toHaveLength(200);
});

test("frames that the lane dropped are reported as the camera's", () => {
  const { feed } = setUp('newest', 1);
  feed.accept(frame('1'));
  feed.accept(frame('2'));
  expect(feed.state()).toMatchObject({ framesReceived: 2, framesDropped: 1 });
});
