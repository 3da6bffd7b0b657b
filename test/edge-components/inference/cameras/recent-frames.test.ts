import fc from 'fast-check';
import { RecentFrames } from '../../../../edge-components/inference/src/cameras/recent-frames';

test('knows the last frames and the newest time among them, whatever the order of the times', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 40 }),
      (length, times) => {
        const recent = new RecentFrames(length);
        expect(recent.newest).toBe(Number.NEGATIVE_INFINITY);
        for (const [index, capturedAt] of times.entries()) {
          recent.add({ frameId: `f${index}`, capturedAt });
          const held = times.slice(Math.max(0, index + 1 - length), index + 1);
          expect(recent.newest).toBe(Math.max(...held));
          for (let other = 0; other <= index; other++) {
            expect(recent.has(`f${other}`)).toBe(other > index - length);
          }
        }
      },
    ),
  );
});
