import fc from 'fast-check';
import { describeFrames, type SeenFrame } from '../../../../edge-components/inference/trial/describe-frames';

const frame = (receivedAt: number, digest?: string, bytes = 100): SeenFrame => ({
  receivedAt,
  bytes,
  digest,
  kind: 'JPEG',
});

describe('[B27] what a camera has sent', () => {
  test('in figures', () => {
    const frames = [0, 100, 200, 350, 400].map((at, index) => frame(at, `${index}`, 100 + index));
    const decoded = [
      { size: { width: 640, height: 480 }, milliseconds: 2 },
      { size: { width: 640, height: 480 }, milliseconds: 4 },
      { size: { width: 320, height: 240 }, milliseconds: 3 },
      { problem: 'frame is empty', milliseconds: 0 },
    ];
    expect(describeFrames(frames, decoded)).toEqual({
      frames: 5,
      framesPerSecond: 10,
      interval: { median: 100, jitter: 50, longest: 150 },
      bytes: { smallest: 100, median: 102, largest: 104 },
      kinds: [{ kind: 'JPEG', frames: 5 }],
      sizes: [
        { width: 640, height: 480, frames: 2 },
        { width: 320, height: 240, frames: 1 },
      ],
      sameBytesInARow: 1,
      decoded: 4,
      decodeMilliseconds: 2,
      invalid: [{ reason: 'frame is empty', frames: 1 }],
    });
  });

  test('of nothing there is no figure', () => {
    expect(describeFrames([], [])).toMatchObject({ frames: 0, kinds: [], sizes: [], sameBytesInARow: 0 });
    expect(describeFrames([], []).framesPerSecond).toBeUndefined();
    expect(describeFrames([frame(5)], []).framesPerSecond).toBeUndefined();
  });

  test('the longest run of equal pictures counts; a discarded frame equals no other', () => {
    const runs = ['a', 'a', 'b', 'b', 'b', 'a'].map((digest, index) => frame(index, digest));
    expect(describeFrames(runs, []).sameBytesInARow).toBe(3);
    expect(describeFrames([frame(0), frame(1), frame(2)], []).sameBytesInARow).toBe(1);
  });

  test('an even pace has no jitter, whatever it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 3, max: 40 }), (interval, count) => {
        const figures = describeFrames(
          Array.from({ length: count }, (_, index) => frame(index * interval)),
          [],
        );
        expect(figures.interval).toEqual({ median: interval, jitter: 0, longest: interval });
        expect(figures.framesPerSecond).toBeCloseTo(1000 / interval, 6);
      }),
    );
  });
});
