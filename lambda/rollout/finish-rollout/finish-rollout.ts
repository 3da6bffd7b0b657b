import type { ChampionItem, ReleaseStatus, StoredRelease, WaveItem } from '../../registry/release-items';
import { isInnocent, rollbackStory } from '../failure-reason';
import { ROLLOUT_ERRORS, ROLLOUT_EVENTS } from '../names';
import type { RolloutState } from '../rollout-state';
import type { Ending, Failure, ReleaseState } from '../rollout-table';

export interface FinishRolloutPorts {
  now(): Date;
  /** Of the waves that are configured. */
  readonly waveNames: readonly string[];
  getRelease(counter: number): Promise<StoredRelease>;
  readonly table: {
    holder(): Promise<string | undefined>;
    champion(): Promise<ChampionItem | undefined>;
    putChampion(champion: ChampionItem): Promise<void>;
    wave(name: string): Promise<WaveItem | undefined>;
    releaseStates(): Promise<ReleaseState[]>;
    end(counter: number, executionArn: string, ending: Ending): Promise<boolean>;
    mark(counter: number, ending: Ending): Promise<void>;
    giveUp(counter: number, failure: Failure): Promise<ReleaseStatus | undefined>;
    unlock(executionArn: string): Promise<void>;
  };
  announce(detailType: string, detail: object): Promise<void>;
}

export type FinishedState = RolloutState & {
  readonly summary: string;
  /** Error with which the execution ends, when it does not succeed. */
  readonly ending?: (typeof ROLLOUT_ERRORS)[keyof typeof ROLLOUT_ERRORS];
};

/** Step Functions takes 32 KiB of cause, a table item 400 KiB; a person reads less. */
const LONGEST_REASON = 4_000;

/** Makes a release the champion. */
async function crown(counter: number, ports: FinishRolloutPorts): Promise<StoredRelease> {
  const stored = await ports.getRelease(counter);
  const { exportUri, modelUri, cloudModel, release } = stored;
  const { modelPackageVersion } = release;
  await ports.table.putChampion({
    counter,
    modelPackageVersion,
    exportUri,
    modelUri,
    ...(cloudModel !== undefined && { cloudModel }),
  });
  return stored;
}

/** What is in service nowhere any more: no wave has it, and it is not the champion. */
async function supersedeReplaced(ports: FinishRolloutPorts): Promise<void> {
  const { table, waveNames } = ports;
  const [champion, states, ...waves] = await Promise.all([
    table.champion(),
    table.releaseStates(),
    ...waveNames.map((name) => table.wave(name)),
  ]);
  const served = [champion?.counter, ...waves.map((wave) => wave?.counter)];
  for (const { counter, status } of states) {
    if (status === 'IN_SERVICE' && !served.includes(counter)) {
      await table.mark(counter, { status: 'SUPERSEDED' });
    }
  }
}

/** Whether the execution holds the use case. One that does not has been recorded before, or another has its turn. */
async function holds({ executionArn }: RolloutState, { table }: FinishRolloutPorts): Promise<boolean> {
  return (await table.holder()) === executionArn;
}

/** The release is in service everywhere: it is the champion now. Done again, it changes nothing. */
export async function completeRollout(
  state: RolloutState,
  ports: FinishRolloutPorts,
): Promise<FinishedState> {
  const { useCase, counter, releaseId, executionArn, judgement, notes } = state;
  const finished = { ...state, summary: `Release ${releaseId} is in service everywhere.` };
  if (!(await holds(state, ports))) return finished;
  const { release } = await crown(counter, ports);
  const reason = notes.length > 0 ? notes.join(' ').slice(0, LONGEST_REASON) : undefined;
  const away = state.waves.flatMap((wave) => wave.setAside ?? []);
  const setAside = away.length > 0 ? away : undefined;
  await ports.table.end(counter, executionArn, { status: 'IN_SERVICE', judgement, reason, setAside });
  await supersedeReplaced(ports);
  await ports.announce(ROLLOUT_EVENTS.completed, {
    useCase,
    counter,
    releaseId,
    modelPackageVersion: release.modelPackageVersion,
  });
  await ports.table.unlock(executionArn);
  return finished;
}

/** No device had the release, or the first one ever has no predecessor: nothing was taken back, and nobody says so. */
async function recordNotRolledOut(
  state: RolloutState,
  reason: string,
  ports: FinishRolloutPorts,
): Promise<FinishedState> {
  const { counter, releaseId, executionArn } = state;
  const isFinal = !isInnocent(state);
  if (await holds(state, ports)) {
    await ports.table.giveUp(counter, {
      executionArn,
      reason,
      at: ports.now(),
      isFinal,
      absence: state.check?.absence,
    });
    await ports.table.unlock(executionArn);
  }
  const summary = `Release ${releaseId} was not rolled out. ${reason}`;
  return { ...state, summary, ending: ROLLOUT_ERRORS.notRolledOut };
}

/**
 * Every touched device is back, or set aside by name. The rollback release becomes the champion once every wave has it.
 * Done again, it changes nothing.
 */
export async function recordRollback(state: RolloutState, ports: FinishRolloutPorts): Promise<FinishedState> {
  const { useCase, counter, releaseId, executionArn, judgement, rollback, check } = state;
  const reason = rollbackStory(state).slice(0, LONGEST_REASON);
  if (rollback?.counter === undefined) return recordNotRolledOut(state, reason, ports);
  if (await holds(state, ports)) {
    if (rollback.everywhere) await crown(rollback.counter, ports);
    await ports.table.mark(rollback.counter, { status: 'IN_SERVICE', reason: `Takes back ${releaseId}.` });
    const setAside = check?.missing?.length ? check.missing : undefined;
    await ports.table.end(counter, executionArn, { status: 'ROLLED_BACK', reason, setAside, judgement });
    await supersedeReplaced(ports);
    await ports.announce(ROLLOUT_EVENTS.rolledBack, {
      useCase,
      counter,
      releaseId,
      reason,
      rollbackCounter: rollback.counter,
      rollbackReleaseId: rollback.releaseId,
      ...(setAside && { setAside }),
    });
    await ports.table.unlock(executionArn);
  }
  const summary = `Release ${releaseId} was rolled back. ${reason}`;
  return { ...state, summary, ending: ROLLOUT_ERRORS.rolledBack };
}
