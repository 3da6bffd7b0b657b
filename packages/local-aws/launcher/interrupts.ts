/** A second Ctrl-C within this time means it. */
export const MEANT_WITHIN_MILLISECONDS = 10_000;

/**
 * What a Ctrl-C means at a terminal: what is lost is said at the first one. Pure.
 * @param before when the last one came, in the milliseconds of `now`
 */
export const isMeant = (before: number | undefined, now: number): boolean =>
  before !== undefined && now - before <= MEANT_WITHIN_MILLISECONDS;

export const WHAT_IS_LOST =
  'Ctrl-C again within 10 s ends the local AWS, and all that is in it: stacks, images, models, devices.';
