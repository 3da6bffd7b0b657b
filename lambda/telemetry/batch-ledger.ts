/**
 * Which batches of a device are already counted, as the sketch they were added to remembers it. Devices number their
 * batches without gaps, so what has arrived is a few ranges, however many batches there were. Pure.
 */

import type { SequenceRanges } from '../../contracts/batch-place';

/** `1-57,60`, as {@link formatRanges} writes it; none when absent. */
export function parseRanges(text: string | undefined): SequenceRanges {
  if (!text) return [];
  return text.split(',').map((range) => {
    const [from, to = from] = range.split('-').map(Number);
    return [from as number, to as number];
  });
}

export const formatRanges = (ranges: SequenceRanges): string =>
  ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(',');

/** The ranges of everything that is in any of them. */
export function joined(...parts: readonly SequenceRanges[]): SequenceRanges {
  const sorted = parts.flat().sort(([left], [right]) => left - right);
  const ranges: [number, number][] = [];
  for (const [from, to] of sorted) {
    const last = ranges.at(-1);
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else ranges.push([from, to]);
  }
  return ranges;
}

export const withSequences = (ranges: SequenceRanges, sequences: readonly number[]): SequenceRanges =>
  joined(
    ranges,
    sequences.map((sequence) => [sequence, sequence] as const),
  );
