/**
 * The component's own copy of its releases, independent of the nucleus's artifact clean-up:
 *
 *     releases/<envelope sha256>/     every file of the release and release.dsse.json; never changed once named
 *     releases/staging-<random>/      being copied; deleted at the next start
 *     releases/current.json           which release serves and which one it replaced
 *     releases/highest-counter        the highest counter ever accepted
 *     releases/refused.json           the last refusals
 */
import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { join } from 'node:path';
import type { Release, ReleaseFile } from '../../../../contracts';
import { QUARANTINING_CODES, type RefusalCode, ReleaseRefusal } from '../domain/release-transitions';
import {
  ENVELOPE_FILE,
  type PresentFile,
  parseEnvelope,
  parseRelease,
  sha256Of,
} from '../domain/release-verification';
import { type Disk, isDiskFull, nodeDisk, readIfPresent, replaceFile, syncFolder } from './durable-file';

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
  readonly folder: string;
  readonly envelope: Buffer;
  readonly release: Release;
}

export interface RefusalRecord {
  readonly releaseDigest: string;
  readonly releaseId?: string;
  readonly code: RefusalCode;
  /** RFC 3339. */
  readonly at: string;
}

interface InService {
  readonly current?: StoredReference;
  readonly previous?: StoredReference;
}

const REFUSALS_KEPT = 16;
/** An envelope's payload is at most 256 KiB of base64 by contract; the rest is signatures. */
const LARGEST_ENVELOPE_BYTES = 512 * 1024;
const COPY_CHUNK_BYTES = 1 << 20;
const RELEASE_FOLDER = /^[0-9a-f]{64}$/;

export class ReleaseStore {
  private inService: InService = {};
  private refusalRecords: RefusalRecord[] = [];
  private counter = 0;

  private constructor(
    private readonly folder: string,
    private readonly disk: Disk,
  ) {}

  /** Reads the state and deletes what a kill left behind. Damaged state files are treated as absent. */
  static async open(folder: string, disk: Disk = nodeDisk): Promise<ReleaseStore> {
    const store = new ReleaseStore(folder, disk);
    await disk.mkdir(folder, { recursive: true });
    store.inService = (await store.readState<InService>('current.json')) ?? {};
    store.refusalRecords = (await store.readState<RefusalRecord[]>('refused.json')) ?? [];
    store.counter = await store.readHighestCounter();
    await store.collectGarbage();
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

  get refusals(): readonly RefusalRecord[] {
    return this.refusalRecords;
  }

  isQuarantined(digest: string): boolean {
    return this.refusalRecords.some(
      (record) => record.releaseDigest === digest && QUARANTINING_CODES.has(record.code),
    );
  }

  /**
   * Copies the release out of the offered folder, hashing what it writes.
   * @throws ReleaseRefusal DIGEST_MISMATCH, SIZE_MISMATCH, FILE_MISSING, DISK_FULL; nothing is left behind then
   */
  async stage(artifacts: string, envelope: Buffer, release: Release): Promise<StoredRelease> {
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

  /**
   * Reads a stored release and hashes all of it again: the disk may have changed under us.
   * @throws ReleaseRefusal FILE_MISSING, DIGEST_MISMATCH, SIZE_MISMATCH and those of a broken envelope
   */
  async read(digest: string): Promise<StoredRelease> {
    const folder = join(this.folder, digest);
    const envelope = await readEnvelope(folder, this.disk);
    if (sha256Of(envelope) !== digest) {
      throw new ReleaseRefusal('DIGEST_MISMATCH', `stored ${ENVELOPE_FILE} has another digest`);
    }
    const release = parseRelease(Buffer.from(parseEnvelope(envelope).payload, 'base64'));
    for (const file of release.files) await verifyFile(folder, file, this.disk);
    return { digest, folder, envelope, release };
  }

  /** From here on the release serves, also after a restart. The release that served before becomes the previous one. */
  async commit(reference: StoredReference, counter: number): Promise<void> {
    // The counter first: a kill between the two leaves the old release with a counter that still admits the new one.
    const highest = Math.max(this.counter, counter);
    await replaceFile(join(this.folder, 'highest-counter'), `${highest}\n`, this.disk);
    this.counter = highest;
    const { current } = this.inService;
    const previous = current?.digest === reference.digest ? this.inService.previous : current;
    const next: InService = { current: reference, ...(previous && { previous }) };
    await replaceFile(join(this.folder, 'current.json'), `${JSON.stringify(next)}\n`, this.disk);
    this.inService = next;
  }

  async recordRefusal(record: RefusalRecord): Promise<void> {
    const others = this.refusalRecords.filter((other) => other.releaseDigest !== record.releaseDigest);
    this.refusalRecords = [...others, record].slice(-REFUSALS_KEPT);
    await replaceFile(
      join(this.folder, 'refused.json'),
      `${JSON.stringify(this.refusalRecords)}\n`,
      this.disk,
    );
  }

  /** Deletes every folder but those of the current and the previous release. */
  async collectGarbage(): Promise<void> {
    const kept = new Set([this.inService.current?.digest, this.inService.previous?.digest]);
    for (const entry of await this.disk.readdir(this.folder)) {
      const isFolder = RELEASE_FOLDER.test(entry) || entry.startsWith('staging-');
      if (isFolder && !kept.has(entry))
        await this.disk.rm(join(this.folder, entry), { recursive: true, force: true });
    }
  }

  private async readState<State>(name: string): Promise<State | undefined> {
    const text = await readIfPresent(join(this.folder, name), this.disk);
    try {
      return text === undefined ? undefined : (JSON.parse(text) as State);
    } catch {
      return undefined;
    }
  }

  /** Of the state file, or, when that is lost, of the releases that are kept: never lower than what was accepted last. */
  private async readHighestCounter(): Promise<number> {
    const text = (await readIfPresent(join(this.folder, 'highest-counter'), this.disk))?.trim() ?? '';
    if (/^\d{1,6}$/.test(text)) return Number(text);
    const counters = [this.inService.current, this.inService.previous].map(async (reference) => {
      if (!reference) return 0;
      const envelope = await readEnvelope(join(this.folder, reference.digest), this.disk).catch(
        () => undefined,
      );
      return envelope ? parseRelease(Buffer.from(parseEnvelope(envelope).payload, 'base64')).counter : 0;
    });
    return Math.max(0, ...(await Promise.all(counters)));
  }

  private async copyVerified(source: string, target: string, file: ReleaseFile): Promise<void> {
    const output = await this.disk.open(join(target, file.name), 'wx', 0o600);
    try {
      await hashFile(source, file, this.disk, (chunk) => output.writeFile(chunk));
      await output.sync();
    } finally {
      await output.close();
    }
  }
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

/** @throws ReleaseRefusal FILE_MISSING, SIZE_MISMATCH, DIGEST_MISMATCH */
export async function verifyFile(folder: string, file: ReleaseFile, disk: Disk = nodeDisk): Promise<void> {
  await hashFile(folder, file, disk, async () => undefined);
}

/** Never through a symbolic link, and never blocking on a pipe. */
function openPlainFile(path: string, disk: Disk) {
  return disk.open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

/** Reads at most the declared size, hands on each chunk, and compares the digest at the end. */
async function hashFile(
  folder: string,
  file: ReleaseFile,
  disk: Disk,
  take: (chunk: Buffer) => Promise<unknown>,
): Promise<void> {
  const input = await openPlainFile(join(folder, file.name), disk).catch((error: Error) => {
    throw new ReleaseRefusal('FILE_MISSING', `'${file.name}' cannot be opened: ${error.message}`);
  });
  try {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(Math.min(COPY_CHUNK_BYTES, file.bytes + 1));
    let total = 0;
    for (;;) {
      const { bytesRead } = await input.read(buffer, 0, buffer.length);
      if (bytesRead === 0) break;
      total += bytesRead;
      if (total > file.bytes) break;
      const chunk = buffer.subarray(0, bytesRead);
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
