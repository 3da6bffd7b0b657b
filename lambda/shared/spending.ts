import { DescribeBudgetCommand } from '@aws-sdk/client-budgets';
import { budgets } from './aws';
import { ConfigurationError } from './errors';

/** Of the calendar month (UTC), as AWS Budgets has it: up to a day old. */
export interface Spending {
  readonly usd: number;
  readonly budgetUsd: number;
}

/** From this share of the budget on, in percent, what asks stops. */
export const isSpent = ({ usd, budgetUsd }: Spending, limitPercent: number): boolean =>
  usd * 100 >= budgetUsd * limitPercent;

/**
 * Asked anew at each look: a month that begins, or a budget that was raised, lets the loop go on without anybody's doing.
 * @param budgetArn `arn:<partition>:budgets::<account>:budget/<name>`
 * @param variable that it comes from
 * @throws ConfigurationError when it is none; Error when the budget is not in USD or there is no such budget
 */
export async function readSpending(budgetArn: string, variable: string): Promise<Spending> {
  const [, AccountId, BudgetName] = /^arn:[\w-]+:budgets::(\d{12}):budget\/(.+)$/.exec(budgetArn) ?? [];
  if (!AccountId || !BudgetName) {
    throw new ConfigurationError(
      `environment variable ${variable} must be the ARN of a budget, got '${budgetArn}'`,
    );
  }
  const { Budget } = await budgets().send(new DescribeBudgetCommand({ AccountId, BudgetName }));
  const limit = Budget?.BudgetLimit;
  if (limit?.Unit !== 'USD') throw new Error(`budget ${BudgetName} has no limit in USD`);
  // A budget that was just made has nothing calculated yet.
  return { usd: Number(Budget?.CalculatedSpend?.ActualSpend?.Amount ?? 0), budgetUsd: Number(limit.Amount) };
}
