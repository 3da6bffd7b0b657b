/**
 * Ingests many messages of results at once: lines for analysis, a few objects for all of them, and sketches for
 * monitoring, one write per device. Each message has its own outcome: one that is refused or fails takes no other with it.
 */
import type { ResultsConfirmation, Sketch } from '../../../contracts';
import { covers } from '../../../contracts/batch-place';
import { DEFAULT_CONCURRENCY, mapConcurrently } from '../../shared/concurrency';
import { grouped } from '../../shared/grouped';
import { sketchKey } from '../sketch';
import { type Addition, type Counted, NOTHING_COUNTED, type Share } from '../sketch-table';
import { type BatchWork, type ClassesOf, isOpen, workOf } from './batch-work';
import { confirmationsOf, type Target } from './confirmations';
import { objectsOf, type StoreLines, storeObjects, takeBack } from './lines-objects';

export interface IngestResultsPorts {
  readonly classesOf: ClassesOf;
  readonly storeLines: StoreLines;
  /** What the sketch's item has counted. */
  counted(sketch: Sketch): Promise<Counted>;
  /** Adds shares of one item, each batch once; all or nothing. */
  addOnce(shares: readonly Share[], known: Counted): Promise<Addition>;
  /** Notes a batch that adds to no sketch. */
  noteOnce(deviceId: string, batchId: string, receivedAt: number): Promise<'noted' | 'repeated'>;
  /** Tells a device which of its batches have been counted. Never throws: a device that hears nothing asks again. */
  confirm(confirmation: ResultsConfirmation): Promise<void>;
  /** An object keeps lines that will be stored again. */
  onLinesLeft(key: string, error: Error): void;
}

export interface IngestResultsOptions {
  /** Width of a sketch's window. */
  readonly windowSeconds: number;
  /** Unique; names the objects of this invocation. */
  readonly invocationId: string;
  /** Of records as JSON, that are worked on together. @default 40 MB */
  readonly bytesTogether?: number;
}

export interface IngestResultsOutcome {
  readonly accepted: number;
  readonly rejected: number;
  readonly repeated: boolean;
  readonly droppedOnDevice: number;
}

/**
 * An invocation usually has less: 6 MB of compressed messages have about 35 MB of records. Only messages made to fill the
 * function's memory have more.
 */
const BYTES_TOGETHER = 40_000_000;

/**
 * Objects first, sketches last. What fails in between comes again from the queue and is counted once, because a sketch
 * remembers its batches; its lines are taken out of the objects again, so that they are there once too. Only a function
 * that is killed in between leaves lines that will be there a second time (docs/adr/0026).
 * @param bodies what the topic rule sent: results batches with `topicUseCase`, `topicThingName`, `receivedAt`
 * @returns for each body its outcome, or why it has none: InvalidInputError when it can never be processed
 */
export async function ingestResults(
  bodies: readonly string[],
  options: IngestResultsOptions,
  ports: IngestResultsPorts,
): Promise<PromiseSettledResult<IngestResultsOutcome>[]> {
  const { invocationId } = options;
  const outcomes: PromiseSettledResult<IngestResultsOutcome>[] = [];
  for await (const messages of partsOf(bodies, options, ports.classesOf)) {
    const name = outcomes.length === 0 ? invocationId : `${invocationId}-${outcomes.length}`;
    outcomes.push(...(await ingestPart(messages, name, ports)));
  }
  return outcomes;
}

type ReadMessage = PromiseSettledResult<BatchWork>;

/** The messages in their order, in parts that fit into memory. A message is decompressed when its part is due. */
async function* partsOf(
  bodies: readonly string[],
  { windowSeconds, bytesTogether = BYTES_TOGETHER }: IngestResultsOptions,
  classesOf: ClassesOf,
): AsyncIterable<readonly ReadMessage[]> {
  let part: ReadMessage[] = [];
  let bytes = 0;
  for (const body of bodies) {
    const [message] = await Promise.allSettled([workOf(body, windowSeconds, classesOf)]);
    part.push(message);
    if (message.status === 'fulfilled') bytes += message.value.checked.recordsBytes;
    if (bytes < bytesTogether) continue;
    yield part;
    part = [];
    bytes = 0;
  }
  if (part.length > 0) yield part;
}

/** @param name of its objects; unique */
async function ingestPart(
  messages: readonly ReadMessage[],
  name: string,
  ports: IngestResultsPorts,
): Promise<PromiseSettledResult<IngestResultsOutcome>[]> {
  const { works, firstOf } = withoutRepetitions(messages);
  const targets = targetsOf(works);
  await read(targets, ports);
  const objects = objectsOf(works.filter(isOpen), name);
  await storeObjects(objects, ports.storeLines);
  await add(targets, ports);
  await noteWithoutSketch(works, ports);
  await takeBack(objects, ports.storeLines, ports.onLinesLeft);
  await mapConcurrently(confirmationsOf(works, targets), DEFAULT_CONCURRENCY, ports.confirm);
  return messages.map((message) =>
    message.status === 'rejected' ? message : outcomeOf(message.value, firstOf(message.value)),
  );
}

/** Of a batch that is there twice, the first stands for both. */
function withoutRepetitions(messages: readonly PromiseSettledResult<BatchWork>[]) {
  const works = messages.flatMap((message) => (message.status === 'fulfilled' ? [message.value] : []));
  const idOf = ({ checked: { batch } }: BatchWork): string => `${batch.deviceId}/${batch.batchId}`;
  const firsts = new Map<string, BatchWork>();
  for (const work of works) if (!firsts.has(idOf(work))) firsts.set(idOf(work), work);
  return {
    works: [...firsts.values()],
    firstOf: (work: BatchWork): BatchWork => firsts.get(idOf(work)) ?? work,
  };
}

function targetsOf(works: readonly BatchWork[]): Target[] {
  const shares = works.flatMap((work) => work.shares.map((share) => ({ share, work })));
  const byItem = grouped(shares, ({ share }) => Object.values(sketchKey(share.sketch)).join('\n'));
  return [...byItem.values()].map((group) => ({ shares: group, counted: NOTHING_COUNTED }));
}

/** An item that cannot be read or written fails the batches that share in it, and no others. */
async function forEachTarget(
  targets: readonly Target[],
  work: (target: Target) => Promise<void>,
): Promise<void> {
  await mapConcurrently(targets, DEFAULT_CONCURRENCY, async (target) => {
    try {
      await work(target);
    } catch (error) {
      for (const share of target.shares) share.work.failure ??= error;
    }
  });
}

function read(targets: readonly Target[], ports: IngestResultsPorts): Promise<void> {
  return forEachTarget(targets, async (target) => {
    const [first] = target.shares;
    if (!first) return;
    target.counted = await ports.counted(first.share.sketch);
    for (const { share, work } of target.shares) {
      const ranges = target.counted.batches.get(share.place.stream) ?? [];
      if (!covers(ranges, share.place.sequence)) work.isFresh = true;
    }
  });
}

function add(targets: readonly Target[], ports: IngestResultsPorts): Promise<void> {
  return forEachTarget(targets, async (target) => {
    const open = target.shares.filter(({ work }) => isOpen(work));
    if (open.length === 0) return;
    const { added, counted } = await ports.addOnce(
      open.map(({ share }) => share),
      target.counted,
    );
    target.counted = counted;
    for (const { share, work } of open) if (added.has(share.batchId)) work.isAdded = true;
  });
}

/** Batches without a good record have no sketch that would remember them. */
async function noteWithoutSketch(works: readonly BatchWork[], ports: IngestResultsPorts): Promise<void> {
  const others = works.filter((work) => work.shares.length === 0 && isOpen(work));
  await mapConcurrently(others, DEFAULT_CONCURRENCY, async (work) => {
    const { batch, receivedAt } = work.checked;
    try {
      work.isAdded = (await ports.noteOnce(batch.deviceId, batch.batchId, receivedAt)) === 'noted';
    } catch (error) {
      work.failure = error;
    }
  });
}

function outcomeOf(work: BatchWork, first: BatchWork): PromiseSettledResult<IngestResultsOutcome> {
  const { checked, failure, isAdded } = first;
  if (failure !== undefined) return { status: 'rejected', reason: failure };
  return {
    status: 'fulfilled',
    value: {
      accepted: checked.batch.records.length,
      rejected: checked.rejected.length,
      repeated: work !== first || !isAdded,
      droppedOnDevice: checked.batch.droppedRecords,
    },
  };
}
