interface RecentFrame {
  readonly frameId: string;
  /** Milliseconds since the epoch. */
  readonly capturedAt: number;
}

/** The last frames of one camera, for telling repeated and late ones. Memory is bounded by `length`. */
export class RecentFrames {
  /** A ring: the place that is written next holds the oldest frame. */
  private readonly frames: RecentFrame[] = [];
  private readonly ids = new Set<string>();
  private place = 0;
  private newestTime = Number.NEGATIVE_INFINITY;

  constructor(private readonly length: number) {}

  has(frameId: string): boolean {
    return this.ids.has(frameId);
  }

  /**
   * Latest time of capture among the frames held, milliseconds since the epoch; -Infinity without any. A camera whose clock
   * was set back so counts as late for `length` frames, not for ever.
   */
  get newest(): number {
    return this.newestTime;
  }

  /** @param frame that `has` does not know */
  add(frame: RecentFrame): void {
    const oldest = this.frames[this.place];
    this.frames[this.place] = frame;
    this.place = (this.place + 1) % this.length;
    this.ids.add(frame.frameId);
    if (oldest) this.ids.delete(oldest.frameId);
    this.newestTime =
      oldest?.capturedAt === this.newestTime
        ? this.frames.reduce(
            (newest, { capturedAt }) => Math.max(newest, capturedAt),
            Number.NEGATIVE_INFINITY,
          )
        : Math.max(this.newestTime, frame.capturedAt);
  }
}
