/**
 * The human in the loop: some seconds after a capture has come up, somebody looks at the image and says what the
 * part is. The truth comes from the line; the way into the system is the operator's own.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { readCaptures } from '../cli/captures/captures';
import { labelCaptures } from '../cli/captures/label-captures';
import type { Clients } from '../cli/shared/clients';
import type { KaizenEnvironment } from '../cli/shared/environment';
import type { InspectionLine } from './inspection-line/inspection-line';

const ROUND_MILLISECONDS = 2000;

export interface LabellerOptions {
  readonly clients: Pick<Clients, 's3' | 'dynamoDb'>;
  readonly environment: KaizenEnvironment;
  readonly line: InspectionLine;
  /** Nobody looks at once. */
  readonly delaySeconds: number;
}

export class Labeller {
  private running: Promise<void> | undefined;
  private readonly abort = new AbortController();
  /** Labels given so far, per class. */
  readonly counts = new Map<string, number>();

  constructor(private readonly options: LabellerOptions) {}

  start(onError: (error: Error) => void): void {
    this.running = this.work().catch((error: Error) => {
      if (!this.abort.signal.aborted) onError(error);
    });
  }

  async stop(): Promise<void> {
    this.abort.abort();
    await this.running;
  }

  private async work(): Promise<void> {
    for (;;) {
      await this.labelWhatIsDue();
      await sleep(ROUND_MILLISECONDS, undefined, { signal: this.abort.signal });
    }
  }

  private async labelWhatIsDue(): Promise<void> {
    const { clients, environment, line, delaySeconds } = this.options;
    const due = Date.now() - delaySeconds * 1000;
    const captures = await readCaptures(clients, environment, { unlabelledOnly: true });
    const labels = captures
      .filter(({ capturedAt }) => Date.parse(capturedAt) <= due)
      .flatMap(({ captureId, deviceId, frameId }) => {
        const truth = line.truthOf(frameId);
        return truth ? [{ captureId, deviceId, label: truth.label }] : [];
      });
    if (labels.length === 0) return;
    await labelCaptures(clients, environment, { labels, labelledBy: 'demo inspector' });
    for (const { label } of labels) this.counts.set(label, (this.counts.get(label) ?? 0) + 1);
  }
}
