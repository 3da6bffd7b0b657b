/**
 * SIGKILLs the real component at random instants of installations, again and again, and looks at what is left: on disk at
 * once, and by what it serves after the next start.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import {
  RELEASE_TRANSITIONS,
  type ReleaseTransition,
} from '../../edge-components/inference/src/releases/release-transitions';
import { sha256Of } from '../../edge-components/inference/src/releases/release-verification';
import type { Device } from './device-harness';
import { COMPONENT } from './release-fixture';
import { waitFor } from './wait-for';

export interface KillLoopOptions {
  /** Runs already, without a release. */
  readonly device: Device;
  readonly kills: number;
  /** Decides the instants. The machine decides what the component is doing then. */
  readonly seed: number;
  /** Makes the artifact folder of a release of this counter and answers its path. */
  readonly release: (counter: number) => Promise<string>;
  /** Told after each kill. */
  readonly onKill?: (kills: number) => void;
}

export interface KillLoopReport {
  readonly kills: number;
  readonly seed: number;
  /** Every state that was neither the old nor the new release, whole and served; in words. */
  readonly invalid: readonly string[];
  /** How often the kill came after which state of the installation; `IDLE` where none was under way. */
  readonly byState: Readonly<Record<string, number>>;
  readonly accepted: number;
}

/** Path -> declared SHA-256 of every file of the release that current.json names. */
export function currentFiles(state: string): Record<string, string> {
  const { current } = JSON.parse(readFileSync(join(state, 'releases', 'current.json'), 'utf8'));
  const folder = join(state, 'releases', current.digest);
  const envelope = readFileSync(join(folder, 'release.dsse.json'));
  const { files } = JSON.parse(Buffer.from(JSON.parse(envelope.toString()).payload, 'base64').toString());
  return {
    [join(folder, 'release.dsse.json')]: current.digest,
    ...Object.fromEntries(
      files.map((file: { name: string; sha256: string }) => [join(folder, file.name), file.sha256]),
    ),
  };
}

/** What is wrong with the release that current.json names; undefined when every byte of it is as signed. */
export function damageOf(state: string): string | undefined {
  try {
    const damaged = Object.entries(currentFiles(state)).filter(
      ([path, digest]) => sha256Of(readFileSync(path)) !== digest,
    );
    return damaged.length > 0 ? `damaged: ${damaged.map(([path]) => path).join(', ')}` : undefined;
  } catch (error) {
    return `unreadable: ${(error as Error).message}`;
  }
}

/** The last state that the log of a process names, after which it was killed. */
function stateIn(log: string): string {
  const last = log
    .trimEnd()
    .split('\n')
    .reverse()
    .find((line) => line.includes('"message":"release"'));
  const to = last && (JSON.parse(last) as { to?: string }).to;
  return to === undefined ? 'OFFERED' : to;
}

/**
 * Half of the instants are spread evenly over an installation. A commit takes a hundredth of it, so the other half comes
 * just after a state that is chosen first: else some states would be met once in a hundred kills.
 */
async function instant(
  random: RandomGenerator,
  device: Device,
  logged: number,
  longestDelay: number,
): Promise<void> {
  const anywhere = uniformInt(random, 0, 1) === 0;
  const delay = uniformInt(random, 0, anywhere ? longestDelay : LONGEST_AFTER_STATE);
  const { to } = RELEASE_TRANSITIONS[
    uniformInt(random, 0, RELEASE_TRANSITIONS.length - 1)
  ] as ReleaseTransition;
  if (!anywhere) {
    const deadline = performance.now() + longestDelay;
    while (performance.now() < deadline && stateIn(device.log.slice(logged)) !== to) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  await new Promise((resolve) => setTimeout(resolve, delay));
}

/** Milliseconds; short beside a commit and long beside what the log takes to arrive. */
const LONGEST_AFTER_STATE = 4;

/** Longer than an installation takes, so that the instants are spread over all of it. */
const LONGEST_DELAY_FACTOR = 1.2;

/** Every so many installations, a challenge has to wait its whole time for a frame, which no camera shows. */
const CHALLENGED_EVERY = 10;

/** Without a challenge there is no time between the self-test and the switch, so no kill could come there. */
const configurationFor = (kill: number) =>
  kill % CHALLENGED_EVERY === 0 ? { challenger: { frames: 1, minimumFrames: 0, timeoutSeconds: 1 } } : {};

export async function killLoop(options: KillLoopOptions): Promise<KillLoopReport> {
  const { device, kills, seed, release, onKill } = options;
  const random = xoroshiro128plus(seed);
  const invalid: string[] = [];
  const byState: Record<string, number> = {};
  let accepted = 0;
  let counter = 1;

  const began = performance.now();
  const first = await device.offer(await release(counter), COMPONENT);
  if (first.code !== 'ACCEPTED') throw new Error(`the first release was refused: ${first.message}`);
  const longestDelay = Math.ceil((performance.now() - began) * LONGEST_DELAY_FACTOR);

  let pending: string | undefined;
  for (let kill = 1; kill <= kills; kill++) {
    pending ??= device.putOffer(await release(++counter), COMPONENT);
    const logged = device.log.length;
    await instant(random, device, logged, longestDelay);
    const answered = device.verdict(pending) !== undefined;
    await device.endProcess('SIGKILL');
    const state = answered ? 'IDLE' : stateIn(device.log.slice(logged));
    byState[state] = (byState[state] ?? 0) + 1;

    const damage = damageOf(device.stateOf());
    if (damage !== undefined) invalid.push(`kill ${kill} after ${state}: ${damage}`);
    const statuses = device.statuses.length;
    device.configure(configurationFor(kill + 1));
    await device.startProcess();
    const status = await waitFor('a status after the start', () => device.statuses.slice(statuses)[0]);
    const serves = Number(status.releaseId?.split('-').pop());
    const condition = status.conditions.find(({ name }) => name === 'release');
    if (!(serves >= 1 && serves <= counter && condition?.ok)) {
      invalid.push(`kill ${kill} after ${state}: serves ${status.releaseId}, ${condition?.value}`);
    }
    const verdict = device.verdict(pending);
    if (verdict) {
      if (verdict.verdict === 'accepted') accepted++;
      else invalid.push(`kill ${kill}: a good release was refused: ${verdict.code} ${verdict.message}`);
      pending = undefined;
    }
    onKill?.(kill);
  }
  if (pending) {
    const last = pending;
    const verdict = await waitFor('the last verdict', () => device.verdict(last), 60_000);
    if (verdict.verdict === 'accepted') accepted++;
  }
  return { kills, seed, invalid, byState, accepted };
}
