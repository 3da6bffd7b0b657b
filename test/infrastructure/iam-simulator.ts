/** AWS's rules for requests, offline: identity policies with their conditions, by a simulator that others maintain. */
import { runSimulation } from '@cloud-copilot/iam-simulate';
import type { ResolvedStatement } from './role-policies';

/** Condition keys of a request, such as `s3:prefix`, with their values. */
export type RequestContext = Readonly<Record<string, string | string[]>>;

export interface SimulatedRequest {
  /** ARN of the role. */
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly context?: RequestContext;
}

/**
 * Whether the statements allow a request of their own account. Resource policies are not asked.
 * @throws Error when AWS knows no such action, or the resource is none of the action's
 */
export async function simulate(
  statements: readonly ResolvedStatement[],
  { principal, action, resource, context = {} }: SimulatedRequest,
): Promise<boolean> {
  const [, , , , accountId = ''] = principal.split(':');
  const answer = await runSimulation(
    {
      request: { principal, action, resource: { resource, accountId }, contextVariables: { ...context } },
      identityPolicies: [{ name: 'role', policy: { Version: '2012-10-17', Statement: statements } }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  );
  if (answer.resultType === 'error') {
    throw new Error(`${action} on ${resource}: ${JSON.stringify(answer.errors)}`);
  }
  return answer.overallResult === 'Allowed';
}
