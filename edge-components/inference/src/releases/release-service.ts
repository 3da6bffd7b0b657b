/**
 * Which release serves a use case: brings the one of before back at a start, puts an offered one into service, and keeps
 * one in service whatever happens to its process.
 */
import type { DeviceStatus, InferenceResult, ReleaseOffer, ReleaseVerdict } from '../../../../contracts';
import type { ModelError } from '../ports';
import { Retry } from '../shared/retry';
import type { ChallengeOutcome } from './challenge';
import { mustRevert, ProbationWatch } from './probation';
import { type InstallerPorts, ReleaseInstaller } from './release-installer';
import { type Restored, restorePrevious, restoreRelease } from './release-restore';
import { clockProblem } from './release-verification';
import type { ActiveRelease } from './serving-slot';

export interface ReleaseServicePorts extends Omit<InstallerPorts, 'onChallenge'> {
  readonly random: () => number;
  /** A release serves again, or another one. */
  readonly onServing: () => void;
}

type Inventory = NonNullable<DeviceStatus['releases']>;

/** The first start after an end comes at once, the next ones later and later, until frames are answered again. */
const RESTART_MILLISECONDS = { first: 200, longest: 30_000 };
/** As the contract of the status has it. */
const LONGEST_REASON = 200;

export class ReleaseService {
  private readonly installer: ReleaseInstaller;
  private readonly probation: ProbationWatch;
  private readonly restarts: Retry;
  private restoreProblem: string | undefined;
  /** The release that should serve was taken out. */
  private reverted: string | undefined;
  /** It should be taken out, and there is no other. */
  private spared: string | undefined;
  private lastEnding: string | undefined;
  private lastChallenge: DeviceStatus['challenge'];
  private stopping = false;
  /** Monotonic: until when the time that has passed is noted. */
  private notedUntil: number;

  constructor(private readonly ports: ReleaseServicePorts) {
    const { store, clock, random } = ports;
    this.installer = new ReleaseInstaller({
      ...ports,
      onChallenge: (releaseId, outcome) => this.noteChallenge(releaseId, outcome),
    });
    this.probation = new ProbationWatch({ note: (probation) => store.noteProbation(probation), clock });
    this.restarts = new Retry(RESTART_MILLISECONDS, random);
    this.notedUntil = clock.monotonic();
  }

  /** What answers the next frame. */
  get current(): ActiveRelease | undefined {
    return this.ports.slot.current;
  }

  /** Why there is no release, or why it is not the one that it should be. */
  get problem(): string | undefined {
    const problems = [
      this.reverted,
      this.probation.isOn(this.current?.digest) ? this.spared : undefined,
      this.restoreProblem,
    ].filter((problem) => problem !== undefined);
    if (problems.length > 0) return problems.join('; ');
    return this.current ? undefined : (this.lastEnding ?? 'no release yet');
  }

  /** How the process of a release has ended last, since the component started. */
  get lastEnd(): string | undefined {
    return this.lastEnding;
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
    const { store } = this.ports;
    const refusedReleases = store.refusals.map((record) => {
      const { payloadDigest: _, ...told } = record;
      return { ...told, quarantined: store.quarantineOf(record) === record };
    });
    return {
      highestCounter: store.highestCounter,
      ...(refusedReleases.length > 0 && { refusedReleases }),
      releases: this.storedReleases(),
    };
  }

  /** At a start: the release of before serves again; where none can, it is tried on and on. */
  async restore(): Promise<void> {
    const { store } = this.ports;
    this.probation.restored(await store.probation());
    this.take(await restoreRelease(this.ports));
    if (!this.current && store.current) void this.serveAgain();
  }

  /** Never throws: whatever goes wrong is a refusal. */
  async install(offer: ReleaseOffer): Promise<ReleaseVerdict> {
    const verdict = await this.installer.install(offer);
    if (verdict.code === 'ACCEPTED') {
      // Its signed time is noted by now; what passed before it came does not add to that.
      this.notedUntil = this.ports.clock.monotonic();
      this.restoreProblem = undefined;
      this.reverted = undefined;
      this.restarts.succeeded();
      if (this.current) await this.probation.taken(this.current.digest).catch(() => undefined);
      this.watch(this.current);
    }
    return verdict;
  }

  /** The release has answered a frame. */
  answered({ digest }: ActiveRelease, { status }: Pick<InferenceResult, 'status'>): void {
    const good = status !== 'invalid';
    void this.probation.answered(digest, good).catch(() => undefined);
    // One that ends itself between good answers is started later and later all the same.
    if (good && !this.probation.isOn(digest)) this.restarts.succeeded();
  }

  /**
   * The process of a release hangs or has ended: it is started again, or gives its place to the release before when it has
   * ended itself too often and that one can serve.
   */
  async modelGone(active: ActiveRelease, { message, isOwnDoing }: ModelError): Promise<void> {
    const { slot, log } = this.ports;
    if (!slot.withdraw(active) || this.stopping) return;
    const { releaseId } = active.release;
    this.lastEnding = `${releaseId}: ${message}`;
    log.error('process ended', { releaseId, reason: message, isOwnDoing });
    this.restarts.failed();
    if (isOwnDoing) await this.blame(active, message);
    await this.serveAgain();
  }

  /**
   * So that a clock which is set back is found out, also after a restart. The clock itself is not asked: since the last
   * release was made at least so much time has passed as the component has run. A clock that was at 2099 for an hour says
   * nothing here, and one that is right could say no more than that it is not before.
   */
  async noteTime(): Promise<void> {
    const { store, clock } = this.ports;
    const until = clock.monotonic();
    const passed = until - this.notedUntil;
    this.notedUntil = until;
    if (store.latestTime > 0) await store.noteTime(store.latestTime + passed).catch(() => undefined);
  }

  /** From now on no model is loaded in place of one that is gone. */
  prepareStop(): void {
    this.stopping = true;
    this.restarts.wake();
  }

  /** After the last frame. */
  stop(): void {
    this.prepareStop();
    this.ports.slot.close();
  }

  /** Until a release serves, or the component stops. */
  private async serveAgain(): Promise<void> {
    while (!this.current && !this.stopping) {
      if (this.restarts.failures > 1) await this.restarts.backOff();
      if (this.current || this.stopping) return;
      this.take(await restoreRelease(this.ports));
      if (!this.current) this.restarts.failed();
    }
  }

  /** The end counts against the release; when it was one too many, the one before takes its place. */
  private async blame({ digest, release }: ActiveRelease, reason: string): Promise<void> {
    const { store, clock, log } = this.ports;
    // A disk that takes no note must not stop the line.
    await this.probation.died(digest).catch((error: Error) => {
      log.warn('end not noted', { error: error.message });
    });
    const ends = this.probation.of(digest);
    if (!mustRevert(ends, clock.now()) || store.current?.digest !== digest) return;
    const times = Math.max(ends.deaths, ends.ends.length);
    const said = `release ${digest.slice(0, 12)} has ended its process ${times} times`;
    const before = await restorePrevious(this.ports);
    if (!before.active) {
      // Never down to no release at all.
      this.spared = `${said} and serves on: ${before.problem}`;
      return;
    }
    await store
      .revert({
        releaseDigest: digest,
        releaseId: release.releaseId,
        code: 'ENDED_ITS_PROCESS',
        reason: reason.slice(0, LONGEST_REASON),
        at: new Date(clock.now()).toISOString(),
      })
      .catch((error: Error) => log.error('not reverted on disk', { error: error.message }));
    log.error('release reverted', { digest, times });
    this.reverted = `${said} and was taken out of service`;
    this.take(before);
  }

  /** Another release may have come into service meanwhile. */
  private take({ active, problem }: Restored): void {
    const { slot, onServing } = this.ports;
    if (!active) {
      this.restoreProblem = problem;
      return;
    }
    if (this.current || this.stopping) {
      void active.model.close();
      return;
    }
    this.restoreProblem = problem;
    slot.switchTo(active).keep(0);
    this.watch(active);
    onServing();
  }

  /** Also when its process ends between two frames. */
  private watch(active: ActiveRelease | undefined): void {
    void active?.model.gone.then((error) => this.modelGone(active, error));
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
