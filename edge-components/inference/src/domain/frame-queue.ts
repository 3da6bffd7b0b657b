import type { Frame, FrameSink } from '../ports';

/**
 * Frames waiting for the decoder. Bounded: when it is full the oldest waiting frame gives way to the newest, because
 * on a moving line an answer about a part that has passed is worth less than one about the part in front of the camera.
 */
export class FrameQueue implements FrameSink {
  private readonly waiting: Frame[] = [];
  private wake: (() => void) | undefined;
  private closed = false;
  private droppedFrames = 0;

  /** @param length how many frames may wait at the moment */
  constructor(private readonly length: () => number) {}

  /** Frames that gave way since the component started. */
  get dropped(): number {
    return this.droppedFrames;
  }

  get size(): number {
    return this.waiting.length;
  }

  room(): number {
    return this.closed ? 0 : Math.max(0, this.length() - this.waiting.length);
  }

  accept(frame: Frame): void {
    if (this.closed) return;
    this.waiting.push(frame);
    while (this.waiting.length > this.length()) {
      this.waiting.shift();
      this.droppedFrames++;
    }
    this.wake?.();
  }

  /** The oldest waiting frame; waits for one. Undefined once the queue is closed and empty. */
  async next(): Promise<Frame | undefined> {
    while (this.waiting.length === 0) {
      if (this.closed) return undefined;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      this.wake = undefined;
    }
    return this.waiting.shift();
  }

  /** Takes no more frames; those that wait are still given out. */
  close(): void {
    this.closed = true;
    this.wake?.();
  }
}
