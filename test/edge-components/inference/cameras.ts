/** What the tests of cameras share: ports, a sink, images. */
import sharp from 'sharp';
import type { FrameSourcePorts } from '../../../edge-components/inference/src/cameras/sources';
import type { Clock, Frame, FrameSink } from '../../../edge-components/inference/src/ports';

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly details: Record<string, unknown>;
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** Ports of a source with the real clock, and everything that it logs. */
export function sourcePorts(
  changes: Partial<FrameSourcePorts> = {},
): FrameSourcePorts & { lines: LogLine[] } {
  const lines: LogLine[] = [];
  const line =
    (level: LogLine['level']) =>
    (message: string, details: Record<string, unknown> = {}): void => {
      lines.push({ level, message, details });
    };
  return {
    clock: systemClock,
    log: { info: line('info'), warn: line('warn'), error: line('error') },
    maximumFrameBytes: () => 1_000_000,
    random: () => 0,
    lines,
    ...changes,
  };
}

/** Keeps every frame. Its camera can be made to wait. */
export class RecordingSink implements FrameSink {
  readonly frames: Frame[] = [];
  /** How often the source asked whether it may go on. */
  asked = 0;
  private gate: Promise<void> = Promise.resolve();
  private openGate: () => void = () => undefined;

  accept(frame: Frame): void {
    this.frames.push(frame);
  }

  room(): number {
    return Number.MAX_SAFE_INTEGER;
  }

  ready(): Promise<void> {
    this.asked++;
    return this.gate;
  }

  hold(): void {
    this.gate = new Promise((resolve) => {
      this.openGate = resolve;
    });
  }

  release(): void {
    this.openGate();
    this.gate = Promise.resolve();
  }
}

/** A clock that stands still until it is moved. */
export class FakeClock implements Clock {
  milliseconds = 1_000;

  now(): number {
    return 1_700_000_000_000 + this.milliseconds;
  }

  monotonic(): number {
    return this.milliseconds;
  }

  advance(milliseconds: number): void {
    this.milliseconds += milliseconds;
  }
}

/** JPEG images that differ. */
export const jpegImages = (count: number): Promise<Buffer[]> =>
  Promise.all(
    Array.from({ length: count }, (_, index) =>
      sharp({
        create: {
          width: 32,
          height: 24,
          channels: 3,
          background: { r: (index * 40) % 256, g: index, b: 90 },
        },
      })
        .jpeg()
        .toBuffer(),
    ),
  );
