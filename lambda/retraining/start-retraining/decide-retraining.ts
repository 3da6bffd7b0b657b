import type { Episode } from '../../monitoring/episode';
import { isSpent, type Spending } from '../../shared/spending';

/** The rules by which an episode becomes a retraining. */
export interface RetrainingPolicy {
  readonly minimumLabels: number;
  readonly minimumNewClassLabels: number;
  readonly cooldownHours: number;
  readonly monthlyExecutions: number;
  /** Percent of the budget; counts where {@link RetrainingSituation.spending} is known. */
  readonly spendingLimitPercent: number;
}

/** A run of the training pipeline, whoever started it. */
export interface PipelineRun {
  readonly arn: string;
  readonly status: 'Executing' | 'Stopping' | 'Stopped' | 'Failed' | 'Succeeded';
  readonly startedAt: Date;
}

export interface RetrainingSituation {
  readonly now: Date;
  /** The episode that is not closed, if any. */
  readonly episode?:
    | Pick<Episode, 'status' | 'executionArn' | 'clientRequestToken' | 'retrainingStartedAt'>
    | undefined;
  readonly runs: readonly PipelineRun[];
  /** When the last retraining of any episode was started. */
  readonly lastRetrainingAt?: Date | undefined;
  /** Label -> number of labels that are newer than the champion's dataset. */
  readonly newLabels: ReadonlyMap<string, number>;
  /** Label -> when the newest of them was given; one without is still growing. */
  readonly newestLabels?: ReadonlyMap<string, Date>;
  readonly championClasses: readonly string[];
  /** Undefined where the environment has no budget. */
  readonly spending?: Spending | undefined;
}

export type WaitingCause = 'RUNNING' | 'COOLDOWN' | 'BUDGET' | 'SPENDING' | 'LABELS';

export type RetrainingDecision =
  | { readonly kind: 'START' }
  /** A start was cut off before its execution was noted: do it again, with the same token. */
  | { readonly kind: 'RESUME' }
  /** Nothing came of this episode: close it, so that a new one can be opened after the cooldown. */
  | { readonly kind: 'ABANDON'; readonly reason: string }
  | {
      readonly kind: 'WAIT';
      readonly cause: WaitingCause;
      readonly reason: string;
    }
  | { readonly kind: 'SKIP'; readonly reason: string };

const HOUR = 3_600_000;
/** What cannot be started within a day of tries needs a person, and a new episode with what has been mended. */
const STARTED_WITHIN_HOURS = 24;
/** For a person to decide, and for a rollout with its waits for labels. A release that was refused or taken back never comes. */
const ANSWERED_WITHIN_HOURS = 14 * 24;
/** A class that is real is labelled again within a week. */
const GROWTH_HOURS = 7 * 24;

function wait(cause: WaitingCause, reason: string): RetrainingDecision {
  return { kind: 'WAIT', cause, reason };
}

function isSameMonth(left: Date, right: Date): boolean {
  return left.toISOString().slice(0, 7) === right.toISOString().slice(0, 7);
}

/** An episode whose retraining has begun: finish the start, or follow the execution, for as long as something may come of it. */
function decideBegun(
  { runs, now }: RetrainingSituation,
  { executionArn, retrainingStartedAt }: NonNullable<RetrainingSituation['episode']>,
): RetrainingDecision {
  const isOlderThan = (hours: number): boolean =>
    retrainingStartedAt !== undefined && now.getTime() - Date.parse(retrainingStartedAt) > hours * HOUR;
  if (executionArn === undefined) {
    if (!isOlderThan(STARTED_WITHIN_HOURS)) return { kind: 'RESUME' };
    return { kind: 'ABANDON', reason: `it could not be started within ${STARTED_WITHIN_HOURS} h` };
  }
  const status = runs.find(({ arn }) => arn === executionArn)?.status;
  if (status === 'Failed' || status === 'Stopped') {
    return { kind: 'ABANDON', reason: `execution ${executionArn} is ${status}` };
  }
  const isOver = status !== 'Executing' && status !== 'Stopping';
  if (isOver && isOlderThan(ANSWERED_WITHIN_HOURS)) {
    const reason = `no release of execution ${executionArn} went into service within ${ANSWERED_WITHIN_HOURS / 24} days`;
    return { kind: 'ABANDON', reason };
  }
  return { kind: 'SKIP', reason: `the episode has its execution ${executionArn}` };
}

type Labelling = Pick<RetrainingSituation, 'now' | 'newLabels' | 'newestLabels' | 'championClasses'>;

/** A class of a handful of images would be trained badly and be in service for months. */
const smallClasses = (
  { newLabels, championClasses }: Labelling,
  { minimumNewClassLabels }: Pick<RetrainingPolicy, 'minimumNewClassLabels'>,
): string[] =>
  [...newLabels]
    .filter(([name, count]) => !championClasses.includes(name) && count < minimumNewClassLabels)
    .map(([name]) => name);

/**
 * Small new classes that have had no label for a week, sorted: a slip of the pen never grows, and holds up nobody. Their
 * captures wait until they do. Pure.
 */
export function classesSetAside(
  situation: Labelling,
  policy: Pick<RetrainingPolicy, 'minimumNewClassLabels'>,
): string[] {
  const latest = situation.now.getTime() - GROWTH_HOURS * HOUR;
  const newestOf = (name: string) => situation.newestLabels?.get(name)?.getTime() ?? latest + 1;
  return smallClasses(situation, policy)
    .filter((name) => newestOf(name) <= latest)
    .sort();
}

function missingLabels(situation: RetrainingSituation, policy: RetrainingPolicy): string[] {
  const setAside = classesSetAside(situation, policy);
  const counted = [...situation.newLabels].filter(([name]) => !setAside.includes(name));
  const total = counted.reduce((sum, [, count]) => sum + count, 0);
  const growing = smallClasses(situation, policy).filter((name) => !setAside.includes(name));
  return [
    ...(total < policy.minimumLabels ? [`${total} of ${policy.minimumLabels} new labels`] : []),
    ...growing.map(
      (name) =>
        `${situation.newLabels.get(name)} of ${policy.minimumNewClassLabels} labels of the new class '${name}'`,
    ),
  ];
}

function spentTooMuch(spending: Spending | undefined, policy: RetrainingPolicy): string | undefined {
  if (!spending) return undefined;
  const { usd, budgetUsd } = spending;
  const { spendingLimitPercent: percent } = policy;
  if (!isSpent(spending, percent)) return undefined;
  return `${usd.toFixed(2)} of ${budgetUsd.toFixed(2)} USD of this month are spent; retraining stops at ${percent} %`;
}

/** The policy: a table from the situation to what to do, in this order. Pure. */
export function decideRetraining(
  situation: RetrainingSituation,
  policy: RetrainingPolicy,
): RetrainingDecision {
  const { episode, runs, now, lastRetrainingAt } = situation;
  if (!episode) return { kind: 'SKIP', reason: 'no episode is open' };
  if (episode.status === 'CLOSED') return { kind: 'SKIP', reason: 'the episode is closed' };
  if (episode.status === 'RETRAINING') return decideBegun(situation, episode);

  const running = runs.find(({ status }) => status === 'Executing' || status === 'Stopping');
  if (running) return wait('RUNNING', `${running.arn} is running`);
  const thisMonth = runs.filter(({ startedAt }) => isSameMonth(startedAt, now)).length;
  if (thisMonth >= policy.monthlyExecutions) {
    return wait('BUDGET', `${thisMonth} of ${policy.monthlyExecutions} executions of this month are spent`);
  }
  const spent = spentTooMuch(situation.spending, policy);
  if (spent) return wait('SPENDING', spent);
  if (lastRetrainingAt && now.getTime() - lastRetrainingAt.getTime() < policy.cooldownHours * HOUR) {
    return wait(
      'COOLDOWN',
      `the last retraining was started at ${lastRetrainingAt.toISOString()}; the cooldown is ${policy.cooldownHours} h`,
    );
  }
  const missing = missingLabels(situation, policy);
  return missing.length > 0 ? wait('LABELS', missing.join(', ')) : { kind: 'START' };
}
