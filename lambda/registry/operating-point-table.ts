import type { OperatingPointConfiguration } from '../../contracts';
import { operatingPointKey, operatingPointMoveKey } from './names';
import type { PointOutcome } from './point-outcome';
import { ReleaseItems } from './release-items';

/** Who has moved what, when and why, and what it would have cost: written before any device hears of it. */
export interface OperatingPointMove extends OperatingPointConfiguration {
  /** Of the AWS identity. */
  readonly by: string;
  readonly why: string;
  /** A wave, `device <thing name>`, or `all`. */
  readonly target: string;
  /** In service there. */
  readonly releaseId: string;
  /** The thresholds of before. */
  readonly before: Readonly<Record<string, number>>;
  /** On the last labelled parts, with the thresholds of before and with these. */
  readonly outcome: { readonly before: PointOutcome; readonly after: PointOutcome };
  /** Of the waves that were told, by wave; absent where the command has not come so far. */
  readonly deployments?: Readonly<Record<string, string>>;
}

/** Thresholds that operators have moved, in the release table of a use case. */
export class OperatingPointTable extends ReleaseItems {
  /** What a wave, or `device <thing name>`, was given last. */
  async current(target: string): Promise<OperatingPointConfiguration | undefined> {
    return (await this.readItem(operatingPointKey(target))) as OperatingPointConfiguration | undefined;
  }

  async putCurrent(target: string, point: OperatingPointConfiguration): Promise<void> {
    await this.putItem(operatingPointKey(target), point);
  }

  /** The same move again replaces what was written of it. */
  async putMove(move: OperatingPointMove): Promise<void> {
    await this.putItem(operatingPointMoveKey(move.at, move.target), move);
  }
}
