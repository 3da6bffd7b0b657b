import type { DeviceStatus } from '../../../../contracts';
import type { RefusalRecord } from '../adapters/release-store';
import type { ActiveRelease } from './serving-slot';

export type Condition = DeviceStatus['conditions'][number];

const LONGEST_VALUE = 200;

/** A condition that holds when there is no problem; its value says the problem, or "ok". */
export function condition(name: string, problem: string | undefined): Condition {
  return { name, ok: problem === undefined, value: (problem ?? 'ok').slice(0, LONGEST_VALUE) };
}

export interface StatusFacts {
  readonly deviceId: string;
  readonly useCase: string;
  readonly now: number;
  readonly componentVersion: string;
  readonly active: ActiveRelease | undefined;
  readonly highestCounter: number;
  readonly conditions: readonly Condition[];
  readonly outboxRecords: number;
  readonly framesProcessed: number;
  readonly framesDropped: number;
  readonly captureBytesToday: number;
  readonly refusals: readonly RefusalRecord[];
}

/** The contract's message; healthy when every condition holds. */
export function deviceStatus(facts: StatusFacts): DeviceStatus {
  const { active, conditions, refusals } = facts;
  return {
    schemaVersion: 1,
    deviceId: facts.deviceId,
    useCase: facts.useCase,
    sentAt: new Date(facts.now).toISOString(),
    componentVersion: facts.componentVersion,
    ...(active && { releaseId: active.release.releaseId, variant: active.variant }),
    highestCounter: facts.highestCounter,
    healthy: conditions.every(({ ok }) => ok),
    conditions: [...conditions],
    outboxRecords: facts.outboxRecords,
    framesProcessed: facts.framesProcessed,
    framesDropped: facts.framesDropped,
    captureBytesToday: facts.captureBytesToday,
    ...(refusals.length > 0 && { refusedReleases: [...refusals] }),
  };
}
