/** The real ones, also while a test has replaced them. */
const pause = setTimeout;
const now = performance.now.bind(performance);

/** Polls until `probe` answers something; the limit only ends a test that would hang. */
export async function waitFor<Value>(
  what: string,
  probe: () => Value | undefined | false | Promise<Value | undefined | false>,
  milliseconds = 20_000,
): Promise<Value> {
  const deadline = now() + milliseconds;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (now() > deadline) throw new Error(`no ${what} within ${milliseconds} ms`);
    await new Promise((resolve) => pause(resolve, 10));
  }
}
