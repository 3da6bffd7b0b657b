import type { DeviceStatus } from '../../../../contracts';

export type Condition = DeviceStatus['conditions'][number];

/** As the contract has it. */
export const LONGEST_VALUE = 200;

/** A condition that holds when there is no problem; its value says the problem, or "ok". */
export function condition(name: string, problem: string | undefined): Condition {
  return { name, ok: problem === undefined, value: (problem ?? 'ok').slice(0, LONGEST_VALUE) };
}

/** The contract's message; healthy when every condition holds. */
export function deviceStatus(
  facts: Omit<DeviceStatus, 'schemaVersion' | 'healthy' | 'conditions' | 'sentAt'> & {
    readonly conditions: readonly Condition[];
    /** Milliseconds since the epoch. */
    readonly now: number;
  },
): DeviceStatus {
  const { now, conditions, ...rest } = facts;
  return {
    schemaVersion: 1,
    ...rest,
    sentAt: new Date(now).toISOString(),
    healthy: conditions.every(({ ok }) => ok),
    conditions: [...conditions],
  };
}
