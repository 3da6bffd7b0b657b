/**
 * Resizes decoded pixels with the very arithmetic of Pillow's `resize(..., BILINEAR)`, so that the device sees what the
 * network was trained on, to the bit: a triangle as wide as one output pixel covers (never narrower than one input
 * pixel), weights with 22 fractional bits. Across first, then down, with bytes between the two.
 */

/** Channels beside each other, rows from the top. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly pixels: Uint8Array;
}

/** Not looked up again for every pixel. */
const { imul, min } = Math;
/** 8 bits of a pixel, a sign and a carry leave so many of 32. */
const FRACTION_BITS = 22;
const HALF = 1 << (FRACTION_BITS - 1);

/** For each output pixel, which input pixels it is made of, and how much of each. */
interface Weights {
  /** Most of one output pixel; the stride of {@link values}. */
  readonly most: number;
  readonly firsts: Int32Array;
  readonly counts: Int32Array;
  readonly values: Int32Array;
}

function weightsOf(from: number, to: number): Weights {
  const scale = from / to;
  const support = Math.max(scale, 1);
  const most = Math.ceil(support) * 2 + 1;
  const weights = {
    most,
    firsts: new Int32Array(to),
    counts: new Int32Array(to),
    values: new Int32Array(to * most),
  };
  const factor = 1 / support;
  const shares = new Float64Array(most);
  for (let place = 0; place < to; place++) {
    const center = (place + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(from, Math.trunc(center + support + 0.5)) - first;
    let sum = 0;
    for (let index = 0; index < count; index++) {
      // In this order of additions: each rounds.
      const share = Math.max(0, 1 - Math.abs((index + first - center + 0.5) * factor));
      shares[index] = share;
      sum += share;
    }
    for (let index = 0; index < count; index++) {
      const share = (shares[index] as number) / sum;
      weights.values[place * most + index] = Math.trunc(0.5 + share * (1 << FRACTION_BITS));
    }
    weights.firsts[place] = first;
    weights.counts[place] = count;
  }
  return weights;
}

/** Cameras of a use case have a few sizes; of more, the oldest are computed again. */
const MOST_CACHED = 32;
const cache = new Map<string, Weights>();

function cachedWeights(from: number, to: number): Weights {
  const key = `${from}>${to}`;
  const found = cache.get(key);
  if (found) return found;
  const weights = weightsOf(from, to);
  const [oldest] = cache.keys();
  if (cache.size >= MOST_CACHED && oldest !== undefined) cache.delete(oldest);
  cache.set(key, weights);
  return weights;
}

/** Of so many weights, each rounded up, the sum of a white area may be 256. */
const clipped = (sum: number): number => min(255, sum >> FRACTION_BITS);

function acrossOfThree({ width, height, pixels }: Raster, to: number): Uint8Array {
  const { most, firsts, counts, values } = cachedWeights(width, to);
  const result = new Uint8Array(to * height * 3);
  let written = 0;
  for (let row = 0; row < height; row++) {
    for (let place = 0; place < to; place++) {
      let read = (row * width + (firsts[place] as number)) * 3;
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      const start = place * most;
      const end = start + (counts[place] as number);
      for (let index = start; index < end; index++) {
        const weight = values[index] as number;
        red = (red + imul(pixels[read] as number, weight)) | 0;
        green = (green + imul(pixels[read + 1] as number, weight)) | 0;
        blue = (blue + imul(pixels[read + 2] as number, weight)) | 0;
        read += 3;
      }
      result[written] = clipped(red);
      result[written + 1] = clipped(green);
      result[written + 2] = clipped(blue);
      written += 3;
    }
  }
  return result;
}

function acrossOfOne({ width, height, pixels }: Raster, to: number): Uint8Array {
  const { most, firsts, counts, values } = cachedWeights(width, to);
  const result = new Uint8Array(to * height);
  let written = 0;
  for (let row = 0; row < height; row++) {
    for (let place = 0; place < to; place++) {
      let read = row * width + (firsts[place] as number);
      let sum = HALF;
      const start = place * most;
      const end = start + (counts[place] as number);
      for (let index = start; index < end; index++) {
        sum = (sum + imul(pixels[read++] as number, values[index] as number)) | 0;
      }
      result[written++] = clipped(sum);
    }
  }
  return result;
}

/** Row by row, as memory lies: `stride` is a row of the input and of the output alike. */
function down(pixels: Uint8Array, stride: number, height: number, to: number): Uint8Array {
  const { most, firsts, counts, values } = cachedWeights(height, to);
  const result = new Uint8Array(stride * to);
  const sums = new Int32Array(stride);
  for (let place = 0; place < to; place++) {
    sums.fill(HALF);
    for (let index = 0; index < (counts[place] as number); index++) {
      const weight = values[place * most + index] as number;
      const start = ((firsts[place] as number) + index) * stride;
      for (let column = 0; column < stride; column++) {
        sums[column] = ((sums[column] as number) + imul(pixels[start + column] as number, weight)) | 0;
      }
    }
    const start = place * stride;
    for (let column = 0; column < stride; column++) result[start + column] = clipped(sums[column] as number);
  }
  return result;
}

/** @returns the raster itself where it has the size already */
export function resample(raster: Raster, width: number, height: number): Raster {
  const { channels } = raster;
  let { pixels } = raster;
  if (raster.width !== width) {
    pixels = channels === 3 ? acrossOfThree(raster, width) : acrossOfOne(raster, width);
  }
  if (raster.height !== height) pixels = down(pixels, width * channels, raster.height, height);
  return { width, height, channels, pixels };
}
