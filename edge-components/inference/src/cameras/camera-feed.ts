import { createHash } from 'node:crypto';
import type { DeviceStatus } from '../../../../contracts';
import type { CameraSettings } from '../configuration/camera-settings';
import type { Clock, Frame, FrameSink } from '../ports';
import type { CameraLane } from './frame-queue';
import { RecentFrames } from './recent-frames';

/** The item of the status message. */
export type CameraState = NonNullable<DeviceStatus['cameras']>[number];

export interface CameraFeedPorts {
  readonly cameraId: string;
  /** Where frames go on to. */
  readonly lane: CameraLane;
  readonly clock: Clock;
  /** As they are at the moment. */
  readonly settings: () => Pick<CameraSettings, 'stallSeconds' | 'frozenFrames'>;
  readonly sourceProblem: () => string | undefined;
  /** Frames that the source lost. @default - none */
  readonly sourceLost?: () => number;
}

/** Among so many frames a frame id must be unique; at 30 frames per second that is half a minute. */
const FRAMES_REMEMBERED = 1024;
/** As in the contract. */
const LONGEST_VALUE = 200;

/**
 * Between a camera and the queue: counts, and tells a camera that is alive from one that is not.
 *
 * - A frame whose id was among the last 1024 has been answered and is dropped: no part may count twice.
 * - A frame captured before one that had come earlier is late, but it shows a part, so it is answered.
 * - A camera from which nothing new comes is stalled; repeats are not new. Time in which the device made the camera wait
 *   does not count.
 * - A camera that sends the same bytes again and again is frozen: its frames are answered, and the status says so.
 */
export class CameraFeed implements FrameSink {
  private readonly recent = new RecentFrames(FRAMES_REMEMBERED);
  private received = 0;
  private duplicate = 0;
  private outOfOrder = 0;
  private newFrameAt: number | undefined;
  /** Since when nothing has come, or since when something could have come. */
  private quietSince: number;
  /** How many calls of `ready` have not resolved: the device makes the camera wait. */
  private heldBack = 0;
  private lastDigest: string | undefined;
  /** Frames in a row with the same bytes, up to the last one. */
  private sameBytes = 0;

  constructor(private readonly ports: CameraFeedPorts) {
    this.quietSince = ports.clock.monotonic();
  }

  /** {@link Clock.monotonic} when the last frame came that was not a repeat; undefined before the first. */
  get lastFrameAt(): number | undefined {
    return this.newFrameAt;
  }

  accept(frame: Frame): void {
    this.received++;
    if (this.recent.has(frame.frameId)) {
      this.duplicate++;
      return;
    }
    this.newFrameAt = this.ports.clock.monotonic();
    this.quietSince = this.newFrameAt;
    const capturedAt = Date.parse(frame.capturedAt);
    if (capturedAt < this.recent.newest) this.outOfOrder++;
    this.recent.add({ frameId: frame.frameId, capturedAt });
    this.compareBytes(frame);
    this.ports.lane.accept(frame);
  }

  room(): number {
    const room = this.ports.lane.room();
    if (room === 0) this.quietSince = this.ports.clock.monotonic();
    return room;
  }

  async ready(): Promise<void> {
    if (!this.ports.lane.mustWait()) return;
    this.heldBack++;
    await this.ports.lane.ready();
    this.heldBack--;
    this.quietSince = this.ports.clock.monotonic();
  }

  state(): CameraState {
    const { cameraId, lane, clock } = this.ports;
    const problems = [this.ports.sourceProblem(), this.stall(), this.frozen()].filter(
      (problem) => problem !== undefined,
    );
    const lost = this.ports.sourceLost?.() ?? 0;
    return {
      cameraId,
      ok: problems.length === 0,
      value: problems.length === 0 ? 'ok' : shorten(problems.join('; ')),
      framesReceived: this.received,
      framesDropped: lane.dropped,
      framesDuplicate: this.duplicate,
      framesOutOfOrder: this.outOfOrder,
      ...(lost > 0 && { framesLost: lost }),
      ...(this.newFrameAt !== undefined && {
        secondsSinceFrame: Math.max(0, clock.monotonic() - this.newFrameAt) / 1000,
      }),
    };
  }

  // The words below hold no figure that grows, so that a state that lasts is not a change.

  private stall(): string | undefined {
    const { stallSeconds } = this.ports.settings();
    const quiet = this.ports.clock.monotonic() - this.quietSince;
    if (this.heldBack > 0 || quiet < stallSeconds * 1000) return undefined;
    return `stalled: no new frame for ${stallSeconds} s or longer`;
  }

  private frozen(): string | undefined {
    const { frozenFrames } = this.ports.settings();
    // A single frame is not yet the same as another.
    if (frozenFrames === 0 || this.sameBytes < Math.max(2, frozenFrames)) return undefined;
    return `frozen: ${frozenFrames} frames or more in a row have the same bytes`;
  }

  private compareBytes(frame: Frame): void {
    // Of a discarded frame nobody knows the bytes.
    if (this.ports.settings().frozenFrames === 0 || frame.discarded !== undefined) {
      this.lastDigest = undefined;
      this.sameBytes = 0;
      return;
    }
    const digest = createHash('sha256').update(frame.bytes).digest('base64');
    this.sameBytes = digest === this.lastDigest ? this.sameBytes + 1 : 1;
    this.lastDigest = digest;
  }
}

const shorten = (text: string): string =>
  text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 3)}...` : text;
