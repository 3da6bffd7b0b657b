import type { ComponentSettings } from '../configuration/configuration';
import type { Clock } from '../ports';

/** Times in milliseconds, monotonic. */
export interface UpdateQuestion {
  readonly now: number;
  /** When this deployment asked for the first time. */
  readonly firstAskedAt: number;
  /** When the last frame of any camera came; undefined when none has come yet. */
  readonly lastFrameAt: number | undefined;
  /** A batch of parts is over when no frame has come for this long. */
  readonly quietMilliseconds: number;
  /** After this the update goes ahead although frames still come. */
  readonly longestMilliseconds: number;
}

/**
 * For how long an update that may restart the component has to wait: 0 lets it go ahead, more asks the nucleus to ask
 * again then. The answers to one deployment add up to `longestMilliseconds` at most, so a line that never stops
 * cannot keep a device from being updated.
 */
export function updateDeferral(question: UpdateQuestion): number {
  const { now, firstAskedAt, lastFrameAt, quietMilliseconds, longestMilliseconds } = question;
  if (lastFrameAt === undefined) return 0;
  const quietIn = lastFrameAt + quietMilliseconds - now;
  const patience = firstAskedAt + longestMilliseconds - now;
  return Math.max(0, Math.ceil(Math.min(quietIn, patience)));
}

/** Remembers when each deployment asked first. */
export class UpdateQuestions {
  /** Deployment -> monotonic time of its first question. */
  private readonly firstAskedAt = new Map<string, number>();

  constructor(private readonly clock: Pick<Clock, 'monotonic'>) {}

  /** @returns as {@link updateDeferral} */
  answer(
    deploymentId: string,
    lastFrameAt: number | undefined,
    { quietSeconds, longestDeferralSeconds }: ComponentSettings['componentUpdate'],
  ): number {
    const now = this.clock.monotonic();
    const firstAskedAt = this.firstAskedAt.get(deploymentId) ?? now;
    this.firstAskedAt.set(deploymentId, firstAskedAt);
    const wait = updateDeferral({
      now,
      firstAskedAt,
      lastFrameAt,
      quietMilliseconds: quietSeconds * 1000,
      longestMilliseconds: longestDeferralSeconds * 1000,
    });
    if (wait === 0) this.firstAskedAt.delete(deploymentId);
    return wait;
  }
}
