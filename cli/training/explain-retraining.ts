/** Why the next retraining has not begun, by the function that decides it: the rules are in one place. */
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { RETRAINING_EXPLANATION } from '../../lambda/retraining/names';
import type { Clients } from '../shared/clients';
import type { KaizenEnvironment } from '../shared/environment';

export interface RetrainingExplanation {
  /** START, RESUME, ABANDON, WAIT or SKIP. */
  readonly kind: string;
  /** What is waited for: LABELS, COOLDOWN, ... */
  readonly cause?: string | undefined;
  readonly reason?: string | undefined;
  /** The drift that it is about: what has moved, why, and what that costs. A function of before says nothing. */
  readonly because?: readonly string[] | undefined;
}

/**
 * Asks without starting anything; `undefined` where no such function is deployed.
 * @throws Error when the function fails
 */
export async function explainRetraining(
  clients: Pick<Clients, 'lambda'>,
  environment: KaizenEnvironment,
): Promise<RetrainingExplanation | undefined> {
  if (!environment.has('StartRetrainingFunctionName')) return undefined;
  const FunctionName = environment.output('StartRetrainingFunctionName');
  const Payload = Buffer.from(JSON.stringify(RETRAINING_EXPLANATION));
  const { FunctionError, Payload: answer } = await clients.lambda.send(
    new InvokeCommand({ FunctionName, Payload }),
  );
  const text = Buffer.from(answer ?? []).toString();
  if (FunctionError !== undefined) throw new Error(`${FunctionName} ended with ${FunctionError}: ${text}`);
  return JSON.parse(text) as RetrainingExplanation;
}

const WAYS_OUT: Readonly<Record<string, string>> = {
  LABELS:
    '`kaizen captures --unlabelled --download <folder>`, then `kaizen label --file <folder>/labels.csv`; a class that was mistyped is found with `kaizen captures --labelled <class>`, and labelled again',
  BUDGET: 'wait for the next month, or raise `retraining.maximumExecutionsPerMonth` of the configuration',
  SPENDING: 'wait for the next month, or raise the budget of the configuration',
  COOLDOWN: '`kaizen train` starts one now',
  RUNNING: '`kaizen train --follow` shows how one goes; this one ends by itself',
};

/** What is waited for, what ends it, and the drift that it is about; nothing when nothing is waited for. */
export function retrainingLine({
  kind,
  cause = '',
  reason = '',
  because = [],
}: RetrainingExplanation): string | undefined {
  if (kind !== 'WAIT') return undefined;
  const way = WAYS_OUT[cause];
  const drift = because.length > 0 ? `. Why: ${because.join(' ')}` : '';
  return `retraining waits: ${reason}${way === undefined ? '' : `; ${way}`}${drift}`;
}
