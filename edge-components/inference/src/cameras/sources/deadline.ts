import type { FrameSink } from '../../ports';

/** Below it a slow start would look like silence: an RTSP camera sends its first whole image after up to 10 s. */
const SHORTEST_SILENCE_MILLISECONDS = 15_000;

/** How long a connection may give no frame before it is given up and made anew. */
export const silenceMilliseconds = (stallSeconds: number): number =>
  Math.max(SHORTEST_SILENCE_MILLISECONDS, stallSeconds * 1000);

/** A time limit that starts anew with every sign of life, and calls `expired` once when there was none. */
export class Deadline {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly milliseconds: number,
    private readonly expired: () => void,
  ) {
    this.restart();
  }

  restart(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.expired, this.milliseconds);
  }

  /** Until {@link restart}. */
  suspend(): void {
    clearTimeout(this.timer);
  }
}

/**
 * Waits until the sink can take a frame; meanwhile the deadline stands still, because it is the camera that waits.
 * @throws the signal's reason when it aborts first
 */
export async function readyWithin(sink: FrameSink, signal: AbortSignal, deadline?: Deadline): Promise<void> {
  deadline?.suspend();
  await unlessAborted(sink.ready(), signal);
  deadline?.restart();
}

/** @throws the signal's reason when it aborts before `work` has settled */
export async function unlessAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (abort) signal.removeEventListener('abort', abort);
  }
}
