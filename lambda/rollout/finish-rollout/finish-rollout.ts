import type { ChampionItem, StoredRelease } from '../../registry/release-items';
import { rollbackStory } from '../failure-reason';
import { ROLLOUT_EVENTS } from '../names';
import type { RolloutState } from '../rollout-state';
import type { Ending } from '../rollout-table';

export interface FinishRolloutPorts {
  getRelease(counter: number): Promise<StoredRelease>;
  readonly table: {
    champion(): Promise<ChampionItem | undefined>;
    putChampion(champion: ChampionItem): Promise<void>;
    end(counter: number, executionArn: string, ending: Ending): Promise<boolean>;
    mark(counter: number, ending: Ending): Promise<void>;
    unlock(executionArn: string): Promise<void>;
  };
  announce(detailType: string, detail: object): Promise<void>;
}

export type FinishedState = RolloutState & { readonly summary: string };

/** Step Functions takes 32 KiB of cause, a table item 400 KiB; a person reads less. */
const LONGEST_REASON = 4_000;

/** Makes a release the champion; the one before is in service nowhere any more. */
async function crown(counter: number, ports: FinishRolloutPorts): Promise<StoredRelease> {
  const [stored, before] = await Promise.all([ports.getRelease(counter), ports.table.champion()]);
  const { exportUri, modelUri, release } = stored;
  const { modelPackageVersion } = release;
  await ports.table.putChampion({ counter, modelPackageVersion, exportUri, modelUri });
  if (before && before.counter !== counter) {
    await ports.table.mark(before.counter, { status: 'SUPERSEDED' });
  }
  return stored;
}

/** What a wave alone ran before, such as an earlier rollback release: replaced now. */
async function supersedeWaveReleases(state: RolloutState, ports: FinishRolloutPorts): Promise<void> {
  const champion = await ports.table.champion();
  const replaced = new Set(state.waves.map((wave) => wave.previousCounter));
  for (const counter of replaced) {
    if (counter !== undefined && counter !== champion?.counter) {
      await ports.table.mark(counter, { status: 'SUPERSEDED' });
    }
  }
}

/** The release is in service everywhere: it is the champion now. */
export async function completeRollout(
  state: RolloutState,
  ports: FinishRolloutPorts,
): Promise<FinishedState> {
  const { useCase, counter, releaseId, executionArn, judgement, notes } = state;
  const { release } = await crown(counter, ports);
  await supersedeWaveReleases(state, ports);
  const reason = notes.length > 0 ? notes.join(' ') : undefined;
  await ports.table.end(counter, executionArn, { status: 'IN_SERVICE', judgement, reason });
  await ports.announce(ROLLOUT_EVENTS.completed, {
    useCase,
    counter,
    releaseId,
    modelPackageVersion: release.modelPackageVersion,
  });
  await ports.table.unlock(executionArn);
  return { ...state, summary: `Release ${releaseId} is in service everywhere.` };
}

/** The release was taken back. The rollback release becomes the champion once every wave has it. */
export async function recordRollback(state: RolloutState, ports: FinishRolloutPorts): Promise<FinishedState> {
  const { useCase, counter, releaseId, executionArn, judgement, rollback, plan } = state;
  const reason = rollbackStory(state).slice(0, LONGEST_REASON);
  if (rollback?.counter !== undefined) {
    const everywhere = rollback.waves.length === plan?.waves.length;
    if (everywhere) await crown(rollback.counter, ports);
    await supersedeWaveReleases(state, ports);
    await ports.table.end(rollback.counter, executionArn, {
      status: 'IN_SERVICE',
      reason: `Takes back ${releaseId}.`,
    });
  }
  const owned = await ports.table.end(counter, executionArn, { status: 'ROLLED_BACK', reason, judgement });
  if (owned) {
    await ports.announce(ROLLOUT_EVENTS.rolledBack, {
      useCase,
      counter,
      releaseId,
      reason,
      ...(rollback?.releaseId !== undefined && {
        rollbackCounter: rollback.counter,
        rollbackReleaseId: rollback.releaseId,
      }),
    });
  }
  await ports.table.unlock(executionArn);
  return { ...state, summary: `Release ${releaseId} was rolled back. ${reason}` };
}
