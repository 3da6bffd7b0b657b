import type { SessionCredentials } from './assume-role';

/** A role that a delivery has to assume, in whichever account. */
export interface TrustedRole {
  /** Of the environment that it is for. */
  readonly environment: string;
  readonly arn: string;
  /** What makes it, for whoever finds it missing. */
  readonly madeBy: string;
}

export interface TrustResult {
  readonly role: TrustedRole;
  /** Why it cannot be assumed; undefined when it can. */
  readonly refusal?: string;
}

/** Tries every role; one refusal keeps no other from being tried. */
export async function checkTrust(
  roles: readonly TrustedRole[],
  assume: (arn: string) => Promise<SessionCredentials>,
): Promise<TrustResult[]> {
  return Promise.all(
    roles.map(async (role) => {
      try {
        await assume(role.arn);
        return { role };
      } catch (error) {
        return { role, refusal: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
}

export function formatTrust(results: readonly TrustResult[]): string {
  return results
    .map(({ role, refusal }) =>
      refusal === undefined
        ? `ok      ${role.environment}: ${role.arn}`
        : `REFUSED ${role.environment}: ${role.arn}\n        ${refusal}\n        made by: ${role.madeBy}`,
    )
    .join('\n');
}
