import { createHash } from 'node:crypto';
import {
  type Capture,
  ContractError,
  type DatasetItem,
  type Label,
  parseContractJson,
} from '../../../contracts';
import { mapConcurrently } from '../../shared/concurrency';
import { InvalidInputError } from '../../shared/errors';
import type { HashedObject } from '../../shared/objects';
import { isCaptureImage, sidecarKeyOf } from '../../telemetry/names';
import type { GateAnswer } from '../accept-manifest/accept-manifest';
import type { CurrentDataset } from '../current-dataset';
import { imageKey, incomingKey } from '../names';

export interface MergeCapturesPorts {
  currentDataset(): Promise<CurrentDataset | undefined>;
  /** Lines of an accepted manifest. */
  readManifest(key: string): Promise<AsyncIterable<string>>;
  readLabels(): Promise<Label[]>;
  /** Text of a capture's sidecar; `undefined` when there is none. */
  readSidecar(key: string): Promise<string | undefined>;
  hashCapture(key: string): Promise<Pick<HashedObject, 'sha256' | 'etag'> | undefined>;
  copyCapture(captureKey: string, etag: string, imageKey: string): Promise<void>;
  putManifest(key: string, body: string): Promise<void>;
  /** The same gate as for every manifest. */
  accept(key: string): Promise<GateAnswer>;
  uriOf(key: string): string;
}

export interface MergeAnswer {
  readonly manifestUri: string;
  readonly manifestSha256: string;
  readonly addedItems: number;
  /** Classes that the dataset did not have, sorted. */
  readonly newClasses: readonly string[];
  /** Labelled captures that could not be taken, and why. */
  readonly skipped: readonly { readonly captureId: string; readonly reason: string }[];
}

type Merged = { readonly item: DatasetItem } | { readonly captureId: string; readonly reason: string };

const CAPTURES_AT_A_TIME = 32;
const PROBLEMS_SHOWN = 10;

/** Names every label that the same image has, when they are not all one. */
function contradiction(labels: readonly Label[], known: string | undefined): string | undefined {
  const inDataset = known === undefined ? [] : [known];
  if (new Set([...inDataset, ...labels.map(({ label }) => label)]).size < 2) return undefined;
  const named = [
    ...inDataset.map((label) => `'${label}' in the dataset`),
    ...labels.map(({ label, captureId }) => `'${label}' as capture ${captureId}`),
  ];
  return `label: the same image is ${named.join(' and ')}`;
}

/**
 * One label per new image. A picture that the dataset has, or that several captures show, is taken once; where its
 * labels contradict each other, none is right until a person has said which.
 * @param known label of each image of the dataset, by digest
 */
function newLabels(
  labels: readonly Label[],
  known: ReadonlyMap<string, string>,
): { readonly chosen: Label[]; readonly skipped: MergeAnswer['skipped'] } {
  const byDigest = new Map<string, Label[]>();
  for (const label of [...labels].sort((left, right) => (left.captureId < right.captureId ? -1 : 1))) {
    const same = byDigest.get(label.sha256);
    if (same) same.push(label);
    else byDigest.set(label.sha256, [label]);
  }
  const chosen: Label[] = [];
  const skipped: { captureId: string; reason: string }[] = [];
  for (const [sha256, same] of byDigest) {
    const reason = contradiction(same, known.get(sha256));
    if (reason !== undefined) skipped.push(...same.map(({ captureId }) => ({ captureId, reason })));
    else if (!known.has(sha256)) chosen.push(...same.slice(0, 1));
  }
  return { chosen, skipped };
}

async function readSidecar(label: Label, ports: MergeCapturesPorts): Promise<Capture | string> {
  const key = sidecarKeyOf(label.imageKey);
  const text = await ports.readSidecar(key);
  if (text === undefined) return `there is no sidecar ${key}`;
  try {
    return parseContractJson('capture', text, key);
  } catch (error) {
    if (error instanceof ContractError) return error.message;
    throw error;
  }
}

/** Copies one capture into the dataset, after looking at what its bytes are rather than what they should be. */
async function mergeOne(label: Label, ports: MergeCapturesPorts): Promise<Merged> {
  const skip = (reason: string): Merged => ({ captureId: label.captureId, reason });
  if (!isCaptureImage(label.useCase, label.imageKey)) {
    return skip(`imageKey: must be a capture of ${label.useCase}, got '${label.imageKey}'`);
  }
  const sidecar = await readSidecar(label, ports);
  if (typeof sidecar === 'string') return skip(sidecar);
  const image = await ports.hashCapture(label.imageKey);
  if (!image) return skip(`there is no image ${label.imageKey}`);
  if (image.sha256 !== label.sha256) {
    return skip(`sha256: ${label.imageKey} has ${image.sha256}, the label says ${label.sha256}`);
  }
  const key = imageKey(label.sha256);
  await ports.copyCapture(label.imageKey, image.etag, key);
  return {
    item: {
      id: label.captureId,
      groupId: sidecar.frameId,
      key,
      sha256: label.sha256,
      label: label.label,
      origin: 'captured',
      capturedAt: label.capturedAt,
    },
  };
}

async function readItems(current: CurrentDataset, ports: MergeCapturesPorts): Promise<DatasetItem[]> {
  const items: DatasetItem[] = [];
  for await (const line of await ports.readManifest(current.key)) {
    if (line.trim() !== '') items.push(parseContractJson('dataset-item', line, `an item of ${current.key}`));
  }
  return items;
}

/** The gate assigns splits itself, the same ones as before; those that the source gave it cannot know. */
function withoutAssignedSplit(item: DatasetItem): DatasetItem {
  if (item.splitGiven) return item;
  const { split: _split, ...rest } = item;
  return rest;
}

/** A picture of a part that the dataset has goes where the source has put that part. */
function inSplitOfGroup(items: readonly DatasetItem[]): (added: DatasetItem) => DatasetItem {
  const given = new Map(items.flatMap((item) => (item.splitGiven ? [[item.groupId, item.split]] : [])));
  return (added) => {
    const split = given.get(added.groupId);
    return split === undefined ? added : { ...added, split, splitGiven: true };
  };
}

/** @throws InvalidInputError with the gate's first reasons */
function acceptedDataset(answer: GateAnswer, current: CurrentDataset): CurrentDataset {
  if (answer.outcome === 'OUTDATED') return current;
  if (answer.outcome !== 'REJECTED') return answer.dataset;
  const shown = answer.problems
    .slice(0, PROBLEMS_SHOWN)
    .map(({ line, problem }) => `line ${line}: ${problem}`);
  throw new InvalidInputError(
    `the gate rejected the merged manifest (${answer.reportKey}):\n${shown.join('\n')}`,
  );
}

/** Captures to which the gate objects, and why; it numbers the lines from 1, and those of the dataset come first. */
function objections(
  answer: GateAnswer,
  itemsBefore: number,
  added: readonly DatasetItem[],
): ReadonlyMap<string, string> {
  const problems = answer.outcome === 'REJECTED' ? answer.problems : [];
  const found = new Map<string, string>();
  for (const { line, problem } of problems) {
    const item = added[line - itemsBefore - 1];
    if (item) found.set(item.id, problem);
  }
  return found;
}

/** Passes the dataset with the captures through the gate; those to which it objects are set aside, until it takes the rest. */
async function passGate(
  items: readonly DatasetItem[],
  candidates: readonly DatasetItem[],
  current: CurrentDataset,
  ports: MergeCapturesPorts,
): Promise<{
  readonly dataset: CurrentDataset;
  readonly added: readonly DatasetItem[];
  readonly refused: MergeAnswer['skipped'];
}> {
  const refused: { captureId: string; reason: string }[] = [];
  let added = candidates;
  while (added.length > 0) {
    const lines = [...items.map(withoutAssignedSplit), ...added.map(inSplitOfGroup(items))];
    const body = lines.map((item) => `${JSON.stringify(item)}\n`).join('');
    const key = incomingKey(`captures-${createHash('sha256').update(body).digest('hex').slice(0, 16)}`);
    await ports.putManifest(key, body);
    const answer = await ports.accept(key);
    const objected = objections(answer, items.length, added);
    if (objected.size === 0) return { dataset: acceptedDataset(answer, current), added, refused };
    refused.push(...[...objected].map(([captureId, reason]) => ({ captureId, reason })));
    added = added.filter(({ id }) => !objected.has(id));
  }
  return { dataset: current, added, refused };
}

/**
 * Adds the labelled captures to the current dataset. The group of a capture is its frame, so pictures of one part stay
 * in one split. Asked again it adds nothing: images are known by their digest. A capture whose image has another label
 * in the dataset, or in another capture, is skipped until a person has corrected one of them; so is one to which the gate
 * objects.
 * @param withoutClasses new classes whose captures wait until they are more
 * @throws InvalidInputError when no dataset has been accepted, or the gate objects to what is in it
 */
export async function mergeCaptures(
  ports: MergeCapturesPorts,
  withoutClasses: readonly string[] = [],
): Promise<MergeAnswer> {
  const current = await ports.currentDataset();
  if (!current) throw new InvalidInputError('there is no dataset yet: upload one and let the gate accept it');
  const [items, labels] = await Promise.all([readItems(current, ports), ports.readLabels()]);
  const known = new Map(items.map(({ sha256, label }) => [sha256, label]));
  const waits = ({ label }: Label) => withoutClasses.includes(label) && !current.classes.includes(label);
  const waiting = labels.filter(waits).map(({ captureId, label }) => ({
    captureId,
    reason: `label: the new class '${label}' has too few labels yet`,
  }));
  const { chosen, skipped: contradicting } = newLabels(
    labels.filter((label) => !waits(label)),
    known,
  );
  const merged = await mapConcurrently(chosen, CAPTURES_AT_A_TIME, (label) => mergeOne(label, ports));
  const taken = merged.flatMap((result) => ('item' in result ? [result.item] : []));
  const { dataset, added, refused } = await passGate(items, taken, current, ports);
  const newClasses = [...new Set(added.map(({ label }) => label))]
    .filter((name) => !current.classes.includes(name))
    .sort();
  return {
    manifestUri: ports.uriOf(dataset.key),
    manifestSha256: dataset.manifestSha256,
    addedItems: added.length,
    newClasses,
    skipped: [
      ...waiting,
      ...contradicting,
      ...merged.flatMap((result) => ('reason' in result ? [result] : [])),
      ...refused,
    ],
  };
}
