/**
 * Which release serves a use case: brings the one of before back at a start, puts an offered one into service, and takes
 * one out that fails.
 */
import type { DeviceStatus, InferenceResult, ReleaseOffer, ReleaseVerdict } from '../../../../contracts';
import type { ChallengeOutcome } from './challenge';
import { deathsAfterStart, mustRevert, ProbationWatch } from './probation';
import { type InstallerPorts, ReleaseInstaller } from './release-installer';
import { restoreRelease } from './release-restore';
import { clockProblem } from './release-verification';
import type { ActiveRelease } from './serving-slot';

export interface ReleaseServicePorts extends Omit<InstallerPorts, 'onChallenge'> {
  /** Ends the process, so that the nucleus starts a fresh one. */
  readonly endProcess: () => void;
}

type Inventory = NonNullable<DeviceStatus['releases']>;

/** A model that dies this often without a good result in between will not recover by loading it again. */
const MOST_RELOADS = 3;

export class ReleaseService {
  private readonly installer: ReleaseInstaller;
  private readonly probation: ProbationWatch;
  private reloads = 0;
  private restoreProblem: string | undefined;
  private lastChallenge: DeviceStatus['challenge'];
  private stopping = false;

  constructor(private readonly ports: ReleaseServicePorts) {
    const { store, clock, bootId } = ports;
    this.installer = new ReleaseInstaller({
      ...ports,
      onChallenge: (releaseId, outcome) => this.noteChallenge(releaseId, outcome),
    });
    this.probation = new ProbationWatch({
      note: (probation) => store.noteProbation(probation),
      clock,
      bootId,
    });
  }

  /** What answers the next frame. */
  get current(): ActiveRelease | undefined {
    return this.ports.slot.current;
  }

  /** Why there is no release, or why it is not the one that it should be. */
  get problem(): string | undefined {
    return this.current ? this.restoreProblem : (this.restoreProblem ?? 'no release yet');
  }

  get clockProblem(): string | undefined {
    return clockProblem(this.ports.clock.now(), this.ports.store.latestTime);
  }

  /** How the last challenge has ended. */
  get challenge(): DeviceStatus['challenge'] {
    return this.lastChallenge;
  }

  /** Everything of the status that the store knows. */
  get inventory(): Required<Pick<DeviceStatus, 'highestCounter' | 'releases'>> &
    Pick<DeviceStatus, 'refusedReleases'> {
    const { highestCounter, refusals } = this.ports.store;
    return {
      highestCounter,
      ...(refusals.length > 0 && { refusedReleases: [...refusals] }),
      releases: this.storedReleases(),
    };
  }

  /**
   * At a start: the release of before serves again, unless it has ended the process too often.
   * @param endedUncleanly whether the process before this one ended without being told to
   */
  async restore(endedUncleanly: boolean): Promise<void> {
    await this.revertAfterDeaths();
    await this.bringBack(endedUncleanly);
  }

  /** Never throws: whatever goes wrong is a refusal. */
  async install(offer: ReleaseOffer): Promise<ReleaseVerdict> {
    const verdict = await this.installer.install(offer);
    if (verdict.code === 'ACCEPTED') {
      this.restoreProblem = undefined;
      this.reloads = 0;
    }
    return verdict;
  }

  /** To be awaited before a release answers its first frame after a start or a switch. */
  async beginProbation({ digest }: ActiveRelease): Promise<void> {
    // A disk that takes no note must not stop the line: the release has passed its self-test.
    await this.probation
      .begin(digest)
      .catch((error: Error) => this.ports.log.warn('probation not noted', { error: error.message }));
  }

  /** A frame was answered. */
  answered({ status }: Pick<InferenceResult, 'status'>): void {
    const good = status !== 'invalid';
    if (good) this.reloads = 0;
    void this.probation.answered(good).catch(() => undefined);
  }

  /** A model hangs or has died: loads it again, or the release before; ends the process when neither helps. */
  async replaceModel(active: ActiveRelease, reason: string): Promise<void> {
    const { slot, log, endProcess } = this.ports;
    if (!slot.withdraw(active) || this.stopping) return;
    log.error('model gone', { releaseId: active.release.releaseId, reason, reloads: this.reloads });
    this.reloads++;
    if (this.reloads <= MOST_RELOADS) await this.bringBack(true);
    if (slot.current || this.stopping) return;
    // Crash-only: a fresh process, started by the nucleus, is the last thing that can help.
    log.error('no release can be served: ending the process');
    endProcess();
  }

  /** So that a clock which is set back is found out, also after a restart. */
  async noteTime(): Promise<void> {
    await this.ports.store.noteTime(this.ports.clock.now()).catch(() => undefined);
  }

  /** From now on no model is loaded in place of one that is gone. */
  prepareStop(): void {
    this.stopping = true;
  }

  /** After the last frame. */
  async stop(): Promise<void> {
    this.prepareStop();
    await this.probation.end().catch(() => undefined);
    this.ports.slot.close();
  }

  private async revertAfterDeaths(): Promise<void> {
    const { store, clock, log, bootId } = this.ports;
    const digest = store.current?.digest;
    if (digest === undefined) return;
    const deaths = deathsAfterStart(await store.probation(), digest, bootId);
    this.probation.restored(digest, deaths);
    if (!mustRevert(deaths)) {
      // Noted before anything is loaded: the next death may come before the first frame.
      if (deaths > 0) await store.noteProbation({ digest, deaths, pending: false, bootId });
      return;
    }
    const problem = `release ${digest.slice(0, 12)} has ended the component ${deaths} times and was taken out of service`;
    log.error('release reverted', { digest, deaths });
    await store.revert({
      releaseDigest: digest,
      code: 'LOAD_FAILED',
      at: new Date(clock.now()).toISOString(),
    });
    this.restoreProblem = problem;
  }

  private async bringBack(suspicious: boolean): Promise<void> {
    const restored = await restoreRelease({ ...this.ports, suspicious });
    const problems = [this.restoreProblem, restored.problem].filter((problem) => problem !== undefined);
    this.restoreProblem = problems.length > 0 ? problems.join('; ') : undefined;
    if (restored.active) this.ports.slot.switchTo(restored.active).keep(0);
  }

  private noteChallenge(releaseId: string, outcome: ChallengeOutcome): void {
    this.lastChallenge = { releaseId, ...outcome };
  }

  private storedReleases(): Inventory {
    const { current, previous } = this.ports.store;
    return (
      [
        ['current', current],
        ['previous', previous],
      ] as const
    ).flatMap(([role, reference]) =>
      reference
        ? [
            {
              role,
              digest: reference.digest,
              variant: reference.variant,
              milliseconds: { ...reference.milliseconds },
            },
          ]
        : [],
    );
  }
}
