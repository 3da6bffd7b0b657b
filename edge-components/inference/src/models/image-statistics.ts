import type { DecodedImage, ImageStatistics } from '../ports';

/** Luma of ITU-R BT.601: what the training package and the contract's golden vectors use. */
const RED = 0.299;
const GREEN = 0.587;
const BLUE = 0.114;

/**
 * Brightness (mean luma), contrast (population standard deviation) and sharpness (mean absolute difference of
 * horizontal neighbours). All 0..255 except contrast, which cannot exceed 127.5. An image of one column has
 * sharpness 0.
 */
export function imageStatistics({ width, height, pixels }: DecodedImage): ImageStatistics {
  let sum = 0;
  let sumOfSquares = 0;
  let differences = 0;
  let offset = 0;
  for (let row = 0; row < height; row++) {
    let previous = 0;
    for (let column = 0; column < width; column++) {
      const luma =
        RED * (pixels[offset] as number) +
        GREEN * (pixels[offset + 1] as number) +
        BLUE * (pixels[offset + 2] as number);
      sum += luma;
      sumOfSquares += luma * luma;
      if (column > 0) differences += Math.abs(luma - previous);
      previous = luma;
      offset += 3;
    }
  }
  const count = width * height;
  const brightness = sum / count;
  return {
    brightness: Math.min(255, brightness),
    contrast: Math.min(128, Math.sqrt(Math.max(0, sumOfSquares / count - brightness * brightness))),
    sharpness: width > 1 ? Math.min(255, differences / (height * (width - 1))) : 0,
  };
}
