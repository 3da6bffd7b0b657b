import fc from 'fast-check';
import {
  FrameQueue,
  type QueueSettings,
} from '../../../../edge-components/inference/src/cameras/frame-queue';
import type { Frame } from '../../../../edge-components/inference/src/ports';

const frame = (cameraId: string, index: number): Frame => ({
  cameraId,
  frameId: String(index),
  capturedAt: '2026-11-23T12:00:00.000Z',
  bytes: Buffer.alloc(0),
  frameBytes: 0,
  receivedAt: 0,
});
const queueOf = (policy: QueueSettings['policy'], queueLength: number): FrameQueue =>
  new FrameQueue(() => ({ policy, queueLength }));
const shown = (taken: Frame | undefined): string => (taken ? `${taken.cameraId}${taken.frameId}` : 'end');

/** Everything that still waits, in the order in which it is given out; the queue is closed. */
async function drain(queue: FrameQueue): Promise<string[]> {
  queue.close();
  const rest: string[] = [];
  for (let next = await queue.next(); next; next = await queue.next()) rest.push(shown(next));
  return rest;
}

/** Whether `work` has settled once everything that can go on has gone on. */
async function hasSettled(work: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void work.then(() => {
    settled = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

test('newest: a full lane lets its oldest frame go and counts it; other cameras are not touched', async () => {
  const queue = queueOf('newest', 2);
  const a = queue.lane('a');
  const b = queue.lane('b');
  b.accept(frame('b', 0));
  for (let index = 0; index < 5; index++) a.accept(frame('a', index));
  expect([queue.dropped, a.dropped, b.dropped]).toEqual([3, 3, 0]);
  expect([queue.size, queue.waiting('a'), queue.waiting('b'), queue.waiting('c')]).toEqual([3, 2, 1, 0]);
  expect(await drain(queue)).toEqual(['a3', 'b0', 'a4']);
});

test('newest: a source never has to wait', async () => {
  const queue = queueOf('newest', 1);
  const lane = queue.lane('a');
  lane.accept(frame('a', 0));
  expect([lane.room(), lane.mustWait()]).toEqual([0, false]);
  expect(await hasSettled(lane.ready())).toBe(true);
});

test('every: no waiting frame gives way; one that comes although there is no room is refused and counted', async () => {
  const queue = queueOf('every', 2);
  const lane = queue.lane('a');
  for (let index = 0; index < 3; index++) lane.accept(frame('a', index));
  expect([queue.dropped, lane.dropped, lane.room()]).toEqual([1, 1, 0]);
  expect(await drain(queue)).toEqual(['a0', 'a1']);
});

test('every: the camera waits until a frame of its own is taken', async () => {
  const queue = queueOf('every', 1);
  const a = queue.lane('a');
  const b = queue.lane('b');
  b.accept(frame('b', 0));
  a.accept(frame('a', 0));
  const ready = a.ready();
  expect(shown(await queue.next())).toBe('a0');
  expect(await hasSettled(ready)).toBe(true);
  a.accept(frame('a', 1));
  const again = a.ready();
  expect(shown(await queue.next())).toBe('b0');
  expect(await hasSettled(again)).toBe(false);
  expect(a.dropped).toBe(0);
});

test.each<
  [string, (queue: FrameQueue, settings: { -readonly [K in keyof QueueSettings]: QueueSettings[K] }) => void]
>([
  ['the queue is closed', (queue) => queue.close()],
  ['the camera is forgotten', (queue) => queue.forget('a')],
  [
    'the policy becomes newest',
    (queue, settings) => {
      settings.policy = 'newest';
      queue.reconsider();
    },
  ],
  [
    'the lane becomes longer',
    (queue, settings) => {
      settings.queueLength = 2;
      queue.reconsider();
    },
  ],
])('every: a camera that waits goes on when %s', async (_, change) => {
  const settings: { policy: QueueSettings['policy']; queueLength: number } = {
    policy: 'every',
    queueLength: 1,
  };
  const queue = new FrameQueue(() => settings);
  const lane = queue.lane('a');
  lane.accept(frame('a', 0));
  const ready = lane.ready();
  expect(await hasSettled(ready)).toBe(false);
  change(queue, settings);
  expect(await hasSettled(ready)).toBe(true);
});

test('a shorter lane under newest gives up its oldest frames when the next one comes', async () => {
  let queueLength = 3;
  const queue = new FrameQueue(() => ({ policy: 'newest', queueLength }));
  const lane = queue.lane('a');
  for (let index = 0; index < 3; index++) lane.accept(frame('a', index));
  queueLength = 1;
  lane.accept(frame('a', 3));
  expect(lane.dropped).toBe(3);
  expect(await drain(queue)).toEqual(['a3']);
});

test('a waiting reader gets the next frame; closing gives out what waits, takes no more, and ends it', async () => {
  const queue = queueOf('newest', 2);
  const lane = queue.lane('a');
  const first = queue.next();
  lane.accept(frame('a', 1));
  expect(shown(await first)).toBe('a1');
  lane.accept(frame('a', 2));
  queue.close();
  lane.accept(frame('a', 3));
  queue.lane('b').accept(frame('b', 0));
  expect([lane.room(), queue.dropped]).toEqual([0, 0]);
  expect(shown(await queue.next())).toBe('a2');
  expect(await queue.next()).toBeUndefined();
});

test('several readers each get a frame, and all of them end', async () => {
  const queue = queueOf('newest', 4);
  const lane = queue.lane('a');
  const readers = [queue.next(), queue.next(), queue.next()];
  lane.accept(frame('a', 1));
  lane.accept(frame('a', 2));
  queue.close();
  expect((await Promise.all(readers)).map(shown)).toEqual(['a1', 'a2', 'end']);
});

test('a camera that is removed: what waits is answered, nothing more is taken; its drops stay counted', async () => {
  const queue = queueOf('newest', 1);
  const lane = queue.lane('a');
  lane.accept(frame('a', 0));
  lane.accept(frame('a', 1));
  queue.forget('a');
  lane.accept(frame('a', 2));
  queue.forget('b');
  expect([queue.size, queue.dropped]).toEqual([1, 1]);
  expect(shown(await queue.next())).toBe('a1');
  expect(queue.lane('a')).not.toBe(lane);
  expect([queue.lane('a').dropped, queue.dropped]).toEqual([0, 1]);
});

test('a camera that comes back while frames of it wait keeps its lane and its order', async () => {
  const queue = queueOf('newest', 3);
  const lane = queue.lane('a');
  lane.accept(frame('a', 0));
  lane.accept(frame('a', 1));
  queue.forget('a');
  expect(queue.lane('a')).toBe(lane);
  lane.accept(frame('a', 2));
  expect(await drain(queue)).toEqual(['a0', 'a1', 'a2']);
});

const CAMERAS = ['a', 'b', 'c'] as const;
const steps = fc.array(
  fc.oneof(
    fc.record({ does: fc.constant('accept' as const), camera: fc.constantFrom(...CAMERAS) }),
    fc.record({ does: fc.constant('take' as const), camera: fc.constant('a' as const) }),
  ),
  { maxLength: 80 },
);

test.each(['newest', 'every'] as const)(
  '%s: every frame is given out once, in the order of its camera, or is counted as dropped',
  async (policy) => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), steps, async (length, plan) => {
        const queue = queueOf(policy, length);
        const accepted = { a: 0, b: 0, c: 0 };
        const given: string[] = [];
        for (const { does, camera } of plan) {
          if (does === 'accept') queue.lane(camera).accept(frame(camera, 1000 + accepted[camera]++));
          else if (queue.size > 0) given.push(shown(await queue.next()));
          expect(queue.waiting(camera)).toBeLessThanOrEqual(length);
        }
        given.push(...(await drain(queue)));
        expect(new Set(given).size).toBe(given.length);
        for (const camera of CAMERAS) {
          const mine = given.filter((name) => name.startsWith(camera));
          expect(mine).toEqual([...mine].sort());
          expect(mine.length + (accepted[camera] > 0 ? queue.lane(camera).dropped : 0)).toBe(
            accepted[camera],
          );
        }
        expect(given.length + queue.dropped).toBe(accepted.a + accepted.b + accepted.c);
      }),
    );
  },
);

test('fairness: while a camera has a frame waiting, every other camera is served at most once', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (plan) => {
      const queue = queueOf('newest', 8);
      let accepted = 0;
      // How often each camera was served since `camera` began to wait.
      const passedBy = new Map<string, Map<string, number>>();
      const take = async (): Promise<void> => {
        const served = (await queue.next())?.cameraId as string;
        passedBy.delete(served);
        for (const [camera, counts] of passedBy) {
          counts.set(served, (counts.get(served) ?? 0) + 1);
          expect([camera, served, counts.get(served)]).toEqual([camera, served, 1]);
        }
        if (queue.waiting(served) > 0) passedBy.set(served, new Map());
      };
      for (const { does, camera } of plan) {
        if (does === 'take' && queue.size > 0) await take();
        if (does === 'accept') {
          if (!passedBy.has(camera)) passedBy.set(camera, new Map());
          queue.lane(camera).accept(frame(camera, accepted++));
        }
      }
      while (queue.size > 0) await take();
    }),
  );
});
