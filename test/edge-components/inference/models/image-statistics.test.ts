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

test('any image has the sums of its pixels, however its rows end', () => {
  const size = fc.record({ width: fc.integer({ min: 1, max: 40 }), height: fc.integer({ min: 1, max: 6 }) });
  const image = size.chain(({ width, height }) =>
    fc
      .uint8Array({ minLength: 3 * width * height, maxLength: 3 * width * height })
      .map((pixels) => ({ width, height, pixels })),
  );
  fc.assert(
    fc.property(image, ({ width, height, pixels }) => {
      const lumaAt = (index: number): number =>
        (299 * (pixels[3 * index] as number) +
          587 * (pixels[3 * index + 1] as number) +
          114 * (pixels[3 * index + 2] as number)) /
        1000;
      const lumas = Array.from({ length: width * height }, (_, index) => lumaAt(index));
      const mean = (values: readonly number[]): number =>
        values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
      const steps = lumas.flatMap((luma, index) =>
        index % width === 0 ? [] : [Math.abs(luma - (lumas[index - 1] as number))],
      );
      const brightness = mean(lumas);
      const contrast = Math.sqrt(mean(lumas.map((luma) => (luma - brightness) ** 2)));
      const statistics = imageStatistics({ width, height, pixels });
      expect(statistics.brightness).toBeCloseTo(brightness, 9);
      expect(statistics.contrast).toBeCloseTo(contrast, 9);
      expect(statistics.sharpness).toBeCloseTo(mean(steps), 9);
    }),
  );
});

test('the widest input of a contract, all white, fits into the sums', () => {
  const [width, height] = [4096, 512];
  const pixels = new Uint8Array(3 * width * height).fill(255);
  expect(imageStatistics({ width, height, pixels })).toEqual({ brightness: 255, contrast: 0, sharpness: 0 });
  for (let index = 0; index < pixels.length; index += 6) pixels.fill(0, index, index + 3);
  const striped = imageStatistics({ width, height, pixels });
  expect(striped).toEqual({ brightness: 127.5, contrast: 127.5, sharpness: 255 });
});
