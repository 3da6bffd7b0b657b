import type { Release } from '../../../../contracts';
import { isSamePolicy, policyOfInput } from '../../../../contracts/image-policy';
import type { DecodedImage, Inference, LoadedModel } from '../ports';
import type { Challenge, ComparedTimes } from './challenge';

/** A release that is loaded and can answer. */
export interface ActiveRelease {
  readonly digest: string;
  readonly release: Release;
  readonly variant: string;
  readonly model: LoadedModel;
}

/**
 * Another release answers the same frame, without effect. `shadow`: the one before, after a switch; `challenger`: the one
 * that wants to replace the release in service.
 */
export interface ShadowRun {
  readonly role: 'shadow' | 'challenger';
  readonly release: Release;
  readonly variant: string;
  readonly inference: Promise<Inference>;
  /** Told whether both gave the same class, `undefined` when the other one gave none, and how long each took. */
  compared(agrees: boolean | undefined, times?: ComparedTimes): void;
}

/** A switch that is not yet final: the release before stays loaded until one of the two is called. */
export interface PendingSwitch {
  /** The release before becomes the shadow for `shadowFrames` frames, or is closed. */
  keep(shadowFrames: number): void;
  /** The release before serves again. */
  undo(): void;
}

interface Beside {
  readonly role: ShadowRun['role'];
  readonly active: ActiveRelease;
  /** How many more frames it answers. */
  frames: number;
  busy: boolean;
  /** Called once, when it answers no more. */
  ended(problem: Error | undefined): void;
  compared(agrees: boolean | undefined, times?: ComparedTimes): void;
}

const nothing = (): void => undefined;

/**
 * Which release answers the next frame. The pipeline reads it once per frame, so that a switch falls between two frames
 * and no result mixes two releases. A replaced model is closed in its own order of messages, after its last run.
 */
export class ServingSlot {
  private active: ActiveRelease | undefined;
  private beside: Beside | undefined;
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
        this.endBeside();
        if (!before) return;
        if (shadowFrames > 0 && isComparable(before.release, next.release)) {
          this.setBeside('shadow', before, shadowFrames, () => void before.model.close());
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
   * Lets `challenger` answer frames beside the release in service until `challenge` has seen enough. Its model stays
   * open: it belongs to the caller.
   * @returns ends the challenge early
   */
  challenge(challenger: ActiveRelease, challenge: Challenge): () => void {
    this.endBeside();
    const beside = this.setBeside('challenger', challenger, challenge.frames, (problem) =>
      challenge.end(problem),
    );
    beside.compared = (agrees, times) => challenge.compared(agrees, times);
    return () => {
      if (this.beside === beside) this.endBeside();
    };
  }

  /** Whether a release can answer the frames of the one in service. */
  canChallenge(release: Release): boolean {
    return this.active !== undefined && isComparable(this.active.release, release);
  }

  /**
   * Runs the other release on the same frame, while one stands beside the current one. A frame that comes while it is
   * still busy goes without: the comparison must never slow the line down.
   */
  runBeside(image: DecodedImage): ShadowRun | undefined {
    const beside = this.beside;
    if (!beside || beside.busy) return undefined;
    beside.frames--;
    beside.busy = true;
    const inference = beside.active.model.run(image);
    inference
      .finally(() => {
        beside.busy = false;
      })
      .catch((error: Error) => {
        if (this.beside === beside) this.endBeside(error);
      });
    // Messages are answered in order: a shadow's model closes after this run.
    if (beside.frames <= 0) this.endBeside();
    return {
      role: beside.role,
      release: beside.active.release,
      variant: beside.active.variant,
      inference,
      compared: (agrees, times) => beside.compared(agrees, times),
    };
  }

  /** Takes a release whose model is gone out of service. Returns whether it was in service. */
  withdraw(active: ActiveRelease): boolean {
    if (this.active !== active) return false;
    this.active = undefined;
    void active.model.close();
    return true;
  }

  close(): void {
    this.endBeside();
    void this.active?.model.close();
    this.active = undefined;
  }

  private setBeside(
    role: ShadowRun['role'],
    active: ActiveRelease,
    frames: number,
    ended: Beside['ended'],
  ): Beside {
    const beside: Beside = { role, active, frames, busy: false, ended, compared: nothing };
    this.beside = beside;
    return beside;
  }

  private endBeside(problem?: Error): void {
    const ended = this.beside;
    this.beside = undefined;
    ended?.ended(problem);
  }

  private set(active: ActiveRelease | undefined): void {
    this.active = active;
    if (!active) return;
    const waiting = this.waiting;
    this.waiting = [];
    for (const wake of waiting) wake();
  }
}

/**
 * Two releases can be compared on the same pixels only when they make the same of a frame. One of old, without a policy,
 * takes pixels of its size however they were made.
 */
function isComparable({ input: before }: Release, { input: next }: Release): boolean {
  const policies = [policyOfInput(before), policyOfInput(next)] as const;
  return policies[0] && policies[1]
    ? isSamePolicy(policies[0], policies[1])
    : before.width === next.width && before.height === next.height;
}
