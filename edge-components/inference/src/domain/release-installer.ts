/**
 * Takes an offered release through the table of `release-transitions.ts` and answers with a verdict. One at a time.
 * Nothing here stops the release in service: its model keeps answering frames until the switch.
 */
import type {
  ComponentConfiguration,
  Release,
  ReleaseOffer,
  ReleaseVerdict,
  TrustedKeys,
} from '../../../../contracts';
import type { ReleaseStore, StoredRelease } from '../adapters/release-store';
import type { Clock, ImageDecoder, LoadedModel, Log, ModelHost } from '../ports';
import { shadowFramesOf } from './configuration';
import {
  RELEASE_TRANSITIONS,
  type ReleaseAction,
  ReleaseRefusal,
  type VerdictCode,
} from './release-transitions';
import {
  authenticate,
  checkCounter,
  checkExpiry,
  checkListing,
  checkTarget,
  type PresentFile,
  parseEnvelope,
  parseRelease,
  sha256Of,
} from './release-verification';
import { compareTrials, loadServing, loadTrials, type Trial, type TrialResult } from './self-test';
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
  readonly configuration: () => ComponentConfiguration;
  /** @throws Error when the device has no readable trusted keys */
  readonly trustedKeys: () => Promise<TrustedKeys['keys']>;
  readonly architecture: string;
  readonly offers: OfferReader;
}

/** Reads an offered folder. All throw ReleaseRefusal. */
export interface OfferReader {
  envelope(folder: string): Promise<Buffer>;
  list(folder: string): Promise<PresentFile[]>;
  verifyFile(folder: string, file: Release['files'][number]): Promise<void>;
}

/** What the steps hand on to each other. */
interface Installation {
  readonly offer: ReleaseOffer;
  readonly envelope: Buffer;
  readonly digest: string;
  release?: Release;
  stored?: StoredRelease;
  readonly trials: Trial[];
  result?: TrialResult;
  serving?: LoadedModel;
  pending?: PendingSwitch;
}

/** The release in service is offered again: nothing to do. */
class AlreadyInService extends Error {}

export class ReleaseInstaller {
  constructor(private readonly ports: InstallerPorts) {}

  /** Never throws: whatever goes wrong is a refusal. */
  async install(offer: ReleaseOffer): Promise<ReleaseVerdict> {
    let installation: Installation | undefined;
    try {
      const envelope = await this.ports.offers.envelope(offer.artifactsPath);
      installation = { offer, envelope, digest: sha256Of(envelope), trials: [] };
      await this.runTable(installation);
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
    for (const { from, action, to, onError, undo } of RELEASE_TRANSITIONS) {
      try {
        await this.actions[action](installation);
        this.ports.log.info('release', { digest: installation.digest, from, to });
      } catch (error) {
        if (error instanceof AlreadyInService) throw error;
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
      await closeTrials(installation);
      installation.serving = await loadServing(stored, installation.result.variant, this.ports);
    },
    switch: async (installation) => {
      installation.pending = this.ports.slot.switchTo(activeRelease(installation));
    },
    commit: async (installation) => {
      const { digest, result, release, pending } = installation as Required<Installation>;
      await this.ports.store.commit({ digest, ...result }, release.counter);
      pending.keep(shadowFramesOf(this.ports.configuration()));
      await this.ports.store
        .collectGarbage()
        .catch((error) => this.ports.log.warn('old releases not deleted', { error: String(error) }));
    },
  };

  private async verify(installation: Installation): Promise<void> {
    const { offer, envelope, digest } = installation;
    const { store, slot, offers, clock, architecture } = this.ports;
    if (slot.current?.digest === digest && store.current?.digest === digest) throw new AlreadyInService();
    const parsed = parseEnvelope(envelope);
    const release = parseRelease(authenticate(parsed, await this.ports.trustedKeys()));
    installation.release = release;
    const { useCase, modelComponentName } = this.ports.configuration();
    checkTarget(release, {
      useCase,
      componentName: modelComponentName ?? offer.componentName,
      architecture,
    });
    if (offer.componentName !== release.target.componentName) {
      throw new ReleaseRefusal('WRONG_TARGET', `offered by component '${offer.componentName}'`);
    }
    checkExpiry(release, clock.now());
    checkCounter(release, store.highestCounter);
    if (store.isQuarantined(digest)) {
      throw new ReleaseRefusal('QUARANTINED', 'this release has failed its self-test on this device before');
    }
    checkListing(release, await offers.list(offer.artifactsPath));
    for (const file of release.files) await offers.verifyFile(offer.artifactsPath, file);
  }

  private async undo(
    what: (typeof RELEASE_TRANSITIONS)[number]['undo'],
    installation: Installation,
  ): Promise<void> {
    // The staged folder stays: current.json on disk may already name it, and the next start tells.
    if (what === 'switch') return installation.pending?.undo();
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
          ...(releaseId && { releaseId }),
          code: refusal.code,
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

async function closeTrials(installation: Installation): Promise<void> {
  await Promise.all(installation.trials.splice(0).map(({ model }) => model.close()));
}

function activeRelease({ digest, release, result, serving }: Installation): ActiveRelease {
  return {
    digest,
    release: release as Release,
    variant: (result as TrialResult).variant,
    model: serving as LoadedModel,
  };
}
