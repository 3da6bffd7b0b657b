import type { InferenceResult } from '../../../../contracts';
import type { Selection } from '../captures/capture-selection';
import type { Captures } from '../captures/ports';
import type { Frame, Log } from '../ports';
import type { ResultOutbox } from './ports';

export interface ResultKeeperPorts {
  readonly outbox: Pick<ResultOutbox, 'append'>;
  readonly captures: Pick<Captures, 'add'>;
  readonly log: Log;
}

/** Keeps each result, and the image of a frame that was chosen, until the cloud has them. Never makes a frame wait. */
export class ResultKeeper {
  private lastProblem: string | undefined;

  constructor(private readonly ports: ResultKeeperPorts) {}

  /** Why the last result could not be kept, until one can. */
  get problem(): string | undefined {
    return this.lastProblem;
  }

  keep(result: InferenceResult, frame: Frame, selection: Selection | undefined): void {
    void this.append(result);
    if (selection) void this.ports.captures.add(result.recordId, frame, result, selection);
  }

  private async append(result: InferenceResult): Promise<void> {
    try {
      await this.ports.outbox.append(JSON.stringify(result));
      this.lastProblem = undefined;
    } catch (error) {
      const { message } = error as Error;
      if (this.lastProblem === undefined) this.ports.log.error('outbox', { error: message });
      this.lastProblem = message;
    }
  }
}
