import type { ResultsConfirmation } from '../../../contracts';
import type { SequenceRanges } from '../../../contracts/batch-place';
import { placeOf } from '../../../contracts/batch-place';
import { grouped } from '../../shared/grouped';
import { joined } from '../batch-ledger';
import type { Counted, Share } from '../sketch-table';
import type { BatchWork } from './batch-work';

/** The contract's most ranges; with five digits each they fit into one metering unit of AWS IoT, 5 KB. */
const MOST_RANGES = 200;

/** One item of the sketch table, whose shares go into it, and what is known of it. */
export interface Target {
  readonly shares: readonly { readonly share: Share; readonly work: BatchWork }[];
  counted: Counted;
}

/**
 * What devices hear that asked: of each stream everything that the sketches know which its batches touched. That is one
 * message for a stream however many batches it confirms, and needs no read that was not made.
 */
export function confirmationsOf(
  works: readonly BatchWork[],
  targets: readonly Target[],
): ResultsConfirmation[] {
  const asking = works.filter(({ checked, failure }) => checked.batch.confirm && failure === undefined);
  const byStream = grouped(asking, ({ checked: { batch } }) =>
    [batch.useCase, batch.deviceId, placeOf(batch.batchId).stream].join('\n'),
  );
  const touchedBy = targetsByWork(targets);
  return [...byStream.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const { useCase, deviceId, batchId } = first.checked.batch;
    const { stream } = placeOf(batchId);
    const touched = new Set(group.flatMap((work) => touchedBy.get(work) ?? []));
    const own = group.map(({ checked }): SequenceRanges => {
      const { sequence } = placeOf(checked.batch.batchId);
      return [[sequence, sequence]];
    });
    const received = joined(...own, ...[...touched].map(({ counted }) => counted.batches.get(stream) ?? []));
    return [
      {
        schemaVersion: 1,
        deviceId,
        useCase,
        stream,
        received: received.slice(-MOST_RANGES).map((range) => [...range]),
      },
    ];
  });
}

function targetsByWork(targets: readonly Target[]): Map<BatchWork, Target[]> {
  const pairs = targets.flatMap((target) => target.shares.map(({ work }) => ({ work, target })));
  const byWork = grouped(pairs, ({ work }) => work);
  return new Map([...byWork].map(([work, group]) => [work, group.map(({ target }) => target)]));
}
