/**
 * The checkpoint folder of a training job, kept in step with S3: copied from there before the job starts, and back
 * while it runs and when it stops (CheckpointConfig of CreateTrainingJob).
 */
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isObject, type JsonObject, textOf } from '../json';
import type { Host } from './run-hosts';
import type { S3Store } from './s3-store';

const DEFAULT_LOCAL_PATH = '/opt/ml/checkpoints';
/** Often enough for jobs of minutes; what is written between the last copy and the end goes with the last copy. */
const INTERVAL_MILLISECONDS = 2000;

export interface CheckpointLocation {
  readonly uri: string;
  /** In the container. */
  readonly localPath: string;
}

/** Where a job keeps its checkpoints; undefined when it has none. */
export function checkpointsOf(request: JsonObject): CheckpointLocation | undefined {
  const config = request.CheckpointConfig;
  if (!isObject(config)) return undefined;
  return { uri: String(config.S3Uri), localPath: textOf(config.LocalPath) ?? DEFAULT_LOCAL_PATH };
}

/** A file that ended between being seen and being copied: the job replaces its checkpoints as it likes. */
const isGone = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** The checkpoint folder of one host. */
export class CheckpointFolder {
  private readonly directory: string;
  /** Size and time of what S3 has, by name. */
  private readonly copied = new Map<string, string>();

  constructor(
    host: Host,
    private readonly location: CheckpointLocation,
    private readonly s3: S3Store,
  ) {
    this.directory = host.directory.locate(location.localPath);
  }

  /** Copies what an earlier run has left; there may be nothing. */
  async fetch(signal: AbortSignal): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    await this.s3.download({
      uri: `${this.location.uri.replace(/\/$/, '')}/`,
      directory: this.directory,
      mayBeEmpty: true,
      signal,
    });
    for (const { name, version } of await this.files()) this.copied.set(name, version);
  }

  /** Copies every file that has changed since it was last copied. */
  async store(): Promise<void> {
    for (const { name, version } of await this.files()) {
      if (this.copied.get(name) === version) continue;
      try {
        await this.s3.uploadFile(
          join(this.directory, name),
          `${this.location.uri.replace(/\/$/, '')}/${name}`,
        );
        this.copied.set(name, version);
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    }
  }

  private async files(): Promise<Array<{ name: string; version: string }>> {
    const entries = await readdir(this.directory, { recursive: true, withFileTypes: true });
    const found: Array<{ name: string; version: string }> = [];
    for (const entry of entries.filter((each) => each.isFile())) {
      const file = join(entry.parentPath, entry.name);
      try {
        const { size, mtimeMs, ino } = await stat(file);
        const name = relative(this.directory, file).split(sep).join('/');
        found.push({ name, version: `${size} ${mtimeMs} ${ino}` });
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    }
    return found;
  }
}

/**
 * Copies the folders again and again while `action` runs, and once more when it has ended, however it ended.
 * @throws Error of the action, else of the last copy
 */
export async function whileStoring(
  folders: readonly CheckpointFolder[],
  action: () => Promise<void>,
): Promise<void> {
  const ended = new AbortController();
  const storeAll = async () => {
    for (const folder of folders) await folder.store();
  };
  const storing = (async () => {
    while (!ended.signal.aborted && folders.length > 0) {
      await sleep(INTERVAL_MILLISECONDS, undefined, { signal: ended.signal }).catch(() => undefined);
      // Only the last copy must succeed: it has everything that an earlier one has missed.
      await storeAll().catch(() => undefined);
    }
  })();
  const [outcome] = await Promise.allSettled([action()]);
  ended.abort();
  await storing;
  const [stored] = await Promise.allSettled([storeAll()]);
  for (const result of [outcome, stored]) if (result.status === 'rejected') throw result.reason;
}
