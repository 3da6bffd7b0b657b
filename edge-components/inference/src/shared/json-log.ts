import type { Log } from '../ports';

/** One JSON line per message on standard output, which the nucleus writes to the component's log. */
export const jsonLog: Log = {
  info: (message, details) => write('INFO', message, details),
  warn: (message, details) => write('WARN', message, details),
  error: (message, details) => write('ERROR', message, details),
};

function write(level: string, message: string, details: Record<string, unknown> = {}): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...details })}\n`);
}
