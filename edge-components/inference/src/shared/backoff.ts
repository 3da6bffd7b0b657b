/** Milliseconds. */
export interface BackoffBounds {
  readonly first: number;
  readonly longest: number;
}

/**
 * Delay before attempt `attempt` (1, 2, ...): doubles from `first` to `longest`, and is drawn from its upper half, so
 * that a fleet that lost its network together does not come back together.
 */
export function backoffMilliseconds(
  attempt: number,
  { first, longest }: BackoffBounds,
  random: () => number,
): number {
  const full = Math.min(longest, first * 2 ** Math.min(attempt - 1, 30));
  return full * (0.5 + random() / 2);
}
