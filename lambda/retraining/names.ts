/** Names of retraining: variables, events, metrics. */
import { counted } from '../shared/names';

export const RETRAINING_VARIABLES = {
  /** Name of dataset/merge-captures. Required. */
  mergeCapturesFunction: 'MERGE_CAPTURES_FUNCTION',
  /** `Epochs` of the pipeline. Default 10. */
  epochs: 'RETRAINING_EPOCHS',
  /** Labels newer than the champion's dataset that a retraining needs. Default 100. */
  minimumLabels: 'RETRAINING_MINIMUM_LABELS',
  /** Labels that a class unknown to the champion needs before it is trained. Default 20. */
  minimumNewClassLabels: 'RETRAINING_MINIMUM_NEW_CLASS_LABELS',
  /** Least hours between two retrainings. Default 24. */
  cooldownHours: 'RETRAINING_COOLDOWN_HOURS',
  /** The budget: pipeline executions per calendar month (UTC), whoever started them. Default 8. */
  monthlyExecutions: 'RETRAINING_MONTHLY_EXECUTIONS',
  /** ARN of the budget in AWS Budgets that is asked before a start. Default none. */
  spendingBudget: 'RETRAINING_SPENDING_BUDGET',
  /** Share of that budget, in percent, from which on nothing is started. Default 100. */
  spendingLimitPercent: 'RETRAINING_SPENDING_LIMIT_PERCENT',
} as const;

/** An event that asks start-retraining what it would do, and lets it do nothing. */
export const RETRAINING_EXPLANATION = { explain: true } as const;

/** Detail types of its events. */
export const RETRAINING_EVENTS = {
  started: 'Retraining Started',
} as const;

export const RETRAINING_METRICS = {
  started: counted('RetrainingStarted'),
  waiting: counted('RetrainingWaiting'),
  budgetExhausted: counted('RetrainingBudgetExhausted'),
} as const;
