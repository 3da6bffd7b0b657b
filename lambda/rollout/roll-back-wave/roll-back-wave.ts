import type { Release } from '../../../contracts';
import type { ClassCodes } from '../../../contracts/class-codes';
import { expiryOf } from '../../registry/build-release/compose-release';
import { modelComponentVersion, releaseIdOf, renewalClaimKey, rollbackClaimKey } from '../../registry/names';
import {
  approvedAs,
  type ChampionItem,
  type Claim,
  type StoredRelease,
  type WaveItem,
} from '../../registry/release-items';
import { type Signer, signRelease } from '../../registry/sign-release';
import { InvalidInputError } from '../../shared/errors';
import type { ComponentVersion } from '../compose-deployment';
import { failureOf, isInnocent } from '../failure-reason';
import type { WaveSettings } from '../names';
import { describeWait, type NextAttempt, nextAttempt } from '../next-attempt';
import type { DeployedWave, RolloutState } from '../rollout-state';
import type { ReleaseState } from '../rollout-table';

export interface RollBackWavePorts {
  now(): Date;
  readonly releases: {
    claimCounter(claimKey: string, now: string): Promise<Claim>;
    find(counter: number): Promise<StoredRelease | undefined>;
    get(counter: number): Promise<StoredRelease>;
    add(stored: StoredRelease): Promise<StoredRelease>;
    /** Of all classes that were ever released. */
    classCodes(): Promise<ClassCodes>;
  };
  readonly table: {
    champion(): Promise<ChampionItem | undefined>;
    /** The execution that holds the use case. */
    holder(): Promise<string | undefined>;
    wave(name: string): Promise<WaveItem | undefined>;
    noteWave(name: string, counter: number): Promise<WaveItem>;
    releaseStates(): Promise<ReleaseState[]>;
    withdraw(counter: number, reason: string): Promise<void>;
  };
  readonly signer: Signer;
  putEnvelope(key: string, body: Buffer): Promise<void>;
  publish(stored: StoredRelease, executionArn: string): Promise<void>;
  deploy(
    thingGroupArn: string,
    ours: readonly ComponentVersion[],
    name: string,
    cause: string,
  ): Promise<string>;
}

export interface RollBackSettings {
  readonly lifetimeDays: number;
  /** As they are configured now: what the rollout planned counts, unless it died before it could plan. */
  readonly waves: readonly WaveSettings[];
}

/** Old bytes under a new counter, which devices accept as no downgrade. */
export function composeAgain(previous: Release, claim: Claim, lifetimeDays: number): Release {
  return {
    ...previous,
    releaseId: releaseIdOf(previous.useCase, claim.counter),
    counter: claim.counter,
    createdAt: claim.claimedAt,
    expiresAt: expiryOf(claim.claimedAt, lifetimeDays),
  };
}

/** Signs a release that is there under the counter of a claim; once, however often it is asked. */
async function releaseAgain(
  stored: StoredRelease,
  claimKey: string,
  lifetimeDays: number,
  owner: Pick<StoredRelease, 'status' | 'executionArn' | 'attempts' | 'silences' | 'retryAfter' | 'awaits'> &
    Pick<Release, 'rollbackOf'>,
  { releases, signer, putEnvelope, now }: RollBackWavePorts,
): Promise<StoredRelease> {
  const claim = await releases.claimCounter(claimKey, now().toISOString());
  const found = await releases.find(claim.counter);
  if (found) return found;
  const { rollbackOf, ...state } = owner;
  const release = {
    ...composeAgain(stored.release, claim, lifetimeDays),
    ...(rollbackOf !== undefined && { rollbackOf }),
  };
  const envelope = await signRelease(release, await releases.classCodes(), signer);
  await putEnvelope(envelope.key, envelope.body);
  const { componentName, exportUri, modelUri, cloudModel, cloudModelKey } = stored;
  return releases.add({
    release,
    approvedAs: approvedAs(stored),
    envelopeKey: envelope.key,
    envelopeSha256: envelope.sha256,
    componentName,
    componentVersion: modelComponentVersion(release.counter),
    exportUri,
    modelUri,
    ...(cloudModel !== undefined && { cloudModel }),
    ...(cloudModelKey !== undefined && { cloudModelKey }),
    ...state,
  });
}

/** What was in service, for this execution: nobody else may roll it out. */
async function makeRollback(
  state: RolloutState,
  championCounter: number,
  lifetimeDays: number,
  ports: RollBackWavePorts,
): Promise<StoredRelease> {
  const previous = await ports.releases.get(championCounter);
  const owner = {
    status: 'ROLLING_OUT',
    executionArn: state.executionArn,
    rollbackOf: state.counter,
  } as const;
  return releaseAgain(previous, rollbackClaimKey(state.counter), lifetimeDays, owner, ports);
}

/** Of a release that had no part in the failure; no more where devices were silent too often. */
async function nextTry(state: RolloutState, ports: RollBackWavePorts): Promise<NextAttempt | undefined> {
  if (!isInnocent(state)) return undefined;
  return nextAttempt(await ports.releases.get(state.counter), ports.now(), state.check?.absence);
}

/** How a release waits for its turn. */
type Waiting = Pick<ReleaseState, 'counter' | 'attempts' | 'silences' | 'retryAfter' | 'awaits'>;

async function renew(
  { counter, attempts, silences, retryAfter, awaits }: Waiting,
  lifetimeDays: number,
  ports: RollBackWavePorts,
): Promise<StoredRelease> {
  const owner = {
    status: 'READY',
    ...(attempts !== undefined && { attempts }),
    ...(silences !== undefined && { silences }),
    ...(retryAfter !== undefined && { retryAfter }),
    ...(awaits && { awaits }),
  } as const;
  const waiting = await ports.releases.get(counter);
  return releaseAgain(waiting, renewalClaimKey(counter), lifetimeDays, owner, ports);
}

/**
 * Releases that wait with lower counters than the one that devices have now: devices would refuse them as downgrades. Each is
 * released again under a counter above it, in their order, so that what a person has approved still has its turn.
 * @param own the release that is taken back, where it is tried again
 * @returns as what that one is released again
 */
async function renewWaiting(
  deployed: number,
  own: Waiting | undefined,
  lifetimeDays: number,
  ports: RollBackWavePorts,
): Promise<StoredRelease | undefined> {
  const states = await ports.table.releaseStates();
  const overtaken = states.filter(({ counter, status }) => status === 'READY' && counter < deployed);
  const waiting = [...overtaken, ...(own ? [own] : [])].sort((one, other) => one.counter - other.counter);
  let renewed: StoredRelease | undefined;
  for (const one of waiting) {
    const again = await renew(one, lifetimeDays, ports);
    if (one === own) renewed = again;
    else {
      const reason = `Released again as ${again.release.releaseId}: a roll-back overtook it.`;
      await ports.table.withdraw(one.counter, reason);
    }
  }
  return renewed;
}

/** An outage is over by then, or no outage. */
const TRIES_UNTIL_A_PERSON_LOOKS = 5;

/** What a person should know of a release that had no part in the failure. */
function prospects(state: RolloutState, again: StoredRelease | undefined): string[] {
  if (!isInnocent(state)) return [];
  if (!again) return ['Devices have been silent often enough: look at why.'];
  const { attempts = 0, awaits, release } = again;
  const when = awaits ? ` ${describeWait(awaits)}` : '';
  const often =
    attempts > TRIES_UNTIL_A_PERSON_LOOKS ? [`It has failed ${attempts} times: look at why.`] : [];
  return [`It is tried again as ${release.releaseId}${when}.`, ...often];
}

/**
 * The waves that have, or are about to have, the release: the table knows even when the step that deployed died before
 * it could say so.
 */
async function touchedWaves(
  state: RolloutState,
  waves: readonly WaveSettings[],
  ports: RollBackWavePorts,
): Promise<WaveSettings[]> {
  const items = await Promise.all(waves.map(({ name }) => ports.table.wave(name)));
  // After a crash in the middle of the roll-back, some waves already have the rollback release instead.
  return waves.filter((_, index) => (items[index]?.counter ?? 0) >= state.counter);
}

/**
 * Deploys what was in service before to every wave that the release has touched. The first release ever has no
 * predecessor: then nothing is deployed, and the devices keep what they run.
 */
export async function rollBackWave(
  state: RolloutState,
  inferenceComponent: ComponentVersion,
  settings: RollBackSettings,
  ports: RollBackWavePorts,
): Promise<RolloutState> {
  const reasons = failureOf(state);
  // Another rollout's waves are its own: an execution that was stopped and redriven has no say in them.
  const holds = (await ports.table.holder()) === state.executionArn;
  const waves = state.plan?.waves ?? settings.waves;
  const touched = holds ? await touchedWaves(state, waves, ports) : [];
  if (touched.length === 0)
    return { ...state, rollback: { outcome: 'NOTHING_DEPLOYED', waves: [], because: reasons } };
  const champion = await ports.table.champion();
  if (!champion) {
    // It stays on its devices, which refuse what is older: who waits goes above it, unless it is tried again itself.
    if (!(await nextTry(state, ports))) {
      await renewWaiting(state.counter, undefined, settings.lifetimeDays, ports);
    }
    return { ...state, rollback: { outcome: 'NO_PREVIOUS_RELEASE', waves: [], because: reasons } };
  }
  if (champion.counter === state.counter || state.request?.resume?.to === 'COMPLETE') {
    throw new InvalidInputError(
      `${state.releaseId} is in service everywhere: its rollout is to be completed, not taken back`,
    );
  }
  const stored = await makeRollback(state, champion.counter, settings.lifetimeDays, ports);
  const next = await nextTry(state, ports);
  const own = next && { counter: state.counter, ...next };
  const again = await renewWaiting(stored.release.counter, own, settings.lifetimeDays, ports);
  const because = [...reasons, ...prospects(state, again)];
  await ports.publish(stored, state.executionArn);
  const { counter, releaseId } = stored.release;
  const components = [
    inferenceComponent,
    { name: stored.componentName, version: stored.componentVersion, hotSwapped: true },
  ];
  const deployed: DeployedWave[] = [];
  for (const { name, thingGroupName, thingGroupArn, installTimeoutSeconds } of touched) {
    await ports.table.noteWave(name, counter);
    const deploymentId = await ports.deploy(
      thingGroupArn,
      components,
      `${releaseId} to ${name}, rollback of ${state.releaseId}`,
      state.executionArn,
    );
    deployed.push({
      name,
      thingGroupName,
      thingGroupArn,
      installTimeoutSeconds,
      deploymentId,
      deployedAt: ports.now().toISOString(),
      previousCounter: state.counter,
    });
  }
  const everywhere = deployed.length === waves.length;
  // A check of the release itself says nothing of its successor.
  const { check: _check, ...kept } = state;
  const rollback = { outcome: 'DEPLOYED', counter, releaseId, waves: deployed, everywhere, because } as const;
  return { ...kept, rollback };
}
