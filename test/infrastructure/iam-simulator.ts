/** AWS's rules for requests, offline: policies with their conditions, by a simulator that others maintain. */
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

/** A request that an AWS service makes by itself, without a role: to a topic, a queue, a key. */
export interface ServiceRequest {
  /** Service principal that asks, such as `cloudwatch.amazonaws.com`. */
  readonly service: string;
  readonly action: string;
  readonly resource: string;
  /** Account that the resource belongs to: 12 digits. */
  readonly account: string;
  /** Condition keys that the service sends. */
  readonly context: RequestContext;
}

/**
 * Whether the statements of a role allow a request of its own account. Resource policies are not asked.
 * @throws Error when AWS knows no such action, or the resource is none of the action's
 */
export async function simulate(
  statements: readonly ResolvedStatement[],
  { principal, action, resource, context = {} }: SimulatedRequest,
): Promise<boolean> {
  const [, , , , accountId = ''] = principal.split(':');
  return isAllowed({
    request: { principal, action, resource: { resource, accountId }, contextVariables: { ...context } },
    identityPolicies: [{ name: 'role', policy: { Version: '2012-10-17', Statement: statements } }],
  });
}

/**
 * Whether the statements of a resource's own policy allow a request of a service.
 * @throws Error when AWS knows no such action, or the resource is none of the action's
 */
export async function simulateService(
  statements: readonly ResolvedStatement[],
  { service, action, resource, account, context }: ServiceRequest,
): Promise<boolean> {
  return isAllowed({
    request: {
      principal: service,
      action,
      resource: { resource, accountId: account },
      contextVariables: { ...context },
    },
    identityPolicies: [],
    resourcePolicy: { Version: '2012-10-17', Statement: statements },
  });
}

type Simulation = Omit<
  Parameters<typeof runSimulation>[0],
  'serviceControlPolicies' | 'resourceControlPolicies'
>;

async function isAllowed(simulation: Simulation): Promise<boolean> {
  const answer = await runSimulation(
    { ...simulation, serviceControlPolicies: [], resourceControlPolicies: [] },
    {},
  );
  if (answer.resultType === 'error') {
    const { action, resource } = simulation.request;
    throw new Error(`${action} on ${resource.resource}: ${JSON.stringify(answer.errors)}`);
  }
  return answer.overallResult === 'Allowed';
}
