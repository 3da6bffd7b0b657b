/** Whether anything that a device has produced is lost without being counted. Pure. */

export interface Books {
  /** Frame ids of the results that were on the device's disk. */
  readonly produced: ReadonlySet<string>;
  /** Of the results in the archive, one for each line. */
  readonly archived: readonly string[];
  /** Results in the sums of the sketches. */
  readonly counted: number;
  /** Results that the device says it has dropped. */
  readonly dropped: number;
}

export interface Account {
  /** Archived more often than once. */
  readonly twice: number;
  /** In the archive, and never produced. */
  readonly invented: number;
  /** How far the sums are from the archive. */
  readonly miscounted: number;
  /** Neither archived nor counted as dropped; below 0 where some arrived that the device had given up. */
  readonly lostUncounted: number;
}

export function account({ produced, archived, counted, dropped }: Books): Account {
  const distinct = new Set(archived);
  const missing = [...produced].filter((frameId) => !distinct.has(frameId)).length;
  return {
    twice: archived.length - distinct.size,
    invented: [...distinct].filter((frameId) => !produced.has(frameId)).length,
    miscounted: counted - distinct.size,
    lostUncounted: missing - dropped,
  };
}
