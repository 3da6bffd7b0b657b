import type { Release } from '../../../../contracts';
import type { DecodedImage, Inference, LoadedModel } from '../ports';

/** A release that is loaded and can answer. */
export interface ActiveRelease {
  readonly digest: string;
  readonly release: Release;
  readonly variant: string;
  readonly model: LoadedModel;
}

/** What the release before says of a frame. */
export interface ShadowRun {
  readonly release: Release;
  readonly inference: Promise<Inference>;
}

/** A switch that is not yet final: the release before stays loaded until one of the two is called. */
export interface PendingSwitch {
  /** The release before becomes the shadow for `shadowFrames` frames, or is closed. */
  keep(shadowFrames: number): void;
  /** The release before serves again. */
  undo(): void;
}

/**
 * Which release answers the next frame. The pipeline reads it once per frame, so that a switch falls between two frames
 * and no result mixes two releases. A replaced model is closed in its own order of messages, after its last run.
 */
export class ServingSlot {
  private active: ActiveRelease | undefined;
  private beside: { readonly active: ActiveRelease; frames: number; busy: boolean } | undefined;
  private waiting: (() => void)[] = [];

  get current(): ActiveRelease | undefined {
    return this.active;
  }

  /** The release that answers now; waits while there is none. */
  async available(): Promise<ActiveRelease> {
    while (!this.active) await new Promise<void>((resolve) => this.waiting.push(resolve));
    return this.active;
  }

  switchTo(next: ActiveRelease): PendingSwitch {
    const before = this.active;
    this.set(next);
    return {
      keep: (shadowFrames) => {
        this.endShadow();
        if (!before) return;
        if (shadowFrames > 0 && isComparable(before.release, next.release)) {
          this.beside = { active: before, frames: shadowFrames, busy: false };
        } else {
          void before.model.close();
        }
      },
      undo: () => {
        this.set(before);
        void next.model.close();
      },
    };
  }

  /**
   * Runs the release before on the same frame, while it still stands beside the current one. A frame that comes while
   * it is still busy goes without: the comparison must never slow the line down.
   */
  runShadow(image: DecodedImage): ShadowRun | undefined {
    const shadow = this.beside;
    if (!shadow) return undefined;
    shadow.frames--;
    const inference = shadow.busy ? undefined : shadow.active.model.run(image);
    shadow.busy = true;
    inference
      ?.finally(() => {
        shadow.busy = false;
      })
      .catch(() => {
        if (this.beside === shadow) this.endShadow();
      });
    // Messages are answered in order: the model closes after this run.
    if (shadow.frames <= 0) this.endShadow();
    return inference && { release: shadow.active.release, inference };
  }

  endShadow(): void {
    const ended = this.beside?.active;
    this.beside = undefined;
    if (ended) void ended.model.close();
  }

  /** Takes a release whose model is gone out of service. Returns whether it was in service. */
  withdraw(active: ActiveRelease): boolean {
    if (this.active !== active) return false;
    this.active = undefined;
    void active.model.close();
    return true;
  }

  close(): void {
    this.endShadow();
    void this.active?.model.close();
    this.active = undefined;
  }

  private set(active: ActiveRelease | undefined): void {
    this.active = active;
    if (!active) return;
    const waiting = this.waiting;
    this.waiting = [];
    for (const wake of waiting) wake();
  }
}

/** Two releases can be compared on the same pixels only when they take the same image size. */
function isComparable(before: Release, next: Release): boolean {
  return before.input.width === next.input.width && before.input.height === next.input.height;
}
