/**
 * Takes an offered release through the table of `release-transitions.ts` and answers with a verdict. One at a time.
 * Nothing here stops the release in service: its model keeps answering frames until the switch.
 */
import type { Release, ReleaseOffer, ReleaseVerdict, TrustedKeys } from '../../../../contracts';
import type { UseCaseSettings } from '../configuration/configuration';
import type { Clock, ImageDecoder, LoadedModel, Log, ModelHost } from '../ports';
import { within } from '../shared/within';
import { Challenge, type ChallengeOutcome, challengeProblem } from './challenge';
import type { OfferReader, RefusalRecord, ReleaseStore, StoredRelease } from './ports';
import {
  RELEASE_TRANSITIONS,
  type ReleaseAction,
  ReleaseRefusal,
  type VerdictCode,
} from './release-transitions';
import {
  authenticate,
  checkCodes,
  checkCounter,
  checkExpiry,
  checkListing,
  checkTarget,
  parseEnvelope,
  parseRelease,
  sha256Of,
} from './release-verification';
import { compareTrials, loadServing, loadTrials, refusalOf, type Trial, type TrialResult } from './self-test';
import type { ActiveRelease, PendingSwitch, ServingSlot } from './serving-slot';

export interface InstallerPorts {
  readonly store: ReleaseStore;
  readonly slot: ServingSlot;
  /** Loads models that nobody knows yet, where a hanging one can be killed. */
  readonly trialHost: ModelHost;
  /** Loads the model that serves. */
  readonly servingHost: ModelHost;
  readonly decoder: ImageDecoder;
  readonly clock: Clock;
  readonly log: Log;
  readonly useCase: string;
  readonly settings: () => Pick<UseCaseSettings, 'modelComponentName' | 'challenger' | 'shadow'>;
  /** @throws Error when the device has no readable trusted keys */
  readonly trustedKeys: () => Promise<TrustedKeys['keys']>;
  readonly architecture: string;
  readonly offers: OfferReader;
  /** Told how a challenge has ended. */
  readonly onChallenge: (releaseId: string, outcome: ChallengeOutcome) => void;
}

/** What the steps hand on to each other. */
interface Installation {
  readonly offer: ReleaseOffer;
  readonly envelope: Buffer;
  readonly digest: string;
  /** Of what is signed; set once somebody trusted has signed it. */
  payloadDigest?: string;
  release?: Release;
  stored?: StoredRelease;
  readonly trials: Trial[];
  result?: TrialResult;
  serving?: LoadedModel;
  pending?: PendingSwitch;
}

/** How often an installation is begun again whose process somebody has ended; more often than chance would have it. */
const MOST_ATTEMPTS = 5;
/** As the contract of the status has it. */
const LONGEST_REASON = 200;

/** The release in service is offered again: nothing to do. */
class AlreadyInService extends Error {}

export class ReleaseInstaller {
  constructor(private readonly ports: InstallerPorts) {}

  /** Never throws: whatever goes wrong is a refusal. */
  async install(offer: ReleaseOffer): Promise<ReleaseVerdict> {
    let installation: Installation | undefined;
    try {
      const envelope = await this.ports.offers.envelope(offer.artifactsPath);
      for (let attempt = 1; ; attempt++) {
        installation = { offer, envelope, digest: sha256Of(envelope), trials: [] };
        try {
          await this.runTable(installation);
          break;
        } catch (error) {
          const isInterrupted = error instanceof ReleaseRefusal && error.isInterruption;
          if (!isInterrupted || attempt === MOST_ATTEMPTS) throw error;
          this.ports.log.warn('release begun again', { attempt, reason: error.message });
        }
      }
      return this.verdict(offer, 'ACCEPTED', 'in service', installation.release?.releaseId);
    } catch (error) {
      if (error instanceof AlreadyInService) {
        const releaseId = this.ports.slot.current?.release.releaseId;
        return this.verdict(offer, 'ALREADY_IN_SERVICE', 'already in service', releaseId);
      }
      return this.refused(offer, installation, error as Error);
    }
  }

  private async runTable(installation: Installation): Promise<void> {
    const { log } = this.ports;
    for (const { from, action, to, onError, undo } of RELEASE_TRANSITIONS) {
      try {
        await this.actions[action](installation);
        log.info('release', { digest: installation.digest, from, to });
      } catch (error) {
        if (error instanceof AlreadyInService) throw error;
        if (onError === 'ACCEPTED') {
          log.warn('release', { digest: installation.digest, action, error: (error as Error).message });
          continue;
        }
        await this.undo(undo, installation);
        throw error instanceof ReleaseRefusal
          ? error
          : new ReleaseRefusal(onError, `${action} failed: ${(error as Error).message}`.slice(0, 1000));
      }
    }
  }

  private readonly actions: Readonly<Record<ReleaseAction, (installation: Installation) => Promise<void>>> = {
    verify: (installation) => this.verify(installation),
    stage: async (installation) => {
      const { offer, envelope, release } = installation;
      installation.stored = await this.ports.store.stage(offer.artifactsPath, envelope, release as Release);
    },
    load: (installation) => loadTrials(installation.stored as StoredRelease, installation.trials, this.ports),
    selfTest: async (installation) => {
      const stored = installation.stored as StoredRelease;
      installation.result = await compareTrials(stored, installation.trials, this.ports);
      await closeTrials(installation, installation.result.variant);
    },
    challenge: (installation) => this.challenge(installation),
    warmUp: async (installation) => {
      await closeTrials(installation);
      const { stored, result } = installation as Required<Installation>;
      installation.serving = await loadServing(stored, result, this.ports);
    },
    switch: async (installation) => {
      installation.pending = this.ports.slot.switchTo(
        activeRelease(installation, installation.serving as LoadedModel),
      );
    },
    commit: async (installation) => {
      const { digest, result, release, pending } = installation as Required<Installation>;
      await this.ports.store.commit({ digest, ...result }, release);
      pending.keep(this.ports.settings().shadow.frames);
    },
    cleanUp: async ({ release }) => {
      const { store } = this.ports;
      // What is signed is believed. The clock is not: one that was wrong once would keep every later release out.
      await store.noteTime(Date.parse((release as Release).createdAt));
      await store.collectGarbage();
    },
  };

  private async verify(installation: Installation): Promise<void> {
    const { offer, envelope, digest } = installation;
    const { store, slot, offers, clock, architecture, useCase, settings } = this.ports;
    if (slot.current?.digest === digest && store.current?.digest === digest) throw new AlreadyInService();
    const parsed = parseEnvelope(envelope);
    const payload = authenticate(parsed, await this.ports.trustedKeys());
    const payloadDigest = sha256Of(payload);
    installation.payloadDigest = payloadDigest;
    const release = parseRelease(payload);
    installation.release = release;
    checkTarget(release, { useCase, componentName: settings().modelComponentName, architecture });
    if (offer.componentName !== release.target.componentName) {
      throw new ReleaseRefusal('WRONG_TARGET', `offered by component '${offer.componentName}'`);
    }
    checkExpiry(release, clock.now(), store.latestTime);
    checkCounter(release, store.highestCounter);
    checkCodes(release, store.classCodes);
    const quarantine = store.quarantineOf({ releaseDigest: digest, payloadDigest });
    if (quarantine) throw new ReleaseRefusal('QUARANTINED', quarantineMessage(quarantine));
    checkListing(release, await offers.list(offer.artifactsPath));
    for (const file of release.files) await store.verifyFile(offer.artifactsPath, file);
  }

  /** Where nothing serves, or the frames would not fit, there is nothing to compare with. */
  private async challenge(installation: Installation): Promise<void> {
    const { slot, settings, log, onChallenge } = this.ports;
    const { challenger } = settings();
    const { result, trials, release } = installation as Required<Installation>;
    const trial = trials.find(({ variant }) => variant.name === result.variant);
    if (challenger.frames === 0 || !trial || !slot.canChallenge(release)) return;
    const challenge = new Challenge(challenger.frames);
    const stop = slot.challenge(activeRelease(installation, trial.model), challenge);
    try {
      await within(1000 * challenger.timeoutSeconds, challenge.ended, () => undefined);
    } catch (error) {
      throw refusalOf(error, result.variant);
    } finally {
      stop();
      onChallenge(release.releaseId, challenge.outcome);
    }
    log.info('challenge', { releaseId: release.releaseId, ...challenge.outcome });
    const problem = challengeProblem(challenge.outcome, challenger);
    if (problem !== undefined) throw new ReleaseRefusal('CHALLENGE_LOST', problem);
  }

  private async undo(
    what: (typeof RELEASE_TRANSITIONS)[number]['undo'],
    installation: Installation,
  ): Promise<void> {
    // The staged folder stays: current.json on disk may already name it, and the next start tells.
    if (what === 'switch') {
      if (installation.pending) return installation.pending.undo();
      await installation.serving?.close();
      return;
    }
    if (what === 'loadedModels') {
      await closeTrials(installation);
      await installation.serving?.close();
    }
    if (what !== 'nothing') await this.ports.store.collectGarbage().catch(() => undefined);
  }

  private async refused(
    offer: ReleaseOffer,
    installation: Installation | undefined,
    error: Error,
  ): Promise<ReleaseVerdict> {
    const refusal =
      error instanceof ReleaseRefusal ? error : new ReleaseRefusal('INTERNAL_ERROR', error.message);
    const releaseId = installation?.release?.releaseId;
    this.ports.log.warn('release refused', {
      offerId: offer.offerId,
      code: refusal.code,
      message: refusal.message,
    });
    // A quarantined release keeps the record of its first refusal, which is what quarantines it.
    if (installation && refusal.code !== 'QUARANTINED') {
      await this.ports.store
        .recordRefusal({
          releaseDigest: installation.digest,
          ...(installation.payloadDigest && { payloadDigest: installation.payloadDigest }),
          ...(releaseId && { releaseId }),
          code: refusal.code,
          reason: refusal.message.slice(0, LONGEST_REASON),
          at: new Date(this.ports.clock.now()).toISOString(),
        })
        .catch((failure) => this.ports.log.error('refusal not recorded', { error: String(failure) }));
    }
    return this.verdict(offer, refusal.code, refusal.message, releaseId);
  }

  private verdict(
    offer: ReleaseOffer,
    code: VerdictCode,
    message: string,
    releaseId: string | undefined,
  ): ReleaseVerdict {
    return {
      schemaVersion: 1,
      offerId: offer.offerId,
      verdict: code === 'ACCEPTED' || code === 'ALREADY_IN_SERVICE' ? 'accepted' : 'refused',
      code,
      message: message.slice(0, 1000),
      ...(releaseId && { releaseId }),
      decidedAt: new Date(this.ports.clock.now()).toISOString(),
    };
  }
}

const quarantineMessage = ({ code, reason, at }: RefusalRecord): string =>
  `quarantined on this device since ${at}: ${code}${reason === undefined ? '' : `: ${reason}`}`;

/** Closes all trials but that of the variant `kept`. */
async function closeTrials(installation: Installation, kept?: string): Promise<void> {
  const all = installation.trials.splice(0);
  installation.trials.push(...all.filter(({ variant }) => variant.name === kept));
  await Promise.all(all.filter(({ variant }) => variant.name !== kept).map(({ model }) => model.close()));
}

function activeRelease({ digest, release, result }: Installation, model: LoadedModel): ActiveRelease {
  return { digest, release: release as Release, variant: (result as TrialResult).variant, model };
}
