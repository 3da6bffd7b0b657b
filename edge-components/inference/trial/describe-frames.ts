/** What a camera has sent, in figures. Pure. */
import type { ImageSize } from '../src/ports';

export interface SeenFrame {
  /** Monotonic milliseconds at the last byte. */
  readonly receivedAt: number;
  /** Encoded size; of a discarded frame too. */
  readonly bytes: number;
  /** Tells equal contents. Absent of a discarded frame. */
  readonly digest?: string | undefined;
  readonly kind: 'JPEG' | 'PNG' | 'other';
}

/** A frame that was decoded as a device decodes it. */
export interface DecodedFrame {
  readonly size?: ImageSize | undefined;
  /** Why a device would answer it as invalid. */
  readonly problem?: string | undefined;
  readonly milliseconds: number;
}

export interface FrameFigures {
  readonly frames: number;
  /** From the first frame to the last; undefined with fewer than two. */
  readonly framesPerSecond?: number | undefined;
  /** Of the time between two frames, in milliseconds. Undefined with fewer than three frames. */
  readonly interval?:
    | { readonly median: number; readonly jitter: number; readonly longest: number }
    | undefined;
  readonly bytes?:
    | { readonly smallest: number; readonly median: number; readonly largest: number }
    | undefined;
  readonly kinds: ReadonlyArray<{ readonly kind: string; readonly frames: number }>;
  /** Pixels of the frames that were decoded, the most frequent first. */
  readonly sizes: ReadonlyArray<ImageSize & { readonly frames: number }>;
  /** The longest run of frames with the same bytes. */
  readonly sameBytesInARow: number;
  readonly decoded: number;
  readonly decodeMilliseconds?: number | undefined;
  /** Why decoded frames are invalid, each with how many. */
  readonly invalid: ReadonlyArray<{ readonly reason: string; readonly frames: number }>;
}

/** Value below which a share `q` of sorted values lies, by the nearest rank. */
function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] as number;
}

function counted<Key extends string>(
  keys: readonly Key[],
): Array<{ readonly key: Key; readonly frames: number }> {
  const counts = new Map<Key, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts]
    .map(([key, frames]) => ({ key, frames }))
    .sort((left, right) => right.frames - left.frames);
}

/** Jitter: how far 95 % of the intervals stay from the median one. */
function intervalOf(intervals: readonly number[]): FrameFigures['interval'] {
  if (intervals.length < 2) return undefined;
  const median = quantile(intervals, 0.5);
  return {
    median,
    jitter: quantile(
      intervals.map((interval) => Math.abs(interval - median)),
      0.95,
    ),
    longest: Math.max(...intervals),
  };
}

function longestRun(frames: readonly SeenFrame[]): number {
  let longest = 0;
  let run = 0;
  let before: string | undefined;
  for (const { digest } of frames) {
    run = digest !== undefined && digest === before ? run + 1 : 1;
    before = digest;
    longest = Math.max(longest, run);
  }
  return longest;
}

export function describeFrames(frames: readonly SeenFrame[], decoded: readonly DecodedFrame[]): FrameFigures {
  const times = frames.map(({ receivedAt }) => receivedAt);
  const intervals = times.slice(1).map((time, index) => time - (times[index] as number));
  const span = (times.at(-1) ?? 0) - (times[0] ?? 0);
  const bytes = frames.map((frame) => frame.bytes);
  return {
    frames: frames.length,
    framesPerSecond: intervals.length > 0 && span > 0 ? intervals.length / (span / 1000) : undefined,
    interval: intervalOf(intervals),
    bytes:
      bytes.length === 0
        ? undefined
        : { smallest: Math.min(...bytes), median: quantile(bytes, 0.5), largest: Math.max(...bytes) },
    kinds: counted(frames.map(({ kind }) => kind)).map(({ key, frames: of }) => ({ kind: key, frames: of })),
    sizes: counted(decoded.flatMap(({ size }) => (size ? [`${size.width}x${size.height}`] : []))).map(
      ({ key, frames: of }) => {
        const [width = 0, height = 0] = key.split('x').map(Number);
        return { width, height, frames: of };
      },
    ),
    sameBytesInARow: longestRun(frames),
    decoded: decoded.length,
    decodeMilliseconds:
      decoded.length === 0
        ? undefined
        : quantile(
            decoded.map(({ milliseconds }) => milliseconds),
            0.5,
          ),
    invalid: counted(decoded.flatMap(({ problem }) => problem ?? [])).map(({ key, frames: of }) => ({
      reason: key,
      frames: of,
    })),
  };
}
