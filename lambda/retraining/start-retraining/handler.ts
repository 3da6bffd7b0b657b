import type { Context } from 'aws-lambda';
import { numberFromEnvironment, requireEnvironment } from '../../shared/env';
import { log } from '../../shared/log';
import { measured, writeMetrics } from '../../shared/metrics';
import { SHARED_VARIABLES } from '../../shared/names';
import { RETRAINING_METRICS, RETRAINING_VARIABLES } from '../names';
import { awsPorts } from './aws-ports';
import type { RetrainingDecision, RetrainingPolicy } from './decide-retraining';
import { type RetrainingOutcome, startRetraining } from './start-retraining';

function policyFromEnvironment(): RetrainingPolicy {
  const number = (name: keyof typeof RETRAINING_VARIABLES, value: number, maximum: number) =>
    numberFromEnvironment(RETRAINING_VARIABLES[name], { default: value, minimum: 0, maximum });
  return {
    minimumLabels: number('minimumLabels', 100, 1e9),
    minimumNewClassLabels: number('minimumNewClassLabels', 20, 1e9),
    cooldownHours: number('cooldownHours', 24, 8760),
    monthlyExecutions: number('monthlyExecutions', 8, 1e6),
    spendingLimitPercent: number('spendingLimitPercent', 100, 1e3),
  };
}

function reportDecision(decision: RetrainingDecision): void {
  const useCase = requireEnvironment(SHARED_VARIABLES.useCase);
  const holds: Record<keyof typeof RETRAINING_METRICS, boolean> = {
    started: decision.kind === 'START' || decision.kind === 'RESUME',
    waiting: decision.kind === 'WAIT',
    budgetExhausted: decision.kind === 'WAIT' && ['BUDGET', 'SPENDING'].includes(decision.cause),
  };
  writeMetrics(
    Object.entries(RETRAINING_METRICS).map(([name, metric]) =>
      measured(metric, Number(holds[name as keyof typeof holds]), { useCase }),
    ),
  );
}

const isExplanation = (event: unknown): boolean =>
  typeof event === 'object' && event !== null && (event as Record<string, unknown>).explain === true;

/**
 * `Drift Detected` or schedule: both only say "look now"; what to do is in the tables. An operator who asks for an
 * explanation gets the decision, and nothing is done or counted.
 */
export async function handler(event: unknown, context: Context): Promise<RetrainingOutcome> {
  log.addContext(context);
  if (isExplanation(event)) return startRetraining(awsPorts(), policyFromEnvironment(), true);
  const decision = await startRetraining(awsPorts(), policyFromEnvironment());
  log.info('decided', { decision });
  reportDecision(decision);
  return decision;
}
