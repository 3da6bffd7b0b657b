/** How Ctrl-C is told from the crash of a part, which aborts a run too. */
const INTERRUPTED = 'interrupted';

export const interruption = (): Error => new Error(INTERRUPTED);

export const isInterruption = (reason: unknown): boolean =>
  reason instanceof Error && reason.message === INTERRUPTED;
