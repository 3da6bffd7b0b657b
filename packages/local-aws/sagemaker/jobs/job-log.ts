/** Output of one job: a file with everything, and the last lines in memory. */
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { dirname } from 'node:path';

const LINES_KEPT = 200;
const FAILURE_LINES = 8;

export class JobLog {
  private readonly stream: WriteStream;
  private readonly lines: string[] = [];

  constructor(
    readonly file: string,
    private readonly onLine: (host: string, line: string) => void,
  ) {
    mkdirSync(dirname(file), { recursive: true });
    this.stream = createWriteStream(file, { flags: 'a' });
    // A full disk must not end the service; the job that filled it fails by its own writes.
    this.stream.on('error', () => undefined);
  }

  write(host: string, line: string): void {
    this.stream.write(`${host} ${line}\n`);
    this.lines.push(line);
    if (this.lines.length > LINES_KEPT) this.lines.shift();
    this.onLine(host, line);
  }

  /** What a failed job said last. */
  get lastLines(): string {
    return this.lines
      .filter((line) => line.trim() !== '')
      .slice(-FAILURE_LINES)
      .join('\n');
  }

  close(): void {
    this.stream.end();
  }
}
