import type { FrameSink } from '../../ports';
import { within } from '../../shared/within';

/** Below it a slow start would look like silence: an RTSP camera sends its first whole image after up to 10 s. */
const SHORTEST_SILENCE_MILLISECONDS = 15_000;

/** How long a connection may give no frame before it is given up and made anew. */
export const silenceMilliseconds = (stallSeconds: number): number =>
  Math.max(SHORTEST_SILENCE_MILLISECONDS, stallSeconds * 1000);

/** A time limit on one attempt to get frames, which starts anew with every sign of life. */
export class Deadline {
  private readonly ending = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private readonly stopped = (): void => this.ending.abort(this.stop.reason);

  /**
   * @param problem why the attempt is given up when the time is over; asked then
   * @param stop ends the attempt before
   */
  constructor(
    private readonly milliseconds: number,
    private readonly problem: () => string,
    private readonly stop: AbortSignal,
  ) {
    if (stop.aborted) this.stopped();
    stop.addEventListener('abort', this.stopped, { once: true });
    this.restart();
  }

  /** Aborts when the attempt has to end, with the reason. */
  get signal(): AbortSignal {
    return this.ending.signal;
  }

  restart(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ending.abort(new Error(this.problem())), this.milliseconds);
  }

  /** Until {@link restart}. */
  suspend(): void {
    clearTimeout(this.timer);
  }

  /** The attempt is over: nothing aborts it any more. */
  release(): void {
    this.suspend();
    this.stop.removeEventListener('abort', this.stopped);
  }

  /** The attempt is over, and whatever of it still runs has to end. */
  close(): void {
    this.release();
    this.ending.abort();
  }
}

/**
 * Waits until the sink can take a frame; meanwhile the deadline stands still, because it is the camera that waits.
 * @throws the reason of the deadline's signal when it aborts first
 */
export async function readyWithin(sink: FrameSink, deadline: Deadline): Promise<void> {
  deadline.suspend();
  await within(deadline.signal, sink.ready());
  deadline.restart();
}
