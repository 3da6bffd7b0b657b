/** What the life of a release needs from the world: where releases are kept, offered and answered. */
import type { Release, ReleaseFile, ReleaseOffer, ReleaseVerdict } from '../../../../contracts';
import type { ClassCodes } from '../../../../contracts/class-codes';
import type { Probation } from './probation';
import type { RecordedCode } from './release-transitions';
import type { PresentFile } from './release-verification';

/** A stored release, by the digest of its envelope, and what the self-test found out about it on this device. */
export interface StoredReference {
  readonly digest: string;
  /** Variant that is served. */
  readonly variant: string;
  /** Variant -> median milliseconds of a run, as measured at installation. */
  readonly milliseconds: Readonly<Record<string, number>>;
}

export interface StoredRelease {
  readonly digest: string;
  /** Holds every file of the release, under its name. */
  readonly folder: string;
  readonly envelope: Buffer;
  readonly release: Release;
}

/** By what a release is known. */
export interface ReleaseIdentity {
  /** Of the envelope. */
  readonly releaseDigest: string;
  /** Of the payload that is signed; absent where nobody trusted has signed it. */
  readonly payloadDigest?: string;
}

export interface RefusalRecord extends ReleaseIdentity {
  readonly releaseId?: string;
  readonly code: RecordedCode;
  /** In words, at most 200 characters. */
  readonly reason?: string;
  /** RFC 3339. */
  readonly at: string;
}

/** The releases of one use case and what is known about them. Whatever resolves here survives a power cut. */
export interface ReleaseStore {
  readonly current: StoredReference | undefined;
  readonly previous: StoredReference | undefined;
  /** Ever accepted; 0 before the first. */
  readonly highestCounter: number;
  /** Of every class of every release that was ever accepted. */
  readonly classCodes: ClassCodes;
  /** The last refusals, oldest first. */
  readonly refusals: readonly RefusalRecord[];
  /** A time that has passed for certain, in milliseconds since the epoch; 0 when none is known. */
  readonly latestTime: number;

  /** Notes that `time` (milliseconds since the epoch) has passed for certain: never what a clock alone says. */
  noteTime(time: number): Promise<void>;
  /** As it was noted, or whatever is there in its place. */
  probation(): Promise<unknown>;
  noteProbation(probation: Probation): Promise<void>;
  /** Why the release is not tried again; undefined when it may be. */
  quarantineOf(release: ReleaseIdentity): RefusalRecord | undefined;

  /**
   * Copies the release out of the offered folder, hashing what it writes.
   * @throws ReleaseRefusal DIGEST_MISMATCH, SIZE_MISMATCH, FILE_MISSING, DISK_FULL, TOO_SLOW; nothing is left behind then
   */
  stage(artifacts: string, envelope: Buffer, release: Release): Promise<StoredRelease>;
  /**
   * Reads a stored release and hashes all of it again: the disk may have changed under us.
   * @throws ReleaseRefusal FILE_MISSING, DIGEST_MISMATCH, SIZE_MISMATCH and those of a broken envelope
   */
  read(digest: string): Promise<StoredRelease>;
  /** The bytes of one file of a stored release. */
  readFile(stored: StoredRelease, name: string): Promise<Buffer>;
  /** @throws ReleaseRefusal FILE_MISSING, SIZE_MISMATCH, DIGEST_MISMATCH, TOO_SLOW */
  verifyFile(folder: string, file: ReleaseFile): Promise<void>;
  /** From here on the release serves, also after a restart. The release that served before becomes the previous one. */
  commit(reference: StoredReference, release: Release): Promise<void>;
  /** The release before serves again, now and after a restart; the current one is quarantined. */
  revert(reason: RefusalRecord): Promise<void>;
  recordRefusal(record: RefusalRecord): Promise<void>;
  /** Deletes every release but the current and the previous one. */
  collectGarbage(): Promise<void>;
}

/** Reads an offered folder. All throw ReleaseRefusal. */
export interface OfferReader {
  envelope(folder: string): Promise<Buffer>;
  list(folder: string): Promise<PresentFile[]>;
}

/** Where model components put their offers and find the verdicts. */
export interface OfferInbox {
  /** @param answer never rejects for a release that is refused: that is a verdict */
  start(answer: (offer: ReleaseOffer) => Promise<ReleaseVerdict>): void;
  /** Does not wait for an offer that is being answered: it is answered again after the next start. */
  stop(): void;
}
