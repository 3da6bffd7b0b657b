import { Retry } from '../../shared/retry';
import type { FrameSourcePorts } from './frame-source';

/** From a camera that is just starting to one that is gone for the night. */
const RETRY_MILLISECONDS = { first: 100, longest: 5_000 };

/**
 * One attempt after the other to get frames, until stopped. After one that failed it waits, longer each time until frames
 * come again. Problems are logged when they change, not as often as they happen.
 */
export class AttemptLoop {
  private readonly stopping = new AbortController();
  private readonly retry: Retry;
  private running: Promise<void> = Promise.resolve();
  private failure: string | undefined = 'not connected yet';
  private logged: string | undefined;

  constructor(
    private readonly cameraId: string,
    private readonly ports: FrameSourcePorts,
  ) {
    this.retry = new Retry(RETRY_MILLISECONDS, ports.random);
  }

  /** @param attempt ends when its signal aborts; the next one begins at once when it resolves, after a pause when it rejects */
  start(attempt: (signal: AbortSignal) => Promise<void>): void {
    this.running = this.run(attempt);
  }

  /** The camera can be reached. */
  connected(): void {
    this.failure = undefined;
  }

  /** A frame has come. */
  progressed(): void {
    this.failure = undefined;
    const failures = this.retry.succeeded();
    if (this.logged !== undefined) {
      this.ports.log.info('camera is back', { cameraId: this.cameraId, failures });
    }
    this.logged = undefined;
  }

  /** Why no frame can come at the moment. */
  problem(): string | undefined {
    return this.failure;
  }

  /** Resolves when the attempt under way has ended. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.retry.wake();
    await this.running;
  }

  private async run(attempt: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await attempt(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.note((error as Error).message);
        await this.retry.backOff();
      }
    }
  }

  private note(problem: string): void {
    this.retry.failed();
    this.failure = problem;
    if (problem === this.logged) return;
    this.logged = problem;
    this.ports.log.warn('camera', { cameraId: this.cameraId, problem, failures: this.retry.failures });
  }
}
