/** How many devices of a wave suffice. Pure. */

/** Share of a wave's devices without which it does not go on, where the configuration does not say. */
export const USUAL_QUORUM = 0.9;

/** So that 0.9 of 10 devices, which no binary fraction is, are 9. */
const ROUNDING = 1e-9;

/** @param quorum above 0, at most 1 @returns at least 1, where there is a device */
export const neededOf = (devices: number, quorum: number): number => Math.ceil(devices * quorum - ROUNDING);
