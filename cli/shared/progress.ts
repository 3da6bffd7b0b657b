/** How far long work has come, for whoever waits; never on the output that holds the answer. */
import type { AnswerOptions } from './answer';
import type { ProgramPorts } from './commands';

/** A line that is written over may change as often as an eye can follow; lines of a log are for minutes. */
const MILLISECONDS = { shown: 100, line: 10_000 };

/** @param done of `total`; both whole */
export type OnProgress = (done: number, total: number) => void;

/**
 * On a terminal the count stands in one line, which goes away at the end; elsewhere a line comes every ten seconds, so
 * that quick work says nothing; with `--json` and without a terminal nobody reads it.
 * @param what what is done, in the words of the sentence `<what> 12 of 40`
 */
export function progressOf(
  ports: Pick<ProgramPorts, 'now' | 'writeError' | 'showProgress'>,
  { json }: AnswerOptions,
  what: string,
): OnProgress {
  const { showProgress, writeError } = ports;
  if (showProgress === undefined && json) return () => undefined;
  let last = showProgress === undefined ? ports.now().getTime() : Number.NEGATIVE_INFINITY;
  return (done, total) => {
    const isOver = done >= total;
    if (isOver && showProgress) showProgress('');
    const now = ports.now().getTime();
    if (isOver || now - last < (showProgress === undefined ? MILLISECONDS.line : MILLISECONDS.shown)) return;
    last = now;
    (showProgress ?? writeError)(`${what} ${done} of ${total}`);
  };
}
