import { readFileSync } from 'node:fs';
import type { BootClock } from '../ports';

/** Eight hexadecimal digits tell the starts of one device apart. */
const ID_CHARACTERS = 8;
const NANOSECONDS_PER_MILLISECOND = 1e6;

/** Linux's clock since the start of the device (CLOCK_MONOTONIC), on which nobody sets the time. */
export function bootClock(): BootClock {
  const id = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, ID_CHARACTERS);
  return { id, milliseconds: () => Number(process.hrtime.bigint()) / NANOSECONDS_PER_MILLISECOND };
}
