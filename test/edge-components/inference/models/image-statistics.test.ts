import fc from 'fast-check';
import goldenVectors from '../../../../contracts/examples/image-statistics.json';
import { imageStatistics } from '../../../../edge-components/inference/src/models/image-statistics';

test.each([
  ['black', 2, 2, [0, 0, 0, 0], { brightness: 0, contrast: 0, sharpness: 0 }],
  ['white', 1, 1, [255], { brightness: 255, contrast: 0, sharpness: 0 }],
  ['vertical stripes', 4, 1, [0, 255, 0, 255], { brightness: 127.5, contrast: 127.5, sharpness: 255 }],
  ['horizontal stripes', 2, 2, [0, 0, 255, 255], { brightness: 127.5, contrast: 127.5, sharpness: 0 }],
  ['a ramp', 3, 1, [10, 20, 40], { brightness: 70 / 3, contrast: Math.sqrt(1400 / 9), sharpness: 15 }],
])('%s', (_, width, height, gray, expected) => {
  const pixels = Uint8Array.from(gray.flatMap((value) => [value, value, value]));
  const statistics = imageStatistics({ width, height, pixels });
  expect(statistics.brightness).toBeCloseTo(expected.brightness, 9);
  expect(statistics.contrast).toBeCloseTo(expected.contrast, 6);
  expect(statistics.sharpness).toBeCloseTo(expected.sharpness, 9);
});

test.each(goldenVectors.cases)(
  'agrees with the training package: $name',
  ({ width, height, pixels, ...expected }) => {
    const statistics = imageStatistics({ width, height, pixels: Uint8Array.from(pixels) });
    for (const name of ['brightness', 'contrast', 'sharpness'] as const) {
      expect(Math.abs(statistics[name] - expected[name])).toBeLessThan(1e-6);
    }
  },
);

test('any image stays within the ranges of the contract', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4 * 3, maxLength: 4 * 30 }), (bytes) => {
      const width = Math.floor(bytes.length / 6);
      const pixels = bytes.subarray(0, width * 2 * 3);
      const { brightness, contrast, sharpness } = imageStatistics({ width, height: 2, pixels });
      for (const value of [brightness, sharpness]) {
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(255);
      }
      expect(contrast).toBeGreaterThanOrEqual(0);
      expect(contrast).toBeLessThanOrEqual(128);
    }),
  );
});
