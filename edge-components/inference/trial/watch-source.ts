/** Lets a source run for some seconds and keeps what it gives, as a device would take it. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isJpeg, kindProblem } from '../src/models/image-kind';
import type { Frame, FrameSource } from '../src/ports';
import type { SeenFrame } from './describe-frames';

const LOOK_MILLISECONDS = 50;
/** Images that are kept to be decoded afterwards, so that decoding does not disturb the rate. */
const MOST_KEPT_BYTES = 64_000_000;
const MOST_KEPT = 32;
/** Before its first frame a source says this as long as it waits. */
const NOT_YET = 'not connected yet';

export interface Watched {
  readonly frames: readonly SeenFrame[];
  /** Spread over the run, the last frame among them. */
  readonly kept: readonly Buffer[];
  /** What the source said, each once, in their order. */
  readonly problems: readonly string[];
  readonly discarded: ReadonlyArray<{ readonly reason: string; readonly frames: number }>;
  readonly lost: number;
}

/** Every so-manieth image, the more of them the longer it lasts; and the last one. */
class Kept {
  private images: Buffer[] = [];
  private last: Buffer | undefined;
  private stride = 1;
  private count = 0;

  add(image: Buffer): void {
    this.last = image;
    if (this.count++ % this.stride !== 0) return;
    this.images.push(image);
    const bytes = this.images.reduce((sum, { length }) => sum + length, 0);
    if (this.images.length <= MOST_KEPT && bytes <= MOST_KEPT_BYTES) return;
    this.images = this.images.filter((_, index) => index % 2 === 0);
    this.stride *= 2;
  }

  all(): Buffer[] {
    const { images, last } = this;
    return last === undefined || images.at(-1) === last ? [...images] : [...images, last];
  }
}

const kindOf = (bytes: Buffer): SeenFrame['kind'] => {
  if (isJpeg(bytes)) return 'JPEG';
  return kindProblem(bytes) === undefined ? 'PNG' : 'other';
};

export interface WatchTimes {
  /** How long frames are taken, from the first one. */
  readonly seconds: number;
  /** How long the first frame may take. */
  readonly patienceSeconds: number;
  /** How long a source may say that something is wrong before its first frame. */
  readonly problemSeconds: number;
  /** It is over as soon as so many frames have come. @default - however many there are */
  readonly mostFrames?: number;
}

/** An RTSP camera sends its first whole image after up to 10 s; whoever refuses a connection does so at once, again and again. */
export const watchTimes = (seconds: number): WatchTimes => ({
  seconds,
  patienceSeconds: 15,
  problemSeconds: 3,
});

/** @param signal ends it early; the source is stopped in any case */
export async function watchSource(
  source: FrameSource,
  times: WatchTimes,
  signal: AbortSignal,
): Promise<Watched> {
  const frames: SeenFrame[] = [];
  const kept = new Kept();
  const problems = new Set<string>();
  const discarded = new Map<string, number>();
  const accept = (frame: Frame): void => {
    const { bytes, frameBytes, receivedAt, discarded: reason } = frame;
    if (reason !== undefined) discarded.set(reason, (discarded.get(reason) ?? 0) + 1);
    else kept.add(bytes);
    frames.push({
      receivedAt,
      bytes: frameBytes,
      kind: kindOf(bytes),
      ...(reason === undefined && { digest: createHash('sha256').update(bytes).digest('base64') }),
    });
  };
  source.start({ accept, room: () => Number.MAX_SAFE_INTEGER, ready: () => Promise.resolve() });
  const started = performance.now();
  let firstAt: number | undefined;
  let wrongSince: number | undefined;
  const { mostFrames = Number.POSITIVE_INFINITY } = times;
  const isOver = (): boolean => {
    if (frames.length >= mostFrames) return true;
    const passed = (since: number, limit: number) => performance.now() - since >= limit * 1000;
    if (firstAt !== undefined) return passed(firstAt, times.seconds);
    return (
      passed(started, times.patienceSeconds) ||
      (wrongSince !== undefined && passed(wrongSince, times.problemSeconds))
    );
  };
  try {
    while (!isOver() && !signal.aborted) {
      await sleep(LOOK_MILLISECONDS, undefined, { signal }).catch(() => undefined);
      if (frames.length > 0) firstAt ??= performance.now();
      const problem = source.problem();
      if (problem === undefined || problem === NOT_YET) continue;
      problems.add(problem);
      wrongSince ??= performance.now();
    }
    if (frames.length === 0 && problems.size === 0 && source.problem() === NOT_YET) {
      problems.add('the camera does not answer');
    }
  } finally {
    await source.stop();
  }
  return {
    frames,
    kept: kept.all(),
    problems: [...problems],
    discarded: [...discarded].map(([reason, count]) => ({ reason, frames: count })),
    lost: source.lost?.() ?? 0,
  };
}
