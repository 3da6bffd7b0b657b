import type { Context } from 'aws-lambda';
import { numberFromEnvironment, requireEnvironment } from '../../shared/env';
import { log } from '../../shared/log';
import { MetricUnit, newMetrics, publishMetrics } from '../../shared/metrics';
import { ENVIRONMENT_VARIABLES as VARIABLES } from '../../shared/names';
import { RETRAINING_METRICS, RETRAINING_VARIABLES } from '../names';
import { awsPorts } from './aws-ports';
import type { RetrainingDecision, RetrainingPolicy } from './decide-retraining';
import { startRetraining } from './start-retraining';

function policyFromEnvironment(): RetrainingPolicy {
  const number = (name: keyof typeof RETRAINING_VARIABLES, value: number, maximum: number) =>
    numberFromEnvironment(RETRAINING_VARIABLES[name], { default: value, minimum: 0, maximum });
  return {
    minimumLabels: number('minimumLabels', 100, 1e9),
    minimumNewClassLabels: number('minimumNewClassLabels', 20, 1e9),
    cooldownHours: number('cooldownHours', 24, 8760),
    monthlyExecutions: number('monthlyExecutions', 8, 1e6),
  };
}

function writeMetrics(decision: RetrainingDecision): void {
  const metrics = newMetrics({ useCase: requireEnvironment(VARIABLES.useCase) });
  const count = (name: string, holds: boolean) => metrics.addMetric(name, MetricUnit.Count, Number(holds));
  count(RETRAINING_METRICS.started, decision.kind === 'START' || decision.kind === 'RESUME');
  count(RETRAINING_METRICS.waiting, decision.kind === 'WAIT');
  count(RETRAINING_METRICS.budgetExhausted, decision.kind === 'WAIT' && decision.cause === 'BUDGET');
  publishMetrics(metrics);
}

/** `Drift Detected` or schedule: both only say "look now"; what to do is in the tables. */
export async function handler(_event: unknown, context: Context): Promise<RetrainingDecision> {
  log.addContext(context);
  const decision = await startRetraining(awsPorts(), policyFromEnvironment());
  log.info('decided', { decision });
  writeMetrics(decision);
  return decision;
}
