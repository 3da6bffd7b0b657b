/**
 * Resizes decoded pixels with the very arithmetic of Pillow's `resize(..., BILINEAR)`, so that the device sees what the
 * network was trained on, to the bit: a triangle as wide as one output pixel covers (never narrower than one input
 * pixel), weights with 22 fractional bits. Across first, then down, with bytes between the two. The loops over the
 * pixels are WebAssembly, resample-kernel.wat.
 */
import type { DecodedImage, ImageSize } from '../ports';
import { KERNEL } from './resample-kernel';
import { type KernelMemory, kernelProgram, makeRoom } from './web-assembly';

const FRACTION_BITS = 22;
/** The kernel multiplies numbers of 16 bits: the upper and the lower half of a weight by themselves. */
const HALF_BITS = FRACTION_BITS / 2;
const CHANNELS = 3;
/** What the kernel may read or write behind the last pixel. */
const ROOM_BEHIND = 16;
/** Rows are copied into the kernel's memory so many bytes at a time: little more than a processor's cache. */
const BYTES_AT_A_TIME = 1 << 20;
/** Memory of WebAssembly never shrinks: what a rare frame needs beyond this is given back with it. */
const MOST_KEPT_BYTES = 64 << 20;

/** For each output pixel, which input pixels it is made of, and how much of each; see resample-kernel.wat. */
interface Weights {
  /** From one output pixel's {@link words} to the next one's. */
  readonly strideBytes: number;
  /** Of each output pixel: the first input pixel, and how many pairs. */
  readonly places: Int32Array;
  /** Of each pair of input pixels: both upper halves of their weights, then both lower ones. */
  readonly words: Int32Array;
}

function weightsOf(from: number, to: number): Weights {
  const scale = from / to;
  const support = Math.max(scale, 1);
  const factor = 1 / support;
  const mostPairs = Math.ceil(support) + 1;
  const places = new Int32Array(2 * to);
  const words = new Int32Array(2 * mostPairs * to);
  const shares = new Float64Array(2 * mostPairs);
  for (let place = 0; place < to; place++) {
    const center = (place + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(from, Math.trunc(center + support + 0.5)) - first;
    let sum = 0;
    shares.fill(0);
    for (let index = 0; index < count; index++) {
      // In this order of additions: each rounds.
      const share = Math.max(0, 1 - Math.abs((index + first - center + 0.5) * factor));
      shares[index] = share;
      sum += share;
    }
    const weights = shares.map((share) => Math.trunc(0.5 + (share / sum) * (1 << FRACTION_BITS)));
    for (let pair = 0; 2 * pair < count; pair++) {
      words.set(halvesOf(weights[2 * pair] ?? 0, weights[2 * pair + 1] ?? 0), 2 * (place * mostPairs + pair));
    }
    places.set([first, Math.ceil(count / 2)], 2 * place);
  }
  return { strideBytes: 2 * mostPairs * words.BYTES_PER_ELEMENT, places, words };
}

/** Upper halves, then lower ones; the first weight's in the lower bits of each. */
function halvesOf(first: number, second: number): [number, number] {
  const rest = (1 << HALF_BITS) - 1;
  return [(first >> HALF_BITS) | ((second >> HALF_BITS) << 16), (first & rest) | ((second & rest) << 16)];
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

interface Kernel {
  readonly memory: KernelMemory;
  across(
    pixels: number,
    rowBytes: number,
    rows: number,
    places: number,
    to: number,
    weights: number,
    strideBytes: number,
    result: number,
  ): void;
  down(
    pixels: number,
    rowBytes: number,
    places: number,
    to: number,
    weights: number,
    strideBytes: number,
    result: number,
  ): void;
}

const newKernel = kernelProgram<Kernel>(KERNEL);
let kept: Kernel | undefined;

/** A kernel with so much memory. */
function kernelOf(bytes: number): Kernel {
  const kernel = kept ?? newKernel();
  kept = bytes <= MOST_KEPT_BYTES ? kernel : undefined;
  makeRoom(kernel.memory, bytes);
  return kernel;
}

/** Hands out the kernel's memory from its start. */
class Layout {
  bytes = 0;

  place(bytes: number): number {
    const start = this.bytes;
    // A number of four bytes, and a vector of sixteen, are read fastest where they do not lie across a border.
    this.bytes += Math.ceil((bytes + ROOM_BEHIND) / 16) * 16;
    return start;
  }
}

/** Weights in the kernel's memory. @param unit bytes from one input pixel to the next */
function laidOut(layout: Layout, { strideBytes, places, words }: Weights, unit: number) {
  const addresses = {
    places: layout.place(places.byteLength),
    weights: layout.place(words.byteLength),
    strideBytes,
  };
  const write = ({ memory }: Kernel): void => {
    const scaled = places.map((number, index) => (index % 2 === 0 ? number * unit : number));
    new Int32Array(memory.buffer, addresses.places, places.length).set(scaled);
    new Int32Array(memory.buffer, addresses.weights, words.length).set(words);
  };
  return { ...addresses, write };
}

/** @returns the image itself where it has the size already */
export function resample(image: DecodedImage, to: ImageSize): DecodedImage {
  const { width, height, pixels } = image;
  if (width === to.width && height === to.height) return image;
  const [rowBytes, toRowBytes] = [width * CHANNELS, to.width * CHANNELS];
  const rowsAtATime = Math.max(1, Math.min(height, Math.floor(BYTES_AT_A_TIME / rowBytes)));

  const layout = new Layout();
  const across = width === to.width ? undefined : laidOut(layout, cachedWeights(width, to.width), CHANNELS);
  const down =
    height === to.height ? undefined : laidOut(layout, cachedWeights(height, to.height), toRowBytes);
  // And a row behind the last, of which the kernel takes nothing.
  const between = layout.place(toRowBytes * (height + 1));
  const result = down ? layout.place(toRowBytes * to.height) : between;
  const rows = layout.place(across ? rowBytes * rowsAtATime : 0);
  const kernel = kernelOf(layout.bytes);
  const memory = new Uint8Array(kernel.memory.buffer);

  if (across) {
    across.write(kernel);
    for (let row = 0; row < height; row += rowsAtATime) {
      const count = Math.min(rowsAtATime, height - row);
      memory.set(pixels.subarray(row * rowBytes, (row + count) * rowBytes), rows);
      const { places, weights, strideBytes } = across;
      kernel.across(
        rows,
        rowBytes,
        count,
        places,
        to.width,
        weights,
        strideBytes,
        between + row * toRowBytes,
      );
    }
  } else {
    memory.set(pixels, between);
  }
  if (down) {
    down.write(kernel);
    kernel.down(between, toRowBytes, down.places, to.height, down.weights, down.strideBytes, result);
  }
  return {
    width: to.width,
    height: to.height,
    pixels: memory.slice(result, result + toRowBytes * to.height),
  };
}
