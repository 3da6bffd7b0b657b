const LATE = Symbol('late');

/**
 * Waits for `work`, but no longer than `limit`: so many milliseconds, or until a signal aborts. Work that is given up goes
 * on; how it ends is nobody's business any more.
 * @param late what to answer, or to throw, when the limit comes first. @default - throws the signal's reason, or an Error
 */
export async function within<Value>(
  limit: number | AbortSignal,
  work: Promise<Value>,
  late: () => Value | Promise<Value> = () => throwReasonOf(limit),
): Promise<Value> {
  let release: (() => void) | undefined;
  const reached = new Promise<typeof LATE>((resolve) => {
    release = whenReached(limit, () => resolve(LATE));
  });
  try {
    const first = await Promise.race([work, reached]);
    return first === LATE ? await late() : first;
  } finally {
    release?.();
  }
}

/** @returns forgets the limit */
function whenReached(limit: number | AbortSignal, act: () => void): () => void {
  if (typeof limit === 'number') {
    const timer = setTimeout(act, limit);
    return () => clearTimeout(timer);
  }
  if (limit.aborted) act();
  limit.addEventListener('abort', act, { once: true });
  return () => limit.removeEventListener('abort', act);
}

function throwReasonOf(limit: number | AbortSignal): never {
  throw typeof limit === 'number' ? new Error(`not done within ${limit} ms`) : limit.reason;
}
