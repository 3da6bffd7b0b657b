import type { DecodedImage, ImageStatistics } from '../ports';
import { KERNEL } from './statistics-kernel';
import { type KernelMemory, kernelProgram, makeRoom } from './web-assembly';

/**
 * Luma of ITU-R BT.601 (0.299 R + 0.587 G + 0.114 B: what the training package and the contract's golden vectors use) is
 * summed in thousandths.
 */
const LUMA_UNIT = 1_000;
/** The kernel writes three numbers of 64 bits at the start of its memory; behind them lies a place for pixels. */
const RESULT_BYTES = 32;
/** What the kernel may read behind the last pixel. */
const ROOM_BEHIND = 16;

interface Kernel {
  readonly memory: KernelMemory;
  statistics(pixels: number, width: number, height: number, result: number): void;
}

/** Keeps the memory of the largest input that it was given: 50 MB for the largest that a release may ask for. */
const kernel = kernelProgram<Kernel>(KERNEL)();

/**
 * Brightness (mean luma), contrast (population standard deviation) and sharpness (mean absolute difference of
 * horizontal neighbours). All 0..255 except contrast, which cannot exceed 127.5. An image of one column has
 * sharpness 0. The loop over the pixels is WebAssembly, statistics-kernel.wat: in JavaScript it took 4 % of the graph's
 * time, and the line waits for it.
 */
export function imageStatistics({ width, height, pixels }: DecodedImage): ImageStatistics {
  makeRoom(kernel.memory, RESULT_BYTES + pixels.length + ROOM_BEHIND);
  new Uint8Array(kernel.memory.buffer).set(pixels, RESULT_BYTES);
  kernel.statistics(RESULT_BYTES, width, height, 0);
  const [lumas = 0n, squares = 0n, differences = 0n] = new BigInt64Array(kernel.memory.buffer, 0, 3);
  const count = width * height;
  // As whole numbers: of an even image the difference of two large floats would be anything but 0.
  const variance = Number(squares * BigInt(count) - lumas * lumas) / (count * LUMA_UNIT) ** 2;
  return {
    brightness: Number(lumas) / count / LUMA_UNIT,
    contrast: Math.sqrt(variance),
    sharpness: width > 1 ? Number(differences) / (height * (width - 1)) / LUMA_UNIT : 0,
  };
}
