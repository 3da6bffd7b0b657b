/** What machines write, as people read it: assessments, and names of numbers. */
import type { Assessment } from '../../lambda/monitoring/assess-release';
import { assessmentInWords } from '../../lambda/monitoring/in-words';
import { bytes, count, milliseconds, percent, seconds } from './format';

/** meanConfidence, class_mix -> mean confidence, class mix. */
export function spaced(name: string): string {
  return name
    .replaceAll(/[_-]+/g, ' ')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase();
}

/** Text that may end in a monitor's assessment as JSON: the assessment becomes a sentence, the rest stays. */
export function inWords(text: string): string {
  const brace = text.indexOf('{');
  if (brace < 0) return text;
  try {
    // Of a kind that only a later monitor knows, there is none.
    const sentence: string | undefined = assessmentInWords(JSON.parse(text.slice(brace)) as Assessment);
    return sentence === undefined ? text : text.slice(0, brace) + sentence;
  } catch {
    // Not JSON, or an assessment without its numbers: the text as it is says more than no text.
    return text;
  }
}

const SHARES = /accuracy|disagreement|share|rate|probability|confidence|recall|agreement/i;

function plainNumber(name: string, value: number | null): string {
  if (value === null || !Number.isFinite(value)) return count(value);
  if (SHARES.test(name) && Math.abs(value) <= 1) return percent(value);
  return Number.isInteger(value) ? count(value) : value.toPrecision(3);
}

/** A number under the name that it has in a record, with the unit that the name tells. */
export function namedNumber(
  name: string,
  value: number | null,
): { readonly name: string; readonly value: string } {
  const plain = (unit: RegExp) =>
    spaced(name).replace(unit, '').replaceAll(/ {2,}/g, ' ').trim() || spaced(name);
  if (/milliseconds/i.test(name)) return { name: plain(/milliseconds/), value: milliseconds(value) };
  if (/bytes/i.test(name)) return { name: plain(/bytes/), value: bytes(value) };
  if (/seconds/i.test(name)) return { name: plain(/seconds/), value: seconds(value) };
  return { name: spaced(name), value: plainNumber(name, value) };
}

/** surface-inspection-12 -> 12. */
export function counterOf(releaseId: string): string {
  return releaseId.split('-').pop() ?? '';
}

/** surface-inspection-12 -> release 12: short enough for a chart. */
export function shortRelease(releaseId: string): string {
  return `release ${counterOf(releaseId)}`;
}
