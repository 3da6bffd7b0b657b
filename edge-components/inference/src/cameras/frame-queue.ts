import type { FramesConfiguration } from '../../../../contracts';
import type { Frame, FrameSink } from '../ports';

export type QueueSettings = Required<FramesConfiguration>;

/** Takes the frames of one camera into the queue. */
export interface CameraLane extends FrameSink {
  /** Frames of this camera that gave way or were refused. */
  readonly dropped: number;
  /** Whether `ready` does not resolve at once. */
  mustWait(): boolean;
}

/**
 * Frames waiting for the decoder, a lane for each camera.
 *
 * Lanes are served in turn: while a camera has a frame waiting, every other camera is served at most once before it. Within
 * a camera the order is kept. A lane is bounded; what happens when it is full is the policy's business:
 * - `newest`: its oldest waiting frame gives way, because on a moving line an answer about a part that has passed is worth
 *   less than one about the part in front of the camera;
 * - `every`: no waiting frame is ever given up, the camera is made to wait, and a frame that comes all the same is refused.
 */
export class FrameQueue {
  /** The lane that was served longest ago comes first. */
  private readonly lanes = new Map<string, Lane>();
  private readonly readers: (() => void)[] = [];
  private closed = false;
  private droppedFrames = 0;

  /** @param settings as they are at the moment */
  constructor(private readonly settings: () => QueueSettings) {}

  /** Frames of all cameras, also of those that have been removed, that gave way or were refused. */
  get dropped(): number {
    return this.droppedFrames;
  }

  get size(): number {
    let size = 0;
    for (const lane of this.lanes.values()) size += lane.waiting.length;
    return size;
  }

  /** The camera's lane, always the same one until the camera is forgotten. */
  lane(cameraId: string): CameraLane {
    let lane = this.lanes.get(cameraId);
    if (!lane) {
      lane = new Lane(this.settings, {
        added: () => this.readers.shift()?.(),
        dropped: () => this.droppedFrames++,
      });
      this.lanes.set(cameraId, lane);
    }
    lane.open = !this.closed;
    return lane;
  }

  /** How many frames of this camera wait. */
  waiting(cameraId: string): number {
    return this.lanes.get(cameraId)?.waiting.length ?? 0;
  }

  /** The camera is removed: its lane takes no more frames, those that wait are still given out. */
  forget(cameraId: string): void {
    const lane = this.lanes.get(cameraId);
    if (!lane) return;
    lane.close();
    if (lane.waiting.length === 0) this.lanes.delete(cameraId);
  }

  /** The next frame in turn; waits for one. Undefined once the queue is closed and empty. */
  async next(): Promise<Frame | undefined> {
    for (;;) {
      const frame = this.take();
      if (frame || this.closed) return frame;
      await new Promise<void>((resolve) => this.readers.push(resolve));
    }
  }

  /** To be called when the settings have changed: a camera that waits may go on. */
  reconsider(): void {
    for (const lane of this.lanes.values()) lane.wakeSource();
  }

  /** Takes no more frames; those that wait are still given out. */
  close(): void {
    this.closed = true;
    for (const lane of this.lanes.values()) lane.close();
    for (const wake of this.readers.splice(0)) wake();
  }

  private take(): Frame | undefined {
    for (const [cameraId, lane] of this.lanes) {
      const frame = lane.take();
      if (!frame) continue;
      this.lanes.delete(cameraId);
      if (this.closed || lane.open || lane.waiting.length > 0) this.lanes.set(cameraId, lane);
      return frame;
    }
    return undefined;
  }
}

interface LaneEvents {
  added(): void;
  dropped(): void;
}

class Lane implements CameraLane {
  readonly waiting: Frame[] = [];
  open = true;
  dropped = 0;
  private readonly sources: (() => void)[] = [];

  constructor(
    private readonly settings: () => QueueSettings,
    private readonly events: LaneEvents,
  ) {}

  room(): number {
    return this.open ? Math.max(0, this.settings().queueLength - this.waiting.length) : 0;
  }

  accept(frame: Frame): void {
    if (!this.open) return;
    const { policy, queueLength } = this.settings();
    if (policy === 'every' && this.room() === 0) {
      this.countDrop();
      return;
    }
    this.waiting.push(frame);
    while (policy === 'newest' && this.waiting.length > queueLength) {
      this.waiting.shift();
      this.countDrop();
    }
    this.events.added();
  }

  async ready(): Promise<void> {
    while (this.mustWait()) await new Promise<void>((resolve) => this.sources.push(resolve));
  }

  mustWait(): boolean {
    return this.open && this.settings().policy === 'every' && this.room() === 0;
  }

  take(): Frame | undefined {
    const frame = this.waiting.shift();
    if (frame) this.wakeSource();
    return frame;
  }

  wakeSource(): void {
    for (const wake of this.sources.splice(0)) wake();
  }

  close(): void {
    this.open = false;
    this.wakeSource();
  }

  private countDrop(): void {
    this.dropped++;
    this.events.dropped();
  }
}
