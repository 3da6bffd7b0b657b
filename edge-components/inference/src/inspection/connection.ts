import type { Log } from '../ports';

/** Whether the cloud takes what the device sends, as the last message has told. */
export class Connection {
  private reason: string | undefined = 'nothing was sent yet';
  /** Whether the log tells what is the case. */
  private isTold = false;

  constructor(private readonly log: Log) {}

  get online(): boolean {
    return this.reason === undefined;
  }

  /** Why the last message was not taken; undefined when it was. */
  get problem(): string | undefined {
    return this.reason;
  }

  succeeded(): void {
    if (!this.online) this.log.info('the cloud takes messages');
    this.reason = undefined;
    this.isTold = false;
  }

  failed(reason: string): void {
    if (!this.isTold) this.log.warn('the cloud takes no messages', { reason });
    this.reason = reason;
    this.isTold = true;
  }
}
