import fc from 'fast-check';
import { FrameQueue } from '../../../../edge-components/inference/src/domain/frame-queue';
import type { Frame } from '../../../../edge-components/inference/src/ports';

const frame = (index: number): Frame => ({
  frameId: String(index),
  capturedAt: '2026-11-23T12:00:00.000Z',
  bytes: Buffer.alloc(0),
  frameBytes: 0,
  receivedAt: 0,
});

test('a full queue lets the oldest frame go and counts it', async () => {
  const queue = new FrameQueue(() => 2);
  for (let index = 0; index < 5; index++) queue.accept(frame(index));
  expect(queue.dropped).toBe(3);
  expect((await queue.next())?.frameId).toBe('3');
  expect((await queue.next())?.frameId).toBe('4');
});

test('a waiting reader gets the next frame; closing ends it', async () => {
  const queue = new FrameQueue(() => 2);
  const first = queue.next();
  queue.accept(frame(1));
  expect((await first)?.frameId).toBe('1');
  const last = queue.next();
  queue.close();
  expect(await last).toBeUndefined();
  queue.accept(frame(2));
  expect(await queue.next()).toBeUndefined();
});

test('every frame is either given out in order or counted as dropped', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(fc.boolean()), async (length, steps) => {
      const queue = new FrameQueue(() => length);
      const given: number[] = [];
      let accepted = 0;
      for (const accept of steps) {
        if (accept) queue.accept(frame(accepted++));
        else if (queue.size > 0) given.push(Number((await queue.next())?.frameId));
      }
      queue.close();
      for (let next = await queue.next(); next; next = await queue.next()) given.push(Number(next.frameId));
      expect(given.length + queue.dropped).toBe(accepted);
      expect(given).toEqual([...given].sort((left, right) => left - right));
    }),
  );
});
