import type { ChampionItem, StoredRelease, WaveItem } from '../../registry/release-items';
import type { WaveSettings } from '../names';
import type { RolloutPlan, RolloutState } from '../rollout-state';

export interface PlanRolloutPorts {
  now(): Date;
  getRelease(counter: number): Promise<StoredRelease>;
  readonly table: {
    champion(): Promise<ChampionItem | undefined>;
    wave(name: string): Promise<WaveItem | undefined>;
    claim(counter: number, executionArn: string): Promise<'CLAIMED' | 'BUSY' | 'TAKEN'>;
    takeOver(counter: number, executionArn: string, after: string | undefined): Promise<boolean>;
    withdraw(counter: number, reason: string): Promise<void>;
  };
  publish(stored: StoredRelease, executionArn: string): Promise<void>;
}

/** Why a release must not be rolled out although it is ready; devices would refuse it. */
function unfitness(stored: StoredRelease, highestDeployed: number, now: Date): string | undefined {
  const { counter, expiresAt } = stored.release;
  if (counter < highestDeployed) return `release ${highestDeployed} is newer and has been deployed`;
  if (now.getTime() > Date.parse(expiresAt)) return `the release expired at ${expiresAt}`;
  return undefined;
}

/**
 * Claims a ready release for this execution and publishes its component. Asked again by the same execution it answers
 * the same; another execution for the same release (the event came twice) gets NOTHING_TO_DO. One that finds another
 * rollout running gets BUSY and ends: sweep-rollouts starts its release again. One that is to finish what another left takes over
 * from it.
 * @throws Error when the release is not in the table, or Greengrass refuses its component
 */
export async function planRollout(
  state: RolloutState,
  waves: readonly WaveSettings[],
  ports: PlanRolloutPorts,
): Promise<RolloutState> {
  const [stored, champion, ...deployed] = await Promise.all([
    ports.getRelease(state.counter),
    ports.table.champion(),
    ...waves.map(({ name }) => ports.table.wave(name)),
  ]);
  const answer = (outcome: RolloutPlan['outcome'], reason?: string): RolloutState => ({
    ...state,
    moreWaves: waves.length > 0,
    plan: {
      outcome,
      ...(reason !== undefined && { reason }),
      componentName: stored.componentName,
      componentVersion: stored.componentVersion,
      waves,
      ...(champion && { championCounter: champion.counter }),
    },
  });
  const resume = state.request?.resume;
  if (resume) {
    const isFirst = await ports.table.takeOver(state.counter, state.executionArn, resume.after);
    return isFirst
      ? answer(resume.to, resume.because)
      : answer('NOTHING_TO_DO', 'another execution finishes what was left');
  }
  const isOurs = stored.status === 'ROLLING_OUT' && stored.executionArn === state.executionArn;
  if (!isOurs) {
    if (stored.status !== 'READY' && stored.status !== 'ABORTED')
      return answer('NOTHING_TO_DO', `the release is ${stored.status}`);
    const highestDeployed = Math.max(
      0,
      champion?.counter ?? 0,
      ...deployed.map((wave) => wave?.counter ?? 0),
    );
    const unfit = unfitness(stored, highestDeployed, ports.now());
    if (unfit !== undefined) {
      await ports.table.withdraw(state.counter, unfit);
      return answer('NOTHING_TO_DO', unfit);
    }
    const claimed = await ports.table.claim(state.counter, state.executionArn);
    if (claimed === 'BUSY') return answer('BUSY', 'another rollout is running');
    if (claimed === 'TAKEN') return answer('NOTHING_TO_DO', 'another execution rolls the release out');
  }
  await ports.publish(stored, state.executionArn);
  return answer('START');
}
