import { mapConcurrently } from '../../shared/concurrency';
import { InvalidInputError } from '../../shared/errors';
import { acceptedManifest, objectList } from '../accepted-manifest';
import { type CheckedItem, ManifestChecker, type Problem } from '../check-manifest';
import type { CurrentDataset } from '../current-dataset';
import { acceptedKey, CURRENT_KEY, manifestName, OBJECT_LIST_SUFFIX, rejectedKey } from '../names';

export interface ManifestSource {
  readonly lines: AsyncIterable<string>;
  readonly lastModified: Date;
}

/** The dataset bucket, seen by the gate. */
export interface AcceptManifestPorts {
  /** Of the bucket. */
  readonly name: string;
  now(): Date;
  openManifest(key: string): Promise<ManifestSource>;
  /** SHA-256 of an object; `undefined` when there is none. */
  digest(key: string): Promise<string | undefined>;
  exists(key: string): Promise<boolean>;
  currentDataset(): Promise<CurrentDataset | undefined>;
  put(key: string, body: string, contentType: string): Promise<void>;
  accepted(current: CurrentDataset): Promise<void>;
  rejected(manifest: string, report: string, problems: readonly Problem[]): Promise<void>;
}

export type GateAnswer =
  | { readonly outcome: 'ACCEPTED' | 'UNCHANGED'; readonly dataset: CurrentDataset }
  /** A late repetition of an event: another manifest has been accepted since. */
  | { readonly outcome: 'OUTDATED' }
  | { readonly outcome: 'REJECTED'; readonly reportKey: string; readonly problems: readonly Problem[] };

/** Requests to S3 at once: 3,000 images in a few seconds, below the 5,500 a second that a prefix serves. */
const IMAGES_AT_A_TIME = 64;
/** S3 tells the time of an object in whole seconds. */
const CLOCK_STEP_MILLISECONDS = 1_000;

async function readLines(lines: AsyncIterable<string>, checker: ManifestChecker): Promise<void> {
  let line = 0;
  try {
    for await (const text of lines) {
      line += 1;
      if (text.trim() !== '') checker.add(line, text);
      if (checker.isFull) return;
    }
  } catch (error) {
    // A line that cannot be one is the manifest's fault; a stream that breaks off is not, and is tried again.
    if (!(error instanceof InvalidInputError)) throw error;
    checker.report(line + 1, error.message);
  }
}

/** Compares every image with its digest; each key is read once, however many lines name it. */
async function checkImages(checker: ManifestChecker, ports: AcceptManifestPorts): Promise<void> {
  const byKey = new Map<string, CheckedItem[]>();
  for (const checked of checker.items) {
    const sharing = byKey.get(checked.item.key);
    if (sharing) sharing.push(checked);
    else byKey.set(checked.item.key, [checked]);
  }
  const found = await mapConcurrently([...byKey], IMAGES_AT_A_TIME, async ([key, items]) => ({
    items,
    actual: await ports.digest(key),
  }));
  for (const { items, actual } of found) {
    for (const { line, item } of items) {
      if (actual === undefined) checker.report(line, `key: there is no object '${item.key}'`);
      else if (actual !== item.sha256) {
        checker.report(line, `sha256: '${item.key}' has ${actual}, the manifest says ${item.sha256}`);
      }
    }
  }
}

async function reject(
  key: string,
  name: string,
  checker: ManifestChecker,
  ports: AcceptManifestPorts,
): Promise<GateAnswer> {
  const problems = [...checker.problems].sort((left, right) => left.line - right.line);
  const reportKey = rejectedKey(name);
  await ports.put(reportKey, JSON.stringify({ manifest: key, problems }, null, 2), 'application/json');
  await ports.rejected(key, reportKey, problems);
  return { outcome: 'REJECTED', reportKey, problems };
}

async function accept(
  source: ManifestSource & { readonly key: string },
  checker: ManifestChecker,
  ports: AcceptManifestPorts,
): Promise<GateAnswer> {
  const items = checker.items.map(({ item }) => item);
  const { body, sha256: manifestSha256 } = acceptedManifest(items);
  const key = acceptedKey(manifestSha256);
  const listKey = `${key}${OBJECT_LIST_SUFFIX}`;
  // Also for a dataset that is in force: one that was accepted before there were lists gets its own.
  if (!(await ports.exists(listKey))) {
    await ports.put(listKey, objectList(ports.name, key, items), 'application/json');
  }
  const before = await ports.currentDataset();
  if (before?.manifestSha256 === manifestSha256 && before.source === source.key) {
    return { outcome: 'UNCHANGED', dataset: before };
  }
  const isOlder =
    before !== undefined &&
    source.lastModified.getTime() + CLOCK_STEP_MILLISECONDS < Date.parse(before.acceptedAt);
  if (isOlder && (await ports.exists(key))) return { outcome: 'OUTDATED' };
  const dataset: CurrentDataset = {
    manifestSha256,
    key,
    items: checker.items.length,
    classes: checker.classes(),
    acceptedAt: ports.now().toISOString(),
    source: source.key,
  };
  // The pointer last: until it is written the earlier dataset is in force, and what it names is complete.
  await ports.put(key, body, 'application/x-ndjson');
  await ports.put(CURRENT_KEY, JSON.stringify(dataset, null, 2), 'application/json');
  await ports.accepted(dataset);
  return { outcome: 'ACCEPTED', dataset };
}

/**
 * The gate in front of the dataset: a manifest becomes the current one when every line, every rule between lines and
 * every digest is right, and changes nothing but a report when one is not.
 * @throws InvalidInputError when `key` is not that of an incoming manifest
 */
export async function acceptManifest(key: string, ports: AcceptManifestPorts): Promise<GateAnswer> {
  const name = manifestName(key);
  if (name === undefined) throw new InvalidInputError(`'${key}' is not the key of an incoming manifest`);
  const source = await ports.openManifest(key);
  const checker = new ManifestChecker();
  await readLines(source.lines, checker);
  checker.finish();
  // Images are looked at even when some lines are wrong, so that one report says everything.
  if (!checker.isFull) await checkImages(checker, ports);
  if (checker.problems.length > 0) return reject(key, name, checker, ports);
  return accept({ ...source, key }, checker, ports);
}
