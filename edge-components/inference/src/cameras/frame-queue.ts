import type { FramesConfiguration } from '../../../../contracts';
import type { Frame, FrameSink } from '../ports';
import { DecodingAccount } from './decoding-account';

export type QueueSettings = Required<Pick<FramesConfiguration, 'policy' | 'queueLength'>>;

/** Takes the frames of one camera into the queue. */
export interface CameraLane extends FrameSink {
  /** Frames of this camera that gave way or were refused. */
  readonly dropped: number;
  /** Whether `ready` does not resolve at once. */
  mustWait(): boolean;
}

/**
 * How many frames are between the queue and the model. One keeps the model fed as long as it is the slower stage; a large
 * JPEG takes two to three times as long as the model, and a second one under way then uses the core that the model leaves
 * idle. More would only age frames: each waits for those before it.
 */
export const DECODING_PLACES = 2;

/**
 * Frames waiting for the decoder, a lane for each camera.
 *
 * Every camera has the same share of the decoder's time, not of its frames, so that images which are slow to decode, by
 * accident or by design, cost the camera that sends them (start-time fair queueing, Goyal, Vin and Cheng 1996: the lane is
 * served whose time so far is the least; one that had nothing to do saves nothing up). A decoding under way cannot be
 * interrupted: of the places there are, one is kept from cameras that take far longer than another. Where all take the same
 * time, lanes are served in turn: while a camera has a frame waiting, every other camera is served at most once before it.
 * Within a camera the order is kept.
 *
 * A lane is bounded; what happens when it is full is the policy's business:
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
  /** When the lane that was served last was due, in milliseconds of decoding that each lane has had. */
  private virtualTime = 0;

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

  /** To be called when a frame that was given out has been decoded, or cannot be. */
  decoded({ cameraId }: Frame, milliseconds: number): void {
    this.lanes.get(cameraId)?.account.end(milliseconds);
    for (const wake of this.readers.splice(0)) wake();
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
    const [cameraId, lane] = this.nextLane() ?? [];
    const frame = lane?.take();
    if (cameraId === undefined || !lane || !frame) return undefined;
    this.virtualTime = lane.account.begin(this.virtualTime);
    this.lanes.delete(cameraId);
    if (this.closed || lane.open || lane.waiting.length > 0) this.lanes.set(cameraId, lane);
    return frame;
  }

  private nextLane(): [string, Lane] | undefined {
    let next: [string, Lane] | undefined;
    for (const [cameraId, lane] of this.lanes) {
      // At the end the places are nobody's but theirs who still wait.
      if (lane.waiting.length === 0 || (!this.closed && this.mustSpareAPlace(lane))) continue;
      if (!next || lane.account.due(this.virtualTime) < next[1].account.due(this.virtualTime)) {
        next = [cameraId, lane];
      }
    }
    return next;
  }

  private mustSpareAPlace({ account }: Lane): boolean {
    const accounts = [...this.lanes.values()].map((lane) => lane.account);
    if (!account.isSlowBeside(accounts)) return false;
    const underWay = accounts.filter((other) => other.isSlowBeside(accounts));
    return underWay.reduce((sum, { begun }) => sum + begun, 0) >= DECODING_PLACES - 1;
  }
}

interface LaneEvents {
  added(): void;
  dropped(): void;
}

class Lane implements CameraLane {
  readonly waiting: Frame[] = [];
  readonly account = new DecodingAccount();
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
