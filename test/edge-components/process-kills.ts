/**
 * Kills processes of the real component from outside, one after the other, at random, while parts are shown, and looks how
 * soon they are inspected again. Plays the nucleus towards the process that it watches.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type ErrorHistory, type NucleusName, withError } from '@kaizen-edge/local-aws';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { type ComponentProcess, type ProcessKind, processesOf } from './component-processes';
import type { Device } from './device-harness';
import { COMPONENT } from './release-fixture';
import { waitFor } from './wait-for';

export interface ProcessKillsOptions {
  /** Runs already, without a release. */
  readonly device: Device;
  readonly kills: number;
  /** Decides the instants and who is killed. The machine decides what the component is doing then. */
  readonly seed: number;
  /** What the camera shows. */
  readonly image: Buffer;
  /** Makes the artifact folder of a release of this counter and answers its path. */
  readonly release: (counter: number) => Promise<string>;
  /** Told after each kill. */
  readonly onKill?: (kills: number) => void;
}

export interface Recovery {
  readonly kind: ProcessKind;
  /** From the kill to the result of a part that was shown after it. */
  readonly milliseconds: number;
}

export interface ProcessKillsReport {
  readonly recoveries: readonly Recovery[];
  /** Releases that were taken in while processes were killed. */
  readonly accepted: number;
  /** What must not be, in words: a release that is blamed, a part that is not decided, a component that is given up. */
  readonly wrong: readonly string[];
}

/** Both nuclei start a process again that has ended for the second time within an hour, and give up at the third. */
const FORGIVEN_ENDS = 2;
/** RestartSec of the units of nucleus lite (unit_file_generator.c, RETRY_DELAY_SECONDS). The classic one starts at once. */
const RESTART_DELAY_MILLISECONDS: Readonly<Record<NucleusName, number>> = { classic: 0, lite: 1_000 };
const LONGEST_PAUSE_MILLISECONDS = 250;
const FRAME_MILLISECONDS = 20;
/** So often another release is offered, so that trial processes are among those that may be killed. */
const OFFER_EVERY = 10;

export async function processKills(options: ProcessKillsOptions): Promise<ProcessKillsReport> {
  const { device, kills, seed, image, release, onKill } = options;
  const random = xoroshiro128plus(seed);
  const nucleus = new WatchingNucleus(device);
  const wrong: string[] = [];
  const recoveries: Recovery[] = [];
  let counter = 1;
  const accept = async (offerId: string): Promise<void> => {
    const verdict = await waitFor('a verdict', () => device.verdict(offerId), 60_000);
    if (verdict.verdict !== 'accepted') wrong.push(`release ${counter}: ${verdict.code} ${verdict.message}`);
  };
  const offer = async (): Promise<string> => device.putOffer(await release(counter++), COMPONENT);
  await accept(await offer());

  const line = new ShownParts(device, image);
  let offered: string | undefined;
  for (let kill = 1; kill <= kills; kill++) {
    await line.nextResult();
    if (kill % OFFER_EVERY === 0) offered ??= await offer();
    await pause(uniformInt(random, 0, LONGEST_PAUSE_MILLISECONDS));
    const victim = victimOf(random, device, nucleus.ends < FORGIVEN_ENDS);
    const killed = performance.now();
    process.kill(victim.pid, 'SIGKILL');
    if (victim.kind === 'watched') await nucleus.startAgain();
    await line.nextResult();
    recoveries.push({ kind: victim.kind, milliseconds: performance.now() - killed });
    if (offered && device.verdict(offered)) {
      await accept(offered);
      offered = undefined;
    }
    onKill?.(kill);
  }
  if (offered) await accept(offered);
  await line.nextResult();
  await line.stop();
  if (nucleus.isBroken) wrong.push('the nucleus has given the component up');
  return { recoveries, accepted: counter - 1, wrong: [...wrong, ...wrongResults(device, counter - 1)] };
}

function wrongResults(device: Device, counter: number): string[] {
  const undecided = device.localResults.filter(({ status }) => status === 'invalid');
  const refused = device.statuses.flatMap(({ refusedReleases = [] }) => refusedReleases);
  const last = device.localResults.at(-1)?.releaseId;
  return [
    ...undecided.map(({ frameId, reason }) => `${frameId}: ${reason}`),
    ...refused.map(({ releaseId, code, reason }) => `${releaseId} refused: ${code} ${reason}`),
    ...(last?.endsWith(`-${counter}`)
      ? []
      : [`${last} serves at the end, not the release of counter ${counter}`]),
  ];
}

function victimOf(random: RandomGenerator, device: Device, withWatched: boolean): ComponentProcess {
  const all = processesOf(device.processId).filter(({ kind }) => withWatched || kind !== 'watched');
  return all[uniformInt(random, 0, all.length - 1)] as ComponentProcess;
}

/** What either nucleus does when the process ends that it watches. */
class WatchingNucleus {
  ends = 0;
  isBroken = false;
  private history: ErrorHistory = {};

  constructor(private readonly device: Device) {}

  async startAgain(): Promise<void> {
    const { device } = this;
    await waitFor('the end of the watched process', () => !device.isUp);
    this.ends++;
    const { history, next } = withError(this.history, 'RUNNING', Date.now());
    this.history = history;
    this.isBroken ||= next === 'BROKEN';
    await pause(RESTART_DELAY_MILLISECONDS[device.nucleus]);
    await device.startProcess();
  }
}

/** Shows parts for as long as a camera is connected, each with a number of its own. */
class ShownParts {
  private shown = 0;
  private stopped = false;
  private readonly showing: Promise<void>;

  constructor(
    private readonly device: Device,
    private readonly image: Buffer,
  ) {
    this.showing = this.showAll();
  }

  /** Resolves when a part was decided that is shown after now. */
  async nextResult(): Promise<void> {
    const after = this.shown;
    const { localResults } = this.device;
    await waitFor(
      'a part to be inspected',
      () => Number(localResults.at(-1)?.frameId.split('-').pop() ?? -1) >= after,
      60_000,
    );
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.showing;
  }

  private async showAll(): Promise<void> {
    while (!this.stopped) {
      if (this.device.cameraConnected) this.device.show(`part-${this.shown++}`, this.image);
      await pause(FRAME_MILLISECONDS);
    }
  }
}
