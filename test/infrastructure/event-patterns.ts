/** Whether EventBridge would give an event to a rule. */

/** Lists of exact values, nested as the event is; no other operator. */
export type EventPattern = { readonly [field: string]: EventPattern | readonly string[] };

/** @throws Error for an operator that no rule has used so far */
export function eventMatches(pattern: EventPattern, event: unknown): boolean {
  return Object.entries(pattern).every(([field, expected]) => {
    const actual = (event as Record<string, unknown> | undefined)?.[field];
    if (!Array.isArray(expected)) return eventMatches(expected as EventPattern, actual);
    if (expected.some((value) => typeof value !== 'string')) {
      throw new Error(`${field}: cannot judge ${JSON.stringify(expected)}`);
    }
    return expected.includes(actual);
  });
}
