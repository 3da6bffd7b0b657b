import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** With the rotated file, one component's log takes at most twice this. */
const LARGEST_LOG_BYTES = 1024 * 1024;

/** A component's log: appended synchronously, so that the last words before a crash are there. */
export class LogFile {
  private descriptor: number;
  private bytes: number;

  constructor(private readonly path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.descriptor = openSync(path, 'a');
    this.bytes = fstatSync(this.descriptor).size;
  }

  write(chunk: Buffer | string): void {
    if (this.descriptor < 0) return;
    if (this.bytes >= LARGEST_LOG_BYTES) this.rotate();
    this.bytes +=
      typeof chunk === 'string' ? writeSync(this.descriptor, chunk) : writeSync(this.descriptor, chunk);
  }

  close(): void {
    if (this.descriptor >= 0) closeSync(this.descriptor);
    this.descriptor = -1;
  }

  private rotate(): void {
    closeSync(this.descriptor);
    renameSync(this.path, `${this.path}.1`);
    this.descriptor = openSync(this.path, 'a');
    this.bytes = 0;
  }
}
