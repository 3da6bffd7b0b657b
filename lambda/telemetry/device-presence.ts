/** Is a device there? Told by its last status and the age of it: no message says that the power is gone. Pure. */
import type { InventoryItem } from './inventory-table';

/**
 * `stopped`: it was told to stop and could still say so. `restarted`: it runs, and the process before ended without being told
 * to, within the last hour. `silent`: nothing has come for long; power, network, or a component that its nucleus has given up.
 */
export type Presence = 'running' | 'restarted' | 'stopped' | 'silent';

/** Fifteen statuses at an interval of a minute, so that a network which comes and goes is none. */
export const SILENT_AFTER_MILLISECONDS = 15 * 60_000;
const RESTARTED_FOR_SECONDS = 3_600;

/** @param now epoch milliseconds, by the clock that `receivedAt` is by */
export function presenceOf(
  { state, endedUncleanly, receivedAt, resources }: InventoryItem,
  now: number,
): Presence {
  if (state === 'stopped') return 'stopped';
  if (now - receivedAt > SILENT_AFTER_MILLISECONDS) return 'silent';
  const isNew = (resources?.uptimeSeconds ?? 0) < RESTARTED_FOR_SECONDS;
  return endedUncleanly && isNew ? 'restarted' : 'running';
}
