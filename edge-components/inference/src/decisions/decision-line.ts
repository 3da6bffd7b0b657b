import { isDeepStrictEqual } from 'node:util';
import type { DecisionOutputConfiguration, InferenceResult } from '../../../../contracts';
import type { DecidingRelease, DecisionOutput, Publisher } from '../ports';

export interface DecisionLinePorts {
  /** Connects at once. */
  readonly open: (configuration: DecisionOutputConfiguration) => DecisionOutput;
  readonly publisher: Pick<Publisher, 'publishLocally'>;
  /** Where other components of the device listen. */
  readonly topic: string;
  /** Where they hear that a part was decided after all. */
  readonly revisionsTopic: string;
}

/** Tells each decision to those on the line who wait for it: the controller, where one is configured, and other components. */
export class DecisionLine {
  private configuration: DecisionOutputConfiguration | undefined;
  private output: DecisionOutput | undefined;

  constructor(private readonly ports: DecisionLinePorts) {}

  /** A controller that has not changed keeps its connection. */
  async apply(configuration: DecisionOutputConfiguration | undefined): Promise<void> {
    if (isDeepStrictEqual(configuration, this.configuration)) return;
    this.configuration = configuration;
    if (this.output) await this.output.close();
    this.output = configuration && this.ports.open(configuration);
  }

  /** @param release that decided */
  tell(result: InferenceResult, release: DecidingRelease): void {
    this.output?.write(result, release);
    // Other components get what they can get: a missed local message is no loss of data.
    this.ports.publisher.publishLocally(this.ports.topic, result).catch(() => undefined);
  }

  /**
   * Tells another answer about a part that was told for review.
   * @returns false when the controller is past that part; nobody is told then
   */
  revise(result: InferenceResult, release: DecidingRelease): boolean {
    if (this.output && !this.output.revise(result, release)) return false;
    this.ports.publisher.publishLocally(this.ports.revisionsTopic, result).catch(() => undefined);
    return true;
  }

  /** Whether a controller is configured, and why it cannot be told. */
  state(): { readonly problem: string | undefined } | undefined {
    return this.output && { problem: this.output.problem() };
  }

  async close(): Promise<void> {
    await this.output?.close();
  }
}
