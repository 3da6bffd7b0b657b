import { releaseIdOf } from '../../registry/names';
import type { ChampionItem, ReleaseStatus, WaveItem } from '../../registry/release-items';
import { mapConcurrently } from '../../shared/concurrency';
import { type Execution, type ExecutionStatus, endedInnocently, isAtWork } from '../execution';
import { type Resumption, ROLLOUT_ERRORS } from '../names';
import { isDue } from '../next-attempt';
import type { RolloutRequest } from '../rollout-state';
import type { Failure, ReleaseState, RolloutLock } from '../rollout-table';

/** An execution of the state machine that has ended. */
export interface EndedExecution {
  readonly executionArn: string;
  readonly status: Exclude<ExecutionStatus, 'RUNNING' | 'PENDING_REDRIVE'>;
  /** Of the release that it was about. */
  readonly counter: number;
}

export interface SweepPorts {
  readonly useCase: string;
  /** Of the waves that are configured. */
  readonly waveNames: readonly string[];
  now(): Date;
  execution(executionArn: string): Promise<Execution | undefined>;
  /** Epoch milliseconds; `undefined` for a device that nobody has ever heard of. */
  lastHeardOf(deviceId: string): Promise<number | undefined>;
  readonly table: {
    lock(): Promise<RolloutLock | undefined>;
    releaseStates(): Promise<ReleaseState[]>;
    champion(): Promise<ChampionItem | undefined>;
    wave(name: string): Promise<WaveItem | undefined>;
    giveUp(counter: number, failure: Failure): Promise<ReleaseStatus | undefined>;
    unlock(executionArn: string): Promise<void>;
  };
  /** Starts an execution for a release. */
  start(counter: number, request: RolloutRequest): Promise<void>;
}

export type Sweep =
  | { readonly kind: 'HELD' | 'NOTHING_READY' }
  | { readonly kind: 'STARTED'; readonly counter: number }
  | { readonly kind: 'RESUMED'; readonly counter: number; readonly to: Resumption };

const DEVICES_AT_A_TIME = 10;

/** What the table says of the fleet. */
export interface FleetRecord {
  readonly states: readonly ReleaseState[];
  readonly championCounter?: number | undefined;
  /** Release that was last deployed to each wave that has had one. */
  readonly waveCounters: readonly number[];
}

/**
 * What a rollout whose execution works no more needs: its record, the way back, or another try. Step Functions keeps what
 * the execution could not write into the table. Without a champion there is no way back, but others may wait for the end of
 * what devices have. Pure.
 * @param execution that holds the use case; `undefined` when nobody knows it any more
 */
export function settlementOf(
  counter: number,
  execution: Execution | undefined,
  { states, championCounter, waveCounters }: FleetRecord,
): Resumption | 'GIVE_UP' {
  if (championCounter === counter) return 'COMPLETE';
  if (execution?.resume) return execution.resume;
  if (execution?.error === ROLLOUT_ERRORS.inServiceNotRecorded) return 'COMPLETE';
  if (states.some((state) => state.counter === counter && state.status === 'IN_SERVICE')) return 'COMPLETE';
  const isTouched = waveCounters.some((deployed) => deployed >= counter);
  return isTouched ? 'TAKE_BACK' : 'GIVE_UP';
}

/** Serves in no wave for long: nobody has judged it, or somebody has, and taken it back. */
const SERVES_NOWHERE: readonly ReleaseStatus[] = ['ROLLING_OUT', 'ROLLED_BACK', 'ABORTED'];

/** A release that a wave has although it should not, while nobody rolls out. Pure. */
export function strayRelease({ states, championCounter, waveCounters }: FleetRecord): number | undefined {
  if (championCounter === undefined) return undefined;
  return waveCounters.find((deployed) =>
    states.some(({ counter, status }) => counter === deployed && SERVES_NOWHERE.includes(status)),
  );
}

/**
 * Whether a wave has a newer release that waits for its own next try, as the first ever may: devices would refuse an older
 * one, and nobody knows yet whether it is still wanted.
 */
function waitsBehind({ counter }: ReleaseState, { states, waveCounters }: FleetRecord): boolean {
  return states.some(
    (newer) => newer.counter > counter && newer.status === 'READY' && waveCounters.includes(newer.counter),
  );
}

/** The release whose turn it is: one that has failed before waits behind those that have not. Pure. */
export function nextRelease(
  fleet: FleetRecord,
  now: Date,
  lastHeardOf: ReadonlyMap<string, number>,
): number | undefined {
  const ready = fleet.states.filter(
    (state) => state.status === 'READY' && isDue(state, now, lastHeardOf) && !waitsBehind(state, fleet),
  );
  ready.sort((one, other) => (one.attempts ?? 0) - (other.attempts ?? 0) || one.counter - other.counter);
  return ready[0]?.counter;
}

async function readFleet({ table, waveNames }: SweepPorts): Promise<FleetRecord> {
  const [states, champion, ...waves] = await Promise.all([
    table.releaseStates(),
    table.champion(),
    ...waveNames.map((name) => table.wave(name)),
  ]);
  return {
    states,
    championCounter: champion?.counter,
    waveCounters: waves.flatMap((wave) => wave?.counter ?? []),
  };
}

/** When awaited devices were heard of last. */
async function readAwaited(states: readonly ReleaseState[], ports: SweepPorts): Promise<Map<string, number>> {
  const awaited = states
    .filter(({ status }) => status === 'READY')
    .flatMap(({ awaits }) => awaits?.devices ?? []);
  const heard = await mapConcurrently([...new Set(awaited)], DEVICES_AT_A_TIME, async (deviceId) => ({
    deviceId,
    at: await ports.lastHeardOf(deviceId),
  }));
  return new Map(heard.flatMap(({ deviceId, at }) => (at === undefined ? [] : [[deviceId, at] as const])));
}

/**
 * Finishes what executions have left that work no more, and starts the rollout whose turn it is. Woken at a wrong time, or
 * twice, it does nothing that plan-rollout would not refuse.
 * @param ended what woke it; none when it is a schedule
 */
export async function sweepRollouts(ended: EndedExecution | undefined, ports: SweepPorts): Promise<Sweep> {
  const { table, useCase } = ports;
  const lock = await table.lock();
  // It may have ended before it claimed its release; what it left after that is settled below.
  if (ended && ended.status !== 'SUCCEEDED' && ended.executionArn !== lock?.executionArn) {
    const reason = `${ended.executionArn} ended as ${ended.status} before it began.`;
    const { executionArn, status, counter } = ended;
    await table.giveUp(counter, { executionArn, reason, at: ports.now(), isFinal: status === 'ABORTED' });
  }
  const resume = async (counter: number, request: Required<RolloutRequest>['resume']): Promise<Sweep> => {
    await ports.start(counter, { resume: request });
    return { kind: 'RESUMED', counter, to: request.to };
  };
  if (lock) {
    const { executionArn, counter } = lock;
    const execution = await ports.execution(executionArn);
    if (isAtWork(execution, ports.now())) return { kind: 'HELD' };
    const because = `${executionArn} ended as ${execution?.status ?? 'unknown'} before its rollout did.`;
    const settlement = settlementOf(counter, execution, await readFleet(ports));
    const isStopped = execution?.status === 'ABORTED';
    if (settlement !== 'GIVE_UP') {
      const isInnocent = settlement === 'TAKE_BACK' && endedInnocently(execution);
      return resume(counter, {
        to: settlement,
        after: executionArn,
        because,
        ...(isInnocent && { isInnocent }),
      });
    }
    await table.giveUp(counter, { executionArn, reason: because, at: ports.now(), isFinal: isStopped });
    // Last: whoever dies on the way finds the lock again.
    await table.unlock(executionArn);
  }
  const fleet = await readFleet(ports);
  const stray = strayRelease(fleet);
  if (stray !== undefined) {
    const because = `A wave has ${releaseIdOf(useCase, stray)}, which is not in service.`;
    return resume(stray, { to: 'TAKE_BACK', because });
  }
  const next = nextRelease(fleet, ports.now(), await readAwaited(fleet.states, ports));
  if (next === undefined) return { kind: 'NOTHING_READY' };
  await ports.start(next, {});
  return { kind: 'STARTED', counter: next };
}
