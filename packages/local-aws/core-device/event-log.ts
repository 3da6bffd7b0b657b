/** One JSON object per line: what the device did, for people and for the programs that watch it. */
export type EventLog = (event: string, details?: Readonly<Record<string, unknown>>) => void;

export function jsonLines(write: (line: string) => void, now: () => Date = () => new Date()): EventLog {
  return (event, details = {}) =>
    write(`${JSON.stringify({ event, time: now().toISOString(), ...details })}\n`);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
