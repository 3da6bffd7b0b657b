/** The turns of the loop after the first, in words and in time. */
import type { TurnFigures } from './report/report-data';
import type { Change, DemoSettings } from './settings';

const CHANGE_WORDS: Readonly<Record<Change, string>> = { light: 'light drift', tool: 'crack' };

/** Ordinal of a retraining, as labels have it; the first needs none. */
const ORDINALS = ['', 'second ', 'third ', 'fourth '];

/** A turn while it goes on. Times in milliseconds since the epoch; undefined while they are to come. */
export interface TurnLog {
  /** The release that answers it has this counter: 2 for the first of these turns. */
  readonly number: number;
  readonly changes: readonly Change[];
  /** What has changed, in words; also the label of the span in which it has and is not answered. */
  readonly change: string;
  /** Label of the span after it. */
  readonly after: string;
  /** Of its first change. */
  changedAt?: number;
  /** Since when all of its changes are there. */
  wholeSince?: number;
  episodeAt?: number;
  retrainingAt?: number;
  trainedAt?: number;
  /** The release that answers it is in service on every device. */
  curedAt?: number;
}

/** Of the turns that a run will have. */
export const turnLogs = ({ turns }: Pick<DemoSettings, 'turns'>): TurnLog[] =>
  turns.map((changes, index) => ({
    number: index + 2,
    changes,
    change: changes.map((one) => CHANGE_WORDS[one]).join(' and '),
    after: `after ${index === 0 ? '' : 'the '}${ORDINALS[index] ?? `${index + 1}th `}retraining`,
  }));

/** Notes that one of the turn's changes is there. @returns when */
export function noteChange(turn: TurnLog): number {
  const now = Date.now();
  turn.changedAt ??= now;
  turn.wholeSince = now;
  return now;
}

/** Label of the span before the first of them. */
export const BEFORE_THE_CHANGE = 'before the change';

/** Label of the span in which what had broken is whole again, and the release that answered it stays. */
export const WITH_THE_TOOL_MENDED = 'with the tool mended';

export function turnFigures({
  change,
  after,
  changedAt = Number.NaN,
  episodeAt = Number.NaN,
  retrainingAt = Number.NaN,
  trainedAt = Number.NaN,
  curedAt = Number.NaN,
}: TurnLog): TurnFigures {
  const since = (at: number): number | null =>
    Number.isNaN(at - changedAt) ? null : (at - changedAt) / 1000;
  return {
    change,
    after,
    toEpisode: since(episodeAt),
    toRetraining: since(retrainingAt),
    toModel: since(trainedAt),
    toCure: since(curedAt),
  };
}
