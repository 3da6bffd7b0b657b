/**
 * The component's own copy of its releases, independent of the nucleus's artifact clean-up:
 *
 *     releases/<envelope sha256>/     every file of the release and release.dsse.json; never changed once named
 *     releases/staging-<random>/      being copied; deleted at the next start
 *     releases/current.json           which release serves and which one it replaced
 *     releases/highest-counter        the highest counter ever accepted
 *     releases/class-codes.json       the codes of every class that was ever accepted
 *     releases/refused.json           the last refusals
 *     releases/passed-time            a time that has passed: the clock must not be before it
 *     releases/probation.json         how often the release in service has ended its process (releases/probation.ts)
 */
import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Release, ReleaseFile } from '../../../../contracts';
import { type ClassCodes, codesOf } from '../../../../contracts/class-codes';
import {
  type Disk,
  isDiskFull,
  isReadOnly,
  nodeDisk,
  readIfPresent,
  replaceFile,
  syncFolder,
} from '../shared/durable-file';
import { within } from '../shared/within';
import type { RefusalRecord, ReleaseIdentity, ReleaseStore, StoredReference, StoredRelease } from './ports';
import type { Probation } from './probation';
import { type LiftedQuarantines, quarantineOf, withRefusal } from './quarantine';
import { ReleaseRefusal } from './release-transitions';
import {
  ENVELOPE_FILE,
  type PresentFile,
  parseEnvelope,
  parseRelease,
  sha256Of,
} from './release-verification';

/** What stored releases may use of the disk, in bytes. */
export interface StorageLimits {
  /** All releases of the store together. */
  readonly releaseBytes: number;
  /** What an installation leaves free on the file system. */
  readonly reserveBytes: number;
}

export interface ReleaseStoreOptions {
  /** @default - as many as the file system takes */
  readonly limits?: () => StorageLimits;
  /** Quarantines that an operator has lifted, as they are at the moment. @default - none */
  readonly lifted?: () => LiftedQuarantines;
  /** Free bytes of the file system that holds `folder`. @default - asks the operating system */
  readonly freeBytes?: (folder: string) => Promise<number>;
  readonly disk?: Disk;
  /** For how long one read of an offered file may take, in milliseconds. @default 10000 */
  readonly longestRead?: number;
}

interface InService {
  readonly current?: StoredReference;
  readonly previous?: StoredReference;
}

const REFUSALS_KEPT = 16;
/** An envelope's payload is at most 256 KiB of base64 by contract; the rest is signatures. */
const LARGEST_ENVELOPE_BYTES = 512 * 1024;
/** Two of them are in memory: one is read while the other is hashed. */
const CHUNK_BYTES = 1 << 19;
/**
 * A local disk gives a chunk of 512 KiB in milliseconds, a worn SD card in half a second. What takes ten is a network file
 * system that hangs, or somebody who feeds the file slowly: the offer must not occupy the installer for ever.
 */
const LONGEST_READ_MILLISECONDS = 10_000;
const NO_LIMITS: StorageLimits = { releaseBytes: Number.MAX_SAFE_INTEGER, reserveBytes: 0 };
const HOUR_MILLISECONDS = 3_600_000;
const RELEASE_FOLDER = /^[0-9a-f]{64}$/;
const PASSED_TIME = 'passed-time';
/** Of releases of the component that believed their clock: one that was wrong once had the last word for ever. */
const CLOCKS_WORD = 'latest-time';

export class DiskReleaseStore implements ReleaseStore {
  private inService: InService = {};
  private refusalRecords: RefusalRecord[] = [];
  private counter = 0;
  private knownCodes: ClassCodes = {};
  private latestKnownTime = 0;
  private writtenTime = 0;

  private constructor(
    private readonly folder: string,
    private readonly options: Required<ReleaseStoreOptions>,
  ) {}

  private get disk(): Disk {
    return this.options.disk;
  }

  /** Reads the state and deletes what a kill left behind. Damaged state files are treated as absent. */
  static async open(folder: string, options: ReleaseStoreOptions = {}): Promise<DiskReleaseStore> {
    const store = new DiskReleaseStore(folder, {
      limits: () => NO_LIMITS,
      lifted: () => ({}),
      freeBytes: freeBytesOf,
      disk: nodeDisk,
      longestRead: LONGEST_READ_MILLISECONDS,
      ...options,
    });
    await store.disk.mkdir(folder, { recursive: true });
    store.inService = inServiceOf(await store.readState('current.json'));
    store.refusalRecords = refusalsOf(await store.readState('refused.json'));
    store.counter = await store.readHighestCounter();
    store.knownCodes = await store.readClassCodes();
    store.latestKnownTime = await store.readPassedTime();
    await store.collectGarbage().catch((error) => {
      if (!isReadOnly(error)) throw error;
    });
    return store;
  }

  get current(): StoredReference | undefined {
    return this.inService.current;
  }

  get previous(): StoredReference | undefined {
    return this.inService.previous;
  }

  get highestCounter(): number {
    return this.counter;
  }

  get classCodes(): ClassCodes {
    return this.knownCodes;
  }

  get refusals(): readonly RefusalRecord[] {
    return this.refusalRecords;
  }

  get latestTime(): number {
    return this.latestKnownTime;
  }

  /** Written once an hour at most: disks wear. */
  async noteTime(time: number): Promise<void> {
    this.latestKnownTime = Math.max(this.latestKnownTime, time);
    if (time < this.writtenTime + HOUR_MILLISECONDS) return;
    this.writtenTime = time;
    await replaceFile(join(this.folder, PASSED_TIME), new Date(time).toISOString(), this.disk);
  }

  probation(): Promise<unknown> {
    return this.readState('probation.json');
  }

  noteProbation(probation: Probation): Promise<void> {
    return this.writeState('probation.json', probation);
  }

  quarantineOf(release: ReleaseIdentity): RefusalRecord | undefined {
    return quarantineOf(this.refusalRecords, release, this.options.lifted());
  }

  async stage(artifacts: string, envelope: Buffer, release: Release): Promise<StoredRelease> {
    await this.checkRoom(release, envelope.length);
    const digest = sha256Of(envelope);
    const folder = join(this.folder, digest);
    const staging = join(this.folder, `staging-${randomBytes(6).toString('hex')}`);
    try {
      await this.disk.mkdir(staging);
      for (const file of release.files) await this.copyVerified(artifacts, staging, file);
      await replaceFile(join(staging, ENVELOPE_FILE), envelope, this.disk);
      // Left by an earlier attempt that was cut off, or damaged since: what is copied now has just been verified.
      await this.disk.rm(folder, { recursive: true, force: true });
      await this.disk.rename(staging, folder);
      await syncFolder(this.folder, this.disk);
    } catch (error) {
      await this.disk.rm(staging, { recursive: true, force: true });
      if (isDiskFull(error)) throw new ReleaseRefusal('DISK_FULL', 'no room on disk for the release');
      throw error;
    }
    return { digest, folder, envelope, release };
  }

  async read(digest: string): Promise<StoredRelease> {
    const folder = join(this.folder, digest);
    const envelope = await readEnvelope(folder, this.disk);
    if (sha256Of(envelope) !== digest) {
      throw new ReleaseRefusal('DIGEST_MISMATCH', `stored ${ENVELOPE_FILE} has another digest`);
    }
    const release = parseRelease(payloadOf(envelope));
    for (const file of release.files) await this.verifyFile(folder, file);
    return { digest, folder, envelope, release };
  }

  readFile(stored: StoredRelease, name: string): Promise<Buffer> {
    return this.disk.readFile(join(stored.folder, name));
  }

  verifyFile(folder: string, file: ReleaseFile): Promise<void> {
    return hashFile(folder, file, this.options, async () => undefined);
  }

  async revert(reason: RefusalRecord): Promise<void> {
    const stored = await this.describe(reason.releaseDigest);
    await this.recordRefusal({
      ...reason,
      ...(stored && { payloadDigest: sha256Of(payloadOf(stored.envelope)) }),
    });
    const { previous } = this.inService;
    await this.writeState('current.json', { ...(previous && { current: previous }) });
    this.inService = previous ? { current: previous } : {};
  }

  async commit(reference: StoredReference, release: Release): Promise<void> {
    // Counter and codes first: a kill in between leaves the old release with state that still admits the new one.
    const highest = Math.max(this.counter, release.counter);
    await replaceFile(join(this.folder, 'highest-counter'), `${highest}\n`, this.disk);
    this.counter = highest;
    const codes = { ...this.knownCodes, ...codesOf(release) };
    await this.writeState('class-codes.json', codes);
    this.knownCodes = codes;
    const { current } = this.inService;
    const previous = current?.digest === reference.digest ? this.inService.previous : current;
    const next: InService = { current: reference, ...(previous && { previous }) };
    await this.writeState('current.json', next);
    this.inService = next;
  }

  async recordRefusal(record: RefusalRecord): Promise<void> {
    this.refusalRecords = withRefusal(this.refusalRecords, record, REFUSALS_KEPT);
    await this.writeState('refused.json', this.refusalRecords);
  }

  async collectGarbage(): Promise<void> {
    const kept = new Set([this.inService.current?.digest, this.inService.previous?.digest]);
    for (const entry of await this.disk.readdir(this.folder)) {
      const isFolder = RELEASE_FOLDER.test(entry) || entry.startsWith('staging-');
      if (isFolder && !kept.has(entry))
        await this.disk.rm(join(this.folder, entry), { recursive: true, force: true });
    }
  }

  /** An object or an array; nothing else was ever written. */
  private async readState(name: string): Promise<object | undefined> {
    const text = await readIfPresent(join(this.folder, name), this.disk);
    try {
      const value: unknown = JSON.parse(text ?? 'null');
      return typeof value === 'object' && value !== null ? value : undefined;
    } catch {
      return undefined;
    }
  }

  private writeState(name: string, state: object): Promise<void> {
    return replaceFile(join(this.folder, name), `${JSON.stringify(state)}\n`, this.disk);
  }

  /**
   * The release in service and the one before are never deleted to make room: they are what the device falls back on.
   * @throws ReleaseRefusal DISK_FULL, with the numbers
   */
  private async checkRoom(release: Release, envelopeBytes: number): Promise<void> {
    const needed = release.files.reduce((sum, { bytes }) => sum + bytes, envelopeBytes);
    const { releaseBytes, reserveBytes } = this.options.limits();
    const kept = [this.inService.current, this.inService.previous].filter(
      (reference) => reference !== undefined,
    );
    const used = (await Promise.all(kept.map(({ digest }) => this.bytesOf(digest)))).reduce(
      (a, b) => a + b,
      0,
    );
    if (used + needed > releaseBytes) {
      throw new ReleaseRefusal(
        'DISK_FULL',
        `the release needs ${needed} bytes beside ${used} bytes of the releases that are kept; storage.releaseBytes is ${releaseBytes}`,
      );
    }
    const free = await this.options.freeBytes(this.folder);
    if (free < needed + reserveBytes) {
      throw new ReleaseRefusal(
        'DISK_FULL',
        `the release needs ${needed} bytes and storage.reserveBytes is ${reserveBytes}; ${free} bytes are free`,
      );
    }
  }

  /** Bytes of a stored release, as its envelope says; 0 when that cannot be read. */
  private async bytesOf(digest: string): Promise<number> {
    const kept = await this.describe(digest);
    return kept ? kept.release.files.reduce((sum, { bytes }) => sum + bytes, kept.envelope.length) : 0;
  }

  /** What the envelope of a stored release says, whose files are not looked at; undefined when it cannot be read. */
  private async describe(digest: string): Promise<Pick<StoredRelease, 'envelope' | 'release'> | undefined> {
    try {
      const envelope = await readEnvelope(join(this.folder, digest), this.disk);
      return { envelope, release: parseRelease(payloadOf(envelope)) };
    } catch {
      return undefined;
    }
  }

  /** Of the state file, and of the releases that are kept: they were made before they came here. */
  private async readPassedTime(): Promise<number> {
    await this.disk.rm(join(this.folder, CLOCKS_WORD), { force: true }).catch(() => undefined);
    const noted = Date.parse((await readIfPresent(join(this.folder, PASSED_TIME), this.disk)) ?? '');
    const made = (await this.keptReleases()).map(({ createdAt }) => Date.parse(createdAt));
    return Math.max(0, ...[noted, ...made].filter((time) => Number.isFinite(time)));
  }

  /** Of the state file, or, when that is lost, of the releases that are kept: never lower than what was accepted last. */
  private async readHighestCounter(): Promise<number> {
    const text = (await readIfPresent(join(this.folder, 'highest-counter'), this.disk))?.trim() ?? '';
    if (/^\d{1,6}$/.test(text)) return Number(text);
    return Math.max(0, ...(await this.keptReleases()).map(({ counter }) => counter));
  }

  /**
   * Of the state file, and of the releases that are kept: devices from before there were codes have no file. Of such
   * releases only the one in service counts, since their codes moved with their classes.
   */
  private async readClassCodes(): Promise<ClassCodes> {
    const state = await this.readState('class-codes.json');
    const noted = Object.entries(Array.isArray(state) ? {} : (state ?? {})).filter(
      (entry): entry is [string, number] => Number.isInteger(entry[1]),
    );
    const kept = await this.keptReleases();
    const binding = kept.filter((release, index) => index === kept.length - 1 || release.dispositionPolicy);
    return Object.assign({}, ...binding.map(codesOf), Object.fromEntries(noted));
  }

  /** Previous, then current; what cannot be read is left out. */
  private async keptReleases(): Promise<Release[]> {
    const { previous, current } = this.inService;
    const kept = [previous, current].map((reference) => reference && this.describe(reference.digest));
    return (await Promise.all(kept)).flatMap((one) => one?.release ?? []);
  }

  private async copyVerified(source: string, target: string, file: ReleaseFile): Promise<void> {
    const output = await this.disk.open(join(target, file.name), 'wx', 0o600);
    try {
      await hashFile(source, file, this.options, (chunk) => output.writeFile(chunk));
      await output.sync();
    } finally {
      await output.close();
    }
  }
}

/** What is signed in an envelope. @throws ReleaseRefusal ENVELOPE_INVALID, SIGNATURE_MISSING */
const payloadOf = (envelope: Buffer): Buffer => Buffer.from(parseEnvelope(envelope).payload, 'base64');

/** References of another shape count as none. */
function inServiceOf(state: object | undefined): InService {
  const { current, previous } = (state ?? {}) as Record<keyof InService, unknown>;
  return {
    ...(isReference(current) && { current }),
    ...(isReference(previous) && { previous }),
  };
}

function isReference(value: unknown): value is StoredReference {
  const { digest, variant, milliseconds } = (value ?? {}) as Partial<StoredReference>;
  return (
    typeof digest === 'string' &&
    RELEASE_FOLDER.test(digest) &&
    typeof variant === 'string' &&
    typeof milliseconds === 'object' &&
    milliseconds !== null
  );
}

/** What is no record is left out, and keeps no release from being judged. */
function refusalsOf(state: object | undefined): RefusalRecord[] {
  const records: unknown[] = Array.isArray(state) ? state : [];
  return records.filter((value): value is RefusalRecord => {
    const { releaseDigest, code, at } = (value ?? {}) as Partial<RefusalRecord>;
    return [releaseDigest, code, at].every((field) => typeof field === 'string');
  });
}

/** The offered or stored envelope. @throws ReleaseRefusal ENVELOPE_INVALID */
export async function readEnvelope(folder: string, disk: Disk = nodeDisk): Promise<Buffer> {
  let bytes: Buffer;
  try {
    const handle = await openPlainFile(join(folder, ENVELOPE_FILE), disk);
    try {
      const { size } = await handle.stat();
      if (size > LARGEST_ENVELOPE_BYTES) {
        throw new ReleaseRefusal(
          'ENVELOPE_INVALID',
          `${ENVELOPE_FILE} has ${size} bytes, more than ${LARGEST_ENVELOPE_BYTES}`,
        );
      }
      bytes = await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof ReleaseRefusal) throw error;
    throw new ReleaseRefusal(
      'ENVELOPE_INVALID',
      `${ENVELOPE_FILE} cannot be read: ${(error as Error).message}`,
    );
  }
  return bytes;
}

/** Every entry of the offered folder; anything but a plain file counts as 0 bytes, which no release file has. */
export async function listFolder(folder: string, disk: Disk = nodeDisk): Promise<PresentFile[]> {
  const names = await disk.readdir(folder);
  return Promise.all(
    names.map(async (name) => {
      try {
        const handle = await openPlainFile(join(folder, name), disk);
        try {
          const information = await handle.stat();
          return { name, bytes: information.isFile() ? information.size : 0 };
        } finally {
          await handle.close();
        }
      } catch {
        return { name, bytes: 0 };
      }
    }),
  );
}

/** Free bytes of the file system that holds `folder`, for who is not root. */
export async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Never through a symbolic link, and never blocking on a pipe. */
function openPlainFile(path: string, disk: Disk) {
  return disk.open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

/**
 * The bytes of a file in turn, each chunk while the next one is read; it holds until that one is asked for.
 * @param read fills a buffer and says how far; 0 at the end
 */
async function* readAhead(bytes: number, read: (buffer: Buffer) => Promise<number>): AsyncGenerator<Buffer> {
  let [current, next] = [Buffer.allocUnsafe(bytes), Buffer.allocUnsafe(bytes)];
  const reading = (buffer: Buffer): Promise<number> => {
    const count = read(buffer);
    // Asked for later, or never: until then its failure is nobody's.
    count.catch(() => undefined);
    return count;
  };
  let pending = reading(current);
  while (true) {
    const count = await pending;
    if (count === 0) return;
    pending = reading(next);
    yield current.subarray(0, count);
    [current, next] = [next, current];
  }
}

/** Reads a chunk more than the declared size at most, hands on each, and compares the digest at the end. */
async function hashFile(
  folder: string,
  file: ReleaseFile,
  { disk, longestRead }: Pick<Required<ReleaseStoreOptions>, 'disk' | 'longestRead'>,
  take: (chunk: Buffer) => Promise<unknown>,
): Promise<void> {
  const input = await openPlainFile(join(folder, file.name), disk).catch((error: Error) => {
    throw new ReleaseRefusal('FILE_MISSING', `'${file.name}' cannot be opened: ${error.message}`);
  });
  try {
    const hash = createHash('sha256');
    const read = async (buffer: Buffer): Promise<number> => {
      const { bytesRead } = await within(longestRead, input.read(buffer, 0, buffer.length), () => {
        throw new ReleaseRefusal('TOO_SLOW', `'${file.name}' gave no data for ${longestRead} ms`);
      });
      return bytesRead;
    };
    let total = 0;
    for await (const chunk of readAhead(Math.min(CHUNK_BYTES, file.bytes + 1), read)) {
      total += chunk.length;
      if (total > file.bytes) break;
      hash.update(chunk);
      await take(chunk);
    }
    if (total !== file.bytes) {
      throw new ReleaseRefusal(
        'SIZE_MISMATCH',
        `'${file.name}' does not have its declared ${file.bytes} bytes`,
      );
    }
    if (hash.digest('hex') !== file.sha256) {
      throw new ReleaseRefusal(
        'DIGEST_MISMATCH',
        `'${file.name}' has another SHA-256 than the release declares`,
      );
    }
  } finally {
    await input.close();
  }
}
