import {
  approvedAs,
  type ChampionItem,
  type ReleaseStatus,
  type StoredRelease,
  type WaveItem,
} from '../../registry/release-items';
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

/** Of a release that a wave has: whether it stays is still to be seen. */
const UNDECIDED: readonly ReleaseStatus[] = ['READY', 'ROLLING_OUT'];

interface Hindrance {
  readonly outcome: 'BUSY' | 'NOTHING_TO_DO';
  readonly reason: string;
}

/** Why a release must not be rolled out although it is ready: for now, or ever. */
async function hindranceOf(
  stored: StoredRelease,
  championCounter: number | undefined,
  waveCounters: readonly number[],
  ports: PlanRolloutPorts,
): Promise<Hindrance | undefined> {
  const { counter, expiresAt } = stored.release;
  const never = (reason: string): Hindrance => ({ outcome: 'NOTHING_TO_DO', reason });
  const highest = Math.max(0, championCounter ?? 0, ...waveCounters);
  if (counter < highest) {
    // Devices would refuse it. A newer one that is taken back makes room for what was approved before it.
    const { status } = await ports.getRelease(highest);
    return UNDECIDED.includes(status)
      ? { outcome: 'BUSY', reason: `release ${highest} is newer, and whether it stays is not decided` }
      : never(`release ${highest} is newer and has been deployed`);
  }
  const champion = championCounter === undefined ? undefined : await ports.getRelease(championCounter);
  // Released again above one that was approved later.
  if (champion && approvedAs(champion) > approvedAs(stored)) {
    return never(`release ${championCounter} was approved later and is in service`);
  }
  if (ports.now().getTime() > Date.parse(expiresAt)) return never(`the release expired at ${expiresAt}`);
  return undefined;
}

/**
 * Claims a ready release for this execution and publishes its component. Asked again by the same execution it answers
 * the same; another execution for the same release (the event came twice) gets NOTHING_TO_DO. One that finds another
 * rollout running, or a newer release on a wave that may yet be taken back, gets BUSY and ends: sweep-rollouts starts its
 * release again. One that is to finish what another left takes over from it.
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
    const waveCounters = deployed.flatMap((wave) => wave?.counter ?? []);
    const hindrance = await hindranceOf(stored, champion?.counter, waveCounters, ports);
    if (hindrance) {
      if (hindrance.outcome === 'NOTHING_TO_DO') await ports.table.withdraw(state.counter, hindrance.reason);
      return answer(hindrance.outcome, hindrance.reason);
    }
    const claimed = await ports.table.claim(state.counter, state.executionArn);
    if (claimed === 'BUSY') return answer('BUSY', 'another rollout is running');
    if (claimed === 'TAKEN') return answer('NOTHING_TO_DO', 'another execution rolls the release out');
  }
  await ports.publish(stored, state.executionArn);
  return answer('START');
}
