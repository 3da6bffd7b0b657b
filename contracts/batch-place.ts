/** Where a batch of results belongs in the order of its device: what confirmations and ledgers count by. */

/** Inclusive ranges of sequence numbers, ascending and never touching. */
export type SequenceRanges = readonly (readonly [from: number, to: number])[];

export interface BatchPlace {
  /** All batches of one start of the component; their sequence numbers have no gaps but those of lost segments. */
  readonly stream: string;
  readonly sequence: number;
}

/** `<start, 8 digits>-<random>-<sequence, 8 digits>`, and for the halves of a batch that was too large `a` or `b`, ... */
const NUMBERED = /^(\d{8}-[0-9a-f]{8})-(\d{8})([ab]*)$/;

/** Halves are streams beside that of the whole ones. A batch id of another form is a stream of its own. */
export function placeOf(batchId: string): BatchPlace {
  const [, start, sequence, half] = NUMBERED.exec(batchId) ?? [];
  if (!start || !sequence) return { stream: batchId, sequence: 0 };
  return { stream: half ? `${start}-${half}` : start, sequence: Number(sequence) };
}

export const covers = (ranges: SequenceRanges, sequence: number): boolean =>
  ranges.some(([from, to]) => from <= sequence && sequence <= to);
